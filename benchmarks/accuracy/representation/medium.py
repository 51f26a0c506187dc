"""Yeast in two media: what of the medium is left, and of biology kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.representation.yeast import Yeast, read_yeast
from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray, OmicsTable
from meristem.representation.confound.confounders import Confounder, confounders_of
from meristem.representation.confound.probe import (
    held_folds,
    probe_confounder,
    probe_values,
)
from meristem.representation.represented import fit_representation
from meristem.representation.sets.membership import feature_sets
from meristem.runs.seeds import derived_rng

METHODS = (
    *("none", "regression", "combat", "alignment"),
    *("components", "adversarial"),
)
COLUMNS = ("seed", "method", "linear", "radial", "identity", "sets")
K = 20
FOLDS = 5


def run_medium(
    data: Path,
    out: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] = METHODS,
    progress: Progress | None = None,
) -> str:
    """Stack both media, remove the medium, and ask on lines held out.

    linear, radial: balanced accuracy of the medium; identity: how often a line's
    factors in glucose are nearest to its own in ethanol among the lines held out;
    sets: mean r of GO-slim set scores told from the factors.
    """
    table = open_table(
        out, {"job": "medium", "k": K, "folds": FOLDS}, COLUMNS, ("seed", "method")
    )
    yeast = read_yeast(data)
    cells = [(seed, method) for seed in seeds for method in methods]

    def work(seed: int, method: str) -> list[Row]:
        found = medium_cell(yeast, method, seed)
        return [{name: number(value) for name, value in found.items()}]

    table.fill(cells, work, progress)
    return "\n".join("  ".join(row[c] for c in COLUMNS) for row in table.rows)


def medium_cell(yeast: Yeast, method: str, seed: int) -> dict[str, float]:
    """Return the four figures of one method."""
    table, groups = yeast.stacked()
    (medium,) = confounders_of(groups, ("medium",))
    line = groups.column("line")
    folds = held_folds(line, FOLDS, derived_rng(seed, "folds"))
    how = {"represent": "pca", "k": (K,), "confounders": ("medium",)}
    options = RepresentOptions.model_validate({**how, "deconfound": method})
    kept: dict[bytes, FloatArray] = {}

    def learn(train: np.ndarray) -> FloatArray:
        if train.tobytes() not in kept:
            kept[train.tobytes()] = _factors(table, medium, options, train, seed)
        return kept[train.tobytes()]

    identity = [_identity(learn(a), line, medium.label, a, b) for a, b in folds]
    return {
        "linear": probe_confounder(learn, medium, folds),
        "radial": probe_confounder(learn, medium, folds, nonlinear=True),
        "identity": float(np.mean(identity)),
        "sets": float(probe_values(learn, _scores(yeast), folds).mean()),
    }


def _factors(
    table: OmicsTable,
    medium: Confounder,
    options: RepresentOptions,
    train: np.ndarray,
    seed: int,
) -> FloatArray:
    found = fit_representation(
        table.take_samples(train),
        options,
        rng=derived_rng(seed, "fit"),
        k=K,
        confounders=[medium.take(train)],
    )
    return found.factors(table, [medium]).value


def _scores(yeast: Yeast) -> FloatArray:  # (2 n_line, n_set)
    """Return the mean of each set's standardised genes, centred within the medium."""
    parts = []
    for value in (yeast.glucose, yeast.ethanol):
        x = (value - value.mean(axis=0)) / value.std(axis=0)
        sets = feature_sets(yeast.table(value), yeast.sets, min_size=10)
        parts.append(x @ (sets.member / sets.member.sum(axis=1, keepdims=True)).T)
    return np.concatenate(parts)


def _identity(
    z: FloatArray,
    line: np.ndarray,
    medium: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> float:
    """Return how often a line is nearest to itself in the other medium."""
    sides = []
    for name in ("glucose", "ethanol"):
        own = test[medium[test] == name]
        own = own[np.argsort(line[own])]
        centre = z[train[medium[train] == name]].mean(axis=0)
        side = z[own] - centre
        sides.append(side / np.linalg.norm(side, axis=1, keepdims=True))
    nearest = (sides[0] @ sides[1].T).argmax(axis=1)
    return float((nearest == np.arange(nearest.size)).mean())
