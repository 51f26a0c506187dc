"""The search for a mating plan: linear programs with pricing, then integer programs."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import scipy

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.select.mating.columns import FIRST, first_columns
from meristem.select.mating.greedy import greedy_plan
from meristem.select.mating.limits import MatingLimits, is_one_of
from meristem.select.mating.rows import (
    over_crosses,
    parents_used,
    seed_parents,
    use_counts,
)
from meristem.select.mating.squares import INFEASIBLE, MOST_USES, Program, solve
from meristem.select.mating.swaps import (
    improve_by_pairs,
    improve_plan,
    lowest_coancestry,
)
from meristem.select.records import Crosses

NEAR = 0.004
"""Crosses that lower the relaxed optimum by less than this share of the gain are in
the first integer program; a plan with another one is worse by more."""

WIDER = 6.0
"""Factor by which the share grows where the gap is not closed."""

MOST_TOUCHED = 40
"""Planes, the latest, of the program that takes squares of uses exactly."""

ROUNDS = 60
"""Most rounds of columns, and of planes on the group coancestry."""


class Search:
    """Linear programs with pricing, then integer programs with planes."""

    def __init__(
        self,
        crosses: Crosses,
        limits: MatingLimits,
        n_sample: int,
        coancestry: FloatArray | None,
        max_gap: float,
        seconds: float,
    ) -> None:
        self.crosses, self.limits, self.n = crosses, limits, n_sample
        self.kinship = np.zeros((n_sample,) * 2) if coancestry is None else coancestry
        self.most = limits.max_coancestry
        self.max_gap, self.seconds = max_gap, seconds
        self.forced = is_one_of(crosses, limits.forced)
        self.worth = crosses.usefulness
        self.planes: list[tuple[FloatArray, float]] = []  # per parent, right side
        self.touched: list[FloatArray] = []  # contributions that planes touch
        self.active = np.zeros(0, dtype=bool)  # planes that bear on the relaxed plan
        self.n_priced = crosses.n_cross
        self.inner: FloatArray | None = None  # contributions that keep to the bound
        self.price = 0.0  # value of a plan per unit of group coancestry

    def uses(self, chosen: IntArray, x: FloatArray | None = None) -> FloatArray:
        """Return how often each parent is used."""
        weight = np.ones(chosen.size) if x is None else x
        both = np.concatenate([self.crosses.first[chosen], self.crosses.second[chosen]])
        uses = np.bincount(both, np.concatenate([weight, weight]), minlength=self.n)
        return np.asarray(uses, dtype=np.float64)

    def group(self, chosen: IntArray) -> float:
        """Return c'fc of a plan."""
        c = self.uses(chosen) / (2 * chosen.size)
        used = np.flatnonzero(c)
        return float(c[used] @ self.kinship[np.ix_(used, used)] @ c[used])

    def run(self) -> tuple[IntArray, float]:
        """Return positions of the chosen crosses, and the bound."""
        end = time.process_time() + self.seconds
        first = first_columns(self.crosses, self.n)
        first = np.union1d(first, np.flatnonzero(self.forced))
        best = self._start(first, reach=True)
        if best is not None:
            self.inner = self.uses(best) / (2 * best.size)
        columns, price, relaxed = self._relaxed(first)
        best, bound = self._better(best, self._start(columns)), relaxed
        share = self._share(best, relaxed)
        if self._is_small(self._near(columns, price, relaxed, share)[0]):
            best, bound = self._by_squares((columns, price, relaxed), best, end)
        best, bound = self._by_planes((columns, price, relaxed), best, bound, end)
        if best is None:
            raise self._none_found(columns)
        return best, bound

    def _none_found(self, columns: IntArray) -> ConfigError:
        """Return the error of limits that no plan keeps to, with what is in reach."""
        said, most = "no plan of crosses was found that keeps to all limits", self.most
        remedy = "ask for fewer crosses, raise max_uses, max_parents or max_kinship"
        free = replace(self.limits, max_coancestry=None)
        start = None if most is None else greedy_plan(self.crosses, free, self.n)
        if start is not None and most is not None:
            some = columns[:FIRST]
            least = lowest_coancestry(self.crosses, start, some, free, self.kinship)
            if least > most:
                said = (
                    f"a group coancestry of {most:.5g} was not reached by "
                    f"{self.limits.n_cross} crosses under these limits: the smallest "
                    f"one found is {least:.5g}"
                )
                remedy = (
                    "allow a larger group coancestry (or a smaller Ne), make more "
                    "crosses, of more parents, or give more seconds"
                )
        return ConfigError(
            said,
            where="crosses",
            remedy=remedy,
        )

    def _by_planes(
        self,
        relaxed: tuple[IntArray, FloatArray, float],
        best: IntArray | None,
        bound: float,
        end: float,
    ) -> tuple[IntArray | None, float]:
        """Return a better plan, and the bound, by planes on the group coancestry."""
        most = self.most
        target, near = most, self._share(best, relaxed[2])
        while (left := end - time.process_time()) > 0:
            if best is not None and self._gap(best, bound) <= self.max_gap:
                break
            taken, beyond = self._near(*relaxed, near)
            found, proven = self._integer(taken, target, max(left / 3, 1.0))
            self.n_priced = taken.size
            if target == most:
                bound = min(bound, max(proven, beyond))
            if found is None or most is None or target is None:
                best = self._better(best, found)
                if near > 1:
                    break
                near *= WIDER  # more crosses: a better plan, or a better bound
                continue
            best = self._better(best, self._swapped(found, taken))
            theta = self.group(found)
            if theta <= most * (1 + 1e-9):
                best = self._better(best, found)
                if target == most:
                    if near > 1:
                        break
                    near *= WIDER
                middle = (target + most) / 2
                target = most if most - middle < 1e-4 * most else middle
            else:
                # the plane cuts off this plan; aim lower for one that keeps to it
                self._touch(self.uses(found) / (2 * found.size), most)
                target = min(target, most) - 0.7 * (theta - most)
        return best, bound

    def _share(self, best: IntArray | None, relaxed: float) -> float:
        """Return how near to the relaxed optimum crosses of a better plan can be."""
        return NEAR if best is None else min(NEAR, self._gap(best, relaxed) + 1e-9)

    def _is_small(self, taken: IntArray) -> bool:
        """Tell whether squares of uses can be taken exactly."""
        limits = self.limits
        if self.most is None or limits.min_uses > 1 or limits.max_parents is not None:
            return False
        parents = np.unique(
            np.concatenate([self.crosses.first[taken], self.crosses.second[taken]])
        )
        most = limits.n_cross if limits.max_uses is None else limits.max_uses
        return parents.size * most <= MOST_USES

    def _by_squares(
        self,
        relaxed: tuple[IntArray, FloatArray, float],
        best: IntArray | None,
        end: float,
    ) -> tuple[IntArray | None, float]:
        """Return the plan and the bound with the squares of uses taken exactly."""
        most, bound = self.most or 0.0, relaxed[2]
        taken, beyond = self._near(*relaxed, self._share(best, bound))
        if best is not None:
            self.touched.append(self.uses(best) / (2 * best.size))
        start, wall = time.process_time(), time.monotonic()
        while (left := end - time.process_time()) > 0:
            if best is not None and self._gap(best, bound) <= self.max_gap:
                break
            # the solver counts time by the clock, which runs on while others compute
            spent = max(time.process_time() - start, 0.1)
            pace = max((time.monotonic() - wall) / spent, 1.0)
            least = -np.inf if best is None else self._value(best)
            found, proven, empty = self._with_squares(taken, most, least, left * pace)
            self.n_priced = taken.size
            bound = min(bound, max(proven, beyond))
            if found is not None:
                best = self._better(best, self._swapped(found, taken))
                if self.group(found) <= most * (1 + 1e-9):
                    best = self._better(best, found)
                self.touched.append(self.uses(found) / (2 * found.size))
            elif not empty or best is None:
                break
            if best is not None and proven <= beyond:
                # as many crosses as could still be in a better plan
                near = self._gap(best, relaxed[2]) + 1e-9
                wider = self._near(*relaxed, near)
                if wider[0].size <= taken.size or not self._is_small(wider[0]):
                    break
                taken, beyond = wider
        return best, bound

    def _with_squares(
        self, taken: IntArray, most: float, least: float, seconds: float
    ) -> tuple[IntArray | None, float, bool]:
        first, second = self.crosses.first[taken], self.crosses.second[taken]
        parents = np.unique(np.concatenate([first, second]))
        limits = self.limits
        allowed = limits.n_cross if limits.max_uses is None else limits.max_uses
        uses = self._matrix(taken, scipy.sparse.eye_array(self.n, format="csr"))
        right = self._right(np.full(parents.size, float(allowed)))
        rows = np.concatenate([parents, np.arange(self.n, uses.shape[0])])
        program = Program(
            self.worth[taken],
            uses[parents],
            uses[rows],
            right,
            self.forced[taken].astype(np.float64),
            limits.n_cross,
            least,
        )
        chosen, proven, empty = solve(
            program,
            self.kinship[np.ix_(parents, parents)],
            [c[parents] for c in self.touched[-MOST_TOUCHED:]],
            most,
            close=self._close(),
            seconds=seconds,
        )
        return None if chosen is None else taken[chosen], proven, empty

    def _start(self, columns: IntArray, *, reach: bool = False) -> IntArray | None:
        """Return the sorted list, brought to the bound by swaps."""
        free = replace(self.limits, max_coancestry=None)
        found = greedy_plan(self.crosses, free, self.n)
        if found is None or self.most is None:
            return found
        return self._swapped(found, columns, reach=reach)

    def _swapped(
        self, found: IntArray, taken: IntArray, *, reach: bool = False
    ) -> IntArray | None:
        """Return the plan brought to the bound by swaps of single crosses."""
        if self.limits.min_uses > 1 or self.limits.max_parents is not None:
            return None
        plan = improve_plan(
            self.crosses, found, taken, self.limits, self.kinship, reach=reach
        )
        if plan is None or reach or self.price <= 0:
            return plan
        return improve_by_pairs(
            self.crosses, plan, taken, self.limits, self.kinship, self.price
        )

    def _better(self, one: IntArray | None, two: IntArray | None) -> IntArray | None:
        if one is None or two is None:
            return two if one is None else one
        return two if self._value(two) > self._value(one) else one

    def _value(self, chosen: IntArray) -> float:
        return float(self.worth[chosen].sum())

    def _gap(self, chosen: IntArray, bound: float) -> float:
        room = self._room(bound)
        return (bound - self._value(chosen)) / room if room > 1e-12 else 0.0

    def _close(self) -> float:
        """Return the relative gap at which an integer program may stop."""
        size = max(abs(self.limits.n_cross * float(np.abs(self.worth).max())), 1e-12)
        spread = self.limits.n_cross * float(self.worth.max() - self.worth.mean())
        return 0.2 * self.max_gap * spread / size

    def _touch(self, c: FloatArray, theta: float) -> None:
        """Add the plane 2 (f c0)'c <= theta + c0'f c0."""
        fc = self.kinship @ c
        self.touched.append(c)
        self.planes.append((2 * fc, theta + float(c @ fc)))

    def _parent_rows(
        self, target: float | None
    ) -> tuple[scipy.sparse.csr_array, FloatArray]:
        """Return limits sum over parents of row x uses <= right side."""
        limits, rows, right = self.limits, [], []
        if limits.max_uses is not None:
            rows.append(scipy.sparse.eye_array(self.n))
            right.append(np.full(self.n, float(limits.max_uses)))
        if self.planes and self.most is not None and target is not None:
            scale = 2 * limits.n_cross
            planes = np.stack([plane for plane, _ in self.planes]) / scale
            rows.append(scipy.sparse.csr_array(planes))
            below = self.most - target
            right.append(np.array([r - below for _, r in self.planes]))
        if not rows:
            return scipy.sparse.csr_array((0, self.n)), np.zeros(0)
        return scipy.sparse.vstack(rows, format="csr"), np.concatenate(right)

    def _drop_idle_planes(self) -> None:
        """Leave out planes that do not bear on the relaxed plan; new ones stay."""
        known = zip(self.planes, self.active, strict=False)
        kept = [plane for plane, bears in known if bears]
        self.planes = kept + self.planes[self.active.size :]
        self.active = np.ones(len(self.planes), dtype=bool)

    def _matrix(
        self, columns: IntArray, rows: scipy.sparse.csr_array
    ) -> scipy.sparse.csr_array:
        return over_crosses(rows, self.crosses, columns, self.limits)

    def _right(self, right: FloatArray) -> FloatArray:
        if self.limits.seeds is None:
            return right
        return np.concatenate([right, self.limits.seeds.astype(np.float64)])

    def _relaxed(self, columns: IntArray) -> tuple[IntArray, FloatArray, float]:
        """Solve the linear program over all crosses: columns, reduced costs, optimum.

        Columns are added until no cross that was left out could raise the optimum, and
        planes until they lower it no more. Minimum uses and the number of parents are
        left to the integer program.
        """
        last, settled = np.inf, self.most is None
        for _ in range(ROUNDS):
            rows, right = self._parent_rows(self.limits.max_coancestry)
            matrix = self._matrix(columns, rows)
            found = scipy.optimize.linprog(
                -self.worth[columns],
                A_ub=matrix if matrix.shape[0] else None,
                b_ub=self._right(right) if matrix.shape[0] else None,
                A_eq=np.ones((1, columns.size)),
                b_eq=[float(self.limits.n_cross)],
                bounds=np.column_stack([self.forced[columns], np.ones(columns.size)]),
                method="highs",
            )
            if found.status != 0:
                if columns.size == self.crosses.n_cross:
                    return columns, np.zeros(0), np.inf
                columns = np.arange(self.crosses.n_cross)
                continue
            price = self._reduced(found, rows)
            left_out = np.ones(price.size, dtype=bool)
            left_out[columns] = False
            enter = np.flatnonzero(left_out & (price > 1e-9))
            upper = float(-found.fun) + float(price[enter].sum())
            if enter.size == 0 and settled:
                break
            best = enter[np.argsort(-price[enter])[:FIRST]]
            close = np.flatnonzero(price >= -4 * NEAR * self._room(upper))
            if not settled:
                settled = self._settled(columns, found.x, last - upper, upper)
            columns = np.union1d(columns[np.isin(columns, close)], best)
            last = upper
        return columns, price, upper

    def _settled(
        self, columns: IntArray, x: FloatArray, lowered: float, upper: float
    ) -> bool:
        """Add a plane where the relaxed plan goes beyond the bound; tell if none is."""
        c = self.uses(columns, x) / (2 * self.limits.n_cross)
        most = np.inf if self.most is None else self.most
        kept = float(c @ self.kinship @ c) <= most * (1 + 1e-6)
        if kept or lowered < 0.05 * self.max_gap * self._room(upper):
            return True
        self._touch(self._on_the_bound(c), most)
        return False

    def _on_the_bound(self, c: FloatArray) -> FloatArray:
        """Return contributions at the bound, between known ones within it and these.

        A plane that touches the bound itself cuts deeper than one beyond it.
        """
        if self.inner is None or self.most is None:
            return c
        step = c - self.inner
        towards, square = self.kinship @ self.inner, float(step @ self.kinship @ step)
        slope = float(2 * step @ towards)
        room = max(self.most - float(self.inner @ towards), 0.0)
        part = (-slope + np.sqrt(slope**2 + 4 * square * room)) / (2 * square)
        met = self.inner + min(part, 1.0) * step
        self.inner = (self.inner + met) / 2
        return met

    def _reduced(
        self, found: scipy.optimize.OptimizeResult, rows: scipy.sparse.csr_array
    ) -> FloatArray:  # (n_cross,)
        """Return what one more of every cross would add to the optimum."""
        dual = found.ineqlin.marginals
        n_use = self.n if self.limits.max_uses is not None else 0
        self.active = np.abs(dual[n_use : rows.shape[0]]) > 1e-9
        self.price = -float(dual[n_use : rows.shape[0]].sum())
        per_parent = rows.T @ dual[: rows.shape[0]]
        every = np.arange(self.crosses.n_cross)
        price = self.worth + per_parent[self.crosses.first]
        price += per_parent[self.crosses.second] + float(found.eqlin.marginals[0])
        if self.limits.seeds is not None:
            price += dual[rows.shape[0] :][
                seed_parents(self.crosses, every, self.limits.pool)
            ]
        return price

    def _near(
        self, columns: IntArray, price: FloatArray, upper: float, share: float
    ) -> tuple[IntArray, float]:
        """Return the crosses that the integer program is given.

        And what a plan with any of the others is worth at most.
        """
        if price.size == 0:
            return np.arange(self.crosses.n_cross), np.inf
        room = share * self._room(upper)
        near = np.flatnonzero((price >= -room) | self.forced)
        if near.size == price.size:
            return near, -np.inf
        return near, upper - room

    def _room(self, upper: float) -> float:
        """Return the value of a plan above that of as many average crosses."""
        return max(upper - self.limits.n_cross * float(self.worth.mean()), 0.0)

    def _integer(
        self, columns: IntArray, target: float | None, seconds: float
    ) -> tuple[IntArray | None, float]:
        """Solve the integer program over some crosses: the plan, and its bound."""
        limits = self.limits
        self._drop_idle_planes()
        rows, right = self._parent_rows(target)
        matrix, right = self._matrix(columns, rows), self._right(right)
        uses = use_counts(self.crosses, columns, self.n)
        used = limits.min_uses > 1 or limits.max_parents is not None
        n_used = self.n if used else 0
        blank = scipy.sparse.csr_array((matrix.shape[0], n_used))
        asked = (
            [
                scipy.optimize.LinearConstraint(
                    scipy.sparse.hstack([matrix, blank], format="csr"), -np.inf, right
                )
            ]
            if matrix.shape[0]
            else []
        )
        total = np.concatenate([np.ones(columns.size), np.zeros(n_used)])
        asked.append(
            scipy.optimize.LinearConstraint(total[None], limits.n_cross, limits.n_cross)
        )
        if used:
            asked += parents_used(uses, limits)
        low = np.concatenate([self.forced[columns], np.zeros(n_used)])
        found = scipy.optimize.milp(
            np.concatenate([-self.worth[columns], np.zeros(n_used)]),
            constraints=asked,
            integrality=np.ones(columns.size + n_used),
            bounds=scipy.optimize.Bounds(low, 1.0),
            options={"mip_rel_gap": self._close(), "time_limit": seconds},
        )
        if found.x is None:
            return None, -np.inf if found.status == INFEASIBLE else np.inf
        bound = -float(found.mip_dual_bound)
        return columns[found.x[: columns.size] > 0.5], bound
