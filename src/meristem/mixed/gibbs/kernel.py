"""One pass over a block of markers: the inner loop of every marker sampler.

The effect of marker j in column c (a chain, or a chain of one fold) has a mixture of
normal distributions with mean zero as its prior. With c_k = x'x + s_e / v_k, component
k has the log weight `level_k + rhs^2 / (2 s_e c_k)` and the effect given k is
N(rhs / c_k, s_e / c_k); a component of variance zero has 1 / c_k = 0.

Compiled where numba is installed (the extra `bayes`), else NumPy over columns. Both
take their random numbers from the caller, so that they draw the same effects.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Single = NDArray[np.float32]

Drawn = tuple[Single, NDArray[np.int8], Single]
Terms = tuple[Single, Single, Single, Single]
SweepBlock = Callable[
    [Single, Single, NDArray[np.int64], Drawn, Terms, tuple[Single, Single]], None
]


def sweep_columns(
    right: Single,  # (n_column, width) x' residual; used up
    gram: Single,  # (n_fit, width, width) X' X
    fit: NDArray[np.int64],  # (n_column,)
    drawn: Drawn,
    terms: Terms,
    random: tuple[Single, Single],
) -> None:
    """Draw the effects of a block of markers, one marker after the other.

    The NumPy twin of `sweep_block()`; columns are drawn together.

    Parameters
    ----------
    right, gram, fit
        Products of the markers with the residual of every column, with each other for
        every pattern of rows, and the pattern of every column.
    drawn
        Effect, component and change (new minus old effect), each (n_column, width):
        written.
    terms
        Level, 1 / c and standard deviation of every component, each (n_component,
        n_column, width), and 1 / (2 s_e) of every column.
    random
        Normal and uniform numbers, each (n_column, width); the latter are not used
        with one component.
    """
    effect, component, change = drawn
    level, shrink, spread, half = terms
    normal, uniform = random
    n_component, n_column, width = level.shape
    every = np.arange(n_column)
    for j in range(width):
        old = effect[:, j].copy()
        rhs = right[:, j] + gram[fit, j, j] * old
        chosen = np.zeros(n_column, dtype=np.int64)
        if n_component > 1:
            score = level[:, :, j] + rhs**2 * shrink[:, :, j] * half
            weight = np.exp(score - score.max(axis=0))
            passed = np.cumsum(weight, axis=0) < uniform[:, j] * weight.sum(axis=0)
            chosen = np.minimum(passed.sum(axis=0), n_component - 1)
        new = rhs * shrink[chosen, every, j] + spread[chosen, every, j] * normal[:, j]
        step = new - old
        right -= step[:, None] * gram[fit, j]
        effect[:, j], component[:, j], change[:, j] = new, chosen, step


@cache
def sweep_block() -> SweepBlock:
    """Return the compiled loop, or `sweep_columns` where numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return sweep_columns
    numba = importlib.import_module("numba")
    # fastmath reorders sums: the result is that of sweep_columns to rounding
    compiled: SweepBlock = numba.njit(fastmath=True, cache=True)(_sweep)
    return compiled


def _sweep(
    right: Single,
    gram: Single,
    fit: NDArray[np.int64],
    drawn: Drawn,
    terms: Terms,
    random: tuple[Single, Single],
) -> None:
    effect, component, change = drawn
    level, shrink, spread, half = terms
    normal, uniform = random
    n_component, n_column, width = level.shape
    score = np.empty(n_component, dtype=np.float32)
    for c in range(n_column):
        block, own = gram[fit[c]], right[c]
        for j in range(width):
            old = effect[c, j]
            row = block[j]
            rhs = own[j] + row[j] * old
            chosen = 0
            if n_component > 1:
                top = np.float32(-3e38)
                for k in range(n_component):
                    score[k] = level[k, c, j] + rhs * rhs * shrink[k, c, j] * half[c]
                    top = max(top, score[k])
                total = np.float32(0.0)
                for k in range(n_component):
                    total += np.exp(score[k] - top)
                    score[k] = total
                bound = uniform[c, j] * total
                while chosen < n_component - 1 and score[chosen] < bound:
                    chosen += 1
            new = rhs * shrink[chosen, c, j] + spread[chosen, c, j] * normal[c, j]
            step = new - old
            if step != 0:
                # from 0 on: what lies behind is read no more, and this is vectorised
                for k in range(width):
                    own[k] -= step * row[k]
            effect[c, j] = new
            component[c, j] = chosen
            change[c, j] = step
