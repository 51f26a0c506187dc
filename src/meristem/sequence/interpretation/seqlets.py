"""Motifs out of attribution maps: peaks, aligned and joined into base frequencies.

The strongest stretches (seqlets) of all maps are cut out and put, strongest first, to
the pattern they resemble at the best shift and strand, or begin a pattern.

References
----------
Shrikumar et al. 2018, arXiv:1811.00416 (TF-MoDISco, the idea of seqlets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.motifs.motif import Motif

WIDTH = 12
"""bp of a peak."""

FLANK = 4
"""bp on either side by which seqlets may be shifted against one another."""

ALIKE = 0.6
"""Correlation from which a seqlet belongs to a pattern."""

LEAST_BITS = 4.0
"""Information below which a pattern is no motif."""


@dataclass(frozen=True)
class Pattern:
    """A motif that was found, and how much it does."""

    motif: Motif
    n: int  # seqlets
    mean: float  # summed attribution of a seqlet, in units of the task


@dataclass
class _Growing:
    contribution: FloatArray  # (4, span) sum of contributions
    count: FloatArray  # (4, span) sum of bases
    total: float
    n: int


def find_patterns(
    attribution: FloatArray,  # (n, 4, length) at the bases that are there
    onehot: OneHot,  # (n, 4, length)
    *,
    most: int = 2000,
    least: int = 8,
    prefix: str = "pattern",
) -> list[Pattern]:
    """Return motifs of the peaks of attribution maps, the most frequent first.

    Parameters
    ----------
    attribution, onehot
        Maps and their sequences.
    most
        Seqlets that are used, the strongest.
    least
        Seqlets below which a pattern is dropped.
    prefix
        Of the names.
    """
    patterns: dict[bool, list[_Growing]] = {True: [], False: []}
    for row, start in _peaks(attribution, most):
        cut = slice(start - FLANK, start + WIDTH + FLANK)
        piece, bases = attribution[row][:, cut], onehot[row][:, cut].astype(float)
        _place(patterns[bool(piece.sum() > 0)], piece, bases)
    found: list[Pattern] = []
    grown = [*patterns[True], *patterns[False]]
    for one in sorted(grown, key=lambda g: -g.n):
        if one.n < least:
            continue
        p = trim(base_frequencies(one.count))
        if p is not None:
            name = f"{prefix}{len(found) + 1}"
            found.append(Pattern(Motif(name, "", p), one.n, one.total / one.n))
    return found


def _peaks(attribution: FloatArray, most: int) -> list[tuple[int, int]]:
    """Return (row, start) of the strongest windows that do not overlap."""
    signal = attribution.sum(axis=1)  # (n, length)
    n, length = signal.shape
    if length < WIDTH + 2 * FLANK:
        return []
    kernel = np.ones(WIDTH)
    strength = np.abs(
        np.stack([np.convolve(row, kernel, mode="valid") for row in signal])
    )
    strength[:, :FLANK] = 0
    strength[:, length - WIDTH - FLANK + 1 :] = 0
    floor = 2 * np.median(strength[strength > 0]) if (strength > 0).any() else np.inf
    found: list[tuple[float, int, int]] = []
    for row in range(n):
        own = strength[row].copy()
        while (place := int(own.argmax())) and own[place] > floor:
            found.append((float(own[place]), row, place))
            own[max(0, place - WIDTH + 1) : place + WIDTH] = 0
    found.sort(reverse=True)
    return [(row, place) for _, row, place in found[:most]]


def _place(patterns: list[_Growing], piece: FloatArray, bases: FloatArray) -> None:
    """Add a seqlet to the pattern it resembles most, or begin one."""
    best, chosen, view = ALIKE, None, (piece, bases)
    for pattern in patterns:
        mean = pattern.contribution / pattern.n
        for turned in (False, True):
            p, b = (piece[::-1, ::-1], bases[::-1, ::-1]) if turned else (piece, bases)
            for shift in range(-FLANK, FLANK + 1):
                moved = _shifted(p, shift)
                size = np.linalg.norm(moved) * np.linalg.norm(mean)
                alike = float((moved * mean).sum() / size) if size > 0 else 0.0
                if alike > best:
                    best, chosen, view = alike, pattern, (moved, _shifted(b, shift))
    if chosen is None:
        patterns.append(_Growing(piece.copy(), bases.copy(), float(piece.sum()), 1))
        return
    chosen.contribution += view[0]
    chosen.count += view[1]
    chosen.total += float(piece.sum())
    chosen.n += 1


def _shifted(x: FloatArray, shift: int) -> FloatArray:
    out = np.zeros_like(x)
    if shift >= 0:
        out[:, shift:] = x[:, : x.shape[1] - shift]
    else:
        out[:, :shift] = x[:, -shift:]
    return out


def trim(p: FloatArray) -> FloatArray | None:  # (4, width)
    """Return the informative part of a motif; None where there is too little."""
    bits = 2 + (p * np.log2(p)).sum(axis=0)
    strong = np.flatnonzero(bits > 0.3)
    if strong.size == 0:
        return None
    p = p[:, strong[0] : strong[-1] + 1]
    kept = bits[strong[0] : strong[-1] + 1]
    return p if kept.sum() >= LEAST_BITS and p.shape[1] >= 4 else None


def base_frequencies(count: FloatArray) -> FloatArray:  # (4, width)
    """Return probabilities of counted bases, with half a base of each kind added."""
    raised = count + 0.5
    p: FloatArray = raised / raised.sum(axis=0)
    return p
