"""Which groups of columns carry variance: a spike and slab over groups.

The trait is y = 1 mu + sum_b g_b + sum_k F_k u_k + e with g_b ~ N(0, s_b K_b) of the
base kernels, and u_k ~ N(0, v_k I) of the groups, where v_k is zero with probability
1 - rate and one of a few slabs otherwise. Groups are averaged, not chosen: with
nothing to find every v_k is about zero and the base kernels are the model. A pathway
is the group of its genes; a single column is a group of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import expit, logit, logsumexp

from meristem.mixed.targets import Target
from meristem.records import FloatArray


@dataclass(frozen=True)
class SpikeSlab:
    """Prior of the groups, and how their posterior is found."""

    slabs: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2)
    """Candidate shares of the phenotypic variance that a group explains."""
    expected: float = 7.0
    """Groups expected to carry variance, before the data are seen."""
    largest_rate: float = 0.2
    one_column: float = 0.25
    """Prior odds that one column of a group acts alone, against several."""
    base_prior: float = 0.5
    noise_prior: float = 1.0
    """Shapes of the prior of the variance shares; they keep a share from zero."""
    followed: int = 128
    """Groups followed after the first rounds, the best; the others have none."""
    first_rounds: int = 3
    rounds: int = 30
    damping: float = 0.5
    tolerance: float = 1e-3

    def rate(self, n_group: int) -> float:
        """Return how probable it is beforehand that a group has variance."""
        return min(self.largest_rate, self.expected / max(n_group, 1))


@dataclass(frozen=True)
class ColumnPrior:
    """Prior and length of `fit_columns`."""

    first_rate: float = 0.05
    first_slab: float = 0.1
    rate_prior: tuple[float, float] = (0.1, 10.0)
    """Pseudo-counts of a column's effects, and of responses asked."""
    largest_rate: float = 0.5
    rounds: int = 20


@dataclass(frozen=True)
class GroupFit:
    """One target over base kernels and groups, in units of the phenotype.

    Variances are posterior means, and the prediction is the BLUP under them. A group
    that follows one strong column of its own, which other groups may share, has
    variance; its inclusion says whether several of its columns have.
    """

    base: FloatArray  # (n_base,) variance of every base kernel
    residual: float  # at weight 1
    inclusion: FloatArray  # (n_group,) posterior probability that several columns act
    variance: FloatArray  # (n_group,) of the group's kernel
    intercept: float
    dual: FloatArray  # (n,) P y
    projection: FloatArray  # (n, n) P


def fit_groups(
    base: Sequence[FloatArray],  # each (n, n), mean diagonal 1
    factors: Sequence[FloatArray],  # each (n, n_member), mean row norm 1
    target: Target,
    *,
    settings: SpikeSlab | None = None,
) -> GroupFit:
    """Return posterior inclusion and mean variance of every group.

    Coordinate ascent: the Bayes factor of a group is computed with all other groups
    at their expected variance, all groups at once with damping; base variances take
    the multiplicative step, with a weak prior that keeps them from zero.

    Parameters
    ----------
    base, factors
        Over the rows of the target, in their order.
    target
        Values and weights of the rows.
    settings
        Prior and rounds.

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
    >>> fit = fit_groups([np.eye(150)], sets, target)
    >>> int(np.argmax(fit.inclusion)), bool(fit.inclusion[3] > 0.9)
    (3, True)
    """
    settings = SpikeSlab() if settings is None else settings
    y, n_group = target.y, len(factors)
    scale = float(np.average((y - y.mean()) ** 2)) or 1.0
    slabs, rate = scale * np.array(settings.slabs), settings.rate(n_group)
    model = _Model(
        (*base, np.diag(1 / target.weight)),
        tuple(narrow(factor) for factor in factors),
        y,
        np.array([*[settings.base_prior] * len(base), settings.noise_prior]),
    )
    other = np.array([*[0.5 / max(len(base), 1)] * len(base), 0.5 if base else 1.0])
    other *= scale
    variance = np.zeros(n_group)
    followed = np.arange(n_group)
    for number in range(settings.rounds):
        # a pass over the groups costs several base steps: they take one more
        other = model.base_step(model.solve(other, variance), other, variance.sum())
        solved = model.solve(other, variance)
        expected = np.zeros(n_group)
        for k in followed.tolist():
            odds = slab_odds(
                *_without(model.parts[k], *solved, variance[k]), slabs, rate
            )
            expected[k] = odds[1:] @ slabs
        following = model.base_step(solved, other, variance.sum())
        change = max(np.abs(following - other).max(), 0.0)
        other = following
        change = max(change, np.abs(expected - variance).max(initial=0.0))
        variance = variance + settings.damping * (expected - variance)
        if number == settings.first_rounds and n_group > settings.followed:
            best = np.argsort(-variance, kind="stable")
            followed = np.sort(best[: settings.followed])
            idle = best[settings.followed :]
            variance[idle] = 0.0
        if change < settings.tolerance * scale:
            break
    inverse = model.inverse(other, variance)
    ones = inverse.sum(axis=0)
    projection = inverse - np.outer(ones, ones) / ones.sum()
    solved, inclusion = (projection, projection @ y), np.zeros(n_group)
    for k in followed.tolist():
        rest = _without(factors[k], *solved, variance[k])
        inclusion[k] = several_columns(*rest, slabs, rate, settings.one_column)
    return GroupFit(
        base=other[:-1],
        residual=float(other[-1]),
        inclusion=inclusion,
        variance=variance,
        intercept=float(ones @ y / ones.sum()),
        dual=solved[1],
        projection=projection,
    )


def fit_columns(
    gram: FloatArray,  # (k, k) inner products of the columns
    inner: FloatArray,  # (k, n_response) with the responses
    power: FloatArray,  # (n_response,) sums of squares
    count: FloatArray,  # (n_response,) rows measured
    n_row: int,
    *,
    barred: NDArray[np.bool_],  # (k, n_response)
    least_noise: FloatArray | float = 0.0,  # (n_response,) variance
    prior: ColumnPrior | None = None,
) -> FloatArray:  # (k, n_response)
    """Return posterior mean effects of single columns on many responses.

    Every column is a group of one, its inclusion rate learned over all responses, as
    are one slab and each response's noise. Coordinate ascent, the other columns at
    their posterior mean effects. A response measured on a part of the rows sees that
    part of `gram`: rows are missing at random.

    Parameters
    ----------
    gram, inner, power, count, n_row
        Of centred columns and responses.
    barred
        Effects known to be zero.
    least_noise
        Known variance of the measurement error.
    prior
        Of inclusion and effects.

    References
    ----------
    George & Foster 2000, Biometrika 87:731 (empirical Bayes of the inclusion rate);
    Carbonetto & Stephens 2012, Bayesian Analysis 7:73 (variational spike and slab).
    """
    prior = ColumnPrior() if prior is None else prior
    k, n_response = inner.shape
    share = count / n_row
    rate, slab = np.full(k, prior.first_rate), prior.first_slab
    noise = np.maximum(power / count, least_noise)
    included, effect, second = np.zeros((3, k, n_response))
    for _ in range(prior.rounds):
        for j in range(k):
            others = gram[j] @ effect - gram[j, j] * effect[j]
            slope = (inner[j] - share * others) / noise
            known = share * gram[j, j] / noise
            odds = log_factors(known[:, None, None], slope[:, None], slab)
            included[j] = np.where(barred[j], 0.0, expit(odds + logit(rate[j])))
            variance = 1 / (known + 1 / slab)
            mean = variance * slope
            effect[j] = included[j] * mean
            second[j] = included[j] * (mean**2 + variance)
        found = included.sum(axis=1) + prior.rate_prior[0]
        asked = n_response + prior.rate_prior[1]
        rate = np.clip(found / asked, 1e-4, prior.largest_rate)
        slab = max(float(second.sum()) / max(float(included.sum()), 1e-9), 1e-3)
        fitted = np.einsum("kt,kt->t", effect, gram @ effect) * share
        left = power - 2 * np.sum(effect * inner, axis=0) + fitted
        left += count * np.sum(second - effect**2, axis=0)
        noise = np.maximum(np.maximum(left, 1e-3 * power) / count, least_noise)
    return effect


def narrow(
    factor: FloatArray,  # (n, n_member)
) -> FloatArray:  # (n, <= n)
    """Return a factor of the same kernel with no more columns than rows."""
    if factor.shape[1] <= factor.shape[0]:
        return factor
    root: FloatArray = np.asarray(np.linalg.qr(factor.T, mode="r"))
    return root.T


def slab_odds(
    middle: FloatArray,  # (n_member, n_member) F' P F without the group itself
    slope: FloatArray,  # (n_member,) F' P y without the group itself
    slabs: FloatArray,  # (n_slab,) variances
    rate: float,
) -> FloatArray:  # (1 + n_slab,)
    """Return the probability of no variance, and of every slab."""
    middle = (middle + middle.T) / 2
    factor = np.array([float(log_factors(middle, slope, slab)) for slab in slabs])
    log_odds = np.append(np.log1p(-rate), np.log(rate / slabs.size) + factor)
    odds = np.exp(log_odds - log_odds.max())
    return np.asarray(odds / odds.sum())


def _without(
    factor: FloatArray,  # (n, n_member)
    projection: FloatArray,  # (n, n)
    projected: FloatArray,  # (n,)
    variance: float,
) -> tuple[FloatArray, FloatArray]:
    """Return F' P F and F' P y of a group, the group itself taken out of P."""
    middle, slope = factor.T @ (projection @ factor), factor.T @ projected
    rest = np.linalg.inv(np.eye(slope.size) - variance * middle)
    return np.asarray(rest @ middle), np.asarray(rest @ slope)


def several_columns(
    middle: FloatArray,  # (n_member, n_member) F' P F without the group itself
    slope: FloatArray,  # (n_member,) F' P y without the group itself
    slabs: FloatArray,  # (n_slab,) variances
    rate: float,
    one_column: float,
) -> float:
    """Return the probability that several columns act, not none and not one alone.

    A group that holds one strong column looks like a group with variance, and so does
    every other group that holds it. One column alone is a hypothesis of its own: the
    same slabs, as its share of the variance, the same odds for every column.

    Parameters
    ----------
    middle, slope, slabs
        As in `slab_odds`.
    rate
        Prior probability that several columns act.
    one_column
        Prior odds of one column alone against several; a group of one has no other.

    Examples
    --------
    >>> import numpy as np
    >>> spread, one = np.full(4, 30.0), np.array([60.0, 0, 0, 0])
    >>> middle, slabs = 50 * np.eye(4), np.array([0.2, 0.5])
    >>> several_columns(middle, spread, slabs, 0.1, 0.25) > 0.95
    True
    >>> several_columns(middle, one, slabs, 0.1, 0.25) < 0.5
    True
    """
    middle = (middle + middle.T) / 2
    several = [float(log_factors(middle, slope, slab)) for slab in slabs]
    log_odds = [np.log1p(-rate), logsumexp(several) + np.log(rate / slabs.size)]
    power = np.diag(middle)
    if slope.size > 1 and one_column > 0 and power.max() > 0:
        # a column alone at the mean power of the whole group
        scale = power.sum() / np.where(power > 0, power, np.inf)
        alone = [
            log_factors(
                (scale * power)[:, None, None], (np.sqrt(scale) * slope)[:, None], slab
            )
            for slab in slabs
        ]
        prior = rate * one_column / (slabs.size * slope.size)
        log_odds.append(logsumexp(alone) + np.log(prior))
    return float(np.exp(log_odds[1] - logsumexp(log_odds)))


def log_factors(
    middle: FloatArray,  # (..., n_member, n_member) F' P F
    slope: FloatArray,  # (..., n_member) F' P y
    slab: float,
) -> FloatArray:  # (...)
    """Return the log Bayes factor of variance `slab` against none."""
    if slope.shape[-1] == 1:
        widened = 1 + slab * middle[..., 0, 0]
        factor = slab * slope[..., 0] ** 2 / widened - np.log(widened)
        return np.asarray(0.5 * factor)
    root = np.linalg.cholesky(np.eye(slope.shape[-1]) + slab * middle)
    solved = scipy.linalg.solve_triangular(root, slope, lower=True, check_finite=False)
    return np.asarray(0.5 * slab * solved @ solved - np.log(np.diag(root)).sum())


@dataclass(frozen=True)
class _Model:
    kernels: tuple[FloatArray, ...]  # each (n, n), that of the noise last
    parts: tuple[FloatArray, ...]  # each (n, n_member)
    y: FloatArray  # (n,)
    shape: FloatArray  # (n_kernel,) of the prior of their variances

    def inverse(self, other: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the inverse covariance, (n, n)."""
        total: FloatArray = np.zeros_like(self.kernels[0])
        for share, kernel in zip(other, self.kernels, strict=True):
            total += share * kernel
        acting = np.flatnonzero(variance > 1e-5 * other.sum()).tolist()
        if acting:
            joined = [self.parts[k] * np.sqrt(variance[k]) for k in acting]
            factor = np.concatenate(joined, axis=1)
            total += factor @ factor.T
        root, _ = scipy.linalg.cho_factor(total, lower=True, check_finite=False)
        inverse, _ = scipy.linalg.lapack.dpotri(root, lower=1)
        return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)

    def solve(
        self, other: FloatArray, variance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:  # (n, n) P, (n,) P y
        inverse = self.inverse(other, variance)
        ones = inverse.sum(axis=0)
        projection = inverse - np.outer(ones, ones) / ones.sum()
        return projection, projection @ self.y

    def base_step(
        self,
        solved: tuple[FloatArray, FloatArray],  # P, P y
        other: FloatArray,  # (n_kernel,)
        groups: float,  # variance of the groups
    ) -> FloatArray:  # (n_kernel,)
        """Return the variances after a fixed-point step of their posterior mode."""
        projection, dual = solved
        quadratic = np.array([dual @ (kernel @ dual) for kernel in self.kernels])
        trace = np.array([np.vdot(projection, kernel) for kernel in self.kernels])
        pull = 2 * self.shape / other
        push = 2 * self.shape.sum() / (other.sum() + groups)
        return np.asarray(other * (quadratic + pull) / (trace + push))
