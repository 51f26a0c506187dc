"""Training and test rows that do not leak: groups and near copies are never parted."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from meristem.errors import ConfigError
from meristem.records import IntArray, Split, Splits, StrArray
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.identity import cluster_copies
from meristem.sequence.inputs.measured import MeasuredSequences
from meristem.stats.folds import grouped_folds

Scheme = Literal["group", "each_group", "identity", "hash", "random"]

WITHIN = "within_group"
"""Name of folds inside a group, beside those that leave whole groups out."""

LEAST_WITHIN = 20
"""Rows of a group that is divided."""


@dataclass(frozen=True)
class Division:
    """How rows are divided.

    Attributes
    ----------
    split
        Folds of all replicates.
    unit
        (n,) rows of one unit are never parted, in inner splits neither.
    withheld
        Training rows left out of a fold because they copy one of its test rows, the
        sum over folds.
    """

    split: Splits
    unit: IntArray
    withheld: int
    copy: IntArray  # (n,) clusters of near copies


def divide(
    data: MeasuredSequences,
    scheme: Scheme,
    *,
    folds: int,
    replicates: int,
    tested: int,
    identity: float,
    rng: np.random.Generator,
    within: bool = False,
) -> Division:
    """Divide rows into training and test rows.

    Parameters
    ----------
    data
        All rows.
    scheme
        ``group``: whole groups are left out; ``each_group``: one fold per group
        (chromosome, species, assay); ``identity``: clusters of near copies;
        ``hash``: by a checksum of the sequence, the same on any machine; ``random``:
        single rows, refused where rows belong together.
    folds, replicates
        Number of parts, and of rounds dealt anew.
    tested
        How many folds are tested, 0 for all.
    identity
        Share of equal bases from which sequences are copies. Rows of the training
        side that copy a test row are withheld, whatever the scheme.
    rng
        Source of randomness.
    within
        Add folds inside every group: clusters of near copies are left out, and what
        trains is the rest of the group alone.

    Raises
    ------
    ConfigError
        If the scheme needs groups and there are none, or would part rows that belong
        together.
    """
    copy = cluster_copies(data.sequence, identity)
    unit = _units(data, scheme, copy)
    if scheme in ("hash", "each_group"):
        replicates = 1
    splits: list[Split] = []
    withheld = 0
    for replicate in range(replicates):
        fold = _folds(data, scheme, unit, folds, rng)
        last = int(fold.max()) + 1
        for number in range(min(tested or last, last)):
            test = fold == number
            train = ~test & ~np.isin(copy, copy[test])
            withheld += int((~test & ~train).sum())
            if not train.any() or not test.any():
                continue
            split = Split(
                scheme, replicate, number, np.flatnonzero(train), np.flatnonzero(test)
            )
            splits.append(split)
    if not splits:
        raise ConfigError(
            "no fold has both training and test rows",
            where="split",
            remedy="use fewer folds, or another scheme",
        )
    if within:
        splits += _inside(data, unit, copy, folds, rng)
    return Division(tuple(splits), unit, withheld, copy)


def _inside(
    data: MeasuredSequences,
    unit: IntArray,
    copy: IntArray,
    folds: int,
    rng: np.random.Generator,
) -> Iterator[Split]:
    """Give folds of the near copies of every group, trained by that group alone."""
    for number, one in enumerate(np.unique(unit)):
        rows = np.flatnonzero(unit == one)
        if rows.size < LEAST_WITHIN:
            raise ConfigError(
                f"the group {data.group[rows[0]]!r} has {rows.size} rows, and at least "
                f"{LEAST_WITHIN} are needed to train and test within it",
                where="split.within",
                remedy="leave out split.within, or that group",
            )
        fold = grouped_folds(
            copy[rows],
            folds,
            rng,
            noun=f"clusters of near copies of the group {data.group[rows[0]]!r}",
            remedy="use fewer split.folds, or leave out split.within",
        )
        for k in range(folds):
            train, test = rows[fold != k], rows[fold == k]
            yield Split(WITHIN, 0, number * folds + k, train, test)


def _units(data: MeasuredSequences, scheme: Scheme, copy: IntArray) -> IntArray:
    if scheme in ("identity", "hash"):
        return copy
    named = data.group != ""
    if scheme in ("group", "each_group"):
        if not named.any():
            raise ConfigError(
                f"scheme {scheme!r} needs a column of groups",
                where="split.scheme",
                remedy="name it in data.group (gene, chromosome, species), or use "
                "scheme = 'identity'",
            )
        if scheme == "each_group" and not named.all():
            raise ConfigError(
                f"{int((~named).sum())} of {data.n} rows have no group, and would each "
                "be a fold",
                where="data.group",
                remedy="name their groups, leave them out, or use scheme = 'group'",
            )
        alone = np.char.add("\0", np.arange(data.n).astype(str))
        labels = np.where(named, data.group, alone)
        unit: IntArray = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        return unit
    _refuse_related(data, copy, named)
    return np.arange(data.n)


def _refuse_related(data: MeasuredSequences, copy: IntArray, named: StrArray) -> None:
    """Refuse single rows as units where rows are groups or copies of one another."""
    size = np.bincount(copy)
    copies = int((size[copy] > 1).sum())
    groups, times = np.unique(data.group[named], return_counts=True)
    grouped = int(times[times > 1].sum())
    if grouped == 0 and copies <= 0.01 * data.n:
        return
    found = []
    if grouped:
        found.append(f"{grouped:,} of {data.n:,} rows share a group with another")
    if copies:
        found.append(f"{copies:,} are near copies of another, either strand")
    raise ConfigError(
        "random rows would put relatives on both sides, and the test would measure "
        f"memory ({'; '.join(found)})",
        where="split.scheme",
        remedy="use scheme = 'group' with data.group, or scheme = 'identity'",
    )


def _folds(
    data: MeasuredSequences,
    scheme: Scheme,
    unit: IntArray,
    folds: int,
    rng: np.random.Generator,
) -> IntArray:
    if scheme == "each_group":
        return unit
    if scheme == "hash":
        return np.array([sequence_hash(text) % folds for text in data.sequence])
    return grouped_folds(
        unit, folds, rng, noun="groups", remedy="use fewer split.folds"
    )


def sequence_hash(sequence: str) -> int:
    """Return a checksum of a sequence that its reverse complement shares.

    Examples
    --------
    >>> sequence_hash("AAC") == sequence_hash("GTT")
    True
    """
    return zlib.crc32(min(sequence, complement_strand(sequence)).encode())
