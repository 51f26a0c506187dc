"""Ranking metrics with bootstrap intervals, always beside the edit count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray
from meristem.stats.bootstrap import percentile_interval


@dataclass(frozen=True)
class Ranking:
    """Rows from the highest score down, and where runs of equal scores end."""

    order: NDArray[np.int64]  # (n,)
    ends: NDArray[np.int64]  # (n_distinct,)
    label: NDArray[np.bool_]  # (n,) in this order

    @classmethod
    def of(cls, label: NDArray[np.generic], score: FloatArray) -> Ranking:
        """Sort once; every bootstrap re-uses it."""
        if len(label) != len(score):
            raise DataError(f"{len(label)} labels and {len(score)} scores")
        if not np.isfinite(score).all():
            raise DataError(
                "a score is not a number", remedy="score every row, or leave it out"
            )
        positive = np.asarray(label).astype(bool)
        if not positive.any() or positive.all():
            raise DataError(
                "all labels are equal, so that there is nothing to rank",
                remedy="give rows of both kinds",
            )
        order = np.argsort(-score, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
        return cls(order, ends, positive[order])


def _totals(
    ranking: Ranking, weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return positives and rows up to the end of every run of equal scores."""
    w = np.ones(len(ranking.order)) if weight is None else weight[ranking.order]
    return np.cumsum(w * ranking.label)[ranking.ends], np.cumsum(w)[ranking.ends]


def auroc(ranking: Ranking, weight: FloatArray | None = None) -> float:
    """Return the area under the ROC curve; ties count one half.

    Examples
    --------
    >>> auroc(Ranking.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])))
    0.75
    """
    positives, rows = _totals(ranking, weight)
    negatives = rows - positives
    width = np.diff(negatives, prepend=0.0)
    height = (positives + np.append(0.0, positives[:-1])) / 2
    total = positives[-1] * negatives[-1]
    return float(width @ height / total) if total > 0 else float("nan")


def average_precision(ranking: Ranking, weight: FloatArray | None = None) -> float:
    """Return the area under the precision-recall curve, as average precision.

    Examples
    --------
    >>> r = Ranking.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> round(average_precision(r), 4)
    0.8333
    """
    positives, rows = _totals(ranking, weight)
    if positives[-1] <= 0:
        return float("nan")
    gained = np.diff(positives, prepend=0.0)
    precision = np.divide(positives, rows, out=np.zeros_like(positives), where=rows > 0)
    return float(gained @ precision / positives[-1])


METRICS = {"AUROC": auroc, "AUPR": average_precision}


def compare_scores(
    label: NDArray[np.generic],  # (n,)
    scores: Mapping[str, FloatArray],  # name -> (n,)
    *,
    reference: str | Sequence[str],
    rng: np.random.Generator,
    n_bootstrap: int = 200,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return every metric of every score with intervals, and the gain on a reference.

    Parameters
    ----------
    label
        1 for positives.
    scores
        Higher means more likely positive.
    reference
        Name of the score that the others are compared with (the edit count), or
        several names: then one block of rows for each, from the same resamples.
    rng
        Bootstrap weights of the rows, the same for all scores (paired).
    n_bootstrap, level
        Number of resamples and coverage of the percentile intervals.

    Returns
    -------
    DataFrame
        Columns score, metric, value, low, high, gain, gain_low, gain_high, n,
        positives, reference. The gain of the reference on itself is 0.
    """
    references = [reference] if isinstance(reference, str) else list(reference)
    missing = [name for name in references if name not in scores]
    if missing:
        raise DataError(
            f"the reference {missing[0]!r} is not among the scores",
            remedy="put the edit count beside every score",
        )
    rankings = {name: Ranking.of(label, score) for name, score in scores.items()}
    n = len(label)
    values = {
        (name, metric): function(ranking)
        for name, ranking in rankings.items()
        for metric, function in METRICS.items()
    }
    draws: dict[tuple[str, str], list[float]] = {cell: [] for cell in values}
    for _ in range(n_bootstrap):
        weight = rng.poisson(1.0, n).astype(np.float64)
        for name, metric in values:
            draws[name, metric].append(METRICS[metric](rankings[name], weight))
    rows = []
    for base in references:
        for (name, metric), value in values.items():
            drawn = np.array(draws[name, metric])
            gain = drawn - np.array(draws[base, metric])
            low, high = percentile_interval(drawn, level)
            gain_low, gain_high = percentile_interval(gain, level)
            rows.append(
                {
                    "score": name,
                    "metric": metric,
                    "value": value,
                    "low": low,
                    "high": high,
                    "gain": value - values[base, metric],
                    "gain_low": gain_low,
                    "gain_high": gain_high,
                    "n": n,
                    "positives": int(np.asarray(label).astype(bool).sum()),
                    "reference": base,
                }
            )
    return pd.DataFrame(rows)
