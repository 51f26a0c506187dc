"""Convergence of chains: split R-hat and effective sample sizes, rank-normalised."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from meristem.records import FloatArray
from meristem.stats.ranks import average_ranks


def rhat(
    draws: FloatArray,  # (n_chain, n_draw)
) -> float:
    """Return the larger of rank-normalised split R-hat, and of that of the spread.

    Near 1 where all halves of all chains look alike; NaN for a constant.

    Parameters
    ----------
    draws
        Of one quantity, 4 per chain and more.

    References
    ----------
    Vehtari et al. 2021, Bayesian Analysis 16:667, equations 1-14.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> good = rng.standard_normal((4, 500))
    >>> rhat(good) < 1.01, rhat(good + np.arange(4)[:, None]) > 1.5
    (True, True)
    """
    halves = _halves(draws)
    folded = np.abs(halves - np.median(halves))
    return max(_between_and_within(_normal_scores(x)) for x in (halves, folded))


def ess_bulk(
    draws: FloatArray,  # (n_chain, n_draw)
) -> float:
    """Return the effective number of draws for the centre of the distribution.

    References
    ----------
    Vehtari et al. 2021; Geyer 1992, Stat Sci 7:473 (initial monotone sequence).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> 3000 < ess_bulk(rng.standard_normal((4, 1000))) < 5000
    True
    """
    return _effective(_normal_scores(_halves(draws)))


def ess_tail(
    draws: FloatArray,  # (n_chain, n_draw)
) -> float:
    """Return the smaller effective number of draws for the 5 % and 95 % quantiles."""
    halves = _halves(draws)
    found = [_effective((halves <= q) * 1.0) for q in np.quantile(halves, (0.05, 0.95))]
    return float(min(found))


def _halves(draws: FloatArray) -> FloatArray:  # (2 n_chain, n_draw // 2)
    n = draws.shape[1] // 2
    return np.concatenate([draws[:, :n], draws[:, draws.shape[1] - n :]])


def _normal_scores(draws: FloatArray) -> FloatArray:
    rank = average_ranks(draws).reshape(draws.shape)
    return ndtri((rank - 0.375) / (draws.size + 0.25))


def _between_and_within(draws: FloatArray) -> float:
    n = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean()
    if within <= 0:
        return float("nan")
    between = draws.mean(axis=1).var(ddof=1)
    return float(np.sqrt((n - 1) / n + between / within))


def _effective(draws: FloatArray) -> float:
    n_chain, n = draws.shape
    if n < 4 or np.ptp(draws) == 0:
        return float("nan")
    covariance = _autocovariance(draws).mean(axis=0)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + draws.mean(axis=1).var(ddof=1)
    rho = 1 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    last = np.flatnonzero(pairs <= 0)
    kept = pairs[: last[0]] if last.size else pairs
    time = 2 * np.minimum.accumulate(kept).sum() - 1
    size = n_chain * n
    # antithetic chains: no more than this, as in Stan
    return float(size / max(time, 1 / np.log10(size)))


def _autocovariance(draws: FloatArray) -> FloatArray:  # (n_chain, n) divisor n
    n = draws.shape[1]
    centred = draws - draws.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * n, axis=1)
    return np.fft.irfft(np.abs(spectrum) ** 2, 2 * n, axis=1)[:, :n] / n
