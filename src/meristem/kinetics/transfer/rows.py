"""Labelled sites to learn from: distinct pairs, and guides that are held out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.bulges import encode_sites
from meristem.kinetics.cas9.encode import Encoding, count_edits, encode_pairs
from meristem.kinetics.cas9.sites import Sites, join_sites, spacer
from meristem.records import FloatArray
from meristem.stats.ranking import Ranking, average_precision


@dataclass(frozen=True)
class LabelledSites:
    """Distinct labelled pairs, encoded.

    Attributes
    ----------
    x
        Encoded pairs.
    label
        1 where any row of the pair was active.
    guide
        Spacer: one name per guide, whatever its gaps and PAM.
    gapped
        True for bulges.
    assay
        Number of the table.
    pair
        Number of the distinct pair; assays may share some.
    reads
        Largest read count of the pair in the assay, NaN where none is known.
    """

    x: Encoding  # (n, 25, 13)
    label: NDArray[np.int64]  # (n,)
    guide: NDArray[np.str_]  # (n,)
    gapped: NDArray[np.bool_]  # (n,)
    assay: NDArray[np.int64]  # (n,)
    pair: NDArray[np.int64]  # (n,)
    reads: FloatArray  # (n,)

    def take(self, rows: NDArray[np.generic]) -> LabelledSites:
        """Return some of the rows."""
        return LabelledSites(*(getattr(self, name)[rows] for name in vars(self)))


def label_sites(tables: Sequence[Sites], *, most_mismatches: int) -> LabelledSites:
    """Encode labelled sites: pairs once per assay, far ones and targets left out.

    Ungapped pairs with more mismatches, those of the PAM counted, than the negatives
    were screened for are left out: there more mismatches would mean active. So are
    pairs without any edit, the intended targets, which tables of off-target sites list
    as inactive.

    Parameters
    ----------
    tables
        One per assay.
    most_mismatches
        Edits that an ungapped pair may have, as written.

    Raises
    ------
    DataError
        If a site has no label.
    """
    sites = join_sites(list(tables))
    if (sites.label < 0).any():
        raise DataError(
            "some sites have no label",
            where="tables",
            remedy="give a column label with 0 and 1",
        )
    names = np.char.add(np.char.add(sites.guide, " "), sites.target)
    _, first, pair = np.unique(names, return_index=True, return_inverse=True)
    distinct = sites.take(first)
    edits = count_edits(encode_pairs(distinct.guide, distinct.target))
    gapped = distinct.gapped
    kept = np.flatnonzero((edits > 0) & ((edits <= most_mismatches) | gapped))
    near = distinct.take(kept)
    assay = np.repeat(np.arange(len(tables)), [len(t.target) for t in tables])
    rows, place = np.unique(pair * len(tables) + assay, return_inverse=True)
    label = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(label, place, sites.label)
    reads = np.full(len(rows), np.nan)
    np.fmax.at(reads, place, sites.reads)
    number, assay = rows // len(tables), rows % len(tables)
    at = np.searchsorted(kept, number)
    here = kept[np.minimum(at, len(kept) - 1)] == number if len(kept) else at < 0
    at = at[here]
    return LabelledSites(
        encode_sites(near.guide, near.target)[at],
        label[here],
        spacer(near.guide)[at],
        gapped[kept][at],
        assay[here],
        number[here],
        reads[here],
    )


def once_per_pair(data: LabelledSites) -> LabelledSites:
    """Return every pair once, active where any assay found it so."""
    _, first, place = np.unique(data.pair, return_index=True, return_inverse=True)
    label = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(label, place, data.label)
    return replace(data.take(first), label=label)


FEWEST = 10
"""Active sites of a guide that is judged alone."""


def judged_together(data: LabelledSites) -> NDArray[np.str_]:  # (n,)
    """Return what is ranked as one: a guide of an assay, or its guides of few sites.

    Examples
    --------
    >>> label, guide = np.array([1] * 10 + [0, 1]), np.array(["a"] * 11 + ["b"])
    >>> none = np.zeros(12, dtype=int)
    >>> data = LabelledSites(none, label, guide, none > 0, none, none, none * 1.0)
    >>> np.unique(judged_together(data)).tolist()
    ['0', '0 a']
    """
    assay = data.assay.astype(str)
    names, place = np.unique(
        np.char.add(np.char.add(assay, " "), data.guide), return_inverse=True
    )
    many = np.bincount(place, data.label) >= FEWEST
    return np.where(many[place], names[place], assay)


def hold_out_guides(
    guide: NDArray[np.str_], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:  # (n,)
    """Return True for the rows of a random share of the guides (at least one)."""
    names = np.unique(guide)
    if len(names) < 2:
        raise DataError(
            "there is one guide only, so that none can be held out",
            where="tables",
            remedy="give tables with several guides",
        )
    n_held = min(max(1, round(share * len(names))), len(names) - 1)
    held = rng.choice(names, n_held, replace=False)
    return np.isin(guide, held)


def ranking_by_guide(
    label: NDArray[np.int64],  # (n,)
    score: FloatArray,  # (n,)
    guide: NDArray[np.str_],  # (n,)
    weight: FloatArray | None = None,  # (n,) rows that each row stands for
) -> FloatArray:  # (n_guide,)
    """Return the AUPR within every guide that has sites of both kinds.

    Raises
    ------
    DataError
        If no guide has.
    """
    names, place = np.unique(guide, return_inverse=True)
    precisions = []
    for index in range(len(names)):
        rows = place == index
        if 0 < label[rows].sum() < rows.sum():
            ranking = Ranking.of(label[rows], score[rows])
            counted = None if weight is None else weight[rows]
            precisions.append(average_precision(ranking, counted))
    if not precisions:
        raise DataError(
            "no guide has active and inactive sites",
            remedy="give tables with both for each guide",
        )
    return np.array(precisions)
