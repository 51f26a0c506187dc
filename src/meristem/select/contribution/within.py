"""Optimal contributions with a bound on the coancestry of each pool by itself.

Maximise u'c under c'fc <= theta and c_p' f_pp c_p <= theta_p s_p^2 for pools p that
give the shares s_p. For given prices of all bounds the contributions solve one
quadratic programme; the prices minimise its value, which is convex in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.active_set import ActiveSet
from meristem.select.contribution.frontier import (
    Contributions,
    kkt_residual,
    trace_frontier,
)
from meristem.select.contribution.programme import (
    Programme,
    make_programme,
    with_slacks,
)

CLOSE = 1e-8
"""Relative excess of a bound that is none."""


@dataclass(frozen=True)
class PoolBound:
    """The most coancestry of the contributors of one pool among themselves."""

    rows: IntArray  # (n_member,)
    share: float  # of all gametes
    theta: float
    name: str = ""


def pool_coancestry(
    contribution: FloatArray,  # (n_sample,)
    coancestry: FloatArray,  # (n_sample, n_sample)
    rows: IntArray,  # (n_member,)
) -> float:
    """Return the group coancestry of one pool, its contributions brought to sum 1.

    Examples
    --------
    >>> pool_coancestry(np.array([0.25, 0.25, 0.5]), np.eye(3), np.array([0, 1]))
    0.5
    """
    used = rows[contribution[rows] > 0]
    c = contribution[used] / contribution[used].sum()
    return float(c @ coancestry[np.ix_(used, used)] @ c)


def contributions_within(
    gain: FloatArray,  # (n_sample,) u
    coancestry: FloatArray,  # (n_sample, n_sample)
    programme: Programme,
    start: Contributions,
    theta: float,
    bounds: tuple[PoolBound, ...],
) -> Contributions:
    """Return the contributions of the greatest gain that keep to all bounds.

    Parameters
    ----------
    gain, coancestry, programme
        As in `trace_frontier`.
    start
        The solution without bounds of pools.
    theta
        Most group coancestry of all.
    bounds
        Most coancestry within pools.

    Raises
    ------
    ConfigError
        If the bounds cannot be kept together; the message says what a pool reaches.

    Examples
    --------
    >>> u, f = np.array([3.0, 1.0, 2.0, 0.5]), 0.5 * np.eye(4)
    >>> pools = np.array([0, 1]), np.array([2, 3])
    >>> limits = make_programme(4, share=[(pools[0], 0.5), (pools[1], 0.5)])
    >>> free = trace_frontier(u, f, limits).at(0.25)
    >>> bound = PoolBound(pools[0], 0.5, 0.3)
    >>> found = contributions_within(u, f, limits, free, 0.25, (bound,))
    >>> found.value.round(4), round(pool_coancestry(found.value, f, pools[0]), 6)
    (array([0.3618, 0.1382, 0.5   , 0.    ]), 0.3)
    """
    problem = _Priced(gain, coancestry, programme, theta, bounds)
    if problem.excess(start.value).max() <= CLOSE:
        return start
    for bound in bounds:
        _refuse_unreachable(bound, coancestry, programme)
    return problem.solved(start)


def _refuse_unreachable(
    bound: PoolBound, coancestry: FloatArray, programme: Programme
) -> None:
    """Refuse a bound that the lines of a pool cannot keep to even by themselves."""
    rows, n = bound.rows, bound.rows.size
    high = np.minimum(programme.high[rows] / bound.share, 1.0)
    low = np.minimum(programme.low[rows] / bound.share, 1.0)
    alone = make_programme(n, low=low, high=high)
    f = coancestry[np.ix_(rows, rows)]
    least = trace_frontier(np.arange(n, dtype=float), f, alone).least
    if bound.theta < least * (1 - 1e-6):
        raise ConfigError(
            f"a coancestry of {bound.theta:.5g} within {bound.name} cannot be reached: "
            f"the smallest one of its {n} lines is {least:.5g}",
            where="diversity.within",
            remedy=f"ask for {least:.5g} or more, or take in more lines of it",
        )


class _Priced:
    """The programme at given prices of the bounds, and the search for the prices."""

    def __init__(
        self,
        gain: FloatArray,
        coancestry: FloatArray,
        programme: Programme,
        theta: float,
        bounds: tuple[PoolBound, ...],
    ) -> None:
        self.scale = float(gain.std()) or 1.0
        self.gain, self.u = gain, (gain - gain.mean()) / self.scale
        self.f, self.programme = coancestry, programme
        self.most = np.array([theta, *(b.theta * b.share**2 for b in bounds)])
        self.inside = np.zeros((1 + len(bounds), gain.size), dtype=bool)
        self.inside[0] = True
        for number, bound in enumerate(bounds, start=1):
            self.inside[number, bound.rows] = True

    def squares(self, c: FloatArray) -> FloatArray:  # (n_bound,)
        """Return c'F c of every bound."""
        used = np.flatnonzero(c)
        f, inside = self.f[np.ix_(used, used)], self.inside[:, used] * c[used]
        return np.einsum("bi,ij,bj->b", inside, f, inside)

    def excess(self, c: FloatArray) -> FloatArray:  # (n_bound,)
        """Return how far every bound is passed, as a share of it."""
        return self.squares(c) / self.most - 1

    def at(self, price: FloatArray, x: FloatArray) -> ActiveSet:
        """Maximise u'c - sum_b price_b c'F_b c / 2."""

        def weight(j: int) -> FloatArray:  # (n_sample,)
            return (price * self.inside[:, j]) @ self.inside

        diagonal = (price @ self.inside) * np.diag(self.f)
        size = max(float(diagonal.mean()), 1e-300)
        state = ActiveSet(
            lambda j: weight(j) * self.f[j] / size,
            diagonal / size,
            self.u / size,
            self.programme,
            x,
        )
        state.solve(1.0)
        return state

    def solved(self, start: Contributions) -> Contributions:
        """Return the solution, its prices found by minimising the dual."""
        n, x = self.programme.n, with_slacks(start.value, self.programme)
        worth = start.price if np.isfinite(start.price) else self.scale
        first = np.full(self.most.size, max(2 * worth / self.scale, 1e-3))

        def dual(price: FloatArray) -> tuple[float, FloatArray]:
            c = self.at(price, x).x[:n]
            slack = self.most - self.squares(c)
            return float(self.u @ c + price @ slack / 2), slack / 2

        least = 1e-9 * first.max()  # something holds the lines apart
        found = scipy.optimize.minimize(
            dual,
            first,
            jac=True,
            method="L-BFGS-B",
            bounds=[(least, None)] * first.size,
            options={"ftol": 0, "gtol": 1e-13, "maxiter": 500, "maxcor": 20},
        )
        price = self._polished(found.x, x, least)
        return self._point(price, self.at(price, x))

    def _polished(self, price: FloatArray, x: FloatArray, least: float) -> FloatArray:
        """Return prices at which the bounds that bear are kept exactly."""
        n = self.programme.n
        bears = np.flatnonzero(price > 2 * least)

        def over(log_price: FloatArray) -> FloatArray:
            tried = price.copy()
            tried[bears] = np.exp(log_price)
            return self.excess(self.at(tried, x).x[:n])[bears]

        found = scipy.optimize.root(over, np.log(price[bears]), tol=1e-13)
        made = price.copy()
        if np.abs(found.fun).max(initial=0) < np.abs(over(np.log(price[bears]))).max():
            made[bears] = np.exp(found.x)
        return made

    def _point(self, price: FloatArray, state: ActiveSet) -> Contributions:
        n, x = self.programme.n, state.x
        c = x[:n]
        over = self.excess(c).max()
        if over > 1e-5:
            raise ConfigError(
                "the bounds on the coancestry of all and of the pools cannot be kept "
                f"together: {over:.2%} above one of them is the closest found",
                where="diversity.within",
                remedy="raise one of the bounds, or take in more lines",
            )
        slope = np.zeros(x.size)
        for weight, inside in zip(price, self.inside, strict=True):
            slope[:n] += weight * inside * (self.f @ (inside * c))
        slope[:n] -= self.u
        low, high = self.programme.low, self.programme.high
        between = np.flatnonzero((x > low + 1e-12) & (x < high - 1e-12))
        return Contributions(
            c.copy(),
            float(self.gain @ c),
            float(self.squares(c)[0]),
            float(price[0] * self.scale / 2),
            kkt_residual(x, slope, between, self.programme),
        )
