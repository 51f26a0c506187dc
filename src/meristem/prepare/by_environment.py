"""Every line in every environment as a row of its own, and environments' means.

With such rows the questions of trials in several environments are questions about
rows: a new environment (CV0), new lines (CV1), lines not tested everywhere (CV2), new
lines in a new environment (CV00); inner folds can ask them as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import (
    Dataset,
    FloatArray,
    IntArray,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    StrArray,
)

LINE, ENVIRONMENT = "line", "environment"
"""Groupings of a data set whose rows are lines in environments."""


def stack_environments(dataset: Dataset) -> Dataset:
    """Return a data set with one row per line and environment.

    Parameters
    ----------
    dataset
        Targets are traits in environments.

    Returns
    -------
    Dataset
        Rows `line@environment`, targets are the traits; genotypes, omics and groups
        of the line stand in each of its rows, with the groupings `line` and
        `environment` beside them. A line without any phenotype keeps one row under
        its own name. So does a line with omics in several environments: there its
        measurements count, in the other rows they are marked as derived.

    Raises
    ------
    DataError
        If the phenotypes name no environments, or a grouping has one of the names.
    """
    phenotypes = dataset.phenotypes
    if (phenotypes.environment_name == "").any():
        raise DataError(
            "the phenotypes name no environments",
            remedy="name their column (phenotypes.environment), or use by = 'line'",
        )
    environments = np.array(list(dict.fromkeys(phenotypes.environment_name.tolist())))
    traits = np.array(list(dict.fromkeys(phenotypes.trait_name.tolist())))
    measured = np.stack(  # (n_line, n_environment)
        [
            ~np.isnan(phenotypes.value[:, phenotypes.environment_name == e]).all(axis=1)
            for e in environments
        ],
        axis=1,
    )
    line, place = np.nonzero(measured)
    several = (measured.sum(axis=1) > 1) & has_omics(dataset)
    without = np.flatnonzero(~measured.any(axis=1) | several)
    line = np.concatenate([line, without])
    place = np.concatenate([place, np.full(without.size, -1)])
    order = np.lexsort((place, line))
    line, place = line[order], place[order]
    names = dataset.sample_id[line]
    tested = np.where(place >= 0, environments[place], "")
    ids = np.array(
        [f"{a}@{b}" if b else str(a) for a, b in zip(names, tested, strict=True)]
    )
    dosage, first = dataset.genotypes.call_dosage[line], dataset.genotypes.first_gamete
    return Dataset(
        replace(
            dataset.genotypes,
            sample_id=ids,
            call_dosage=dosage,
            products=None,
            first_gamete=None if first is None else first[line],
        ),
        _values(phenotypes, traits, environments, (line, place), ids),
        tuple(
            replace(
                table,
                sample_id=ids,
                value=table.value[line],
                derived=_derived(table, line, several[line] & (place >= 0)),
            )
            for table in dataset.omics
        ),
        _with_labels(dataset.groups, line, ids, np.stack([names, tested], axis=1)),
    )


def has_omics(dataset: Dataset) -> NDArray[np.bool_]:  # (n_sample,)
    """Tell which rows have any omics value."""
    found = np.zeros(dataset.n_sample, dtype=bool)
    for table in dataset.omics:
        found |= ~np.isnan(table.value).all(axis=1)
    return found


def _derived(
    table: OmicsTable,
    line: IntArray,  # (n_row,)
    repeated: NDArray[np.bool_],  # (n_row,)
) -> NDArray[np.bool_] | None:  # (n_row,)
    if table.derived is None:
        return repeated if repeated.any() else None
    return repeated | table.derived[line]


def _values(
    phenotypes: Phenotypes,
    traits: StrArray,
    environments: StrArray,
    row: tuple[IntArray, IntArray],  # line, environment (-1: none)
    ids: StrArray,
) -> Phenotypes:
    line, place = row
    value = np.full((line.size, traits.size), np.nan)
    weight = np.ones((line.size, traits.size))
    n_line = phenotypes.sample_id.size
    stacked = np.full((n_line, phenotypes.n_target), -1)
    column = np.empty(phenotypes.n_target, dtype=np.int64)
    for target in range(phenotypes.n_target):
        trait = int(np.flatnonzero(traits == phenotypes.trait_name[target])[0])
        here = environments == phenotypes.environment_name[target]
        rows = np.flatnonzero(place == int(np.flatnonzero(here)[0]))
        value[rows, trait] = phenotypes.value[line[rows], target]
        weight[rows, trait] = phenotypes.weight[line[rows], target]
        stacked[line[rows], target] = rows
        column[target] = trait
    known = phenotypes.measurements
    if known is not None:
        sample = known.sample - n_line + line.size  # lines without a row
        own = known.sample < n_line
        sample[own] = stacked[known.sample[own], known.target[own]]
        known = replace(known, sample=sample, target=column[known.target])
    return Phenotypes(ids, traits, np.full(traits.size, ""), value, weight, known)


def _with_labels(
    groups: SampleGroups | None,
    line: IntArray,
    ids: StrArray,
    label: StrArray,  # (n_row, 2) line, environment
) -> SampleGroups:
    names = np.array([LINE, ENVIRONMENT])
    if groups is None:
        return SampleGroups(ids, names, label)
    taken = set(groups.group_name.tolist()) & set(names.tolist())
    if taken:
        raise DataError(
            f"a grouping is called {' and one '.join(sorted(taken))}",
            where="groups",
            remedy="rename its column: rows of lines in environments need the name",
        )
    joined = np.concatenate([groups.label[line].astype(np.str_), label], axis=1)
    return SampleGroups(ids, np.concatenate([groups.group_name, names]), joined)


def is_stacked(dataset: Dataset) -> bool:
    """Tell whether the rows of a data set are lines in environments."""
    groups = dataset.groups
    return groups is not None and {LINE, ENVIRONMENT} <= set(groups.group_name.tolist())


def line_groups(dataset: Dataset) -> SampleGroups | None:
    """Return the labels of the lines: those of the rows, but for stacked rows."""
    groups = dataset.groups
    if groups is None or not is_stacked(dataset):
        return groups
    lines, first = np.unique(groups.column(LINE), return_index=True)
    kept = ~np.isin(groups.group_name, [LINE, ENVIRONMENT])
    if not kept.any():
        return None
    return SampleGroups(lines, groups.group_name[kept], groups.label[first][:, kept])


@dataclass(frozen=True)
class EnvironmentMeans:
    """Mean of every trait in every environment, on training rows."""

    environment: StrArray  # (n_environment,)
    mean: FloatArray  # (n_environment, n_target) NaN where nothing was measured

    def of(self, dataset: Dataset) -> FloatArray:  # (n_sample, n_target)
        """Return the means at the rows; that of all in an environment not known."""
        if dataset.groups is None:
            raise DataError("rows of lines in environments need their labels")
        label = dataset.groups.column(ENVIRONMENT)
        place = {name: k for k, name in enumerate(self.environment.tolist())}
        row = np.array([place.get(name, -1) for name in label.tolist()], dtype=np.int64)
        known = ~np.isnan(self.mean)
        total = np.where(known, self.mean, 0.0).sum(axis=0)
        overall = total / np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, self.mean, overall)
        return np.where((row >= 0)[:, None], filled[row], overall)


def environment_means(dataset: Dataset) -> EnvironmentMeans:
    """Return the environments' means of rows: what their lines have in common."""
    if dataset.groups is None:
        raise DataError("rows of lines in environments need their labels")
    label = dataset.groups.column(ENVIRONMENT)
    names = np.unique(label[label != ""])
    value = dataset.phenotypes.value
    mean = np.full((names.size, value.shape[1]), np.nan)
    for k, name in enumerate(names):
        own = value[label == name]
        known = ~np.isnan(own)
        count = known.sum(axis=0)
        total = np.where(known, own, 0.0).sum(axis=0)
        mean[k] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return EnvironmentMeans(names, mean)


def centre_environments(dataset: Dataset, means: EnvironmentMeans) -> Dataset:
    """Return the rows with their environment's mean taken off."""
    phenotypes = dataset.phenotypes
    centred = replace(phenotypes, value=phenotypes.value - means.of(dataset))
    return replace(dataset, phenotypes=centred)
