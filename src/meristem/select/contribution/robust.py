"""Optimal contributions that do not trust uncertain lines: the robust programme.

Maximise u'c - kappa sqrt(c' W c) under c'fc <= theta, W the joint covariance of the
errors of prediction: a line whose value is uncertain, or lines that err together, count
for less. With kappa = z it maximises a value exceeded with probability Phi(z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from meristem.errors import DataError
from meristem.records import FloatArray
from meristem.select.contribution.active_set import ActiveSet
from meristem.select.contribution.frontier import (
    Contributions,
    kkt_residual,
    trace_frontier,
    unreachable,
)
from meristem.select.contribution.programme import Programme, with_slacks

ROUNDS = 200
"""Most rounds on the spread of the sum."""


@dataclass(frozen=True)
class ErrorCovariance:
    """Covariance of prediction errors, factor factor' + diag(independent^2)."""

    factor: FloatArray  # (n_sample, n_factor)
    independent: FloatArray  # (n_sample,) sd

    def row(self, j: int) -> FloatArray:  # (n_sample,)
        """Return a row of the matrix."""
        found = self.factor @ self.factor[j]
        found[j] += self.independent[j] ** 2
        return found

    @property
    def diagonal(self) -> FloatArray:  # (n_sample,)
        """Error variance of every line."""
        return np.einsum("ij,ij->i", self.factor, self.factor) + self.independent**2

    def variance(self, c: FloatArray) -> float:
        """Return c' W c."""
        shared = c @ self.factor
        return float(shared @ shared + np.sum((c * self.independent) ** 2))

    def product(self, c: FloatArray) -> FloatArray:  # (n_sample,)
        """Return W c."""
        return self.factor @ (c @ self.factor) + self.independent**2 * c


def robust_contributions(
    gain: FloatArray,  # (n_sample,) u
    error: ErrorCovariance,
    coancestry: FloatArray,  # (n_sample, n_sample) f
    programme: Programme,
    *,
    theta: float,
    kappa: float,
) -> Contributions:
    """Return the contributions of the greatest gain minus kappa times its spread.

    Parameters
    ----------
    gain
        Expected value of a unit of contribution.
    error
        Joint error of these expectations.
    coancestry, programme
        As in `trace_frontier`.
    theta
        Most group coancestry.
    kappa
        How much one standard deviation of the sum costs, 0 and above.

    Returns
    -------
    Contributions
        Its gain is u'c, without the penalty.

    Raises
    ------
    ConfigError
        If the bound cannot be reached.
    DataError
        If kappa is negative or not a number.

    References
    ----------
    Fowler et al. 2024, on robust optimal contribution selection (robustocs): the same
    programme. The square root is majorised by its tangent, and the price of coancestry
    found by bisection, both exactly convergent.
    """
    if not kappa >= 0:
        raise DataError(f"kappa = {kappa:g}", remedy="give 0 or a positive number")
    plain = trace_frontier(gain, coancestry, programme, until=theta)
    start = plain.at(theta)
    if kappa == 0 or not np.isfinite(error.diagonal).all():
        return start
    problem = _Problem(gain, error, coancestry, programme, theta, plain.base)
    sigma = np.sqrt(error.variance(start.value))
    x = with_slacks(start.value, programme)
    price = max(start.price if np.isfinite(start.price) else 1.0, 1e-12)
    for _ in range(ROUNDS):
        x, price = problem.priced(kappa / max(sigma, 1e-12), x, price)
        now = float(np.sqrt(error.variance(x[: gain.size])))
        settled = abs(now - sigma) <= 1e-11 * max(sigma, 1e-12)
        sigma = now
        if settled:
            break
    return problem.point(x, kappa / max(sigma, 1e-12), price)


@dataclass(frozen=True)
class _Problem:
    gain: FloatArray
    error: ErrorCovariance
    coancestry: FloatArray
    programme: Programme
    theta: float
    base: float

    def solved(self, beta: float, price: float, x: FloatArray) -> FloatArray:
        """Maximise u'c - beta c'Wc / 2 - price c'fc / 2 from a point on."""

        def row(j: int) -> FloatArray:
            return beta * self.error.row(j) + price * self.coancestry[j]

        diagonal = beta * self.error.diagonal + price * np.diag(self.coancestry)
        size = float(diagonal.mean())
        state = ActiveSet(
            lambda j: row(j) / size,
            diagonal / size,
            self.gain / size,
            self.programme,
            x,
        )
        state.solve(1.0)
        return state.x

    def group(self, x: FloatArray) -> float:
        """Return c'fc."""
        c = x[: self.programme.n]
        used = np.flatnonzero(c)
        return float(c[used] @ self.coancestry[np.ix_(used, used)] @ c[used])

    def priced(
        self, beta: float, x: FloatArray, price: float
    ) -> tuple[FloatArray, float]:
        """Return the solution at the price of coancestry that keeps to the bound."""
        known: dict[float, FloatArray] = {}

        def excess(log_price: float) -> float:
            known[log_price] = self.solved(beta, np.exp(log_price), x)
            return self.group(known[log_price]) - self.theta

        low = high = np.log(price)
        step = 0.05
        if excess(low) > 0:
            while excess(high := high + step) > 0:
                low, step = high, 4 * step
                if step > 200:
                    least = self.group(known[high])
                    raise unreachable(self.theta, least, self.base)
        else:
            while excess(low := low - step) <= 0:
                high, step = low, 4 * step
                if low < -60:  # errors alone spread the contributions enough
                    return known[low], float(np.exp(low))
        root = scipy.optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14)
        if root not in known:
            excess(root)
        return known[root], float(np.exp(root))

    def point(self, x: FloatArray, beta: float, price: float) -> Contributions:
        """Return a solution with its residual."""
        n = self.programme.n
        c = x[:n]
        slope = np.zeros(x.size)
        slope[:n] = beta * self.error.product(c) - self.gain
        slope[:n] += price * (self.coancestry @ c)
        slope /= float(self.gain.std()) or 1.0
        low, high = self.programme.low, self.programme.high
        between = np.flatnonzero((x > low + 1e-12) & (x < high - 1e-12))
        residual = kkt_residual(x, slope, between, self.programme)
        gain = float(self.gain @ c)
        return Contributions(c, gain, self.group(x), price, residual)
