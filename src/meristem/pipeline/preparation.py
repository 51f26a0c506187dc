"""First stage: inputs to one aligned data set, and a record of what was dropped."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.genetics.copies import find_copies
from meristem.genetics.filters import filter_markers
from meristem.genetics.frequency import missing_share
from meristem.genetics.hybrids import own_parents
from meristem.genetics.products import Survey, survey
from meristem.genetics.relationship import principal_axes
from meristem.io.stores.dataset import genotype_store, read_dataset, write_dataset
from meristem.io.stores.genotypes import store_bytes
from meristem.io.tables.survey import survey_phenotypes
from meristem.pipeline.covariates import describe_covariates
from meristem.pipeline.inputs import (
    Inputs,
    read_inputs,
    stays_on_disk,
    with_covariates,
)
from meristem.pipeline.notes import error_notes
from meristem.prepare.by_environment import (
    LINE,
    is_stacked,
    line_groups,
    stack_environments,
)
from meristem.records import (
    Dataset,
    Genotypes,
    IntArray,
    Phenotypes,
    SampleGroups,
    StrArray,
)
from meristem.runs.folder import RunFolder

log = logging.getLogger(__name__)

DATASET = "work/dataset"
OUTPUTS = ("data.json", "structure.csv", DATASET)


def is_prepared(folder: RunFolder, key: str) -> bool:
    """Return whether the prepared data set of this key lies in the run folder."""
    return folder.is_done("prepare", key)


def read_prepared(folder: RunFolder, max_memory: int | None = None) -> Dataset:
    """Return the data set that `write_prepared` wrote."""
    path = folder.file(DATASET)
    size = store_bytes(genotype_store(path))
    return read_dataset(path, streamed=stays_on_disk(size, max_memory))


def prepare_inputs(config: AnalysisConfig) -> Inputs:
    """Read the inputs and keep the targets asked for; nothing is written."""
    inputs = read_inputs(config)
    chosen = with_covariates(select_targets(inputs.dataset, config), config)
    for hint in error_notes(config, chosen)[1]:
        log.warning("%s", hint)
    return Inputs(chosen, inputs.reconciliation)


def write_prepared(
    config: AnalysisConfig,
    folder: RunFolder,
    key: str,
    inputs: Inputs,
    found: Survey | None = None,
) -> None:
    """Write the data set, `data.json` and `structure.csv`.

    Parameters
    ----------
    config
        Resolved configuration.
    folder
        Run folder.
    key
        Digest of everything the data set depends on.
    inputs
        From `prepare_inputs`.
    found
        Products of the rows of the data set, where the folds share them.
    """
    write_dataset(inputs.dataset, folder.file(DATASET))
    explained = _write_structure(folder, inputs.dataset, found)
    summary = describe(inputs, config)
    folder.write_json("data.json", {**summary, "structure": explained})
    folder.mark_done("prepare", key, OUTPUTS)


def select_targets(dataset: Dataset, config: AnalysisConfig) -> Dataset:
    """Keep the traits and environments asked for; stack these if asked to."""
    phenotypes = dataset.phenotypes
    keep = np.ones(phenotypes.n_target, dtype=bool)
    for field in ("minimise", "units"):
        named = tuple(getattr(config.phenotypes, field))
        _refuse_unknown(field, named, phenotypes.trait_name)
    assisted = config.evaluate.assisted_by
    _refuse_unknown("assisted_by", assisted, phenotypes.trait_name, "evaluate")
    wanted = (
        ("traits", config.phenotypes.traits, phenotypes.trait_name),
        ("environments", config.phenotypes.environments, phenotypes.environment_name),
    )
    for field, names, present in wanted:
        if not names or (field == "environments" and not present.any()):
            continue
        _refuse_unknown(field, names, present)
        keep &= np.isin(present, names)
    chosen = dataset.take_targets(np.flatnonzero(keep))
    return stack_environments(chosen) if config.phenotypes.by == "record" else chosen


def _refuse_unknown(
    field: str, names: tuple[str, ...], present: StrArray, section: str = "phenotypes"
) -> None:
    unknown = sorted(set(names) - set(map(str, present)))
    if unknown:
        known = ", ".join(sorted(set(map(str, present)))[:20])
        what = "environments" if field == "environments" else "traits"
        raise ConfigError(
            f"no {what} called {', '.join(unknown)} in the phenotypes",
            where=f"{section}.{field}",
            remedy=f"use some of: {known}",
        )


def describe(inputs: Inputs, config: AnalysisConfig) -> dict:
    """Return the content of `data.json`."""
    dataset = inputs.dataset
    genotypes = dataset.genotypes
    removed = filter_markers(genotypes, config.genotypes.filter)
    groups = dataset.groups
    return {
        "genotypes": {
            "samples": genotypes.n_sample,
            "lines": unseen_lines(dataset).size + _phenotyped_lines(dataset),
            "parents": int(own_parents(dataset).sum()),
            "variants": genotypes.n_variant,
            "ploidy": genotypes.ploidy,
            "missing_share": missing_share(genotypes.call_dosage),
            "contigs": len(set(map(str, genotypes.variants.variant_contig))),
            "source": str(config.genotypes.path),
        },
        "phenotypes": [_describe_target(dataset, t) for t in range(_targets(dataset))],
        "phenotype_table": survey_phenotypes(
            config.phenotypes, config.covariates
        ).to_json(),
        "omics": [
            {
                "name": table.name,
                "features": int(table.feature_id.size),
                "samples_measured": int((~np.isnan(table.value)).any(axis=1).sum()),
                "missing_share": float(np.isnan(table.value).mean()),
                "features_with_node": int((table.node_name != "").sum()),
            }
            for table in dataset.omics
        ],
        "groups": []
        if groups is None
        else [
            {"name": str(name), "labels": len(set(map(str, groups.column(str(name)))))}
            for name in groups.group_name
        ],
        "covariates": describe_covariates(dataset),
        "copies": [list(group) for group in find_copies(distinct_lines(dataset))],
        "reconciliation": inputs.reconciliation.to_json(),
        "filters": removed.to_json(),
    }


def distinct_lines(dataset: Dataset) -> Genotypes:
    """Return the genotypes of every line once, in however many rows it stands."""
    if dataset.groups is None or not is_stacked(dataset):
        return dataset.genotypes
    line, first = np.unique(dataset.groups.column(LINE), return_index=True)
    return replace(dataset.genotypes.take_samples(first), sample_id=line)


def _phenotyped_lines(dataset: Dataset) -> int:
    """Return how many lines have a phenotype, in however many rows they stand."""
    seen = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    if dataset.groups is None or not is_stacked(dataset):
        return int(seen.sum())
    return len(set(dataset.groups.column(LINE)[seen].tolist()))


def _targets(dataset: Dataset) -> int:
    return dataset.phenotypes.n_target


def _describe_target(dataset: Dataset, target: int) -> dict:
    value = dataset.phenotypes.value[:, target]
    seen = value[~np.isnan(value)]
    return {
        "trait": str(dataset.phenotypes.trait_name[target]),
        "environment": str(dataset.phenotypes.environment_name[target]),
        "n": int(seen.size),
        "mean": float(seen.mean()) if seen.size else None,
        "sd": float(seen.std(ddof=1)) if seen.size > 1 else None,
        **_describe_errors(dataset.phenotypes, target),
    }


def _describe_errors(phenotypes: Phenotypes, target: int) -> dict:
    errors = phenotypes.errors[target] if phenotypes.errors else None
    if errors is None:
        return {}
    return {"errors": "covariance" if errors.known else "covariance up to a factor"}


def _write_structure(folder: RunFolder, dataset: Dataset, found: Survey | None) -> dict:
    """Write the principal components of the lines; a picture, never a feature."""
    genotypes = distinct_lines(dataset)
    if found is None:
        found = survey(genotypes)
    scale = found.scale(genotypes.ploidy)
    axes, share = principal_axes(found.products, min(4, genotypes.n_sample))
    axes /= np.sqrt(scale)
    columns = {f"pc{axis + 1}": axes[:, axis] for axis in range(axes.shape[1])}
    group = _picture_group(line_groups(dataset), genotypes.n_sample)
    frame = pd.DataFrame({"sample_id": genotypes.sample_id, **columns, "group": group})
    folder.write_table("structure.csv", frame)
    return {"explained_share": [float(value) for value in share]}


def _picture_group(groups: SampleGroups | None, n_sample: int) -> np.ndarray:
    """Return the labels of the grouping with the fewest, but at least two, labels."""
    names = [] if groups is None else [str(name) for name in groups.group_name]
    columns = [groups.column(name) for name in names if groups is not None]
    useful = [column for column in columns if 1 < len(set(map(str, column))) <= 20]
    if not useful:
        return np.full(n_sample, "", dtype="U1")
    return min(useful, key=lambda column: len(set(map(str, column))))


def unseen_lines(dataset: Dataset) -> IntArray:
    """Return the rows without phenotype that are not there for their omics alone.

    Left out are parents of hybrids, and the rows that carry the omics of a line whose
    trials stand in other rows.
    """
    unseen = np.isnan(dataset.phenotypes.value).all(axis=1)
    teaching = own_parents(dataset)
    if dataset.groups is not None and is_stacked(dataset):
        line = dataset.groups.column(LINE)
        teaching |= np.isin(line, line[~unseen])
    return np.flatnonzero(unseen & ~teaching)
