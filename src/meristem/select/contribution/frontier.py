"""Optimal contributions: the whole frontier of gain and coancestry, exactly.

Maximise u'c under c'fc <= theta and the limits of a `Programme`. Between two changes
of who contributes, the contributions are linear in mu = 1 / lambda, the gain is linear
and theta quadratic: the frontier is a list of such segments, walked from the greatest
gain downwards (the critical line method), and every point on it is read off without
another search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.active_set import FREE, ActiveSet, Line, indefinite
from meristem.select.contribution.inbreeding import effective_size, rate_of_inbreeding
from meristem.select.contribution.programme import Programme, greatest_gain

GREATEST = 1e4
"""mu from which the walk starts, gain of unit spread and coancestry of unit size."""

LEAST = 1e-7
"""mu at which it ends: the coancestry is the least one to seven digits."""

JITTER = 1e-11
"""Spread added to the gain so that equal lines are taken in order."""


@dataclass(frozen=True)
class Contributions:
    """One point of the frontier."""

    value: FloatArray  # (n_sample,) shares of all gametes, sum 1
    gain: float  # u'c, units of u
    coancestry: float  # c'fc
    price: float  # lambda: gain per unit of coancestry at this point, over 2
    residual: float  # of the Karush-Kuhn-Tucker conditions, spread of u = 1


@dataclass(frozen=True)
class Segment:
    """Part of the frontier with one set of contributors."""

    mu_high: float
    mu_low: float
    free: IntArray  # (n_free,)
    a: FloatArray  # (n_free,)
    d: FloatArray  # (n_free,)
    held: IntArray  # (n_held,) at a bound other than 0
    bound: FloatArray  # (n_held,)
    theta: tuple[float, float, float]  # coefficients of 1, mu, mu^2

    def coancestry(self, mu: float) -> float:
        """Return theta at mu."""
        return self.theta[0] + self.theta[1] * mu + self.theta[2] * mu * mu

    def mu_at(self, theta: float) -> float:
        """Return the mu at which the coancestry is theta, within the segment."""
        c0, c1, c2 = self.theta[0] - theta, self.theta[1], self.theta[2]
        if abs(c2) <= 1e-300:
            root = -c0 / c1 if c1 != 0 else self.mu_low
        else:
            root = (-c1 + np.sqrt(max(c1 * c1 - 4 * c0 * c2, 0.0))) / (2 * c2)
        return float(np.clip(root, self.mu_low, self.mu_high))


@dataclass(frozen=True)
class Frontier:
    """The segments of a frontier, from the greatest gain downwards."""

    segments: tuple[Segment, ...]
    gain: FloatArray  # (n_sample,) u
    coancestry: FloatArray  # (n_sample, n_sample) f
    programme: Programme
    scale: float  # spread of u
    base: float  # group coancestry that inbreeding is counted from

    @property
    def greatest(self) -> float:
        """Coancestry of the greatest gain."""
        first = self.segments[0]
        return first.coancestry(first.mu_high)

    @property
    def least(self) -> float:
        """The smallest coancestry that was reached."""
        last = self.segments[-1]
        return last.coancestry(last.mu_low)

    @property
    def complete(self) -> bool:
        """Whether the walk went down to the smallest coancestry there is."""
        return self.segments[-1].mu_low <= LEAST

    def at(self, theta: float) -> Contributions:
        """Return the contributions of the greatest gain with c'fc <= theta.

        Raises
        ------
        ConfigError
            If none reach that coancestry; the message says which they reach.
        """
        if theta >= self.greatest:
            return self._point(self.segments[0], self.segments[0].mu_high)
        for segment in self.segments:
            if segment.coancestry(segment.mu_low) <= theta:
                return self._point(segment, segment.mu_at(theta))
        if theta >= self.least * (1 - 1e-6):
            return self._point(self.segments[-1], self.segments[-1].mu_low)
        raise unreachable(theta, self.least, self.base)

    def points(self, n: int) -> tuple[Contributions, ...]:
        """Return n contributions from the greatest gain to the least coancestry.

        They stand evenly in coancestry.
        """
        bounds = np.linspace(self.greatest, self.least, n)
        return tuple(self.at(float(theta)) for theta in bounds)

    def at_degree(self, degree: float) -> Contributions:
        """Return the point of a degree: 0 gain alone, 90 diversity alone.

        theta = least + (1 - sin degree)(greatest - least).

        References
        ----------
        Kinghorn 2011, Genet Sel Evol 43:4, on target degrees.
        """
        part = 1 - np.sin(np.deg2rad(degree))
        return self.at(self.least + float(part) * (self.greatest - self.least))

    def _point(self, segment: Segment, mu: float) -> Contributions:
        x = np.zeros(self.programme.n_variable)
        x[segment.free] = segment.a + mu * segment.d
        x[segment.held] = segment.bound
        x = np.clip(x, self.programme.low, self.programme.high)
        c = x[: self.programme.n]
        used = np.flatnonzero(c)
        theta = float(c[used] @ self.coancestry[np.ix_(used, used)] @ c[used])
        return Contributions(
            c,
            float(self.gain[used] @ c[used]),
            theta,
            self.scale / mu if mu > 0 else np.inf,
            self._residual(x, mu, segment.free),
        )

    def _residual(self, x: FloatArray, mu: float, basis: IntArray) -> float:
        """Return how far a point is from the conditions, per unit of gain."""
        used = np.flatnonzero(x[: self.programme.n])
        slope = np.zeros(x.size)
        slope[: self.programme.n] = x[used] @ self.coancestry[used]
        slope[: self.programme.n] -= mu * self.gain / self.scale
        return kkt_residual(x, slope / max(mu, 1), basis, self.programme)


def unreachable(theta: float, least: float, base: float) -> ConfigError:
    """Return the error of a bound that no contributions keep to."""
    effective = effective_size(rate_of_inbreeding(least, base))
    size = "no inbreeding" if np.isinf(effective) else f"Ne {effective:.3g}"
    return ConfigError(
        f"a group coancestry of {theta:.5g} cannot be reached: the smallest one of "
        f"these candidates under these limits is {least:.5g} ({size})",
        where="diversity",
        remedy=f"ask for {least:.5g} or more, or widen the limits or the candidates",
    )


def trace_frontier(
    gain: FloatArray,  # (n_sample,) u
    coancestry: FloatArray,  # (n_sample, n_sample) f, positive semi-definite
    programme: Programme,
    *,
    until: float | None = None,
    base: float | None = None,
) -> Frontier:
    """Walk the frontier from the greatest gain down.

    Parameters
    ----------
    gain
        What a unit of contribution is worth, large is good.
    coancestry
        Symmetric.
    programme
        Limits of the contributions.
    until
        Stop once the coancestry is this low; default: go down to the least one.
    base
        Group coancestry that Ne is told against; default: the mean of `coancestry`.

    Returns
    -------
    Frontier
        Read its points with `at`, `points` and `at_degree`.

    Raises
    ------
    ConfigError
        If no contributions keep to the limits.
    DataError
        If the gain or the coancestry is not finite.

    References
    ----------
    Meuwissen 1997, J Anim Sci 75:934 (the problem); Markowitz 1956, Nav Res Logist Q
    3:111 (the method).

    Examples
    --------
    >>> f = np.array([[0.5, 0.25, 0.0], [0.25, 0.5, 0.0], [0.0, 0.0, 0.5]])
    >>> from meristem.select.contribution.programme import make_programme
    >>> found = trace_frontier(np.array([3.0, 2.0, 1.0]), f, make_programme(3))
    >>> found.at(0.25).value.round(6), round(found.at(0.25).gain, 6)
    (array([0.538252, 0.184699, 0.277049]), 2.261204)
    """
    if not (np.isfinite(gain).all() and np.isfinite(coancestry).all()):
        raise DataError(
            "an index or a coancestry of the candidates is not a number",
            remedy="leave out the candidates without a prediction",
        )
    scale = float(gain.std()) or 1.0
    n = gain.size
    size = float(np.diag(coancestry).mean())
    worth = (gain - gain.mean()) / scale * size
    worth = worth + JITTER * size * (np.arange(n) * 0.6180339887 % 1)
    state = ActiveSet(
        coancestry.__getitem__,
        np.diag(coancestry),
        worth,
        programme,
        greatest_gain(programme, worth),
    )
    segments = _walk(state, until)
    start = float(coancestry.mean()) if base is None else base
    return Frontier(tuple(segments), gain, coancestry, programme, scale / size, start)


def _walk(state: ActiveSet, until: float | None) -> list[Segment]:
    mu, idle = GREATEST, 0
    segments: list[Segment] = []
    line = state.solve(mu)
    for _ in range(state.most_steps):
        low, j, where = state.next_event(line, mu)
        low = max(low, LEAST)
        if low < mu or not segments:
            segments.append(_segment(state, line, mu, low))
            idle = 0
        if low <= LEAST or (
            until is not None and segments[-1].coancestry(low) <= until
        ):
            return segments
        state.x[line.free] = line.a + low * line.d
        idle += 1
        mu = low
        if idle > 50:  # a knot of equal events: step over it, and solve anew
            mu = low * (1 - 1e-8)
            line, idle = state.solve(mu), 0
            continue
        if where == FREE:
            state.release(j)
        else:
            state.hold(j, where)
        line = state.line()
    raise indefinite()


def _segment(state: ActiveSet, line: Line, mu: float, low: float) -> Segment:
    n = state.n
    real = line.free < n
    where = line.free[real]
    held = np.flatnonzero((state.at != FREE) & (state.bound != 0))
    bound = state.bound[held]
    own, mine = held < n, held[held < n]
    a, d = line.a[real], line.d[real]
    theta = (
        float(a @ line.qa[where] + bound[own] @ line.qa[mine]),
        float(2 * (d @ line.qa[where])),
        float(d @ line.qd[where]),
    )
    return Segment(mu, low, line.free, line.a, line.d, held, bound, theta)


def kkt_residual(
    x: FloatArray,  # (n_variable,)
    slope: FloatArray,  # (n_variable,) of what is minimised
    basis: IntArray,  # (n_basis,) variables whose gradient the multipliers explain
    programme: Programme,
) -> float:
    """Return how far a point is from the Karush-Kuhn-Tucker conditions.

    The largest of: limits not kept, gradients between the bounds that no multipliers
    explain, gradients at a bound that point inwards.
    """
    free = np.zeros(x.size, dtype=bool)
    free[basis] = True
    y = np.linalg.lstsq(programme.rows[:, free].T, slope[free], rcond=None)[0]
    r = slope - programme.rows.T @ y
    moving = programme.low < programme.high
    at_low = moving & (x <= programme.low + 1e-12)
    at_high = moving & ~at_low & (x >= programme.high - 1e-12)
    between = moving & ~at_low & ~at_high
    return float(
        max(
            np.abs(programme.rows @ x - programme.level).max(),
            np.maximum(programme.low - x, 0).max(),
            np.maximum(x - programme.high, 0).max(),
            np.abs(r[between]).max(initial=0),
            np.maximum(-r[at_low], 0).max(initial=0),
            np.maximum(r[at_high], 0).max(initial=0),
        )
    )
