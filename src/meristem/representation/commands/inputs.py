"""What the command reads: tables over one row order, and what is known of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.config.stages import (
    GroupConfig,
    OmicsConfig,
    RepresentConfig,
    StackConfig,
)
from meristem.errors import DataError
from meristem.io.genotypes.read import read_genotypes
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.io.tables.phenotypes import read_observations
from meristem.knowledge.build import build_graph
from meristem.prepare.adjust import adjusted_means
from meristem.prepare.reconcile import fold_onto
from meristem.records import (
    FloatArray,
    Genotypes,
    OmicsTable,
    SampleGroups,
    StrArray,
)
from meristem.representation.align import stack_tables
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.tables import read_network
from meristem.representation.sets.membership import sets_of_graph


@dataclass(frozen=True)
class Inputs:
    """Everything over the samples `sample_id`; unknown values are NaN or ""."""

    sample_id: StrArray  # (n_sample,)
    tables: tuple[OmicsTable, ...]
    genotypes: Genotypes | None  # of some of the lines
    groups: SampleGroups | None
    trait_name: tuple[str, ...]
    trait: FloatArray  # (n_sample, n_trait)
    sets: Mapping[str, frozenset[str]]
    set_label: Mapping[str, str]
    network: GeneNetwork | None
    options: tuple[OmicsConfig | StackConfig, ...]  # one per table
    line: StrArray  # (n_sample,) what is held out together
    aligned: pd.DataFrame | None = None  # what a stack is made of

    def named(self, name: str) -> OmicsTable:
        """Return the table of a name."""
        return next(table for table in self.tables if table.name == name)


def read_inputs(config: RepresentConfig) -> Inputs:
    """Read every file that a configuration names.

    Rows are the genotyped samples, then those that an omics table adds. Traits and
    groups of other samples are left out.

    Raises
    ------
    MeristemError
        If an input cannot be used.
    """
    genotypes = None if config.genotypes is None else read_genotypes(config.genotypes)
    known = None if genotypes is None else genotypes.sample_id
    tables = [read_omics(one, known) for one in config.omics]
    first = tables[0].sample_id if known is None else known
    tables = [
        replace(t, sample_id=_folded(config, t.sample_id, first, t.name))
        for t in tables
    ]
    if config.stack is not None:
        return _stacked(config, config.stack, tuple(tables), genotypes)
    names = [] if known is None else known.tolist()
    for table in tables:
        names += table.sample_id.tolist()
    sample_id = np.array(list(dict.fromkeys(names)))
    groups = None
    if config.groups is not None:
        groups = _groups_over(config, config.groups, sample_id)
    trait_name, trait = _traits(config, sample_id)
    sets: Mapping[str, frozenset[str]] = {}
    label: Mapping[str, str] = {}
    if config.knowledge is not None:
        sets, label = sets_of_graph(build_graph(config.knowledge).graph)
    network = None if config.network is None else read_network(config.network)
    return Inputs(
        sample_id,
        tuple(_over(table, sample_id) for table in tables),
        genotypes,
        groups,
        trait_name,
        trait,
        sets,
        label,
        network,
        config.omics,
        sample_id,
    )


def _stacked(
    config: RepresentConfig,
    stack: StackConfig,
    tables: tuple[OmicsTable, ...],
    genotypes: Genotypes | None,
) -> Inputs:
    """Return several tables as one; traits and groups are those of the lines."""
    table, line, origin, aligned = stack_tables(tables, stack.name)
    trait_name, trait = _traits(config, line)
    label, names = [origin], ["table"]
    if config.groups is not None:
        known = _groups_over(config, config.groups, line)
        names += [str(name) for name in known.group_name]
        if names.count("table") > 1:
            raise DataError(
                "a column is called 'table', as the label of the tables of a stack is",
                where=config.groups.path,
                remedy="rename the column",
            )
        label += list(known.label.T)
    sets: Mapping[str, frozenset[str]] = {}
    set_label: Mapping[str, str] = {}
    if config.knowledge is not None:
        sets, set_label = sets_of_graph(build_graph(config.knowledge).graph)
    return Inputs(
        table.sample_id,
        (table,),
        genotypes,
        SampleGroups(table.sample_id, np.array(names), np.column_stack(label)),
        trait_name,
        trait,
        sets,
        set_label,
        None if config.network is None else read_network(config.network),
        (stack,),
        line,
        aligned,
    )


def found_rows(names: StrArray, sample_id: StrArray) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows are known, and where their values stand."""
    place = {name: row for row, name in enumerate(names.tolist())}
    found = np.array([place.get(name, -1) for name in sample_id.tolist()])
    return np.flatnonzero(found >= 0), found[found >= 0]


def _over(table: OmicsTable, sample_id: StrArray) -> OmicsTable:
    rows, place = found_rows(table.sample_id, sample_id)
    value = np.full((sample_id.size, table.feature_id.size), np.nan)
    value[rows] = table.value[place]
    return replace(table, sample_id=sample_id, value=value)


def _folded(
    config: RepresentConfig, names: StrArray, known: StrArray, what: str
) -> StrArray:
    """Return names, those that fold onto known ones as those, if that is asked for."""
    if not config.fold_ids:
        return names
    return fold_onto(names, known, what, config.fold_ids)


def _groups_over(
    config: RepresentConfig, section: GroupConfig, sample_id: StrArray
) -> SampleGroups:
    groups = read_groups(section)
    own = _folded(config, groups.sample_id, np.unique(sample_id), "groups")
    groups = replace(groups, sample_id=own)
    rows, place = found_rows(groups.sample_id, sample_id)
    label = np.full((sample_id.size, groups.group_name.size), "", groups.label.dtype)
    label[rows] = groups.label[place]
    return SampleGroups(sample_id, groups.group_name, label)


def _traits(
    config: RepresentConfig, sample_id: StrArray
) -> tuple[tuple[str, ...], FloatArray]:
    if config.phenotypes is None:
        return (), np.empty((sample_id.size, 0))
    observed = read_observations(config.phenotypes)
    known = np.unique(sample_id)
    own = _folded(config, observed.sample_id, known, "phenotypes")
    found = adjusted_means(replace(observed, sample_id=own), by="line")
    rows, place = found_rows(found.sample_id, sample_id)
    if rows.size == 0:
        raise DataError(
            "no line has genotypes or omics under this name",
            where=config.phenotypes.path,
            remedy="write the lines as there, or set fold_ids at the top of the file",
        )
    trait = np.full((sample_id.size, found.n_target), np.nan)
    trait[rows] = found.value[place]
    names = found.target_name
    wanted = config.phenotypes.traits
    keep = [i for i, n in enumerate(found.trait_name) if not wanted or n in wanted]
    return tuple(names[i] for i in keep), trait[:, keep]
