"""Contigs side by side on one axis."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.pages.palette import RULE, SOFT
from meristem.pages.panel import Panel
from meristem.pages.svg import Canvas, text_width

NAMED = 40  # contigs with a place of their own; the rest share one
UNPLACED = "unplaced"


@dataclass(frozen=True)
class Genome:
    """Where each contig starts on an axis from 0 to 1."""

    contig: tuple[str, ...]
    start: dict[str, float]
    end: dict[str, float]
    length: dict[str, float]  # bp, the largest position seen


def natural(name: str) -> tuple:
    """Return a key that sorts chr2 before chr10.

    Examples
    --------
    >>> sorted(["chr10", "chr2", "chr1"], key=natural)
    ['chr1', 'chr2', 'chr10']
    """
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p)


def fold_contigs(frame: pd.DataFrame) -> pd.Series:
    """Return the contig of every row, the many small ones together as unplaced."""
    contig = frame["contig"].where(frame["contig"] != "", UNPLACED)
    counts = contig.value_counts()
    if len(counts) > NAMED:
        ordered = sorted(counts.index, key=lambda c: (-int(counts[c]), natural(str(c))))
        contig = contig.where(contig.isin(ordered[: NAMED - 1]), UNPLACED)
    return contig


def make_genome(frame: pd.DataFrame) -> Genome:
    """Lay out the contigs of a table with the columns contig and position."""
    contig = fold_contigs(frame)
    length = frame["position"].fillna(0).groupby(contig).max().clip(lower=1)
    names = sorted(map(str, length.index), key=lambda c: (c == UNPLACED, natural(c)))
    sizes = np.array([float(length[name]) for name in names])
    sizes = np.maximum(sizes, sizes.sum() * 0.004)  # a contig stays visible
    gap = sizes.sum() * min(0.008, 0.1 / max(len(names), 1))
    ends = np.cumsum(sizes + gap)
    total = float(ends[-1])
    return Genome(
        tuple(names),
        dict(zip(names, (ends - sizes - gap) / total, strict=True)),
        dict(zip(names, (ends - gap) / total, strict=True)),
        {name: float(length[name]) for name in names},
    )


def places(genome: Genome, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the place (0 to 1) and the number of the contig of every row."""
    contig = fold_contigs(frame)
    known = contig.where(contig.isin(genome.contig), UNPLACED)
    start = known.map(genome.start).fillna(0.0).to_numpy(dtype=float)
    end = known.map(genome.end).fillna(1.0).to_numpy(dtype=float)
    length = known.map(genome.length).fillna(1.0).to_numpy(dtype=float)
    share = frame["position"].fillna(0).to_numpy(dtype=float) / length
    number = {name: position for position, name in enumerate(genome.contig)}
    index = known.map(number).fillna(0).to_numpy(dtype=int)
    return start + np.clip(share, 0, 1) * (end - start), index


def draw_contigs(canvas: Canvas, panel: Panel, genome: Genome) -> None:
    """Draw the names of the contigs below a panel, as many as there is room for."""
    y = panel.bottom + 16
    canvas.line(panel.left, panel.bottom, panel.right, panel.bottom, stroke="#aeb8b2")
    free_from = panel.left - 20
    for name in genome.contig:
        left = float(panel.x(genome.start[name]))
        right = float(panel.x(genome.end[name]))
        canvas.line(left, panel.bottom, right, panel.bottom, stroke=SOFT)
        shown = name
        if text_width(shown, 10.5) > right - left + 8:
            shown = re.sub(r"^(chromosome|chrom|chr)[_.]?(?=\w)", "", shown, flags=re.I)
        half = text_width(shown, 10.5) / 2
        middle = (left + right) / 2
        fits = middle - half > free_from and middle + half < canvas.width
        if fits and half * 2 < max(right - left, 14) * 1.6:
            canvas.text(middle, y, shown, 10.5, anchor="middle", fill=SOFT)
            free_from = middle + half + 4
        canvas.line(right, panel.top, right, panel.bottom, stroke=RULE)
