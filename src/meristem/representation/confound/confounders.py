"""What else the samples differ in: batch, medium, date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, SampleGroups, StrArray
from meristem.text.columns import parse_number

LEAST = 2
"""Samples that a label needs."""


@dataclass(frozen=True)
class Confounder:
    """One confounder of a set of samples: labels or numbers."""

    name: str
    label: StrArray  # (n_sample,) "" unknown
    number: FloatArray | None = None  # (n_sample,) NaN unknown; None: labels

    def take(self, rows: NDArray) -> Confounder:
        """Return the samples at `rows`."""
        number = None if self.number is None else self.number[rows]
        return Confounder(self.name, self.label[rows], number)


def confounders_of(
    groups: SampleGroups | None, names: Sequence[str]
) -> tuple[Confounder, ...]:
    """Return columns of a group table as confounders; all-number columns are numbers.

    A column of numbers with at most ten different values, each of them twice or more,
    is one of labels (years, blocks).

    Raises
    ------
    DataError
        If there is no group table, a column is not there, or none of it is known.
    """
    if not names:
        return ()
    if groups is None:
        raise DataError(
            f"the confounders {', '.join(names)} need a table of groups",
            remedy="add a [groups] section with these columns",
        )
    return tuple(_confounder(name, groups.column(name)) for name in names)


def confounders_of_rows(
    groups: SampleGroups | None, names: Sequence[str], sample_id: StrArray
) -> tuple[Confounder, ...]:
    """Return confounders of some samples; all of the table say which are numbers.

    What a fold holds of a column changes nothing: batches 1, 2 and 3 are labels in
    each. A sample that the table of groups does not have is unknown.
    """
    found = confounders_of(groups, names)
    if groups is None or not found:
        return found
    place = {name: row for row, name in enumerate(groups.sample_id.tolist())}
    row = np.array([place.get(name, -1) for name in sample_id.tolist()], dtype=int)
    return tuple(
        Confounder(
            one.name,
            np.where(row < 0, "", one.label[row]),
            None if one.number is None else np.where(row < 0, np.nan, one.number[row]),
        )
        for one in found
    )


def refuse_constant(confounders: Sequence[Confounder]) -> None:
    """Refuse confounders that are the same in every sample: nothing can be removed.

    Raises
    ------
    DataError
        If one is.
    """
    for one in confounders:
        if np.unique(one.label[one.label != ""]).size == 1:
            raise DataError(
                f"the confounder {one.name!r} is the same in every sample",
                remedy="leave it out: there is nothing to remove",
            )


def refuse_single(
    confounders: Sequence[Confounder],
    sample_id: StrArray,
    measured: NDArray[np.bool_],  # (n_sample,)
) -> None:
    """Refuse labels of one measured sample: its own values are no batch's effect.

    Raises
    ------
    DataError
        If there is one.
    """
    for one in confounders:
        if one.number is not None:
            continue
        own = one.label[measured]
        names, count = np.unique(own[own != ""], return_counts=True)
        single = names[count < LEAST]
        if single.size:
            shown = ", ".join(single[:5].tolist())
            row = int(np.flatnonzero(measured & (one.label == single[0]))[0])
            raise DataError(
                f"labels of {one.name!r} with one measured sample: {shown}; what is "
                "its batch and what is its own cannot be told apart",
                where=f"sample {sample_id[row]}",
                remedy="put rare labels together, or leave these samples out of the "
                "omics",
            )


def refuse_unlabelled(
    confounders: Sequence[Confounder],
    sample_id: StrArray,
    measured: NDArray[np.bool_],  # (n_sample,)
) -> None:
    """Refuse measured samples of which a confounder is not known: it would stay.

    Raises
    ------
    DataError
        If there are some.
    """
    for one in confounders:
        blank = measured & (one.label == "")
        if blank.any():
            shown = ", ".join(sample_id[blank][:5].tolist())
            raise DataError(
                f"{int(blank.sum())} of {int(measured.sum())} measured samples have no "
                f"{one.name!r}, which is to be removed: {shown}",
                remedy="fill in the column of the table of groups, or leave these "
                "samples out of the omics",
            )


def _confounder(name: str, label: StrArray) -> Confounder:
    known = label[label != ""]
    if known.size == 0:
        raise DataError(
            f"the confounder {name!r} is known of no sample",
            remedy="fill in the column, or leave the confounder out",
        )
    number = _numbers(label)
    unique, count = np.unique(known, return_counts=True)
    if number is None or (unique.size <= 10 and count.min() >= LEAST):
        if unique.size == known.size:
            raise DataError(
                f"every sample has a label of its own in the confounder {name!r}",
                remedy="give labels that samples share, or numbers",
            )
        return Confounder(name, label)
    return Confounder(name, label, number)


def _numbers(label: StrArray) -> FloatArray | None:
    values = np.full(label.size, np.nan)
    for row, text in enumerate(label.tolist()):
        if not text:
            continue
        try:
            values[row] = parse_number(text)
        except ValueError:
            return None
    return values


@dataclass(frozen=True)
class Design:
    """Columns that stand for confounders; learned on training rows.

    Labels have one column each, centred on their training share; a label that was
    never seen, or is unknown, counts as the mean. Numbers are standardised.
    """

    level: tuple[tuple[str, ...], ...]  # per confounder; empty: a number
    mean: FloatArray  # (n_column,)
    sd: FloatArray  # (n_column,)

    def columns(self, confounders: Sequence[Confounder]) -> FloatArray:
        """Return the columns, shape (n_sample, n_column)."""
        raw = _raw(confounders, self.level)
        x = (raw - self.mean) / self.sd
        return np.where(np.isnan(x), 0.0, x)


def fit_design(confounders: Sequence[Confounder]) -> Design:
    """Learn levels, means and scales of confounders."""
    level = tuple(
        ()
        if one.number is not None
        else tuple(sorted(set(one.label[one.label != ""].tolist())))
        for one in confounders
    )
    raw = _raw(confounders, level)
    mean = np.nanmean(raw, axis=0)
    sd = np.ones(mean.size)
    place = 0
    for levels in level:
        if not levels:
            sd[place] = max(float(np.nanstd(raw[:, place])), 1e-12)
        place += max(len(levels), 1)
    return Design(level, mean, sd)


def _raw(
    confounders: Sequence[Confounder], level: Sequence[tuple[str, ...]]
) -> FloatArray:
    parts = []
    for one, levels in zip(confounders, level, strict=True):
        if not levels:
            assert one.number is not None
            parts.append(one.number[:, None])
            continue
        hot = (one.label[:, None] == np.array(levels)).astype(float)
        hot[~hot.any(axis=1)] = np.nan
        parts.append(hot)
    return np.concatenate(parts, axis=1)
