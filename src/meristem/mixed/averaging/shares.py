"""How models share a prediction, as rows that none of them learned from allow.

Few rows say little about shares, least of all of models that are alike. Shares are
therefore drawn towards what they are beforehand, the more the less rows say. Rows that
share a family, a parent or an environment are no independent witnesses: they count
for as much as the spread of their sums over clusters allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
import scipy.linalg

from meristem.mixed.averaging.share import Share
from meristem.mixed.averaging.stacking import FEWEST
from meristem.records import FloatArray, IntArray

_BLOCKS = 10
_DRAWS = 200
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Shares:
    """Shares of models in the predictions of every target."""

    weight: FloatArray  # (n_model, n_target) >= 0, adding up to at most 1
    low: FloatArray  # (n_model, n_target) 95 % interval over clusters
    high: FloatArray  # (n_model, n_target)
    intercept: FloatArray  # (n_target,) what weights below 1 in all leave of the mean
    held: FloatArray  # (n_sample, n_target) the mean, weights from other rows


def model_shares(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    held: FloatArray,  # (n_model, n_sample, n_target) out of fold, NaN where none
    label: IntArray,  # (n_label, n_sample) clusters of dependent rows
    rng: np.random.Generator,
    *,
    prior: FloatArray,  # (n_model,) adding up to 1
    sd: float,
    noise: FloatArray | None = None,  # (n_model, n_sample, n_target)
) -> Shares:
    """Return shares of least expected error, given rows left out and a prior.

    The shares w maximise -sum_i v_i (y_i - z_i w)^2 / (2 s2 c) - |w - prior|^2 / (2
    sd^2) among those that are not negative and add up to at most 1. s2 is the error
    of the prior mean, c >= 1 by how much clusters inflate the variance of sums over
    rows. Where fewer than ten rows were left out, shares are the prior.

    Parameters
    ----------
    observed, weight
        Training phenotypes and their precision.
    held
        Predictions of rows by models that did not learn from them.
    label
        One row per kind of dependence: the cluster of every sample.
    rng
        Draws of clusters for the intervals.
    prior
        Shares before rows are seen.
    sd
        How far shares may be from them.
    noise
        Variance of `held` by chance, which the models themselves do not have: means of
        few trees in place of many. It would pass for error of the model; its expected
        square is taken off.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions, weights not negative);
    Fuller 1987, Measurement Error Models, ch. 1 (noise of known variance taken off);
    Cameron, Gelbach & Miller 2011, J Bus Econ Stat 29:238 (clusters of two kinds).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=(200, 1))
    >>> good, bad = y + 0.3 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    >>> rows, half = np.arange(200)[None], np.full(2, 0.5)
    >>> held = np.stack([bad, good])
    >>> found = model_shares(y, np.ones_like(y), held, rows, rng, prior=half, sd=0.3)
    >>> found.weight[:, 0].round(1)
    array([0. , 0.9])
    """
    n_model, _, n_target = held.shape
    shares = np.repeat(prior[None, :, None], 3, axis=0) * np.ones(n_target)
    intercept, mean = np.zeros(n_target), np.einsum("m,mnt->nt", prior, held)
    noise = np.zeros_like(held) if noise is None else noise
    usable = np.isfinite(observed) & np.isfinite(held).all(axis=0)
    for t in range(n_target):
        rows = np.flatnonzero(usable[:, t])
        if rows.size < FEWEST or n_model == 1:
            continue
        seen = observed[rows, t], weight[rows, t], held[:, rows, t], noise[:, rows, t]
        problem = _Problem(*seen, label[:, rows], prior)
        draws = [problem.draw(sd, rng) for _ in range(_DRAWS)]
        shares[0, :, t] = own = problem.shares(problem.weight, sd)
        shares[1:, :, t] = np.percentile(draws, _INTERVAL, axis=0)
        intercept[t] = problem.mean - own @ problem.centre
        mean[rows, t] = problem.crossed(sd)
    return Shares(shares[0], shares[1], shares[2], intercept, mean)


class _Problem:
    """One target: rows that every model predicted without having learned from them."""

    def __init__(
        self,
        y: FloatArray,  # (n,)
        weight: FloatArray,  # (n,)
        held: FloatArray,  # (n_model, n)
        noise: FloatArray,  # (n_model, n)
        label: IntArray,  # (n_label, n)
        prior: FloatArray,  # (n_model,)
    ) -> None:
        self.noise = noise
        self.weight = weight / weight.mean()
        self.mean = float(np.average(y, weights=weight))
        self.centre = np.average(held, axis=1, weights=weight)
        self.y, self.z = y - self.mean, held - self.centre[:, None]
        self.label = np.stack(
            [np.unique(one, return_inverse=True)[1].ravel() for one in label]
        )
        self.prior = prior
        self.error = self._error()

    def _error(self) -> float:
        """Return the squared error of the prior mean, inflated by clusters."""
        left = self.y - self.prior @ self.z
        term = self.weight * left * (self.z - self.prior @ self.z)  # (n_model, n)
        away = term - term.mean(axis=1, keepdims=True)
        alone = float(np.sum(away**2))
        together = sum(clustered_error(one, self.label) ** 2 for one in term)
        inflated = max(together / alone, 1.0) if alone > 0 else 1.0
        return inflated * float(self.weight @ left**2) / left.size

    def shares(
        self,
        weight: FloatArray,  # (n,)
        sd: float,
        prior: FloatArray | None = None,  # (n_model,)
    ) -> FloatArray:  # (n_model,)
        """Return the best weights >= 0 of sum <= 1, of rows that count so much."""
        prior = self.prior if prior is None else prior
        scaled = self.z * (weight / max(self.error, 1e-300))
        near = np.eye(self.prior.size) / sd**2
        square = scaled @ self.z.T + near
        for k in np.flatnonzero(self.noise.any(axis=1)):
            by_chance = float(self.noise[k] @ weight) / max(self.error, 1e-300)
            free = 1 / np.linalg.inv(square)[k, k]  # what the others do not say
            square[k, k] -= min(by_chance, 0.5 * free)
        return _least_squares(square, scaled @ self.y + near @ prior)

    def crossed(self, sd: float) -> FloatArray:  # (n,)
        """Return the mean of the models, weights of every block from the others."""
        block = self.label[0] % _BLOCKS
        result = np.empty(self.y.size)
        for number in np.unique(block):
            own = block == number
            rest = np.where(own, 0.0, self.weight)
            result[own] = self.mean + self.shares(rest, sd) @ self.z[:, own]
        return result

    def draw(self, sd: float, rng: np.random.Generator) -> FloatArray:  # (n_model,)
        """Return shares in one draw of clusters with replacement, and of the prior."""
        times = np.ones(self.y.size)
        for one in self.label:
            n = int(one.max()) + 1
            times *= rng.multinomial(n, np.full(n, 1 / n))[one]
        prior = self.prior + sd * rng.normal(size=self.prior.size)
        return self.shares(self.weight * times, sd, prior)


def _least_squares(
    square: FloatArray,  # (n_model, n_model) positive definite
    right: FloatArray,  # (n_model,)
) -> FloatArray:  # (n_model,)
    n = right.size
    root = scipy.linalg.cholesky(square, lower=True)
    level = scipy.linalg.solve_triangular(root, right, lower=True)
    found = scipy.optimize.nnls(root.T, level)[0]
    if found.sum() <= 1:
        return np.asarray(found)
    whole = 1e4 * float(np.abs(root).max())
    design = np.vstack([root.T, np.full((1, n), whole)])
    found = scipy.optimize.nnls(design, np.append(level, whole))[0]
    return np.asarray(found / found.sum())


def clustered_error(
    term: FloatArray,  # (n,) summands of an estimate
    label: IntArray,  # (n_label, n) clusters of one or two kinds
) -> float:
    """Return the standard error of a sum whose terms depend within clusters.

    With two kinds of clusters, the variances of both less that of their crossing.

    Examples
    --------
    >>> term = np.array([1.0, 1.0, -1.0, -1.0])
    >>> rows, pairs = np.array([[0, 1, 2, 3]]), np.array([[0, 0, 1, 1]])
    >>> round(clustered_error(term, rows), 2), round(clustered_error(term, pairs), 2)
    (2.31, 4.0)
    """
    away = term - term.mean()

    def variance(cluster: IntArray) -> float:
        total = np.bincount(cluster, weights=away)
        return float(np.sum(total**2)) * total.size / max(total.size - 1, 1)

    each = [variance(one) for one in label]
    if label.shape[0] == 1:
        return float(np.sqrt(each[0]))
    width = int(label[1].max()) + 1
    both = np.unique(label[0] * width + label[1], return_inverse=True)[1].ravel()
    return float(np.sqrt(max(sum(each) - variance(both), *each)))


def earned_share(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    base: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    further: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    label: IntArray,  # (n_label, n_sample)
    *,
    prior: float,
    sd: float,
) -> Share:
    """Return how much of a prediction a further model earned beside another.

    Held-out rows say which share would have been best, and how sure they are;
    beforehand it is normal about `prior`. The share is the mean of both, but never
    above what the rows support: one standard error above their own estimate. Where
    fewer than ten rows were held out, there is none.

    Parameters
    ----------
    observed, weight
        Training phenotypes and their precision.
    base, further
        Predictions of rows by models that did not learn from them.
    label
        Clusters of dependent rows, one kind per row.
    prior, sd
        Mean and standard deviation of the share beforehand.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, rows = rng.normal(size=(200, 1)), np.arange(200)[None]
    >>> good, bad = y + 0.3 * rng.normal(size=y.shape), rng.normal(size=y.shape)
    >>> one = np.ones_like(y)
    >>> [earned_share(y, one, *pair, rows, prior=0.5, sd=0.3).value.round(1).tolist()
    ...  for pair in ((bad, good), (good, bad))]
    [[1.0], [0.0]]
    """
    n_target = observed.shape[1]
    found = np.zeros((3, n_target))
    usable = np.isfinite(observed) & np.isfinite(base) & np.isfinite(further)
    for t in range(n_target):
        rows = np.flatnonzero(usable[:, t])
        if rows.size < FEWEST:
            continue
        w = weight[rows, t] / weight[rows, t].mean()
        step = further[rows, t] - base[rows, t]
        step = step - np.average(step, weights=w)
        left = observed[rows, t] - base[rows, t]
        left = left - np.average(left, weights=w)
        square = float(w @ step**2)
        if square <= 1e-12 * float(w @ left**2):
            continue
        best = float(w @ (step * left)) / square
        clusters = np.stack(
            [np.unique(one[rows], return_inverse=True)[1].ravel() for one in label]
        )
        error = clustered_error(w * step * (left - best * step), clusters) / square
        precision = 1 / error**2 if error > 0 else 1e12
        variance = 1 / (precision + 1 / sd**2)
        mean = variance * (precision * best + prior / sd**2)
        half = 1.96 * np.sqrt(variance)
        most = float(np.clip(best + error, 0.0, 1.0))
        found[:, t] = np.clip([mean, mean - half, mean + half], 0.0, [most, most, 1.0])
    return Share("", *found)
