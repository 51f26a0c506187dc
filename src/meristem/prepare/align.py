"""Bring genotypes, phenotypes, omics and groups into one row order, by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.prepare.reconcile import (
    N_EXAMPLE,
    PairReport,
    Reconciliation,
    compare_ids,
    fold_onto,
)
from meristem.records import (
    Dataset,
    Genotypes,
    IntArray,
    Measurements,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    StrArray,
)

Table = TypeVar("Table", Phenotypes, OmicsTable, SampleGroups)


def make_dataset(
    genotypes: Genotypes,
    phenotypes: Phenotypes,
    omics: Sequence[OmicsTable] = (),
    groups: SampleGroups | None = None,
    *,
    fold_ids: Sequence[str] = (),
) -> tuple[Dataset, Reconciliation]:
    """Align all inputs to the genotyped samples.

    Parameters
    ----------
    genotypes
        Their samples, in their order, are the rows of the dataset.
    phenotypes, omics, groups
        Samples without genotypes are dropped; genotyped samples without values get
        NaN (or "" as label) and weight 1.
    fold_ids
        Rules of `prepare.id_rules` by which ids of the tables are matched to those of
        the genotypes.

    Returns
    -------
    Dataset
        One row per genotyped sample.
    Reconciliation
        What matched and what was dropped, for every pair of inputs.

    Raises
    ------
    DataError
        If an input shares no sample with the genotypes, or folding is ambiguous.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.simulate.shoot_branching import (
    ...     plant_dataset, simulate_shoot_branching)
    >>> rng = np.random.default_rng(1)
    >>> data = simulate_shoot_branching(n_train=5, n_test=2, rng=rng, labels=1.0)
    >>> data = plant_dataset(data, data.train)
    >>> some = data.phenotypes.take_samples(np.array([3, 1]))
    >>> aligned, report = make_dataset(data.genotypes, some, data.omics)
    >>> np.isnan(aligned.phenotypes.value[:, 0]).tolist()
    [True, False, True, False, True]
    >>> report.lines()[0]
    'genotypes and phenotypes: 2 matched, 3 and 0 without partner'
    """
    known = genotypes.sample_id
    if fold_ids:
        phenotypes = _fold(phenotypes, known, "phenotypes", fold_ids)
        omics = [_fold(table, known, table.name, fold_ids) for table in omics]
        groups = groups and _fold(groups, known, "groups", fold_ids)
    report = _reconcile(genotypes, phenotypes, omics, groups, tuple(fold_ids))
    dataset = Dataset(
        genotypes=genotypes,
        phenotypes=_align_phenotypes(phenotypes, known),
        omics=tuple(_align_omics(table, known) for table in omics),
        groups=None if groups is None else _align_groups(groups, known),
    )
    return dataset, report


def _fold(table: Table, known: StrArray, what: str, rules: Sequence[str]) -> Table:
    names = table.sample_id
    folded = fold_onto(names, known, what, rules)
    unique, count = np.unique(folded, return_counts=True)
    if unique.size < folded.size:
        target = unique[count > 1][0]
        written = ", ".join(repr(str(name)) for name in names[folded == target])
        raise DataError(
            f"{written} of the {what} all fold onto {str(target)!r}",
            remedy="join their rows under one id",
        )
    return replace(table, sample_id=folded)


def _reconcile(
    genotypes: Genotypes,
    phenotypes: Phenotypes,
    omics: Sequence[OmicsTable],
    groups: SampleGroups | None,
    rules: tuple[str, ...],
) -> Reconciliation:
    measured = phenotypes.sample_id[~np.isnan(phenotypes.value).all(axis=1)]
    inputs = [("phenotypes", measured)]
    inputs += [(table.name, table.sample_id) for table in omics]
    if groups is not None:
        inputs.append(("groups", groups.sample_id))
    pairs = []
    for name, sample_id in inputs:
        pair = compare_ids(genotypes.sample_id, sample_id, ("genotypes", name))
        variants = None
        if not pair.matched and pair.right == "phenotypes":
            variants = set(genotypes.variants.variant_id.tolist())
        _refuse_no_overlap(pair, rules, variants)
        pairs.append(pair)
    for table in omics:
        names = ("phenotypes", table.name)
        pairs.append(compare_ids(measured, table.sample_id, names))
    return Reconciliation(tuple(pairs), rules)


def _refuse_no_overlap(
    pair: PairReport, rules: tuple[str, ...], known_as: Collection[str] | None = None
) -> None:
    if pair.matched:
        return
    ours = ", ".join(map(repr, pair.dropped_left[:N_EXAMPLE]))
    theirs = ", ".join(map(repr, pair.dropped_right[:N_EXAMPLE]))
    remedy = "use the same ids in both"
    if known_as is not None:
        shared = sum(name in known_as for name in pair.dropped_right)
        if shared > len(pair.dropped_right) / 2:
            remedy = (
                f"{shared} ids of the {pair.right} are names of variants in the "
                "genotypes: call their first column `marker` where variants stand in "
                "rows"
            )
    if pair.near:
        remedy = f"{pair.offer(rules)}; set it at the top of the configuration"
    raise DataError(
        f"{pair.left} ({ours}) and {pair.right} ({theirs}) have no sample in common",
        remedy=remedy,
    )


def _rows_of(
    known: StrArray, sample_id: StrArray
) -> tuple[NDArray[np.bool_], IntArray]:  # which of known are there, and at which row
    row = {name: number for number, name in enumerate(sample_id.tolist())}
    position = np.array([row.get(name, -1) for name in known.tolist()], dtype=np.int64)
    return position >= 0, position[position >= 0]


def _align_phenotypes(phenotypes: Phenotypes, known: StrArray) -> Phenotypes:
    there, rows = _rows_of(known, phenotypes.sample_id)
    value = np.full((known.size, phenotypes.n_target), np.nan)
    weight = np.ones(value.shape)
    value[there] = phenotypes.value[rows]
    weight[there] = phenotypes.weight[rows]
    return replace(
        phenotypes,
        sample_id=known,
        value=value,
        weight=weight,
        measurements=_align_measurements(phenotypes, known),
    )


def _align_measurements(phenotypes: Phenotypes, known: StrArray) -> Measurements | None:
    """Return the measurements by row of `known`; lines that are not there follow."""
    measurements = phenotypes.measurements
    if measurements is None:
        return None
    there, row = _rows_of(phenotypes.sample_id, known)
    place = np.empty(phenotypes.sample_id.size, dtype=np.int64)
    place[there] = row
    place[~there] = known.size + np.arange((~there).sum())
    return replace(measurements, sample=place[measurements.sample])


def _align_omics(table: OmicsTable, known: StrArray) -> OmicsTable:
    there, rows = _rows_of(known, table.sample_id)
    value = np.full((known.size, table.feature_id.size), np.nan)
    value[there] = table.value[rows]
    derived = None
    if table.derived is not None:
        derived = np.zeros(known.size, dtype=bool)
        derived[there] = table.derived[rows]
    return replace(table, sample_id=known, value=value, derived=derived)


def _align_groups(groups: SampleGroups, known: StrArray) -> SampleGroups:
    there, rows = _rows_of(known, groups.sample_id)
    label = np.full((known.size, groups.group_name.size), "", dtype=groups.label.dtype)
    label[there] = groups.label[rows]
    return SampleGroups(known, groups.group_name, label)
