"""Score predictions of rates: correlations with intervals over sequences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from meristem.records import FloatArray
from meristem.stats.bootstrap import percentile_interval
from meristem.stats.metrics import mse, pearson, spearman


def score_predictions(
    y: FloatArray,  # (n,)
    group: np.ndarray,  # (n,)
    predictions: Mapping[str, FloatArray],
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 200,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return Pearson, Spearman and RMSE of each model with bootstrap intervals.

    Whole sequences are drawn, the same for every model.

    Returns
    -------
    DataFrame
        Columns model, metric, value, low, high, n.
    """
    groups, place = np.unique(group, return_inverse=True)
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(len(groups) + 1))
    members = [order[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    draws: dict[tuple[str, str], list[float]] = {}
    for _ in range(n_bootstrap):
        drawn = rng.integers(0, len(groups), len(groups))
        rows = np.concatenate([members[i] for i in drawn])
        for name, predicted in predictions.items():
            for metric, value in _scores(y[rows], predicted[rows]).items():
                draws.setdefault((name, metric), []).append(value)
    out = []
    for name, predicted in predictions.items():
        for metric, value in _scores(y, predicted).items():
            low, high = percentile_interval(draws[name, metric], level)
            out.append(
                {
                    "model": name,
                    "metric": metric,
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": len(y),
                }
            )
    return pd.DataFrame(out)


def _scores(y: FloatArray, predicted: FloatArray) -> dict[str, float]:
    """Return the metrics; a correlation that is undefined counts as none."""
    known = np.isfinite(predicted).all()
    return {
        "pearson": np.nan_to_num(pearson(y, predicted)) if known else 0.0,
        "spearman": np.nan_to_num(spearman(y, predicted)) if known else 0.0,
        "rmse": np.sqrt(mse(y, predicted)) if known else np.nan,
    }
