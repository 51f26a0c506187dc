"""Predictive ability of models on the same rows, and its bootstrap draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.evaluate.table import PredictionTable
from meristem.records import FloatArray, IntArray, SampleGroups, StrArray
from meristem.stats.bootstrap import draw_counts, mean_fold_pearson

N_DRAW = 2000

Target = tuple[str, str]
"""Trait and environment."""


@dataclass(frozen=True)
class Draws:
    """Mean predictive ability of one model on one target."""

    mean: float
    n_fold: int
    draws: FloatArray  # (n_draw,)


@dataclass(frozen=True)
class AlignedRows:
    """Rows of one scheme, aligned between models: same lines, same folds."""

    split: str
    line: IntArray  # (n_row,)
    fold: IntArray  # (n_row,)
    observed: FloatArray  # (n_row,)
    predicted: dict[str, FloatArray]  # label -> (n_row,)


def draw_scheme(
    rows: PredictionTable,
    models: list[str],
    groups: SampleGroups | None,
    seed: int,
) -> dict[Target, dict[str, Draws]]:
    """Return the draws of every target and model of one scheme.

    The same lines are drawn for all of them, so that differences are paired.
    """
    lines, line = np.unique(rows.sample_id, return_inverse=True)
    units = _units(lines, str(rows.split[0]), groups)
    counts = draw_counts(units, N_DRAW, np.random.default_rng(seed))
    draws: dict[Target, dict[str, Draws]] = {}
    pairs = zip(rows.trait.tolist(), rows.environment.tolist(), strict=True)
    for trait, environment in dict.fromkeys(pairs):
        of_target = (rows.trait == trait) & (rows.environment == environment)
        aligned = _align(rows, line, of_target, models)
        draws[trait, environment] = {
            model: _draws(aligned, model, counts) for model in aligned.predicted
        }
    return draws


def _units(
    lines: StrArray, scheme: str, groups: SampleGroups | None
) -> tuple[StrArray, ...]:
    """Return what the bootstrap draws for each line."""
    if scheme != "parents" or groups is None:
        return (lines,)
    known = set(map(str, groups.group_name))
    if not {"parent_1", "parent_2"} <= known:
        return (lines,)
    row = {str(name): k for k, name in enumerate(groups.sample_id)}
    index = [row[str(name)] for name in lines]
    return groups.column("parent_1")[index], groups.column("parent_2")[index]


def _align(
    rows: PredictionTable,
    line: IntArray,  # (n_row,)
    mask: np.ndarray,  # (n_row,)
    models: list[str],
) -> AlignedRows:
    """Return the rows that all models predicted, in one order."""
    n_line = int(line.max()) + 1
    n_fold = int(rows.fold.max()) + 1
    fold = rows.replicate * n_fold + rows.fold
    place = fold * n_line + line
    positions = {}
    for model in models:
        found = np.flatnonzero(mask & (rows.model == model) & ~np.isnan(rows.predicted))
        if found.size > 0:
            positions[model] = found[np.argsort(place[found], kind="stable")]
    common = np.unique(place)
    for found in positions.values():
        common = np.intersect1d(common, place[found])
    kept = {
        model: found[np.isin(place[found], common)]
        for model, found in positions.items()
    }
    first = next(iter(kept.values()))
    return AlignedRows(
        split=str(rows.split[0]),
        line=line[first],
        fold=fold[first],
        observed=rows.observed[first],
        predicted={model: rows.predicted[found] for model, found in kept.items()},
    )


def _draws(aligned: AlignedRows, model: str, counts: FloatArray) -> Draws:
    y_hat = aligned.predicted[model]
    parts = (aligned.line, aligned.fold, aligned.observed, y_hat)
    once = np.ones((1, counts.shape[1]))
    return Draws(
        mean=float(mean_fold_pearson(once, *parts)[0]),
        n_fold=np.unique(aligned.fold).size,
        draws=mean_fold_pearson(counts, *parts),
    )


def over_targets(pairs: list[tuple[Draws, Draws]]) -> tuple[Draws, Draws]:
    """Return the means over targets of a model and of the reference, drawn together.

    A target that the reference has no correlation for, because too few lines are tested
    there or do not differ, is left out of both; so it is of a draw.
    """
    kept = [pair for pair in pairs if np.isfinite(pair[1].mean)] or pairs
    known = ~np.isnan([other.draws for _, other in kept])
    count = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    both = [
        Draws(
            mean=float(np.mean([item.mean for item in draws])),
            n_fold=sum(item.n_fold for item in draws),
            draws=np.where(known, [item.draws for item in draws], 0).sum(axis=0)
            / count,
        )
        for draws in zip(*kept, strict=True)
    ]
    return both[0], both[1]
