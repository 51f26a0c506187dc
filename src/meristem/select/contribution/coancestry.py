"""Coancestry of candidates, with its base stated: by state, by markers, by pedigree.

f_ij is the chance that an allele drawn from i and one drawn from j are identical;
f_ii = (1 + F_i) / 2. A relationship matrix is twice that: f = G / 2 = A / 2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.frequency import BLOCK, dosage_moments
from meristem.genetics.pedigree import (
    Pedigree,
    named_block,
    pedigree_relationship,
)
from meristem.genetics.relationship import vanraden_scale
from meristem.records import FloatArray, StrArray

STRIP = 1024
"""Lines whose coancestries with those that follow are summed at a time."""


@dataclass(frozen=True)
class Coancestry:
    """Coancestries, all between 0 and 1, and what identity they count."""

    value: FloatArray  # (n_sample, n_sample)
    base: str  # what has coancestry 0, in a sentence


def identity_by_state(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant) -1 missing
    ploidy: int = 2,
) -> Coancestry:
    """Return the chance that two alleles drawn from two lines are the same allele.

    f = mean over loci of p_i p_j + (1 - p_i)(1 - p_j), p = dosage / ploidy; a missing
    call takes the mean of the locus. 1 - c'fc is the mean expected heterozygosity of
    gametes pooled with the shares c, exactly.

    Parameters
    ----------
    call_dosage
        Dosages of the candidates.
    ploidy
        Copies of the genome.

    Examples
    --------
    >>> calls = np.array([[0, 2], [2, 2], [1, 2]], dtype=np.int8)
    >>> identity_by_state(calls).value
    array([[1.  , 0.5 , 0.75],
           [0.5 , 1.  , 0.75],
           [0.75, 0.75, 0.75]])
    """
    n, n_variant = call_dosage.shape
    result = np.zeros((n, n))
    strips = range(0, n, STRIP)
    with ThreadPoolExecutor(max(1, min(len(strips), os.cpu_count() or 1))) as pool:
        for centred in _half_centred(call_dosage, ploidy):
            # in steps of 1/4096 products of a block sum without rounding in float32
            list(pool.map(partial(_add_strip, result, centred), strips))
    for start in strips:
        end = start + STRIP
        result[end:, start:end] = result[start:end, end:].T
    # p q + (1 - p)(1 - q) = 2 (p - 1/2)(q - 1/2) + 1/2
    result *= 2 / n_variant
    result += 0.5
    return Coancestry(
        result,
        "identity by state: 0 is no allele in common, 1 is the same allele everywhere",
    )


def _add_strip(result: FloatArray, centred: NDArray[np.float32], start: int) -> None:
    rows = slice(start, start + STRIP)
    result[rows, start:] += centred[rows] @ centred[start:].T


def _half_centred(
    call_dosage: NDArray[np.int8], ploidy: int
) -> Iterator[NDArray[np.float32]]:
    """Yield allele frequencies of the lines minus one half, block by block."""
    for start in range(0, call_dosage.shape[1], BLOCK):
        calls = call_dosage[:, start : start + BLOCK]
        share = calls.astype(np.float32)
        missing = calls < 0
        if missing.any():
            share[missing] = 0
            called = np.maximum((~missing).sum(axis=0), 1)
            mean = share.sum(axis=0) / called
            # in steps of 1/64 the float32 sums stay exact, and f a coancestry
            mean = np.round(mean / ploidy * 64) / 64 * ploidy
            share[missing] = np.broadcast_to(mean, share.shape)[missing]
        share /= ploidy
        share -= np.float32(0.5)
        yield share


def marker_coancestry(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ploidy: int = 2,
) -> Coancestry:
    """Return VanRaden's relationship as coancestry, moved so that its least is 0.

    f = (G - g) / (2 - g), g the least element of G, for lines of which none is more
    than fully inbred; G / 2 itself is negative for pairs less alike than the average,
    and a rate of inbreeding from it has no meaning.

    References
    ----------
    VanRaden 2008, J Dairy Sci 91:4414; Toro et al. 2011, Genet Sel Evol 43:27 on
    coancestry from markers.
    """
    mean = dosage_moments(call_dosage).mean
    n = call_dosage.shape[0]
    g = np.zeros((n, n))
    # in float64: sums in float32 could leave contributions of negative coancestry
    for start in range(0, call_dosage.shape[1], BLOCK):
        columns = slice(start, start + BLOCK)
        calls = call_dosage[:, columns]
        centred = np.where(calls < 0, 0.0, calls - mean[columns])
        g += centred @ centred.T
    g /= vanraden_scale(mean, ploidy)
    least = float(g.min())
    most = max(2.0, float(g.max()))
    g -= least
    g /= most - least
    return Coancestry(
        g,
        "VanRaden's G of these candidates, scaled so that the least related pair has "
        f"0 (G = {least:.2f}) and a fully inbred line 1 (G = {most:.2f})",
    )


def pedigree_coancestry(
    pedigree: Pedigree,
    name: StrArray,  # (n,) lines; one that the pedigree lacks is a founder
) -> Coancestry:
    """Return the coancestry of lines from their pedigree: half the relationship.

    Unknown parents are unrelated and not inbred; a line has f_ii of 1/2 (1 + f of its
    parents), nearer to 1 by the generations that it was selfed.

    Examples
    --------
    >>> from meristem.genetics.pedigree import make_pedigree
    >>> one, two = np.array(["", "", "a", "c"]), np.array(["", "", "b", "c"])
    >>> pedigree = make_pedigree(np.array(["a", "b", "c", "d"]), one, two)
    >>> pedigree_coancestry(pedigree, np.array(["c", "d", "x"])).value
    array([[0.5 , 0.5 , 0.  ],
           [0.5 , 0.75, 0.  ],
           [0.  , 0.  , 0.5 ]])
    """
    known = pedigree.ancestry(name)
    both = named_block(known.line, pedigree_relationship(known), name, name)
    return Coancestry(both / 2, "pedigree: founders are unrelated")
