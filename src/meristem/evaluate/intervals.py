"""Predictive intervals from out-of-fold residuals, and chances to be in the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.evaluate.compare import SUBSAMPLE
from meristem.evaluate.table import PredictionTable
from meristem.records import FloatArray
from meristem.stats.metrics import coverage

KEY = ["model", "trait", "environment", "split"]


@dataclass(frozen=True)
class Calibration:
    """Half-width of the predictive interval of each model and target.

    `frame` has the columns model, trait, environment, split, level, half_width,
    coverage, n: `coverage` is that of intervals whose width was learned on the other
    folds of the same replicate.
    """

    frame: pd.DataFrame

    def half_width(self, model: str, trait: str, environment: str = "") -> float:
        """Return the half-width for one model and target; NaN when unknown.

        A prediction for no environment in particular takes the mean over those known.
        """
        frame = self.frame
        own = frame[(frame["model"] == model) & (frame["trait"] == trait)]
        found = own[own["environment"] == environment]
        if not len(found) and environment == "":
            return float(own["half_width"].mean())
        return float(found["half_width"].iloc[0]) if len(found) else float("nan")


def conformal_width(residual: FloatArray, level: float) -> float:
    """Return the half-width that covers a new value with probability `level`.

    Parameters
    ----------
    residual
        Out-of-fold residuals, shape (n,).
    level
        Wanted coverage, between 0 and 1.

    Returns
    -------
    float
        The ceil((n + 1) level)-th smallest absolute residual; infinite if there are
        too few residuals for the level.

    References
    ----------
    Vovk et al. 2005, Algorithmic learning in a random world; Barber et al. 2021,
    Ann Stat 49:486 (cross-fitted residuals).

    Examples
    --------
    >>> import numpy as np
    >>> conformal_width(np.array([-4.0, 1, 2, -3]), level=0.8)
    4.0
    """
    known = np.sort(np.abs(residual[~np.isnan(residual)]))
    rank = int(np.ceil((known.size + 1) * level))
    return float(known[rank - 1]) if 0 < rank <= known.size else float("inf")


def calibrate(predictions: PredictionTable, level: float = 0.9) -> Calibration:
    """Learn the width of predictive intervals from out-of-fold residuals.

    Intervals are for an observed value of a line like the tested ones, not for its
    true genetic value. Subsamples of a learning curve are left out.

    Parameters
    ----------
    predictions
        Of the test rows of all folds.
    level
        Wanted coverage.

    Returns
    -------
    Calibration
        Half-widths, and the coverage measured across folds.
    """
    frame = predictions.to_frame()
    frame = frame[~frame["split"].str.contains(SUBSAMPLE, regex=False)]
    frame = frame.assign(residual=frame["observed"] - frame["predicted"])
    records = []
    for key, rows in frame.groupby(KEY, sort=True):
        residual = rows["residual"].to_numpy()
        records.append(
            {
                **dict(zip(KEY, key, strict=True)),
                "level": level,
                "half_width": conformal_width(residual, level),
                "coverage": _cross_fitted_coverage(rows, level),
                "n": residual.size,
            }
        )
    columns = [*KEY, "level", "half_width", "coverage", "n"]
    return Calibration(pd.DataFrame.from_records(records, columns=columns))


def _cross_fitted_coverage(rows: pd.DataFrame, level: float) -> float:
    """Return the coverage when a fold's width is learned on the other folds."""
    y = rows["observed"].to_numpy()
    y_hat = rows["predicted"].to_numpy()
    replicate = rows["replicate"].to_numpy()
    fold = rows["fold"].to_numpy()
    width = np.full(y.size, np.nan)
    for number in np.unique(replicate):
        for held in np.unique(fold[replicate == number]):
            here = (replicate == number) & (fold == held)
            others = (replicate == number) & (fold != held)
            if others.any():
                width[here] = conformal_width((y - y_hat)[others], level)
    return coverage(y, y_hat - width, y_hat + width)


def top_probability(
    predicted: FloatArray,  # (n,)
    spread: FloatArray,  # (n,)
    k: int,
    rng: np.random.Generator,
    n_draw: int = 4000,
) -> FloatArray:  # (n,)
    """Return each line's probability of being among the best k.

    Values are drawn independently from normal distributions around the predictions,
    with `spread` as standard deviation; lines without a spread stay where they are.

    Parameters
    ----------
    predicted
        Predicted values.
    spread
        Standard deviation of each prediction; NaN if there is none.
    k
        Number of lines selected.
    rng
        Source of the draws.
    n_draw
        Draws; the standard error is at most 0.5 / sqrt(n_draw).

    Examples
    --------
    >>> import numpy as np
    >>> top_probability(
    ...     np.array([3.0, 1.0, 2.0]), np.zeros(3), 1, np.random.default_rng(1)
    ... )
    array([1., 0., 0.])
    """
    n = predicted.size
    if k >= n:
        return np.ones(n)
    sd = np.nan_to_num(spread, nan=0.0)
    chosen = np.zeros(n)
    per_block = max(1, 2_000_000 // n)
    for start in range(0, n_draw, per_block):
        size = min(per_block, n_draw - start)
        drawn = predicted + sd * rng.standard_normal((size, n))
        best = np.argpartition(-drawn, k - 1, axis=1)[:, :k]
        chosen += np.bincount(best.ravel(), minlength=n)
    return chosen / n_draw
