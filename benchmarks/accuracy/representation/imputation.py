"""Gaps made in the yeast panel: the mixture against its rivals, and its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.representation.yeast import read_yeast
from meristem.records import FloatArray
from meristem.representation.impute.choose import impute
from meristem.representation.impute.methods import Sources, fill_methods, genomic_kernel
from meristem.representation.scale import fit_feature_scale
from meristem.runs.seeds import derived_rng

GAPS = ("random", "blocks", "rows")
COLUMNS = ("seed", "gaps", "method", "rmse", "coverage")
N_GENE = 1500


def run_imputation(
    data: Path,
    out: Path,
    *,
    seeds: Sequence[int],
    gaps: Sequence[str] = GAPS,
    progress: Progress | None = None,
) -> str:
    """Hide a fifth of the glucose expression and fill it; errors in sds of a gene.

    The mixture sees genotypes too; the rivals see the table alone, as usual.
    """
    table = open_table(
        out, {"job": "imputation", "genes": N_GENE}, COLUMNS, ("seed", "gaps")
    )
    yeast = read_yeast(data)
    genes = np.linspace(0, yeast.gene.size - 1, N_GENE).astype(int)
    truth = yeast.glucose[:, genes]
    truth = (truth - truth.mean(axis=0)) / truth.std(axis=0)
    sources = Sources(genotypes=genomic_kernel(yeast.genotypes))
    cells = [(seed, kind) for seed in seeds for kind in gaps]

    def work(seed: int, kind: str) -> list[Row]:
        rng = derived_rng(seed, "gaps", kind)
        hidden = make_gaps(kind, truth.shape, rng)
        holed = np.where(hidden, np.nan, truth)
        one = yeast.table(yeast.glucose)
        one = type(one)(one.name, one.sample_id, *(yeast.gene[genes],) * 2, holed)
        found = impute(one, sources, rng=derived_rng(seed, "impute", kind))
        error = (found.table.value - truth)[hidden]
        inside = (np.abs(error) <= found.half_width[hidden]).mean()
        rows = [("mixture", _rmse(error), float(inside))]
        # rivals know the values left and no more: neither mean nor sd of the rest
        scale = fit_feature_scale(holed)
        for name, fill in fill_methods(Sources()).items():
            said = scale.undo(fill(scale.apply(holed)), np.ones(holed.shape[0]))
            rows.append((name, _rmse((said - truth)[hidden]), float("nan")))
        return [
            {"method": m, "rmse": number(r), "coverage": number(c)} for m, r, c in rows
        ]

    table.fill(cells, work, progress)
    return "\n".join("  ".join(row[c] for c in COLUMNS) for row in table.rows)


def make_gaps(
    kind: str, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Return which values are hidden, about a fifth: values, blocks or rows."""
    if kind == "random":
        return rng.random(shape) < 0.2
    hidden = np.zeros(shape, dtype=bool)
    if kind == "rows":
        hidden[rng.permutation(shape[0])[: shape[0] // 5]] = True
        return hidden
    while hidden.mean() < 0.2:
        row = rng.permutation(shape[0])[: shape[0] // 4]
        column = rng.permutation(shape[1])[: shape[1] // 5]
        hidden[np.ix_(row, column)] = True
    return hidden


def _rmse(error: FloatArray) -> float:
    return float(np.sqrt((error**2).mean()))
