"""Swaps of single crosses: bring a plan to its bound, then make it better."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray
from meristem.select.mating.limits import MatingLimits, is_one_of
from meristem.select.records import Crosses

MOST_SWAPS = 400

MOST_PAIRED = 500
"""Swaps, the most promising at a price of coancestry, that are tried in pairs."""


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


def lowest_coancestry(
    crosses: Crosses,
    chosen: IntArray,  # (n_cross,) positions
    beside: IntArray,  # (n_beside,)
    limits: MatingLimits,
    coancestry: FloatArray,  # (n_sample, n_sample)
) -> float:
    """Return the group coancestry at which no swap of one cross lowers it."""
    plan, n = chosen.copy(), coancestry.shape[0]
    first, second = crosses.first, crosses.second
    fixed, step = is_one_of(crosses, limits.forced), 1 / (2 * plan.size)
    theta = 0.0
    for _ in range(MOST_SWAPS):
        uses = np.bincount(first[plan], minlength=n)
        uses += np.bincount(second[plan], minlength=n)
        fc = coancestry @ (uses * step)
        theta = float(uses @ fc * step)
        into = beside[~np.isin(beside, plan)]
        best = -1e-12, -1, -1
        for place, out in enumerate(plan.tolist()):
            if fixed[out] or not into.size:
                continue
            change = _change(coancestry, fc, step, (first, second), out, into)
            change[~_fits(crosses, limits, uses, plan, out, into)] = np.inf
            k = int(np.argmin(change))
            best = min(best, (float(change[k]), place, int(into[k])))
        if best[1] < 0:
            break
        plan[best[1]] = best[2]
    return theta


def improve_by_pairs(
    crosses: Crosses,
    plan: IntArray,  # (n_cross,) within the bound
    beside: IntArray,  # (n_beside,)
    limits: MatingLimits,
    coancestry: FloatArray,  # (n_sample, n_sample)
    price: float,
) -> IntArray:  # (n_cross,)
    """Return a plan that no two swaps at once make better, of the most promising.

    One swap may go beyond the bound, or lose value, where the other makes up for it.

    Parameters
    ----------
    crosses, plan, beside, limits, coancestry
        As in `improve_plan`.
    price
        Value of a plan per unit of group coancestry: what makes a swap promising.
    """
    if limits.max_coancestry is None:
        return plan
    for _ in range(MOST_SWAPS):
        better = _best_pair(crosses, plan, beside, limits, coancestry, price)
        if better is None:
            return plan
        polished = improve_plan(crosses, better, beside, limits, coancestry)
        plan = better if polished is None else polished
    return plan


def _best_pair(
    crosses: Crosses,
    plan: IntArray,
    beside: IntArray,
    limits: MatingLimits,
    f: FloatArray,
    price: float,
) -> IntArray | None:
    """Return the plan after the two swaps that gain most; None if none do."""
    first, second, worth = crosses.first, crosses.second, crosses.usefulness
    n, step = f.shape[0], 1 / (2 * plan.size)
    uses = np.bincount(first[plan], minlength=n) + np.bincount(
        second[plan], minlength=n
    )
    c = uses * step
    fc = f @ c
    room = float(limits.max_coancestry or np.inf) * (1 + 1e-9) - float(c @ fc)
    into = beside[~np.isin(beside, plan)]
    fixed = is_one_of(crosses, limits.forced)
    outs, ins, gains, changes = [], [], [], []
    for place, out in enumerate(plan.tolist()):
        if fixed[out]:
            continue
        change = _change(f, fc, step, (first, second), out, into)
        gained = worth[into] - worth[out]
        score = gained - price * change
        near = np.argsort(-score)[: max(MOST_PAIRED // plan.size * 4, 20)]
        outs.append(np.full(near.size, place))
        ins.append(into[near])
        gains.append(gained[near])
        changes.append(change[near])
    if not outs:
        return None
    out, inn, gain, change = (np.concatenate(x) for x in (outs, ins, gains, changes))
    kept = np.argsort(-(gain - price * change))[:MOST_PAIRED]
    out, inn, gain, change = out[kept], inn[kept], gain[kept], change[kept]
    moved = np.zeros((kept.size, n))  # of the uses
    rows = np.arange(kept.size)
    for side in (first, second):
        np.add.at(moved, (rows, side[inn]), 1.0)
        np.add.at(moved, (rows, side[plan[out]]), -1.0)
    together = change[:, None] + change + 2 * step**2 * (moved @ f @ moved.T)
    value = gain[:, None] + gain
    allowed = (together <= room) & (value > 1e-12)
    allowed &= (out[:, None] != out) & (inn[:, None] != inn)
    one, two = np.nonzero(np.triu(allowed, 1))
    for k in np.argsort(-value[one, two])[:200].tolist():
        a, b = int(one[k]), int(two[k])
        made = plan.copy()
        made[[out[a], out[b]]] = inn[[a, b]]
        if _keeps_uses(crosses, limits, made, n):
            return made
    return None


def _keeps_uses(crosses: Crosses, limits: MatingLimits, plan: IntArray, n: int) -> bool:
    """Tell whether uses and seeds of a plan are within their limits."""
    both = np.concatenate([crosses.first[plan], crosses.second[plan]])
    if limits.max_uses is not None:
        if np.bincount(both, minlength=n).max() > limits.max_uses:
            return False
    if limits.seeds is not None:
        borne = np.bincount(_seed(crosses, limits, plan), minlength=n)
        return bool((borne <= limits.seeds).all())
    return True


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
