"""Metrics as readers know them."""

from __future__ import annotations

_NAMES: dict[str, str] = {
    "pearson": "predictive ability",
    "spearman": "rank correlation",
    "ndcg": "NDCG of the top",
    "top_coincidence": "top lines found",
    "slope": "slope",
    "intercept": "intercept",
    "bias": "bias",
    "mse": "mean squared error",
    "relative_mse": "relative error",
    "r2": "explained variance (R2)",
    "coverage": "coverage",
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_slope": "calibration slope",
}


def label_of(metric: str) -> str:
    """Return what a metric is called in headings.

    Examples
    --------
    >>> label_of("pearson"), label_of("my_metric")
    ('predictive ability', 'my metric')
    """
    return _NAMES.get(metric, metric.replace("_", " "))


def order_of(metric: str) -> int:
    """Return the place of a metric in tables."""
    known = list(_NAMES)
    return known.index(metric) if metric in known else len(known)
