"""The bound on group coancestry with the squares of whole uses taken exactly.

Of c'fc = c'Dc + c'(f - D)c the first part is a sum over parents, exact for whole
numbers of uses by one variable for each number; only the flatter rest is touched by
planes, so that each plane rules out many plans.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy

from meristem.records import FloatArray, IntArray

MOST_USES = 1200
"""Parents times uses up to which this form is the quicker one."""

INFEASIBLE = 2
"""What HiGHS says of a program without a solution."""

SHARE = 0.25
"""Of the time, that is spent on planes before whole numbers are asked for."""

_SWEEPS, _INVERSES, _STEP = 6, 8, 0.3
_LEVEL = 10.0  # added to all coancestries: the contributions add up to 1


@dataclass(frozen=True)
class Program:
    """An integer program over crosses, but for the group coancestry."""

    worth: FloatArray  # (n_cross,)
    uses: scipy.sparse.csr_array  # (n_parent, n_cross) uses of each parent
    limits: scipy.sparse.csr_array  # (n_limit, n_cross)
    most: FloatArray  # (n_limit,)
    low: FloatArray  # (n_cross,) 1 for forced crosses
    n_cross: int  # to be made
    least: float = -np.inf  # value of a plan that is known: only better ones are asked


def separable_part(coancestry: FloatArray) -> FloatArray:  # (n,)
    """Return a large diagonal D that leaves f - D positive where sums are fixed.

    Examples
    --------
    >>> f = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    >>> separable_part(f).round(2)
    array([0.5 , 0.47, 0.47])
    """
    n = coancestry.shape[0]
    raised = coancestry + _LEVEL + 1e-6 * np.eye(n)
    diagonal = np.zeros(n)
    for rows in np.array_split(np.tile(np.arange(n), _SWEEPS), _SWEEPS * _INVERSES):
        # rounding grows with every update of an inverse: a new one now and then
        taken = _taken(raised - np.diag(diagonal), rows)
        if taken is None:
            break
        diagonal += taken
    # rounding must not make a limit that is no limit: no more than f allows
    least = np.linalg.eigvalsh(raised - np.diag(diagonal))[0]
    return np.asarray(np.maximum(diagonal - 1e-6 + min(least, 0.0), 0.0))


def _taken(left: FloatArray, rows: IntArray) -> FloatArray | None:  # (n,)
    """Return what some rows give off their diagonal, None where rounding forbids it."""
    inverse = np.linalg.inv(left)
    taken = np.zeros(left.shape[0])
    for row in rows:
        own = inverse[row, row]
        if own <= 0:
            return None
        taken[row] += _STEP / own
        column = inverse[:, row].copy()
        inverse += np.outer(column, column) * (_STEP / own / (1 - _STEP))
    try:
        np.linalg.cholesky(left - np.diag(taken))
    except np.linalg.LinAlgError:
        return None
    return taken


def solve(
    program: Program,
    coancestry: FloatArray,  # (n_parent, n_parent)
    touched: list[FloatArray],  # of (n_parent,) contributions
    bound: float,
    *,
    close: float,
    seconds: float,
) -> tuple[IntArray | None, float, bool]:
    """Return the best crosses, the bound that is proven, and whether none are left.

    The plan may be beyond the bound on coancestry: touch it, and solve again.

    Parameters
    ----------
    program
        Crosses and limits.
    coancestry
        Of the parents.
    touched
        Contributions at which planes touch c'(f - D)c.
    bound
        On c'fc.
    close
        Relative gap at which the search may stop.
    seconds
        Of the search.
    """
    form = _Form(program, coancestry, bound)
    asked, low, high = form.limits, form.low, form.high
    begun = time.process_time()
    while time.process_time() - begun < SHARE * seconds:
        # planes where the relaxed programme goes beyond the bound raise no hopes later
        c = form.relaxed(touched)
        if c is None:
            break
        touched.append(c)
    planes, right = form.planes(touched)
    asked = [*asked, scipy.optimize.LinearConstraint(planes, -np.inf, right)]
    if np.isfinite(program.least):
        better = scipy.optimize.LinearConstraint(
            form.cost[None], -np.inf, -program.least
        )
        asked.append(better)
    seconds = max(seconds - (time.process_time() - begun), 0.1)
    found = scipy.optimize.milp(
        form.cost,
        constraints=asked,
        integrality=form.whole,
        bounds=scipy.optimize.Bounds(low, high),
        options={"mip_rel_gap": close, "time_limit": seconds},
    )
    if found.x is None:
        empty = found.status == INFEASIBLE
        return None, -np.inf if empty else np.inf, empty
    return (
        np.flatnonzero(found.x[: program.worth.size] > 0.5),
        -float(found.mip_dual_bound),
        False,
    )


class _Form:
    """Variables: crosses, one for each number of uses of each parent, and the uses."""

    def __init__(self, program: Program, coancestry: FloatArray, bound: float) -> None:
        self.program, self.scale = program, 2 * program.n_cross
        n_parent, n_cross = program.uses.shape
        most = int(min(program.n_cross, program.most[:n_parent].max()))
        diagonal = separable_part(coancestry)
        self.rest = coancestry + _LEVEL - np.diag(diagonal)
        self.bound = bound + _LEVEL
        times = np.arange(1.0, most + 1)
        square = np.repeat(diagonal, most) * np.tile(times**2, n_parent)
        self.square = square / self.scale**2
        n_use = n_parent * most
        n_beside = n_use + n_parent
        self.cost = np.concatenate([-program.worth, np.zeros(n_beside)])
        self.whole = np.repeat([1, 0], [n_cross + n_use, n_parent])
        self.low = np.concatenate([program.low, np.zeros(n_beside)])
        self.high = np.repeat([1.0, float(most)], [n_cross + n_use, n_parent])
        eye = scipy.sparse.eye_array(n_parent)
        used = scipy.sparse.kron(eye, times[None])
        once = scipy.sparse.kron(eye, np.ones((1, most)))
        none = scipy.sparse.csr_array((n_parent, n_cross))
        none_used = scipy.sparse.csr_array((n_parent, n_parent))
        beside = scipy.sparse.csr_array((program.limits.shape[0], n_beside))
        equal = scipy.sparse.block_array(
            [[program.uses, None, -eye], [None, used, -eye]], format="csr"
        )
        total = np.repeat([1.0, 0.0], [n_cross, n_beside])[None]
        at_most = scipy.sparse.vstack(
            [
                scipy.sparse.hstack([none, once, none_used], format="csr"),
                scipy.sparse.hstack([program.limits, beside], format="csr"),
            ],
            format="csr",
        )
        most_of = np.concatenate([np.ones(n_parent), program.most])
        self._equal = scipy.sparse.vstack([equal, total], format="csr")
        self._level = np.concatenate([np.zeros(2 * n_parent), [program.n_cross]])
        self._at_most, self._most = at_most, most_of
        self.limits = [
            scipy.optimize.LinearConstraint(self._equal, self._level, self._level),
            scipy.optimize.LinearConstraint(at_most, -np.inf, most_of),
        ]

    def planes(
        self, touched: list[FloatArray]
    ) -> tuple[scipy.sparse.csr_array, FloatArray]:
        """Return the rows of planes that touch c'(f - D)c, and their right sides."""
        points = np.stack(touched)
        flat = points @ self.rest  # (n_touched, n_parent)
        right = self.bound + np.sum(flat * points, axis=1)
        rows = [
            scipy.sparse.csr_array((len(touched), self.program.worth.size)),
            np.tile(self.square, (len(touched), 1)),
            2 * flat / self.scale,
        ]
        return scipy.sparse.hstack(rows, format="csr"), right

    def relaxed(self, touched: list[FloatArray]) -> FloatArray | None:  # (n_parent,)
        """Return the relaxed contributions; None where no plane would move them."""
        matrix, most = self._at_most, self._most
        if touched:
            planes, right = self.planes(touched)
            matrix = scipy.sparse.vstack([matrix, planes], format="csr")
            most = np.concatenate([most, right])
        found = scipy.optimize.linprog(
            self.cost,
            A_ub=matrix,
            b_ub=most,
            A_eq=self._equal,
            b_eq=self._level,
            bounds=np.column_stack([self.low, self.high]),
            method="highs",
        )
        if found.status != 0:
            return None
        n_parent, n_cross = self.program.uses.shape
        c = found.x[-n_parent:] / self.scale
        own = float(self.square @ found.x[n_cross:-n_parent])
        beyond = own + float(c @ self.rest @ c) - self.bound
        return c if beyond > 1e-6 * (self.bound - _LEVEL) else None
