"""How well predictions agree with measurements, by task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from meristem.records import FloatArray, Split, StrArray
from meristem.sequence.training.losses import LossName
from meristem.stats import metrics
from meristem.stats.bootstrap import draw_counts, percentile_interval, weighted_pearson
from meristem.stats.ranking import Ranking, auroc, average_precision

COLUMNS = ("model", "task", "split", "replicate", "fold", "metric", "value")
"""Of `scores.csv`."""

FIRST: dict[LossName, str] = {
    "regression": "pearson",
    "bins": "pearson",
    "counts": "pearson_log",
    "binary": "auroc",
}
"""The metric by which models are compared, by loss."""

_DRAWS = 1000


def score_task(
    loss: LossName,
    y: FloatArray,  # (n,) NaN missing
    guess: FloatArray,  # (n,)
    group: StrArray,  # (n,) "" where none
) -> dict[str, float]:
    """Return the metrics of one task.

    ``pearson_within`` is the correlation of deviations from the means of groups: what
    a model knows of the differences between variants of one sequence.
    """
    there = ~np.isnan(y)
    y, guess, group = y[there], guess[there], group[there]
    if loss == "binary":
        if np.unique(y).size < 2:
            return {"auroc": float("nan"), "auprc": float("nan")}
        ranking = Ranking.of(y > 0, guess)
        return {"auroc": auroc(ranking), "auprc": average_precision(ranking)}
    found = {"pearson": metrics.pearson(y, guess)}
    if loss == "counts":
        found["pearson_log"] = metrics.pearson(np.log1p(y), np.log1p(guess))
    found["spearman"] = metrics.spearman(y, guess)
    found["r2"] = metrics.r2(y, guess)
    found["mse"] = metrics.mse(y, guess)
    within = within_groups(y, guess, group)
    if np.isfinite(within):
        found["pearson_within"] = within
    return found


def within_groups(y: FloatArray, guess: FloatArray, group: StrArray) -> float:
    """Return Pearson's r of deviations from the means of groups; NaN without groups.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 11.0, 12.0])
    >>> round(within_groups(y, y, np.array(["a", "a", "b", "b"])), 3)
    1.0
    """
    names, place, size = np.unique(group, return_inverse=True, return_counts=True)
    shared = (size[place] > 1) & (group != "")
    if shared.sum() < 3:
        return float("nan")
    place = place[shared]
    count = np.maximum(np.bincount(place, minlength=len(names)), 1)

    def centred(x: FloatArray) -> FloatArray:
        return x - (np.bincount(place, x, minlength=len(names)) / count)[place]

    return metrics.pearson(centred(y[shared]), centred(guess[shared]))


def score_rows(
    model: str,
    tasks: tuple[str, ...],
    loss: LossName,
    split: Split,
    observed: FloatArray,  # (n_test, n_task)
    guess: FloatArray,  # (n_test, n_task)
    group: StrArray,  # (n_test,)
) -> Iterator[dict[str, Any]]:
    """Yield the rows of `scores.csv` of one model on one fold."""
    for number, task in enumerate(tasks):
        found = score_task(loss, observed[:, number], guess[:, number], group)
        for metric, value in found.items():
            yield {
                "model": model,
                "task": task,
                "split": split.scheme,
                "replicate": split.replicate,
                "fold": split.fold,
                "metric": metric,
                "value": value,
            }


def compare_models(
    predictions: pd.DataFrame,
    baseline: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return pooled r per model and task, and its difference to a baseline.

    Parameters
    ----------
    predictions
        Columns sequence_id, split, replicate, fold, model, task, observed, predicted,
        unit; out-of-fold rows.
    baseline
        Model that the others are compared with.
    rng
        Draws units (groups of related rows) with replacement, the same for all models.

    Returns
    -------
    DataFrame
        model, task, split, n, r, low, high, difference, difference_low,
        difference_high.
    """
    rows = []
    for (split, task), part in predictions.groupby(["split", "task"], sort=False):
        part = part[part["observed"].notna()]
        keys = ["replicate", "fold", "sequence_id", "unit", "observed"]
        wide = part.pivot_table(index=keys, columns="model", values="predicted")
        wide = wide.dropna().reset_index()
        if len(wide) < 3:
            continue
        counts = draw_counts((wide["unit"].to_numpy(str),), _DRAWS, rng)
        observed = wide["observed"].to_numpy(float)
        names = [name for name in part["model"].unique() if name in wide]
        drawn = {
            name: weighted_pearson(counts, observed, wide[name].to_numpy(float))
            for name in names
        }
        base = wide.get(baseline)
        for name in names:
            r = metrics.pearson(observed, wide[name].to_numpy(float))
            low, high = percentile_interval(drawn[name], 0.95)
            row = {"model": name, "task": task, "split": split, "n": len(wide), "r": r}
            row |= {"low": float(low), "high": float(high)}
            if base is not None and name != baseline:
                own = metrics.pearson(observed, base.to_numpy(float))
                ends = percentile_interval(drawn[name] - drawn[baseline], 0.95)
                row |= {"difference": r - own}
                row |= {"difference_low": float(ends[0])}
                row |= {"difference_high": float(ends[1])}
            rows.append(row)
    return pd.DataFrame(rows)
