"""Predictions -> scores: per fold, pooled, per environment and per group of lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.config.stages import EvaluateConfig
from meristem.evaluate.table import PredictionTable
from meristem.records import SampleGroups
from meristem.stats.classes import CLASS_METRICS, is_binary
from meristem.stats.metrics import METRICS, top_count

COLUMNS = (
    "model",
    "trait",
    "environment",
    "group",
    "split",
    "replicate",
    "fold",
    "metric",
    "value",
)
"""Columns of `scores.csv`."""

POOLED = "all"
"""Fold of a metric over the pooled folds of a replicate."""

MEAN_ENVIRONMENT = "all"
"""Environment of a metric's mean over the environments of a trait."""

MIN_GROUP = 8
"""Test lines a group needs in a fold before a metric is worth stating."""

PARENTS = ("parent_1", "parent_2")

KEY = ["model", "trait", "environment", "split", "replicate"]


@dataclass(frozen=True)
class ScoreTable:
    """Values of all metrics in long form."""

    frame: pd.DataFrame  # columns COLUMNS; fold is text, "all" when pooled

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with the columns of `scores.csv`."""
        return self.frame


def score(
    predictions: PredictionTable,
    groups: SampleGroups | None,
    config: EvaluateConfig,
) -> ScoreTable:
    """Measure how well each model predicted, with every metric of `METRICS`.

    Traits of values 0 and 1 have those of `CLASS_METRICS` as well.

    Parameters
    ----------
    predictions
        Of all models on shared folds.
    groups
        Labels of the lines; metrics within a group need `MIN_GROUP` test lines.
        Parents of hybrids are no groups.
    config
        `top_share` gives the k of NDCG and top-k coincidence.

    Returns
    -------
    ScoreTable
        For every model, target, split and replicate: each fold; the pooled folds
        (`fold` = "all"); the same within each group (`group` = "family=A"); and,
        for a trait with several environments, the mean over environments
        (`environment` = "all"). Pooling mixes the folds' means in: prefer the mean
        over folds to compare models.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.config.stages import EvaluateConfig
    >>> text = lambda word: np.full(4, word)
    >>> table = PredictionTable(
    ...     np.array(list("abcd")), text("yield"), text(""), text("kfold"),
    ...     np.zeros(4, int), np.zeros(4, int), text("gblup"),
    ...     np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]), np.full(4, np.nan),
    ... )
    >>> frame = score(table, None, EvaluateConfig()).to_frame()
    >>> frame.loc[(frame.metric == "pearson") & (frame.fold == "0"), "value"].item()
    0.8
    """
    frame = predictions.to_frame()[[*KEY, "fold", "sample_id", "observed", "predicted"]]
    parts = [_measure(frame, "", config.top_share)]
    for name, labels in _group_labels(frame, groups):
        for label in sorted(set(labels) - {""}):
            rows = frame[labels == label]
            parts.append(_measure(rows, f"{name}={label}", config.top_share, MIN_GROUP))
    scores = pd.concat(parts, ignore_index=True)
    scores = pd.concat([scores, _mean_environment(scores)], ignore_index=True)
    return ScoreTable(scores[list(COLUMNS)])


def _group_labels(
    frame: pd.DataFrame, groups: SampleGroups | None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every grouping with the labels of the frame's rows."""
    if groups is None:
        return
    position = pd.Index(groups.sample_id).get_indexer(pd.Index(frame["sample_id"]))
    for name in map(str, groups.group_name):
        if name not in PARENTS:
            labels = groups.column(name)[position]
            yield name, np.where(position < 0, "", labels)


def _measure(
    frame: pd.DataFrame, group: str, top_share: float, least: int = 1
) -> pd.DataFrame:
    """Return every metric of every fold, and of the pooled folds."""
    by_fold = frame.groupby([*KEY, "fold"], sort=True, observed=True)
    pooled = frame.groupby(KEY, sort=True, observed=True)
    records: list[tuple] = []
    for key, rows in by_fold:
        if len(rows) >= least:
            records.extend(_record(key[:-1], str(key[-1]), rows, top_share))
    for key, rows in pooled:
        if len(rows) >= least and rows["fold"].nunique() > 1:
            records.extend(_record(key, POOLED, rows, top_share))
    measured = pd.DataFrame.from_records(
        records, columns=[*KEY, "fold", "metric", "value"]
    )
    measured["group"] = group
    return measured


def _record(
    key: tuple, fold: str, rows: pd.DataFrame, top_share: float
) -> Iterator[tuple]:
    y = rows["observed"].to_numpy()
    y_hat = rows["predicted"].to_numpy()
    k = top_count(y.size, top_share)
    for name, metric in METRICS.items():
        yield *key, fold, name, metric(y, y_hat, k)
    if is_binary(y):
        for name, measure in CLASS_METRICS.items():
            yield *key, fold, name, measure(y, y_hat)


def _mean_environment(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over environments of every metric, per trait."""
    several = scores.groupby("trait")["environment"].transform("nunique") > 1
    key = [name for name in COLUMNS if name not in ("environment", "value")]
    rows = scores[several & (scores["environment"] != "")]
    mean = rows.groupby(key, sort=True)["value"].mean().reset_index()
    mean["environment"] = MEAN_ENVIRONMENT
    return mean
