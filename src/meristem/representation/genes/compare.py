"""What a network of genes is worth: beside none, and beside shuffles of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.records import FloatArray, IntArray, StrArray
from meristem.representation.confound.probe import Learn
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.coexpression import (
    learn_coexpression,
    shuffle_network,
)
from meristem.representation.genes.inference import Method, infer_genes
from meristem.representation.genes.traits import trait_from_genes
from meristem.runs.seeds import derived_rng
from meristem.stats.correlation import columnwise_r
from meristem.stats.intervals import mean_interval

HIDDEN_GENES = 0.1
"""Share of the genes that are hidden in the rows held out of a fold."""
COLUMNS = ("method", "network", "r", "over_none", "low", "high")


@dataclass(frozen=True)
class Asked:
    """Networks and methods that are compared."""

    methods: tuple[Method, ...]
    fixed: Mapping[str, GeneNetwork]  # by name, over the genes of the table
    learned: bool  # co-expression of the training rows as well
    seed: int

    def networks(
        self,
        x: FloatArray,  # (n_train, n_gene) standardised
        gene: StrArray,
        fold: int,
    ) -> Iterator[tuple[str, GeneNetwork | None]]:
        """Yield no network, and every network with its shuffle."""
        yield "none", None
        known = dict(self.fixed)
        if self.learned:
            known["learned"] = learn_coexpression(x, gene)
        for name, network in known.items():
            yield name, network
            rng = derived_rng(self.seed, "shuffle", name, fold)
            yield f"{name}, shuffled", shuffle_network(network, rng)


def compare_genes(
    learn: Learn,
    gene: StrArray,
    folds: Sequence[tuple[IntArray, IntArray]],
    asked: Asked,
) -> pd.DataFrame:
    """Tell hidden genes of rows held out, with every network and without.

    `learn` takes training rows and returns the values (n_sample, n_gene) without gaps,
    standardised on them. Everything is learned on the training rows of a fold. r is
    the mean over hidden genes of the correlation over the rows held out; the interval
    of the difference to ridge regression without a network is a t interval over the
    folds.
    """
    rows = []
    for number, (train, test) in enumerate(folds):
        x = learn(train)
        rng = derived_rng(asked.seed, "hidden genes", number)
        size = max(2, round(HIDDEN_GENES * x.shape[1]))
        target = np.sort(rng.permutation(x.shape[1])[:size])
        truth = x[np.ix_(test, target)]
        for name, network in asked.networks(x[train], gene, number):
            for method in asked.methods if network is not None else ("weighted",):
                said = infer_genes(
                    x[train],
                    x[test],
                    target,
                    network,
                    method=method,
                    rng=derived_rng(asked.seed, "fit", number),
                )
                r = float(np.nan_to_num(columnwise_r(said, truth)).mean())
                rows.append((number, _label(method, network), name, r))
    return _summary(rows)


def compare_traits(
    learn: Learn,  # of expression, or of burdens of genes
    gene: StrArray,
    trait: FloatArray,  # (n_sample,)
    folds: Sequence[tuple[IntArray, IntArray]],
    asked: Asked,
) -> pd.DataFrame:
    """Tell a trait of rows held out from all genes; columns as `compare_genes`."""
    rows = []
    for number, (train, test) in enumerate(folds):
        x = learn(train)
        for name, network in asked.networks(x[train], gene, number):
            for method in asked.methods if network is not None else ("weighted",):
                if method == "ridge":
                    continue  # on the neighbours of a gene: a trait has none
                said = trait_from_genes(
                    x[train],
                    trait[train],
                    x[test],
                    network,
                    method=method,
                    rng=derived_rng(asked.seed, "fit", number),
                )
                r = columnwise_r(said[:, None], trait[test][:, None])
                row = (number, _label(method, network), name)
                rows.append((*row, float(np.nan_to_num(r[0]))))
    return _summary(rows)


def _label(method: str, network: GeneNetwork | None) -> str:
    if network is None:
        return "ridge"
    return {"weighted": "ridge, neighbours weighted", "ridge": "neighbours alone"}.get(
        method, method
    )


def _summary(rows: Sequence[tuple[int, str, str, float]]) -> pd.DataFrame:
    base = {fold: r for fold, _, network, r in rows if network == "none"}
    by: dict[tuple[str, str], dict[int, float]] = {}
    for fold, method, network, r in rows:
        by.setdefault((method, network), {})[fold] = r
    records = []
    for (method, network), found in by.items():
        gap = [found[fold] - base[fold] for fold in found] if network != "none" else []
        level = float(np.mean(list(found.values())))
        records.append((method, network, level, *mean_interval(gap)))
    return pd.DataFrame(records, columns=list(COLUMNS))
