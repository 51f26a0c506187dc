"""What networks of genes are worth for one table: the part of `represent`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.config.neighbours import NeighboursConfig
from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, OmicsTable
from meristem.representation.commands.inputs import Inputs
from meristem.representation.confound.clean import fit_cleaner
from meristem.representation.confound.confounders import confounders_of
from meristem.representation.confound.probe import Learn, held_folds
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.coexpression import shuffle_network
from meristem.representation.genes.compare import (
    Asked,
    compare_genes,
    compare_traits,
)
from meristem.representation.genes.shared_sets import LARGEST, join_by_sets
from meristem.representation.genes.smooth import agreement, choose_share, spread
from meristem.representation.scale import fit_feature_scale
from meristem.representation.sets.membership import feature_sets
from meristem.runs.seeds import derived_rng

LEAST_ROWS = 20
"""Rows with values from which networks are judged."""
LEAST_GENES = 10


def fixed_networks(
    table: OmicsTable, inputs: Inputs, config: NeighboursConfig
) -> dict[str, GeneNetwork]:
    """Return the networks that are not learned, over the features of a table.

    Raises
    ------
    DataError
        If no set joins two features.
    """
    found = {}
    if inputs.network is not None and "given" in config.networks:
        found["given"] = inputs.network.onto(table.node_name)
    if "sets" in config.networks:
        member = feature_sets(table, inputs.sets, min_size=2).member
        found["sets"] = join_by_sets(member, table.node_name)
        if found["sets"].n_edge == 0:
            raise DataError(
                f"no gene set joins two to {LARGEST} features of {table.name}",
                where=table.source,
                remedy='give smaller sets, or leave "sets" out of neighbours.networks',
            )
    return found


def refuse_unjudgeable(table: OmicsTable, network: GeneNetwork | None) -> None:
    """Refuse a table that is too small for networks to be judged, or has none.

    Raises
    ------
    DataError
        If fewer than 20 rows hold values, there are fewer than 10 features, or no pair
        of a network given joins two of them.
    """
    rows = int((~np.isnan(table.value).all(axis=1)).sum())
    genes = table.feature_id.size
    if rows < LEAST_ROWS or genes < LEAST_GENES:
        raise DataError(
            f"{table.name}: {rows} rows with values of {genes} features; networks are "
            f"judged from {LEAST_ROWS} rows of {LEAST_GENES} features on",
            where=table.source,
            remedy="leave the section [neighbours] out",
        )
    if network is not None and network.onto(table.node_name).n_edge == 0:
        raise DataError(
            f"no pair of the network joins two features of {table.name}",
            where=network.source,
            remedy="give both the same gene ids, or map features by node_map",
        )


def refuse_unknown(network: GeneNetwork | None, tables: Sequence[OmicsTable]) -> None:
    """Refuse a network that no table could read, also where it is for gaps alone.

    Raises
    ------
    DataError
        If no pair joins two features of any table.
    """
    if network is None or any(network.onto(t.node_name).n_edge for t in tables):
        return
    raise DataError(
        "no pair of the network joins two features of "
        f"{', '.join(table.name for table in tables)}",
        where=network.source,
        remedy="give both the same gene ids, map features by node_map, or leave the "
        "section [network] out",
    )


def refuse_blind_smoothing(config: NeighboursConfig, represented: list[str]) -> None:
    """Refuse to choose the share of the neighbours from the table smoothed alone.

    Raises
    ------
    ConfigError
        If no share is set, and no other table is represented: a table agrees best with
        itself as it is.
    """
    if config.share is None and represented == [config.smooth]:
        raise ConfigError(
            f"nothing tells how far {config.smooth} is to be smoothed: a table agrees "
            "best with itself as it is",
            where="neighbours.share",
            remedy="set it, or represent the measured table that smoothed values are "
            "to agree with",
        )


def refuse_unsmoothable(predicted: OmicsTable, measured: OmicsTable) -> None:
    """Refuse to smooth a table that shares too few features with the measured one.

    Raises
    ------
    DataError
        If fewer than 10 features are in both tables.
    """
    shared = len(set(predicted.feature_id) & set(measured.feature_id))
    if shared < LEAST_GENES:
        raise DataError(
            f"{shared} features of {predicted.name} are in {measured.name}",
            where=predicted.source,
            remedy="give both the same feature ids",
        )


def judge_networks(
    table: OmicsTable,
    options: RepresentOptions,
    inputs: Inputs,
    config: NeighboursConfig,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what networks tell of hidden genes, and of every trait.

    Rows of one line are held out together; confounders are taken out first, as the
    training rows of a fold have them.
    """
    confounders = confounders_of(inputs.groups, options.confounders)
    fixed = fixed_networks(table, inputs, config)
    asked = Asked(config.methods, fixed, "learned" in config.networks, seed)
    seen = np.flatnonzero(~np.isnan(table.value).all(axis=1))

    def folds(rows: np.ndarray) -> list:
        rng = derived_rng(seed, "folds")
        return held_folds(inputs.line[rows], config.folds, rng)

    def values(rows: np.ndarray) -> Learn:
        own = [one.take(rows) for one in confounders]

        def learn(train: np.ndarray) -> FloatArray:
            value = table.value[rows]
            counts = options.likelihood != "gaussian"
            scale = fit_feature_scale(value[train], counts=counts, where=table.source)
            x = scale.apply(value)
            rng = derived_rng(seed, "confounders")
            about = [one.take(train) for one in own]
            cleaner = fit_cleaner(x[train], about, options, rng)
            if cleaner is not None:
                x = cleaner.clean(x, own)
                x = fit_feature_scale(x[train]).apply(x)
            return np.nan_to_num(x)

        return learn

    genes = compare_genes(values(seen), table.node_name, folds(seen), asked)
    traits = []
    for number, name in enumerate(inputs.trait_name if config.traits else ()):
        y = inputs.trait[:, number]
        rows = seen[~np.isnan(y[seen])]
        if rows.size < LEAST_ROWS or np.ptp(y[rows]) == 0:
            continue
        told = compare_traits(
            values(rows), table.node_name, y[rows], folds(rows), asked
        )
        told.insert(0, "trait", name)
        traits.append(told)
    return genes, pd.concat(traits) if traits else pd.DataFrame()


def smooth_table(
    predicted: OmicsTable,
    measured: OmicsTable,
    inputs: Inputs,
    config: NeighboursConfig,
    seed: int,
) -> tuple[OmicsTable, pd.DataFrame]:
    """Return a table smoothed along the network, and how it agrees with another.

    The share of the neighbours is chosen on half of the rows that both have, the
    agreement (mean r over genes) is that of the other half. What is smoothed is how far
    values are from the mean of their gene, which stays.

    Raises
    ------
    DataError
        As `refuse_unsmoothable`, or if there are too few rows to choose on.
    """
    refuse_unsmoothable(predicted, measured)
    place = {name: i for i, name in enumerate(measured.feature_id.tolist())}
    names = predicted.feature_id.tolist()
    own = np.array([i for i, name in enumerate(names) if name in place], dtype=int)
    other = np.array([place[names[i]] for i in own], dtype=int)
    assert inputs.network is not None
    network = inputs.network.onto(predicted.node_name)
    shuffled = shuffle_network(network, derived_rng(seed, "shuffle"))
    known = ~np.isnan(predicted.value)
    mean = fit_feature_scale(predicted.value, where=predicted.source).mean
    x = np.where(known, predicted.value - mean, 0.0)
    truth = np.full(x.shape, np.nan)
    truth[:, own] = measured.value[:, other]
    both = np.flatnonzero(known.any(axis=1) & (~np.isnan(truth)).any(axis=1))
    if both.size < LEAST_ROWS and config.share is None:
        raise DataError(
            f"{both.size} rows are in both {predicted.name} and {measured.name}",
            where=predicted.source,
            remedy="set neighbours.share: there is too little to choose it on",
        )
    half = derived_rng(seed, "halves").permutation(both)
    choose, test = np.sort(half[: both.size // 2]), np.sort(half[both.size // 2 :])
    rows, made = [], x
    for name, one in (("none", None), ("given", network), ("shuffled", shuffled)):
        share = 0.0
        if one is not None:
            chosen = config.share
            share = choose_share(x, truth, one, choose) if chosen is None else chosen
        said = x if one is None else spread(x, one, share)
        if name == "given":
            made = said
        r = agreement(said, truth, test) if test.size > 2 else np.nan
        rows.append({"network": name, "share": share, "r": r, "rows": test.size})
    value = np.where(known.any(axis=1, keepdims=True), made + mean, np.nan)
    whole = OmicsTable(
        predicted.name,
        predicted.sample_id,
        predicted.feature_id,
        predicted.node_name,
        value,
    )
    return whole, pd.DataFrame(rows)
