"""Read everything a configuration names into one aligned Dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from meristem.config.stages import AnalysisConfig, GenotypeConfig
from meristem.errors import DataError
from meristem.genetics.hybrids import cross_omics, cross_parents
from meristem.io.genotypes.read import (
    COMPANIONS,
    dosage_bytes,
    find_genotypes,
    read_genotypes,
)
from meristem.io.tables.covariates import read_covariate_table
from meristem.io.tables.crosses import Crosses, read_crosses
from meristem.io.tables.groups import read_groups
from meristem.io.tables.matrices.errors import read_error_covariance
from meristem.io.tables.omics import read_omics
from meristem.io.tables.phenotypes import read_observations
from meristem.io.tables.seasons.environments import read_environments, weather_files
from meristem.knowledge.versions import stated_version
from meristem.pipeline.prior_scores import prior_pairs
from meristem.prepare.adjust import adjusted_means
from meristem.prepare.align import make_dataset
from meristem.prepare.by_environment import LINE, is_stacked
from meristem.prepare.covariates.attach import (
    RowCovariates,
    attach_covariates,
    record_covariates,
    row_covariates,
)
from meristem.prepare.error_covariance import ErrorTable, attach_errors
from meristem.prepare.id_rules import pair_ids
from meristem.prepare.reconcile import (
    PairReport,
    Reconciliation,
    compare_ids,
    fold_observations,
    fold_onto,
)
from meristem.records import (
    Dataset,
    Genotypes,
    Observations,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    StrArray,
)
from meristem.records.arrays import refuse_duplicates
from meristem.runs.memory import memory_limit
from meristem.runs.record import InputFile, input_file
from meristem.text.column_names import line_column
from meristem.text.columns import read_table


@dataclass(frozen=True)
class Inputs:
    """The aligned data set, and what was dropped on the way."""

    dataset: Dataset
    reconciliation: Reconciliation


@dataclass(frozen=True)
class OmicsRead:
    """Omics of the samples, and how the tables of parents fit the crosses."""

    tables: tuple[OmicsTable, ...]
    pairs: tuple[PairReport, ...] = ()


def _named_files(config: AnalysisConfig) -> list[tuple[str, Path]]:
    """Return (role, path) of every file the configuration names."""
    found = _genotype_files("genotypes", config.genotypes.path)
    if config.genotypes.hybrids is not None:
        found.append(("hybrids", config.genotypes.hybrids))
    found.append(("phenotypes", config.phenotypes.path))
    errors = config.phenotypes.error_files.items()
    found += [(f"error covariance {trait}".strip(), path) for trait, path in errors]
    for omics in config.omics:
        found.append((f"omics {omics.name}", omics.path))
        if omics.node_map is not None:
            found.append((f"node map {omics.name}", omics.node_map))
    if config.groups is not None:
        found.append(("groups", config.groups.path))
    found += _environment_files(config)
    if config.covariates is not None and config.covariates.path is not None:
        found.append(("covariates", config.covariates.path))
    if config.evaluate.splits is not None:
        found.append(("splits", config.evaluate.splits))
    if config.predict.genotypes is not None:
        found += _genotype_files("new lines", config.predict.genotypes)
    if config.predict.hybrids is not None:
        found.append(("new hybrids", config.predict.hybrids))
    if config.predict.phenotypes is not None:
        found.append(("values of new lines", config.predict.phenotypes))
    members = [member for options in config.models for member in options.members]
    tables = {table: None for member in members for table in member.files}
    found += [("table of a model", table) for table in tables]
    return found + _knowledge_files(config)


def _environment_files(config: AnalysisConfig) -> list[tuple[str, Path]]:
    table = config.environments
    if table is None:
        return []
    weather = weather_files(table) if table.path.exists() else []
    return [("environments", table.path), *(("weather", one) for one in weather)]


def _genotype_files(role: str, path: Path) -> list[tuple[str, Path]]:
    """Return a genotype file and the tables beside it."""
    path = find_genotypes(path)
    beside = [path.with_suffix(suffix) for suffix in COMPANIONS.get(path.suffix, ())]
    return [(role, one) for one in (path, *beside)]


def _knowledge_files(config: AnalysisConfig) -> list[tuple[str, Path]]:
    knowledge = config.knowledge
    if knowledge is None:
        return []
    single = {
        "graph": knowledge.graph,
        "genes": knowledge.genes,
        "ontology": knowledge.ontology,
        "annotation": knowledge.annotation,
        "variant-gene table": knowledge.assign.table,
        "labels": knowledge.labels,
    }
    found = [(role, path) for role, path in single.items() if path is not None]
    found += [("gene sets", path) for path in knowledge.gene_sets]
    found += [("edges", path) for path in knowledge.edges]
    return found


def input_files(config: AnalysisConfig) -> tuple[InputFile, ...]:
    """Return every existing file the configuration names, with its digest."""
    return tuple(
        input_file(role, path, stated_version(path))
        for role, path in _named_files(config)
        if path.exists()
    )


def read_inputs(config: AnalysisConfig) -> Inputs:
    """Read genotypes, phenotypes, omics and groups, and align them by id.

    Raises
    ------
    DataError
        If an input cannot be used, or no sample is in all that is required.
    """
    if config.environments is not None:
        read_environments(
            config.environments
        )  # for its faults, before anything is computed
    genotypes, crosses = read_population(config)
    phenotypes = read_phenotypes(config, genotypes)
    omics = read_all_omics(config, genotypes, crosses)
    genotypes, crosses = drop_idle_parents(genotypes, crosses, omics)
    groups = read_sample_groups(config, crosses)
    dataset, reconciliation = make_dataset(
        genotypes, phenotypes, omics.tables, groups, fold_ids=config.fold_ids
    )
    pairs = omics.pairs + reconciliation.pairs + prior_pairs(config.priors, genotypes)
    return Inputs(dataset, replace(reconciliation, pairs=pairs))


def read_population(config: AnalysisConfig) -> tuple[Genotypes, Crosses | None]:
    """Return the genotypes of the samples, and their parents if they are hybrids."""
    return read_crossed(
        config.genotypes,
        parents_too=bool(config.omics),
        max_memory=config.run.max_memory,
        fold_ids=config.fold_ids,
    )


STREAMED = 1 / 8
"""Share of the memory of a run above which dosages stay on disk."""


def stays_on_disk(size: int, max_memory: int | None) -> bool:
    """Tell whether dosages of so many bytes are read block by block."""
    return size > STREAMED * memory_limit(max_memory)


def read_crossed(
    config: GenotypeConfig,
    *,
    parents_too: bool = False,
    max_memory: int | None = None,
    fold_ids: Sequence[str] = (),
) -> tuple[Genotypes, Crosses | None]:
    """Return genotypes, crossed as a table of hybrids says if one is named.

    With `parents_too` the parents stand among the samples: their omics teach.
    """
    if config.hybrids is None:
        streamed = stays_on_disk(dosage_bytes(config), max_memory)
        return read_genotypes(config, streamed=streamed), None
    parents = read_genotypes(config.model_copy(update={"hybrids": None}))
    crosses = _folded_crosses(config.hybrids, parents.sample_id, fold_ids)
    if parents_too:
        crosses = crosses.with_parents()
    genotypes = cross_parents(
        parents, crosses.sample_id, crosses.parent_1, crosses.parent_2
    )
    return genotypes, crosses


def _folded_crosses(path: Path, known: StrArray, fold_ids: Sequence[str]) -> Crosses:
    """Return the crosses, ids of their parents folded onto the genotyped ones."""
    crosses = read_crosses(path, known)
    if fold_ids:
        one, two = (
            fold_onto(names, known, "hybrids", fold_ids)
            for names in (crosses.parent_1, crosses.parent_2)
        )
        crosses = replace(crosses, parent_1=one, parent_2=two)
    pair = compare_ids(
        known,
        np.union1d(crosses.parent_1, crosses.parent_2),
        ("genotypes", "parents of the hybrids"),
    )
    if pair.near:
        raise DataError(
            f"{len(pair.dropped_right)} parents are not genotyped under this name: "
            f"{', '.join(pair.dropped_right[:5])}",
            where=path,
            remedy=f"{pair.offer(fold_ids)}; set it at the top of the configuration, "
            "or write the parents as in the genotype file",
        )
    return crosses


def drop_idle_parents(
    genotypes: Genotypes, crosses: Crosses | None, omics: OmicsRead
) -> tuple[Genotypes, Crosses | None]:
    """Return the samples without the parents that were added and not measured."""
    if crosses is None or crosses.added is None:
        return genotypes, crosses
    measured = [table.sample_id for table in omics.tables]
    kept = np.isin(crosses.sample_id, np.concatenate(measured)) | ~crosses.added
    return genotypes.take_samples(kept), crosses.take(kept)


def read_phenotypes(
    config: AnalysisConfig, genotypes: Genotypes | None = None
) -> Phenotypes:
    """Return one adjusted mean per line, ids folded onto the genotyped ones first.

    Without genotypes nothing is folded.
    """
    observations = _folded(config, None if genotypes is None else genotypes.sample_id)
    whole = config.phenotypes.by == "line"
    means = adjusted_means(
        record_covariates(observations, config.phenotypes.by),
        by="line" if whole else "line_environment",
    )
    known = None if genotypes is None else genotypes.sample_id
    return attach_errors(
        means,
        observations,
        {
            trait: _error_table(config, path, known)
            for trait, path in config.phenotypes.error_files.items()
        },
        known_scale=config.phenotypes.error_scale == "known",
        genotyped=known,
    )


def _error_table(
    config: AnalysisConfig, path: Path, known: StrArray | None
) -> ErrorTable:
    name, matrix = read_error_covariance(path)
    if config.fold_ids and known is not None:
        name = fold_onto(name, known, "error covariance", config.fold_ids)
        refuse_duplicates(name, "lines of the error covariance")
    return ErrorTable(name, matrix, path)


def _folded(config: AnalysisConfig, known: StrArray | None) -> Observations:
    observations = read_observations(config.phenotypes, config.covariates)
    if known is not None and not config.phenotypes.line:
        _refuse_other_id_column(config, observations, known)
    if config.fold_ids and known is not None:
        return fold_observations(observations, known, config.fold_ids)
    return observations


def _refuse_other_id_column(
    config: AnalysisConfig, observations: Observations, known: StrArray
) -> None:
    """Refuse ids of a column that was found by name where another column fits."""
    found = set(observations.sample_id.tolist())
    genotyped = set(known.tolist())
    rules = config.fold_ids
    folded = len(found & genotyped)
    if rules:
        folded += len(pair_ids(found - genotyped, genotyped - found, rules))
    if folded > len(found) / 2:
        return
    table = read_table(config.phenotypes.path)
    taken = line_column(table)
    fitting = {
        name: len(genotyped.intersection(table.words(name)))
        for name in table.column_name
        if name != taken
    }
    best = max(fitting, key=lambda name: fitting[name], default="")
    if best and fitting[best] > max(2 * folded, 1):
        raise DataError(
            f"{folded} of the ids in column {taken!r} are genotyped, and "
            f"{fitting[best]} of those in column {best!r}",
            where=config.phenotypes.path,
            remedy=f"set `phenotypes.line = {json.dumps(best)}`",
        )


def with_covariates(dataset: Dataset, config: AnalysisConfig) -> Dataset:
    """Return the data set with the covariates that the configuration names.

    Raises
    ------
    MeristemError
        If a column is not there or cannot be used.
    """
    asked = config.covariates
    if asked is None:
        return dataset
    known = dataset.sample_id
    if is_stacked(dataset) and dataset.groups is not None:
        known = np.unique(dataset.groups.column(LINE))
    rows: RowCovariates | None
    if asked.path is None:
        rows = row_covariates(_folded(config, known), config.phenotypes.by)
    else:
        sample_id, found = read_covariate_table(asked)
        if config.fold_ids:
            sample_id = fold_onto(sample_id, known, "covariates", config.fold_ids)
        rows = RowCovariates(sample_id, np.full(sample_id.size, ""), found)
        _refuse_strangers(sample_id, known, asked.path)
    return attach_covariates(dataset, rows, asked.pcs)


def covariate_ids(dataset: Dataset, config: AnalysisConfig) -> PairReport | None:
    """Return how a table of covariates of its own meets the lines, if there is one."""
    asked = config.covariates
    if asked is None or asked.path is None or is_stacked(dataset):
        return None
    known = dataset.sample_id
    sample_id = read_covariate_table(asked)[0]
    if config.fold_ids:
        sample_id = fold_onto(sample_id, known, "covariates", config.fold_ids)
    return compare_ids(known, sample_id, ("genotypes", "covariates"))


def _refuse_strangers(sample_id: StrArray, known: StrArray, path: Path) -> None:
    if not np.isin(sample_id, known).any():
        pair = compare_ids(known, sample_id, ("genotypes", "covariates"))
        raise DataError(
            f"no line of the covariates ({', '.join(map(str, sample_id[:3]))}) is "
            f"among the genotyped ones ({', '.join(map(str, known[:3]))})",
            where=path,
            remedy=pair.offer() if pair.near else "use the same ids in both",
        )


def read_all_omics(
    config: AnalysisConfig, genotypes: Genotypes, crosses: Crosses | None = None
) -> OmicsRead:
    """Return every omics table; genotyped ids tell samples from features.

    Hybrids without measurements of their own get the mean of their parents.
    """
    if crosses is None:
        known = genotypes.sample_id
        return OmicsRead(tuple(read_omics(one, known) for one in config.omics))
    parents = np.union1d(crosses.parent_1, crosses.parent_2)
    known = crosses.sample_id  # the parents among them, where there are omics
    tables, pairs = [], []
    for one in config.omics:
        table = read_omics(one, known)
        if config.fold_ids:
            folded = fold_onto(table.sample_id, known, table.name, config.fold_ids)
            table = replace(table, sample_id=folded)
        if np.isin(table.sample_id, parents).any():
            hybrids = np.setdiff1d(crosses.sample_id, parents)
            left = table.sample_id[~np.isin(table.sample_id, hybrids)]
            pairs.append(compare_ids(parents, left, ("parents", table.name)))
        tables.append(
            cross_omics(table, crosses.sample_id, crosses.parent_1, crosses.parent_2)
        )
    return OmicsRead(tuple(tables), tuple(pairs))


def read_sample_groups(
    config: AnalysisConfig, crosses: Crosses | None
) -> SampleGroups | None:
    """Return the labels of the samples, with the parents of hybrids beside them."""
    groups = None if config.groups is None else read_groups(config.groups)
    if crosses is None:
        return groups
    label = np.column_stack([crosses.parent_1, crosses.parent_2])
    if groups is None:
        names = np.array(["parent_1", "parent_2"])
        return SampleGroups(crosses.sample_id, names, label)
    known = {str(sample): row for row, sample in enumerate(groups.sample_id)}
    empty = [""] * groups.group_name.size
    rows = [
        list(groups.label[known[name]]) if name in known else empty
        for name in map(str, crosses.sample_id)
    ]
    names = np.array(["parent_1", "parent_2", *map(str, groups.group_name)])
    joined = np.column_stack([label, np.array(rows, dtype=str)])
    return SampleGroups(crosses.sample_id, names, joined)
