"""Which feature sets carry variance: a spike and slab over pathway kernels.

The trait is y = 1 mu + sum_b g_b + sum_k g_k + e with g_b ~ N(0, s_b K_b) of the base
kernels, and g_k ~ N(0, v_k F_k F_k') of the sets, where v_k is zero with probability
1 - rate and one of a few slabs otherwise. Sets are averaged, not chosen: with nothing
to find every v_k is about zero and the base kernels are the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.mixed.targets import Target
from meristem.records import FloatArray

SLABS: FloatArray = np.array([0.02, 0.05, 0.1, 0.2])
"""Candidate shares of the phenotypic variance that a set explains."""
EXPECTED_SETS = 7.0
"""Sets expected to carry variance, before the data are seen."""
LARGEST_RATE = 0.2
ROUNDS = 30
MAX_ACTIVE = 128
"""Sets followed after the first rounds, the best; the others stay at zero."""
_FIRST_ROUNDS = 3
_DAMPING = 0.5
_TOLERANCE = 1e-3
_NEGLIGIBLE = 1e-5
BASE_PRIOR = 0.5
NOISE_PRIOR = 1.0
"""Shapes of the prior of the variance shares; they keep a share from being zero."""


@dataclass(frozen=True)
class SetFit:
    """One target over base kernels and sets, in units of the phenotype."""

    base: FloatArray  # (n_base,) variance of every base kernel
    residual: float  # at weight 1
    inclusion: FloatArray  # (n_set,) posterior probability that the set has variance
    variance: FloatArray  # (n_set,) expected variance of the set's kernel
    intercept: float
    dual: FloatArray  # (n,) P y
    projection: FloatArray  # (n, n) P


def fit_sets(
    base: Sequence[FloatArray],  # each (n, n), mean diagonal 1
    factors: Sequence[FloatArray],  # each (n, n_member), mean row norm 1
    target: Target,
    rate: FloatArray | None = None,  # (n_set,) of inclusion, beforehand
) -> SetFit:
    """Return posterior inclusion and expected variance of every set.

    Coordinate ascent: the Bayes factor of a set is computed with all other sets at
    their expected variance, all sets at once with damping; base variances take the
    multiplicative step, with a weak prior that keeps them from zero.

    Parameters
    ----------
    base, factors
        Over the rows of the target, in their order.
    target
        Values and weights of the rows.
    rate
        Without it `EXPECTED_SETS` of the sets are expected to have variance.

    References
    ----------
    Mitchell & Beauchamp 1988, JASA 83:1023 (spike and slab); Liu, Lin & Ghosh 2007,
    Biometrics 63:1079 (pathway kernels as variance components); MacKay 1992, Neural
    Computation 4:415 (fixed-point steps of variances).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> sets = [rng.normal(size=(150, 4)) / 2 for _ in range(10)]
    >>> y = 2 * sets[3] @ rng.normal(size=4) + rng.normal(size=150)
    >>> target = Target(0, np.arange(150), y, np.ones(150))
    >>> fit = fit_sets([np.eye(150)], sets, target)
    >>> int(np.argmax(fit.inclusion)), bool(fit.inclusion[3] > 0.9)
    (3, True)
    """
    y = target.y
    scale = float(np.average((y - y.mean()) ** 2)) or 1.0
    parts = tuple(narrow(factor) for factor in factors)
    problem = _Problem(tuple(base), parts, 1 / target.weight, y)
    n_base, n_set = len(base), len(factors)
    shares = np.array([*[0.5 / max(n_base, 1)] * n_base, 0.5 if n_base else 1.0])
    shape = np.array([*[BASE_PRIOR] * n_base, NOISE_PRIOR])
    if rate is None:
        rate = set_rate(n_set)
    variance, inclusion = np.zeros(n_set), np.zeros(n_set)
    active = np.arange(n_set)
    for number in range(ROUNDS):
        # a pass over the sets costs several base steps: they take one more
        solved = problem.solve(shares * scale, variance * scale)
        shares = problem.base_step(solved, shares, shape, variance.sum(), scale)
        solved = problem.solve(shares * scale, variance * scale)
        expected = np.zeros(n_set)
        for k in active.tolist():
            inclusion[k], expected[k] = _posterior(
                *problem.without(k, *solved, variance[k] * scale),
                scale,
                float(rate[k]),
            )
        following = problem.base_step(solved, shares, shape, variance.sum(), scale)
        change = np.abs(following - shares).max()
        shares = following
        if n_set:
            change = max(change, np.abs(expected - variance).max())
            variance = variance + _DAMPING * (expected - variance)
        if number == _FIRST_ROUNDS and n_set > MAX_ACTIVE:
            active = np.sort(np.argsort(-variance, kind="stable")[:MAX_ACTIVE])
            idle = np.setdiff1d(np.arange(n_set), active)
            variance[idle], inclusion[idle] = 0.0, 0.0
        if change < _TOLERANCE:
            break
    projection, dual = problem.solve(shares * scale, variance * scale)
    return SetFit(
        base=shares[:-1] * scale,
        residual=float(shares[-1] * scale),
        inclusion=inclusion,
        variance=variance * scale,
        intercept=problem.intercept(shares * scale, variance * scale),
        dual=dual,
        projection=projection,
    )


def set_rate(n_set: int) -> FloatArray:  # (n_set,)
    """Return how probable it is beforehand that each of the sets has variance."""
    return np.full(n_set, min(LARGEST_RATE, EXPECTED_SETS / max(n_set, 1)))


def narrow(
    factor: FloatArray,  # (n, n_member)
) -> FloatArray:  # (n, <= n)
    """Return a factor of the same kernel with no more columns than rows."""
    n, n_member = factor.shape
    if n_member <= n:
        return factor
    root: FloatArray = np.asarray(np.linalg.qr(factor.T, mode="r"))
    return root.T


def _posterior(
    middle: FloatArray,  # (n_member, n_member) F' P F without the set itself
    image: FloatArray,  # (n_member,) F' P y without the set itself
    scale: float,
    rate: float,
) -> tuple[float, float]:
    """Return inclusion and expected variance share of one set."""
    log_factor = log_factors(middle, image, scale)
    top = max(float(log_factor.max()), 0.0)
    slab = rate * np.exp(log_factor - top)
    total = float(slab.sum()) + (1 - rate) * np.exp(-top)
    return float(slab.sum() / total), float(slab @ SLABS / total)


def log_factors(
    middle: FloatArray,  # (n_member, n_member) F' P F without the set itself
    image: FloatArray,  # (n_member,) F' P y without the set itself
    scale: float,
) -> FloatArray:  # (n_slab,)
    """Return log Bayes factors of the slabs against zero, all slabs alike likely."""
    share = SLABS[:, None, None] * scale
    widened = np.eye(image.size) + share * middle  # (n_slab, n_member, n_member)
    root = np.linalg.cholesky(widened)
    solved = np.linalg.solve(widened, image[:, None])[:, :, 0]  # (n_slab, n_member)
    log_factor = 0.5 * SLABS * scale * (solved @ image) - np.log(SLABS.size)
    log_factor -= np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(log_factor)


@dataclass(frozen=True)
class _Problem:
    base: tuple[FloatArray, ...]
    factors: tuple[FloatArray, ...]
    noise: FloatArray  # (n,)
    y: FloatArray  # (n,)

    def _inverse(self, shares: FloatArray, variance: FloatArray) -> FloatArray:
        covariance: FloatArray = np.diag(shares[-1] * self.noise)
        for share, kernel in zip(shares, self.base, strict=False):
            covariance += share * kernel
        parts = [
            self.factors[k] * np.sqrt(variance[k])
            for k in np.flatnonzero(variance > _NEGLIGIBLE * shares.sum())
        ]
        if parts:
            joined = np.concatenate(parts, axis=1)
            covariance += joined @ joined.T
        root, _ = scipy.linalg.cho_factor(covariance, lower=True, check_finite=False)
        inverse, _ = scipy.linalg.lapack.dpotri(root, lower=1)
        return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)

    def solve(
        self, shares: FloatArray, variance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:  # (n, n) P, (n,) P y
        inverse = self._inverse(shares, variance)
        total = inverse.sum(axis=0)
        projection = inverse - np.outer(total, total) / total.sum()
        return projection, projection @ self.y

    def intercept(self, shares: FloatArray, variance: FloatArray) -> float:
        total = self._inverse(shares, variance).sum(axis=0)
        return float(total @ self.y / total.sum())

    def without(
        self,
        k: int,
        projection: FloatArray,
        projected: FloatArray,
        variance: float,
    ) -> tuple[FloatArray, FloatArray]:
        """Return F' P F and F' P y of a set, the set itself taken out of P."""
        factor = self.factors[k]
        middle, image = factor.T @ (projection @ factor), factor.T @ projected
        if variance > 0:
            left = np.eye(image.size) - variance * middle
            rest: FloatArray = np.asarray(np.linalg.inv(left), dtype=np.float64)
            middle, image = rest @ middle, rest @ image
        return (middle + middle.T) / 2, image

    def base_step(
        self,
        solved: tuple[FloatArray, FloatArray],  # P, P y
        shares: FloatArray,  # (n_base + 1,)
        shape: FloatArray,  # (n_base + 1,) of the prior
        sets: float,
        scale: float,
    ) -> FloatArray:  # (n_base + 1,)
        """Return the shares after one fixed-point step of their posterior mode."""
        quadratic, trace = self.moments(*solved)
        pull, push = 2 * shape / shares, 2 * shape.sum() / (shares.sum() + sets)
        return shares * (quadratic * scale + pull) / (trace * scale + push)

    def moments(
        self, projection: FloatArray, projected: FloatArray
    ) -> tuple[FloatArray, FloatArray]:  # (n_base + 1,) y'PKPy, tr(PK)
        quadratic = [float(projected @ (kernel @ projected)) for kernel in self.base]
        quadratic.append(float(projected @ (self.noise * projected)))
        trace = [float(np.vdot(projection, kernel)) for kernel in self.base]
        trace.append(float(np.diag(projection) @ self.noise))
        return np.array(quadratic), np.array(trace)
