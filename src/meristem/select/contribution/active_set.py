"""Minimise x'Qx / 2 - mu p'x under linear limits, for one mu or all along a path.

Few candidates contribute: the free ones (strictly between their bounds) are held in
a small inverse that grows and shrinks by one row at a time; the others cost one row of
Q each time they are looked at. Symbols: F the free variables, M x = level the
equalities, y their multipliers, r = Q x - mu p - M'y the reduced gradient. On a given
F the solution is x = a + mu d and r = ra + mu rd, both linear in mu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.programme import Programme

RIDGE = 1e-9
"""Added to the diagonal of Q, as a share of its mean: identical lines, and slacks."""

TOLERANCE = 1e-11
"""Reduced gradients closer to 0 are no violation, p of unit spread."""

REFRESH = 40
"""Changes of the inverse between two factorisations."""

FRAGILE = 1e-5
"""A line of which less than this share is its own makes the inverse inexact."""

NEGATIVE = 1e-6
"""A line whose own share is below minus this makes Q indefinite."""

STILL = 1e-12
"""A move by less is none: the equalities hold the variable where it is."""

LOWER, UPPER, FREE = 0, 1, 2

Row = Callable[[int], FloatArray]
"""A row of Q over the candidates."""


@dataclass(frozen=True)
class Line:
    """The solution on one set of free variables, linear in mu."""

    free: IntArray  # (n_free,)
    a: FloatArray  # (n_free,)
    d: FloatArray  # (n_free,)
    ra: FloatArray  # (n_variable,)
    rd: FloatArray  # (n_variable,)
    qa: FloatArray  # (n,) Q of the whole x at mu = 0
    qd: FloatArray  # (n,)


class ActiveSet:
    """Which variables are free or at a bound, with the inverse of Q over the free.

    Parameters
    ----------
    row
        Returns a row of Q.
    diagonal
        Of Q.
    worth
        p, of unit spread.
    programme
        Limits.
    start
        A point that keeps to them, a corner of the linear programme.
    """

    def __init__(
        self,
        row: Row,
        diagonal: FloatArray,  # (n,)
        worth: FloatArray,  # (n,)
        programme: Programme,
        start: FloatArray,  # (n_variable,)
    ) -> None:
        self.row = row
        self.n = programme.n
        self.programme = programme
        self.ridge = RIDGE * float(diagonal.mean())
        self.p = np.zeros(programme.n_variable)
        self.p[: self.n] = worth
        self.x = start.copy()
        low, high = programme.low, programme.high
        start = np.where(start <= low + STILL, low, start)
        start = np.where(start >= high - STILL, high, start)
        self.at = np.where(start <= low, LOWER, np.where(start >= high, UPPER, FREE))
        self.fixed = low >= high
        self.at[self.fixed] = LOWER
        self.bound = np.where(self.at == UPPER, high, low)
        self.free: list[int] = []
        self.rows = np.empty((0, self.n))  # of Q, one per free variable
        self.inverse: FloatArray = np.empty((0, 0))
        self.changes, self.fragile = 0, False
        basis = _basis(programme, np.flatnonzero(self.at == FREE), self.x)
        self.at[basis] = FREE
        self.q_bound = np.zeros(self.n)
        for j in np.flatnonzero((self.at != FREE) & (self.bound != 0)).tolist():
            self._bear(j, 1.0)
        for j in np.flatnonzero(self.at == FREE).tolist():
            self._append(j)
        self._refresh()

    def _q(self, j: int) -> FloatArray:  # (n,)
        return self.row(j) if j < self.n else np.zeros(self.n)

    def _bear(self, j: int, sign: float) -> None:
        """Add the share that a variable at its bound has in Q x."""
        if j < self.n and self.bound[j] != 0:
            self.q_bound += sign * self.bound[j] * self.row(j)

    def _append(self, j: int) -> None:
        if len(self.free) == len(self.rows):
            more = np.empty((max(16, len(self.rows)), self.n))
            self.rows = np.concatenate([self.rows, more])
        self.rows[len(self.free)] = self._q(j)
        self.free.append(j)

    def _block(self) -> FloatArray:  # (n_free, n_free)
        """Return Q over the free variables, ridge included."""
        free = np.array(self.free)
        block = np.zeros((free.size, free.size))
        real = np.flatnonzero(free < self.n)
        block[np.ix_(real, real)] = self.rows[np.ix_(real, free[real])]
        block[np.diag_indices_from(block)] += self.ridge
        return block

    def _refresh(self) -> None:
        block = self._block()
        inverse = np.asarray(np.linalg.inv(block), dtype=np.float64)
        self.inverse = (inverse + inverse.T) / 2
        self.changes = 0
        own = block.diagonal() * self.inverse.diagonal()  # 1 / share that is its own
        self.fragile = bool(own.max(initial=1) * FRAGILE > 1)

    def release(self, j: int) -> None:
        """Make a variable free."""
        if self.at[j] != FREE:
            self._bear(j, -1.0)
        self.at[j] = FREE
        q = self._q(j)
        free = np.array(self.free)
        beside = np.where(free < self.n, q[np.minimum(free, self.n - 1)], 0.0)
        own = (q[j] if j < self.n else 0.0) + self.ridge
        self._append(j)
        self.changes += 1
        solved = self.inverse @ beside
        rest = own - beside @ solved
        if rest < -NEGATIVE * own:
            raise indefinite()
        self.fragile = self.fragile or bool(rest <= FRAGILE * own)
        if rest <= FRAGILE * own or self.changes > REFRESH:
            self._refresh()
            return
        k = free.size
        grown = np.empty((k + 1, k + 1))
        grown[:k, :k] = self.inverse + np.outer(solved, solved / rest)
        grown[:k, k] = grown[k, :k] = -solved / rest
        grown[k, k] = 1 / rest
        self.inverse = grown

    def hold(self, position: int, where: int) -> None:
        """Put the free variable at `position` of the list at its bound `where`."""
        j, last = self.free[position], len(self.free) - 1
        low, high = self.programme.low[j], self.programme.high[j]
        self.at[j] = where
        self.bound[j] = self.x[j] = low if where == LOWER else high
        self._bear(j, 1.0)
        order = np.arange(last + 1)
        order[[position, last]] = order[[last, position]]
        self.free[position] = self.free[last]
        self.rows[position] = self.rows[last]
        self.free.pop()
        inverse = self.inverse[np.ix_(order, order)]
        edge = inverse[:last, last]
        self.inverse = inverse[:last, :last] - np.outer(
            edge, edge / inverse[last, last]
        )
        self.changes += 1
        if self.changes > REFRESH:
            self._refresh()

    def line(self) -> Line:
        """Return x and r as functions of mu on the present set."""
        free = np.array(self.free)
        m = self.programme.rows[:, free]
        level = np.zeros((m.shape[0], 2))
        held = np.where(self.at == FREE, 0.0, self.bound)
        level[:, 0] = self.programme.level - self.programme.rows @ held
        real = free < self.n
        q_bound = np.where(real, self.q_bound[np.minimum(free, self.n - 1)], 0.0)
        right = np.column_stack([-q_bound, self.p[free]])
        ad, y = self._saddle(right, m, level)
        if self.fragile:  # nearly dependent lines: the inverse is not exact
            block = self._block()
            more, beside = self._saddle(right - block @ ad + m.T @ y, m, level - m @ ad)
            ad, y = ad + more, y + beside
        q = (ad.T @ self.rows[: free.size]).T  # (n, 2)
        q[:, 0] += self.q_bound
        r = -self.programme.rows.T @ y
        r[: self.n] += q
        r[:, 1] -= self.p
        return Line(free, ad[:, 0], ad[:, 1], r[:, 0], r[:, 1], q[:, 0], q[:, 1])

    def _saddle(
        self, right: FloatArray, m: FloatArray, level: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return x and y of Q x - m'y = right, m x = level, over the free variables."""
        solved = self.inverse @ np.column_stack([right, m.T])
        g, x_m = solved[:, : right.shape[1]], solved[:, right.shape[1] :]
        both, wanted = m @ x_m, level - m @ g
        try:
            multipliers = np.linalg.solve(both, wanted)
        except np.linalg.LinAlgError:  # more limits meet here than variables are free
            multipliers = np.linalg.lstsq(both, wanted, rcond=None)[0]
        y = np.asarray(multipliers, dtype=np.float64)
        return g + x_m @ y, y

    def violation(self, line: Line, mu: float) -> tuple[int, float]:
        """Return the variable whose bound is wrong by the largest gradient."""
        r = line.ra + mu * line.rd
        wrong = np.where(self.at == UPPER, r, -r)
        wrong[line.free] = 0.0
        wrong[self.fixed] = 0.0
        j = int(np.argmax(wrong))
        return j, float(wrong[j])

    @property
    def most_steps(self) -> int:
        """Steps after which a walk is taken to turn in circles."""
        return 20 * self.n + 1000

    def solve(self, mu: float) -> Line:
        """Move to the solution at one mu, from any point that keeps to the limits.

        Raises
        ------
        DataError
            If there is none: Q is not positive semi-definite.
        """
        tolerance = TOLERANCE * max(1.0, mu)
        for _ in range(self.most_steps):
            line = self.line()
            if self._step(line, mu):
                continue
            j, wrong = self.violation(line, mu)
            if wrong <= tolerance:
                return line
            self.release(j)
        raise indefinite()

    def _step(self, line: Line, mu: float) -> bool:
        """Move towards the solution on the free set; tell whether a bound was met."""
        goal = line.a + mu * line.d
        now = self.x[line.free]
        step = goal - now
        low, high = self.programme.low[line.free], self.programme.high[line.free]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (high - now) / step, (low - now) / step)
        room[np.abs(step) <= STILL * max(1.0, mu)] = np.inf
        position = int(np.argmin(room)) if room.size else 0
        if room.size == 0 or room[position] >= 1 - 1e-12:
            self.x[line.free] = goal
            return False
        self.x[line.free] = now + max(float(room[position]), 0.0) * step
        self.hold(position, UPPER if step[position] > 0 else LOWER)
        return True

    def next_event(self, line: Line, mu: float) -> tuple[float, int, int]:
        """Return the next mu below at which the set changes, and how.

        Returns
        -------
        mu, j, where
            Variable j goes to its bound `where`, or becomes free; mu = 0 and j = -1 if
            nothing changes any more.
        """
        low, high = self.programme.low[line.free], self.programme.high[line.free]
        with np.errstate(divide="ignore", invalid="ignore"):
            falls = np.where(line.d > STILL, (low - line.a) / line.d, -np.inf)
            rises = np.where(line.d < -STILL, (high - line.a) / line.d, -np.inf)
            enters = -line.ra / line.rd
        turns = np.where(self.at == UPPER, line.rd < 0, line.rd > 0) & ~self.fixed
        turns[line.free] = False
        enters = np.where(turns, enters, -np.inf)
        meets = np.fmax(falls, rises)
        out, into = int(np.argmax(meets)), int(np.argmax(enters))
        if max(meets[out], enters[into]) <= 0:
            return 0.0, -1, FREE
        if meets[out] >= enters[into]:
            where = LOWER if line.d[out] > 0 else UPPER
            return min(float(meets[out]), mu), out, where
        return min(float(enters[into]), mu), into, FREE


def indefinite() -> DataError:
    """Return the error of a matrix under which diversity could be negative."""
    return DataError(
        "the coancestry of the candidates is no coancestry: some contributions would "
        "have a negative one",
        where="diversity",
        remedy="use a coancestry from markers or a pedigree, unrounded",
    )


def _basis(
    programme: Programme,
    inside: IntArray,
    x: FloatArray,
) -> IntArray:
    """Return free variables over which the equalities have full rank.

    Those between their bounds come first, then the largest ones.
    """
    order = np.argsort(-x, kind="stable")
    moving = programme.low < programme.high
    order = np.concatenate([inside, order[~np.isin(order, inside) & moving[order]]])
    chosen: list[int] = inside.tolist()
    n_row = programme.rows.shape[0]
    rank = np.linalg.matrix_rank(programme.rows[:, chosen]) if chosen else 0
    for j in order[inside.size :].tolist():
        if rank == n_row:
            break
        more = np.linalg.matrix_rank(programme.rows[:, [*chosen, j]])
        if more > rank:
            chosen.append(j)
            rank = more
    return np.array(chosen, dtype=np.int64)
