"""Width of predictions from out-of-fold residuals, and chances to be in the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.evaluate.compare import SUBSAMPLE
from meristem.evaluate.table import PredictionTable
from meristem.records import FloatArray, Posterior
from meristem.stats.metrics import coverage
from meristem.stats.shrunk import shrunk_scale

KEY = ["model", "trait", "environment", "split"]


@dataclass(frozen=True)
class Calibration:
    """Half-width of the predictive interval of each model and target.

    `frame` has the columns model, trait, environment, split, level, half_width,
    coverage, n: `coverage` is that of intervals whose width was learned on the other
    folds of the same replicate.
    """

    frame: pd.DataFrame


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
    frame = frame[~frame["split"].str.contains(SUBSAMPLE)]
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


def held_out_scale(
    rows: pd.DataFrame,
    noise: float,
) -> float:
    """Return the factor on the error variance that out-of-fold residuals ask for.

    An out-of-fold residual holds the error of the genetic value and the noise of the
    phenotype, so that

        scale = (mean residual^2 - noise) / mean spread^2,

    shrunk towards 1 by its own standard error: few residuals change little.

    Parameters
    ----------
    rows
        Columns sample_id, observed, predicted, spread of one model and target.
    noise
        Variance of a phenotype around the genetic value.
    """
    variance = rows["spread"].to_numpy() ** 2
    squared = (rows["observed"] - rows["predicted"]).to_numpy() ** 2
    known = np.isfinite(variance) & np.isfinite(squared)
    if known.sum() < 3 or not np.isfinite(noise) or variance[known].mean() <= 0:
        return 1.0
    size = float(variance[known].mean())
    excess = (squared - variance)[known] - noise
    # replicates predict the same lines again
    n_line = rows.loc[known, "sample_id"].nunique()
    doubt = float(excess.std(ddof=1)) / np.sqrt(n_line) / size
    return shrunk_scale(1 + float(excess.mean()) / size, doubt)


def calibrated(
    posterior: Posterior,
    predictions: pd.DataFrame,
    model: str,
) -> Posterior:
    """Return a posterior at the width that the model's out-of-fold residuals ask for.

    Parameters
    ----------
    posterior
        Of new lines.
    predictions
        Columns of `predictions.csv`; subsamples of a learning curve are left out.
    model
        Label in the table.
    """
    full = ~predictions["split"].str.contains(SUBSAMPLE)
    own = predictions[full & (predictions["model"] == model)]
    scale = np.ones(posterior.noise.size)
    targets = zip(posterior.trait_name, posterior.environment_name, strict=True)
    for number, (trait, environment) in enumerate(targets):
        rows = own[own["trait"] == trait]
        here = rows[rows["environment"].fillna("") == environment]
        rows = here if len(here) else rows
        scale[number] = held_out_scale(rows, float(posterior.noise[number]))
    return posterior.widened(scale)


def top_probability(
    posterior: Posterior,
    target: int,
    k: int,
    rng: np.random.Generator,
    *,
    smallest: bool = False,
    n_draw: int = 4000,
) -> FloatArray:  # (n_sample,)
    """Return each line's probability of being among the best k, from joint draws.

    Parameters
    ----------
    posterior
        Of the genetic values of the lines that are compared.
    target
        Position of the target.
    k
        Number of lines selected.
    rng
        Source of the draws.
    smallest
        Whether small values are the best.
    n_draw
        Draws; the standard error is at most 0.5 / sqrt(n_draw).

    Returns
    -------
    ndarray
        NaN for all lines where no width is known, or where it is zero: a prediction
        without an error says nothing of chances.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import Predictions
    >>> from meristem.records.posterior import without_error
    >>> bare = Predictions(
    ...     np.array(["a", "b"]), np.array(["t"]), np.array([""]),
    ...     np.array([[3.0], [1.0]]), np.full((2, 1), np.nan),
    ... )
    >>> top_probability(without_error(bare), 0, 1, np.random.default_rng(1))
    array([nan, nan])
    """
    own = posterior.take_target(target)
    n = own.sample_id.size
    if not np.isfinite(own.sd).all() or not (own.sd > 0).any():
        return np.full(n, np.nan)
    if k >= n:
        return np.ones(n)
    sign = 1.0 if smallest else -1.0
    chosen = np.zeros(n)
    per_block = max(1, 2_000_000 // (n + own.factor.shape[2]))
    for start in range(0, n_draw, per_block):
        drawn = own.draws(min(per_block, n_draw - start), rng)[:, :, 0]
        best = np.argpartition(sign * drawn, k - 1, axis=1)[:, :k]
        chosen += np.bincount(best.ravel(), minlength=n)
    return chosen / n_draw
