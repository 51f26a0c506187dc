"""Contributions of a plan: coancestry with its base, frontier, the chosen point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from meristem.config.selection import DiversityConfig, SelectionConfig
from meristem.errors import ConfigError
from meristem.io.tables.pedigree import read_pedigree
from meristem.pipeline.selection.index import Index, index_draws
from meristem.pipeline.selection.lines import Lines, Mask
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.coancestry import (
    Coancestry,
    identity_by_state,
    marker_coancestry,
    pedigree_coancestry,
)
from meristem.select.contribution.frontier import (
    Contributions,
    Frontier,
    trace_frontier,
)
from meristem.select.contribution.inbreeding import (
    bound_of,
    effective_size,
    group_coancestry,
    rate_of_inbreeding,
)
from meristem.select.contribution.programme import Programme, make_programme
from meristem.select.contribution.robust import ErrorCovariance, robust_contributions
from meristem.select.contribution.within import PoolBound, contributions_within
from meristem.select.ranking.compare import best
from meristem.select.ranking.filters import Funnel

MOST_FACTORS = 400
"""Factors of the joint error that the robust programme holds."""


@dataclass(frozen=True)
class Diversity:
    """The frontier of the lines that passed the filters, and the point chosen."""

    rows: IntArray  # (n_passed,) of the lines
    every: IntArray  # (n_candidate,) of the lines, before the filters
    left: FloatArray  # (n_step,) mean coancestry of those left after each filter
    coancestry: Coancestry  # of the lines that passed
    frontier: Frontier
    points: tuple[Contributions, ...]
    chosen: Contributions
    truncated: Contributions  # the best lines in equal shares
    base: float  # mean coancestry of all candidates, what loss is counted from
    bound: str  # what the chosen point keeps to, in words

    def effective_size(self, theta: float) -> float:
        """Return Ne of a group coancestry, against all candidates."""
        return effective_size(rate_of_inbreeding(theta, self.base))


def plan_contributions(
    plan: SelectionConfig, lines: Lines, index: Index, funnel: Funnel
) -> Diversity:
    """Return the optimal contributions of the lines that passed the filters.

    Inbreeding is counted from all candidates before the filters, as gains are: what
    filters cost in diversity is part of it.

    Raises
    ------
    ConfigError
        If the limits, or the bound, cannot be kept.
    """
    asked = plan.diversity
    every, rows = np.flatnonzero(lines.counted), np.flatnonzero(funnel.passed)
    whole = _coancestry(asked, lines, every)
    left = np.array([_mean_within(whole.value, m[every]) for m in funnel.left])
    base = float(left[0])
    coancestry = whole
    if rows.size < every.size:
        place = np.searchsorted(every, rows)
        coancestry = replace(whole, value=whole.value[np.ix_(place, place)])
    programme = _programme(asked, lines, rows)
    value, f = index.value[rows], coancestry.value
    frontier = trace_frontier(value, f, programme, base=base)
    theta, said = _bound(asked, frontier, base)
    chosen = frontier.at(theta)
    if asked.kappa > 0:
        error = _errors(index_draws(index, plan)[:, rows])
        chosen = robust_contributions(
            value, error, f, programme, theta=theta, kappa=asked.kappa
        )
        said += f", {asked.kappa:g} SD of the gain subtracted for its uncertainty"
    bounds = _pool_bounds(asked, lines, rows)
    if bounds:
        chosen = contributions_within(value, f, programme, chosen, theta, bounds)
        said += "".join(f", at most {b.theta:g} within {b.name}" for b in bounds)
    equal = np.zeros(rows.size)
    equal[
        best(value, min(plan.ranking.selected(int(lines.counted.sum())), rows.size))
    ] = 1
    equal /= equal.sum()
    truncated = replace(
        chosen,
        value=equal,
        gain=float(value @ equal),
        coancestry=group_coancestry(equal, f),
        price=np.nan,
        residual=np.nan,
    )
    return Diversity(
        rows,
        every,
        left,
        coancestry,
        frontier,
        frontier.points(asked.points),
        chosen,
        truncated,
        base,
        said,
    )


def _mean_within(f: FloatArray, some: Mask) -> float:
    """Return the mean coancestry of some lines, pairs with themselves included."""
    share = some / max(int(some.sum()), 1)
    return float(share @ f @ share)


def _pool_bounds(
    asked: DiversityConfig, lines: Lines, rows: IntArray
) -> tuple[PoolBound, ...]:
    """Return the bounds on the coancestry of single pools."""
    if not asked.within:
        return ()
    label = lines.labels(asked.group, "diversity.group")[rows]
    return tuple(
        PoolBound(np.flatnonzero(label == name), asked.shares[name], most, name)
        for name, most in asked.within.items()
    )


def _errors(drawn: FloatArray) -> ErrorCovariance:
    """Return the joint error of the index as a factor, from its draws."""
    centred = (drawn - drawn.mean(axis=0)) / np.sqrt(len(drawn))
    if len(drawn) <= MOST_FACTORS:
        return ErrorCovariance(centred.T, np.zeros(drawn.shape[1]))
    _, values, right = np.linalg.svd(centred, full_matrices=False)
    factor = (values[:MOST_FACTORS, None] * right[:MOST_FACTORS]).T
    rest = (centred**2).sum(axis=0) - (factor**2).sum(axis=1)
    return ErrorCovariance(factor, np.sqrt(np.maximum(rest, 0)))


def _bound(
    asked: DiversityConfig, frontier: Frontier, base: float
) -> tuple[float, str]:
    if asked.max_coancestry is not None:
        theta = asked.max_coancestry
        return theta, f"a group coancestry of at most {theta:g}"
    if asked.min_ne is not None:
        theta = bound_of(asked.min_ne, base)
        said = f"an effective size of at least {asked.min_ne:g}"
        return theta, f"{said} (coancestry {theta:.4f})"
    theta = frontier.at_degree(asked.degree).coancestry
    return theta, f"{asked.degree:g} degrees between gain (0) and diversity (90)"


def _coancestry(asked: DiversityConfig, lines: Lines, rows: IntArray) -> Coancestry:
    genotypes = lines.genotypes.take_samples(rows)
    if asked.coancestry == "ibs":
        return identity_by_state(genotypes.call_dosage, genotypes.ploidy)
    if asked.coancestry == "vanraden":
        return marker_coancestry(genotypes.call_dosage, genotypes.ploidy)
    pedigree = read_pedigree(asked.pedigree or Path())
    return pedigree_coancestry(pedigree, genotypes.sample_id)


def _programme(asked: DiversityConfig, lines: Lines, rows: IntArray) -> Programme:
    n = rows.size
    low, high = np.zeros(n), np.full(n, asked.max_contribution)
    place = {int(row): k for k, row in enumerate(rows)}
    for name, value in asked.fixed.items():
        row = int(lines.rows((name,), "diversity.fixed")[0])
        if row not in place:
            raise ConfigError(
                f"{name} has a fixed contribution and did not pass the filters",
                where="diversity.fixed",
                remedy="keep it with candidates.keep, or take it off the list",
            )
        low[place[row]] = high[place[row]] = value
    share = []
    if asked.group:
        label = lines.labels(asked.group, "diversity.group")[rows]
        share = [(np.flatnonzero(label == n), s) for n, s in asked.shares.items()]
    caps = []
    for cap in asked.caps:
        label = lines.complete_labels(cap.group, "diversity.caps", rows)
        known = sorted(set(label.tolist()))
        if cap.label and cap.label not in known:
            raise ConfigError(
                f"no candidate has the label {cap.label!r} of {cap.group!r}",
                where="diversity.caps",
                remedy=f"use some of {', '.join(known[:10])}",
            )
        found = [cap.label] if cap.label else known
        caps += [(np.flatnonzero(label == one), cap.most) for one in found]
    return make_programme(n, share=share, low=low, high=high, caps=caps)
