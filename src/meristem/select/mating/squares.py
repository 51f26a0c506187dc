"""The bound on group coancestry with the squares of whole uses taken exactly.

Of c'fc = c'Dc + c'(f - D)c the first part is a sum over parents, exact for whole
numbers of uses by one variable for each number; only the flatter rest is touched by
planes, so that each plane rules out many plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from meristem.records import FloatArray, IntArray

MOST_USES = 600
"""Parents times uses up to which this form is the quicker one."""

INFEASIBLE = 2
"""What HiGHS says of a program without a solution."""

_SWEEPS, _STEP = 6, 0.3
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
    inverse = np.linalg.inv(raised)
    diagonal = np.zeros(n)
    for _ in range(_SWEEPS):
        for row in range(n):
            step = _STEP / inverse[row, row]
            diagonal[row] += step
            column = inverse[:, row].copy()
            inverse += np.outer(column, column) * (step / (1 - _STEP))
    # rounding must not make a limit that is no limit: no more than f allows
    least = np.linalg.eigvalsh(raised - np.diag(diagonal))[0]
    return np.asarray(np.maximum(diagonal - 1e-6 + min(least, 0.0), 0.0))


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
    scale = 2 * program.n_cross
    n_parent, n_cross = program.uses.shape
    most = int(min(program.n_cross, program.most[:n_parent].max()))
    diagonal = separable_part(coancestry)
    rest = coancestry + _LEVEL - np.diag(diagonal)
    times = np.arange(1.0, most + 1)  # a parent is used so often: a variable for each
    square = np.repeat(diagonal, most) * np.tile(times**2, n_parent) / scale**2
    eye = scipy.sparse.eye_array(n_parent)
    used = scipy.sparse.kron(eye, times[None])
    once = scipy.sparse.kron(eye, np.ones((1, most)))
    none = scipy.sparse.csr_array((n_parent, n_cross))
    none_used = scipy.sparse.csr_array((n_parent, n_parent))
    flat = np.stack(touched) @ rest  # (n_touched, n_parent)
    right = bound + _LEVEL + np.sum(flat * np.stack(touched), axis=1)
    n_use = n_parent * most
    n_beside = n_use + n_parent
    planes = scipy.sparse.hstack(
        [
            scipy.sparse.csr_array((len(touched), n_cross)),
            np.tile(square, (len(touched), 1)),
            2 * flat / scale,
        ],
        format="csr",
    )
    beside = scipy.sparse.csr_array((program.limits.shape[0], n_beside))
    asked = [
        scipy.optimize.LinearConstraint(made, low, high)
        for made, low, high in (
            (
                scipy.sparse.block_array(
                    [[program.uses, None, -eye], [None, used, -eye]], format="csr"
                ),
                0,
                0,
            ),
            (scipy.sparse.hstack([none, once, none_used], format="csr"), 0, 1),
            (
                scipy.sparse.hstack([program.limits, beside], format="csr"),
                -np.inf,
                program.most,
            ),
            (
                np.repeat([1.0, 0.0], [n_cross, n_beside])[None],
                program.n_cross,
                program.n_cross,
            ),
            (planes, -np.inf, right),
        )
    ]
    found = scipy.optimize.milp(
        np.concatenate([-program.worth, np.zeros(n_beside)]),
        constraints=asked,
        integrality=np.repeat([1, 0], [n_cross + n_use, n_parent]),
        bounds=scipy.optimize.Bounds(
            np.concatenate([program.low, np.zeros(n_beside)]),
            np.repeat([1.0, float(most)], [n_cross + n_use, n_parent]),
        ),
        options={"mip_rel_gap": close, "time_limit": seconds},
    )
    if found.x is None:
        empty = found.status == INFEASIBLE
        return None, -np.inf if empty else np.inf, empty
    return (
        np.flatnonzero(found.x[:n_cross] > 0.5),
        -float(found.mip_dual_bound),
        False,
    )
