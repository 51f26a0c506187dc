"""Swaps of single crosses: bring a plan to its bound, then make it better."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray
from meristem.select.mating.limits import MatingLimits, is_one_of
from meristem.select.records import Crosses

MOST_SWAPS = 400


def improve_plan(
    crosses: Crosses,
    chosen: IntArray,  # (n_cross,) positions
    beside: IntArray,  # (n_beside,) positions that may come in
    limits: MatingLimits,
    coancestry: FloatArray,  # (n_sample, n_sample)
) -> IntArray | None:  # (n_cross,)
    """Return a plan that no swap of one cross makes better; None beyond the bound.

    While the group coancestry is above its bound, the swap is taken that costs least
    per step towards it; then the one that gains most. The other limits are kept from
    the start: uses, seeds, forced crosses.

    Parameters
    ----------
    crosses
        Allowed crosses.
    chosen
        A plan that keeps to all limits but the group coancestry.
    beside
        Crosses worth a try.
    limits
        Without minimum uses and number of parents, which swaps could break.
    coancestry
        Of the candidates.
    """
    most = np.inf if limits.max_coancestry is None else limits.max_coancestry
    plan, n = chosen.copy(), coancestry.shape[0]
    first, second, worth = crosses.first, crosses.second, crosses.usefulness
    fixed = is_one_of(crosses, limits.forced)
    step = 1 / (2 * plan.size)
    for _ in range(MOST_SWAPS):
        uses = np.bincount(first[plan], minlength=n)
        uses += np.bincount(second[plan], minlength=n)
        c = uses * step
        fc = coancestry @ c
        theta = float(c @ fc)
        into = beside[~np.isin(beside, plan)]
        best: tuple[float, int, int] | None = None
        for place, out in enumerate(plan.tolist()):
            if fixed[out] or not into.size:
                continue
            fits = _fits(crosses, limits, uses, plan, out, into)
            change = _change(coancestry, fc, step, (first, second), out, into)
            gained = worth[into] - worth[out]
            after = theta + change
            if theta > most * (1 + 1e-9):
                nearer = theta - np.maximum(after, most)
                score = np.where(
                    nearer > 1e-15, gained / np.maximum(nearer, 1e-15), -np.inf
                )
            else:
                score = np.where(after <= most * (1 + 1e-9), gained, -np.inf)
                score = np.where(score > 1e-12, score, -np.inf)
            score[~fits] = -np.inf
            k = int(np.argmax(score))
            if np.isfinite(score[k]) and (best is None or score[k] > best[0]):
                best = float(score[k]), place, int(into[k])
        if best is None:
            return plan if theta <= most * (1 + 1e-9) else None
        plan[best[1]] = best[2]
    return None if theta > most * (1 + 1e-9) else plan


def _fits(
    crosses: Crosses,
    limits: MatingLimits,
    uses: IntArray,
    plan: IntArray,
    out: int,
    into: IntArray,
) -> np.ndarray:  # (n_into,)
    """Tell which crosses may take the place of one of the plan."""
    first, second = crosses.first, crosses.second
    fits = np.ones(into.size, dtype=bool)
    if limits.max_uses is not None:
        left = uses.copy()
        left[[first[out], second[out]]] -= 1
        fits &= (left[first[into]] < limits.max_uses) & (
            left[second[into]] < limits.max_uses
        )
    if limits.seeds is not None:
        borne = np.bincount(_seed(crosses, limits, plan), minlength=uses.size)
        borne[_seed(crosses, limits, np.array([out]))] -= 1
        seed = _seed(crosses, limits, into)
        fits &= borne[seed] < limits.seeds[seed]
    return fits


def _seed(crosses: Crosses, limits: MatingLimits, rows: IntArray) -> IntArray:
    first, second = crosses.first[rows], crosses.second[rows]
    if limits.pool is None:
        return first
    return np.where(limits.pool[first] == 0, first, second)


def _change(
    f: FloatArray,
    fc: FloatArray,
    step: float,
    pair: tuple[IntArray, IntArray],
    out: int,
    into: IntArray,
) -> FloatArray:  # (n_into,)
    """Return the change of c'fc when one cross takes the place of another."""
    first, second = pair
    a, b, p, q = first[into], second[into], first[out], second[out]
    linear = fc[a] + fc[b] - fc[p] - fc[q]
    own = f[a, a] + f[b, b] + f[p, p] + f[q, q] + 2 * (f[a, b] + f[p, q])
    cross = f[a, p] + f[a, q] + f[b, p] + f[b, q]
    return 2 * step * linear + step * step * (own - 2 * cross)
