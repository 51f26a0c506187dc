"""The sorted list: take the best cross that the limits still allow."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, IntArray
from meristem.select.mating.limits import MatingLimits, is_one_of
from meristem.select.records import Crosses


def greedy_plan(
    crosses: Crosses,
    limits: MatingLimits,
    n_sample: int,
    coancestry: FloatArray | None = None,  # (n_sample, n_sample)
) -> IntArray | None:  # (n_cross,)
    """Return the crosses of the sorted list; None where it ends without a plan.

    What breeding software does; a plan of `allocation.plan_matings` is never worth
    less. The list knows no bound on the group coancestry: a plan beyond it is none.

    Parameters
    ----------
    crosses
        Allowed crosses; the list is sorted by usefulness.
    limits
        What the plan keeps to.
    n_sample
        Candidates.
    coancestry
        Of the candidates.
    """
    first, second = crosses.first.tolist(), crosses.second.tolist()
    forced = is_one_of(crosses, limits.forced)
    order = np.lexsort([-crosses.usefulness, ~forced])
    most = limits.n_cross if limits.max_uses is None else limits.max_uses
    uses = np.zeros(n_sample, dtype=np.int64)
    borne = np.zeros(n_sample, dtype=np.int64)
    chosen: list[int] = []
    for position in order.tolist():
        one, two = first[position], second[position]
        if uses[one] >= most or uses[two] >= most:
            continue
        seed = one if limits.pool is None or limits.pool[one] == 0 else two
        if limits.seeds is not None and borne[seed] >= limits.seeds[seed]:
            continue
        fresh = int(uses[one] == 0) + int(uses[two] == 0)
        if (
            limits.max_parents is not None
            and (uses > 0).sum() + fresh > limits.max_parents
        ):
            continue
        uses[[one, two]] += 1
        borne[seed] += 1
        chosen.append(position)
        if len(chosen) == limits.n_cross:
            break
    lost = int(forced.sum()) - int(forced[np.array(chosen, dtype=np.int64)].sum())
    if lost or not _keeps(np.array(chosen), uses, limits, coancestry):
        return None
    return np.array(chosen, dtype=np.int64)


def _keeps(
    chosen: IntArray,
    uses: IntArray,
    limits: MatingLimits,
    coancestry: FloatArray | None,
) -> bool:
    if chosen.size < limits.n_cross:
        return False
    if limits.min_uses > 1 and uses[uses > 0].min() < limits.min_uses:
        return False
    if limits.max_coancestry is None or coancestry is None:
        return True
    c = uses / uses.sum()
    return bool(c @ coancestry @ c <= limits.max_coancestry * (1 + 1e-9))
