"""The mating plan: which crosses, by an integer program with a proven gap.

Maximise the sum of the values of n crosses under the limits on parents. All crosses
are priced: those whose reduced cost says that they cannot enter a better plan are left
out of the integer program, and the bound holds for all. Group coancestry c'fc is
convex, so that every plane that touches it is a valid limit; planes are added until
the plan keeps to the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.records import FloatArray, IntArray
from meristem.select.mating.greedy import greedy_plan
from meristem.select.mating.limits import MatingLimits, allowed_crosses
from meristem.select.mating.search import Search
from meristem.select.records import Crosses


@dataclass(frozen=True)
class MatingPlan:
    """Chosen crosses, what they are worth, and how much better a plan could be."""

    crosses: Crosses
    value: float  # sum over the crosses
    bound: float  # no plan under these limits is worth more
    gap: float  # (bound - value) / (bound - value of as many average crosses)
    greedy: float  # the sum of the sorted list; NaN where it finds no plan
    coancestry: float  # c'fc; NaN without a coancestry
    n_allowed: int  # crosses that could have been chosen
    n_priced: int  # of them in the integer program; the others cannot enter


def plan_matings(
    crosses: Crosses,
    limits: MatingLimits,
    n_sample: int,
    coancestry: FloatArray | None = None,  # (n_sample, n_sample)
    *,
    value: FloatArray | None = None,  # (n_cross,) default: usefulness
    max_gap: float = 1e-3,
    seconds: float = 10.0,
) -> MatingPlan:
    """Return the most valuable plan of crosses, with the gap that is proven.

    Parameters
    ----------
    crosses
        Every possible cross, each pair once.
    limits
        What the plan keeps to.
    n_sample
        Candidates.
    coancestry
        Of the candidates; needed by the limits on kinship and group coancestry.
    value
        What a cross is worth; default: its usefulness.
    max_gap
        The search ends once this is proven.
    seconds
        It ends after about this CPU time too; the gap reached is told.

    Raises
    ------
    ConfigError
        If no plan keeps to the limits.

    References
    ----------
    HiGHS: Huangfu & Hall 2018, Math Prog Comp 10:119. Planes of convex limits: Kelley
    1960, J Soc Ind Appl Math 8:703.

    Examples
    --------
    A matching where the sorted list takes the best cross and then the worst:

    >>> pair = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    >>> value = np.array([10.0, 9.0, 9.0, 1.0])
    >>> crosses = Crosses(*pair, value, np.zeros(4), value, "DH")
    >>> plan = plan_matings(crosses, MatingLimits(2, max_uses=1), 4)
    >>> plan.value, plan.greedy, plan.gap
    (18.0, 11.0, 0.0)
    """
    worth = crosses.usefulness if value is None else value
    named = Crosses(
        crosses.first, crosses.second, crosses.mean, crosses.sd, worth, crosses.kind
    )
    place = np.arange(crosses.n_cross)
    allowed = allowed_crosses(named, limits, coancestry)
    kept = np.isin(
        place_of(named, n_sample), place_of(allowed, n_sample), assume_unique=True
    )
    search = Search(allowed, limits, n_sample, coancestry, max_gap, seconds)
    chosen, bound = search.run()
    taken = crosses.take(place[kept][chosen])
    total = float(allowed.usefulness[chosen].sum())
    bound = max(bound, total)
    average = limits.n_cross * float(allowed.usefulness.mean())
    room = bound - average
    greedy = greedy_plan(allowed, limits, n_sample, coancestry)
    return MatingPlan(
        taken,
        total,
        bound,
        (bound - total) / room if room > 1e-12 else 0.0,
        float(allowed.usefulness[greedy].sum()) if greedy is not None else np.nan,
        np.nan if coancestry is None else search.group(chosen),
        allowed.n_cross,
        search.n_priced,
    )


def place_of(crosses: Crosses, n_sample: int) -> IntArray:  # (n_cross,)
    """Return a number for every pair, whatever its order."""
    low = np.minimum(crosses.first, crosses.second)
    return low * n_sample + np.maximum(crosses.first, crosses.second)
