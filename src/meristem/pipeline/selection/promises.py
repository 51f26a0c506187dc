"""What is promised of a selection: every gain on one base, from the same joint draws.

The base is the mean of all candidates before the filters. The gain in merit is, draw by
draw, the weighted sum of the gains of the traits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from meristem.pipeline.selection.decision import Selection
from meristem.pipeline.selection.index import draw_seed
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.frontier import Contributions
from meristem.select.index.merit import drawn_blocks
from meristem.select.ranking.compare import best
from meristem.select.ranking.gain import SetGain, formula_gain, gain_of, set_gain
from meristem.select.ranking.intensity import finite_intensity


@dataclass(frozen=True)
class Promises:
    """Gains above the mean of all candidates, before the filters."""

    gain: SetGain  # of the selected lines, in merit
    above_check: SetGain | None  # of the selected lines above the best check
    trait: tuple[SetGain, ...]  # (n_target,) of the selected lines, trait units
    alone: FloatArray  # (n_target,) in each trait, if lines were chosen for it alone
    index: float  # of the selected lines, in the index
    points: tuple[SetGain, ...]  # of the points of `plan_points`, in merit


def plan_points(selection: Selection) -> tuple[tuple[str, Contributions], ...]:
    """Return the points of the frontier, the chosen one, and truncation selection."""
    diversity = selection.diversity
    return (
        *(("frontier", point) for point in diversity.points),
        ("chosen", diversity.chosen),
        ("truncation", diversity.truncated),
    )


def promise(selection: Selection) -> Promises:
    """Return the promises of a selection."""
    lines, index = selection.lines, selection.index
    every, chosen = np.flatnonzero(lines.counted), selection.chosen
    level = selection.plan.ranking.level
    checks = np.flatnonzero(~lines.counted)
    above = None
    if checks.size:
        top = index.drawn[:, checks].max(axis=1)
        above = gain_of(index.drawn[:, chosen].mean(axis=1) - top, level=level)
    rows, mean = selection.diversity.rows, index.drawn[:, every].mean(axis=1)
    points = tuple(
        gain_of(_weighted(index.drawn, rows, point.value) - mean, level=level)
        for _, point in plan_points(selection)
    )
    return Promises(
        set_gain(index.drawn, chosen, every, level=level),
        above,
        _traits(selection, every),
        _alone(selection, every),
        float(index.value[chosen].mean() - index.value[every].mean()),
        points,
    )


def _weighted(drawn: FloatArray, rows: IntArray, share: FloatArray) -> FloatArray:
    used = np.flatnonzero(share)
    return np.asarray(drawn[:, rows[used]] @ share[used])


def _traits(selection: Selection, every: IntArray) -> tuple[SetGain, ...]:
    """Return the gain of the selected lines in every target."""
    plan, parts = selection.plan, []
    belief = selection.index.belief
    for drawn in drawn_blocks(belief, plan.ranking.draws, draw_seed(plan)):
        chosen = drawn[:, selection.chosen].mean(axis=1)
        parts.append(chosen - drawn[:, every].mean(axis=1))
    each = np.concatenate(parts).T
    return tuple(gain_of(one, level=plan.ranking.level) for one in each)


def _alone(selection: Selection, every: IntArray) -> FloatArray:  # (n_target,)
    """Return what as many lines, chosen for one trait alone, would gain in it."""
    index, passed = selection.index, np.flatnonzero(selection.funnel.passed)
    predicted, belief = selection.lines.posterior.mean, index.belief.mean
    gain = np.full(len(index.target), np.nan)
    for t in np.flatnonzero((index.weight != 0) | (index.coefficient != 0)):
        up = index.weight[t] if index.weight[t] != 0 else index.coefficient[t]
        own = passed[best(np.sign(up) * predicted[passed, t], selection.chosen.size)]
        gain[t] = belief[own, t].mean() - belief[every, t].mean()
    return gain


def base_words(selection: Selection) -> tuple[str, str]:
    """Return what gains, and inbreeding, are counted from."""
    n = int(selection.lines.counted.sum())
    return (
        f"mean of all {n:,} candidates before the filters",
        f"mean coancestry {selection.diversity.base:.4f} of all {n:,} candidates "
        "before the filters",
    )


def promised(selection: Selection, said: Promises) -> dict[str, Any]:
    """Return the promises as they stand in the summary."""
    lines, index = selection.lines, selection.index
    n, k = int(lines.counted.sum()), int(selection.chosen.size)
    gain_base, ne_base = base_words(selection)
    chosen = [kind for kind, _ in plan_points(selection)].index("chosen")
    response = index.response
    foreseen = 0.0
    if k < n:
        spread = float(index.expected[lines.counted].std(ddof=1))
        foreseen = formula_gain(n, k, 1.0, spread)
        if response is not None and index.worth == "merit":
            foreseen = response.merit
    return {
        "gain_in": index.worth,
        "gain_of": index.worth_words,
        "gain_base": gain_base,
        "ne_base": ne_base,
        "gain": asdict(said.gain),
        "index_mean": float(index.value[lines.counted].mean()),
        "index_gain": None if index.is_merit else said.index,
        "contributions_gain": asdict(said.points[chosen]),
        "gain_above_best_check": None
        if said.above_check is None
        else asdict(said.above_check),
        "intensity": finite_intensity(n, k) if k < n else 0.0,
        "gain_foreseen": foreseen,
        "index_accuracy": None if response is None else real(response.accuracy),
        "index_heritability": None if response is None else real(response.heritability),
        "index_efficiency": None if response is None else real(response.efficiency),
        "covariances": _covariances(selection),
    }


def _covariances(selection: Selection) -> dict[str, Any] | None:
    """Return what the coefficients can be computed from again."""
    known = selection.index.covariance
    if known is None:
        return None
    return {
        "traits": [selection.index.target[t] for t in known.used],
        "predictions": known.p.tolist(),
        "genetic": known.genetic.tolist(),
        "genetic_error": known.error.tolist(),
        "reliability": known.reliability.tolist(),
    }


def real(value: float) -> float | None:
    """Return a number, or None where it is none: JSON knows no NaN."""
    return float(value) if np.isfinite(value) else None
