"""Choose a training set: greedy, all candidates scored at once, then exchange.

With P = V^-1 - V^-1 1 1' V^-1 / (1' V^-1 1) over the chosen, the contrasts' weighted
explained variance is tr(P S), S = sum_t w_t d_t d_t' with d_t the covariance of
contrast t with the candidates. A candidate adds v' S v / d, v the weights of its
prediction error and d its variance: one product scores all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.select.design.problem import Criterion, DesignProblem


@dataclass(frozen=True)
class Design:
    """Candidates in the order in which they were chosen."""

    chosen: IntArray  # (n_chosen,)
    value: float  # the criterion of the whole set
    greedy_value: float  # that of the greedy start
    start: float  # without any of them
    n_swap: int
    converged: bool  # no swap of two improves it


def criterion_of(
    problem: DesignProblem, chosen: IntArray, criterion: Criterion = "cd"
) -> float:
    """Return CDmean or PEVmean of a set, by inversion.

    References
    ----------
    Laloe 1993, Genet Sel Evol 25:557 (CD); Rincent et al. 2012, Genetics 192:715
    (CDmean, PEVmean).

    Examples
    --------
    >>> from meristem.select.design.problem import line_problem
    >>> k = np.array([[1, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 1]])
    >>> every = np.arange(3)
    >>> problem = line_problem(k, 1.0, candidates=every, targets=every)
    >>> round(criterion_of(problem, np.array([0, 1])), 6)
    0.138117
    """
    explained = explained_variance(problem, chosen)
    gain = float(problem.weights(criterion) @ explained)
    return problem.start(criterion) + (-gain if criterion == "pev" else gain)


def explained_variance(
    problem: DesignProblem, chosen: IntArray
) -> FloatArray:  # (n_target,)
    """Return what a set adds to the known variance of each contrast."""
    if not chosen.size:
        return np.zeros(problem.prior.size)
    inverse = _inverse(problem, chosen)
    contrast = problem.contrast[:, chosen]
    projection = inverse
    if problem.intercept:
        weight = inverse.sum(axis=0)
        projection = inverse - np.outer(weight, weight) / weight.sum()
    return np.einsum("ij,jk,ik->i", contrast, projection, contrast, optimize=True)


def choose_training_set(
    problem: DesignProblem,
    n: int | None = None,
    *,
    budget: float | None = None,
    criterion: Criterion = "cd",
    seconds: float = 15.0,
) -> Design:
    """Return the set to phenotype: greedy per cost, then exchanges of two.

    Parameters
    ----------
    problem
        Candidates, contrasts, costs.
    n
        How many; None: as many as the budget allows.
    budget
        Cost of all together; None: no limit.
    criterion
        `cd` or `pev`.
    seconds
        CPU time for exchanges. Each removes one, scores all others in its place at
        once and takes the best; it stops when no exchange improves the set.

    Raises
    ------
    ConfigError
        If neither number nor budget is given, or nothing can be afforded.
    """
    if n is None and budget is None:
        raise ConfigError(
            "neither a number of lines nor a budget is given",
            remedy="give one of them (--n, --budget; n, budget of [design])",
        )
    if (n or 0) > problem.n or not np.isfinite(budget or 0.0):
        raise ConfigError(
            f"{n} of {problem.n} candidates cannot be chosen"
            if (n or 0) > problem.n
            else f"a budget of {budget:g} is no number",
            remedy=f"ask for {problem.n} at most, or give a budget",
        )
    scatter = _scatter(problem, criterion)
    most = problem.n if n is None else n
    limit = np.inf if budget is None else budget
    chosen = _greedy(problem, scatter, most, limit)
    if not chosen:
        raise ConfigError(
            f"the cheapest candidate costs {problem.cost.min():g}, more than the "
            f"budget of {limit:g}",
            remedy="raise the budget",
        )
    start = criterion_of(problem, np.array(chosen), criterion)
    chosen, swaps, converged = _exchange(problem, scatter, chosen, limit, seconds)
    found = np.array(chosen, dtype=np.int64)
    return Design(
        found,
        criterion_of(problem, found, criterion),
        start,
        problem.start(criterion),
        swaps,
        converged,
    )


def _scatter(problem: DesignProblem, criterion: Criterion) -> FloatArray:  # (n, n)
    weighted = problem.contrast * np.sqrt(problem.weights(criterion))[:, None]
    return weighted.T @ weighted


def _inverse(problem: DesignProblem, chosen: IntArray) -> FloatArray:
    residual = problem.covariance[np.ix_(chosen, chosen)].copy()
    residual[np.diag_indices_from(residual)] += problem.noise[chosen]
    return np.asarray(np.linalg.inv(residual), dtype=np.float64)


def added_gains(
    problem: DesignProblem,
    scatter: FloatArray,  # (n, n)
    chosen: IntArray,  # (k,)
    inverse: FloatArray,  # (k, k) of their phenotypic covariance
) -> FloatArray:  # (n,) -inf for those that are chosen
    """Return by how much each candidate raises the weighted explained variance."""
    variance = np.diagonal(problem.covariance) + problem.noise
    if not chosen.size:
        # nothing is learned of a contrast before the mean is: rank as if it were known
        gain = np.diagonal(scatter) / variance
        return np.asarray(gain)
    cross = problem.covariance[chosen]  # (k, n)
    weight = inverse @ cross
    spread = variance - np.einsum("kn,kn->n", weight, cross)
    if problem.intercept:
        total = inverse.sum(axis=0)
        level = (1 - weight.sum(axis=0)) / total.sum()
        weight = weight + np.outer(total, level)
        spread = spread + level**2 * total.sum()
    product = scatter[np.ix_(chosen, chosen)] @ weight
    square = np.einsum("kn,kn->n", weight, product - 2 * scatter[chosen])
    square += np.diagonal(scatter)
    gain = square / np.maximum(spread, 1e-12 * variance)
    gain[chosen] = -np.inf
    return gain


def _grow(
    problem: DesignProblem, inverse: FloatArray, chosen: list[int], new: int
) -> FloatArray:  # (k + 1, k + 1)
    """Return the inverse with one more candidate: a rank-one update."""
    cross = problem.covariance[chosen, new]
    weight = inverse @ cross
    spread = problem.covariance[new, new] + problem.noise[new] - cross @ weight
    k = len(chosen)
    grown = np.empty((k + 1, k + 1))
    grown[:k, :k] = inverse + np.outer(weight, weight) / spread
    grown[k, :k] = grown[:k, k] = -weight / spread
    grown[k, k] = 1 / spread
    return grown


def _shrink(inverse: FloatArray, place: int) -> FloatArray:  # (k - 1, k - 1)
    """Return the inverse without one of the chosen."""
    kept = np.delete(np.arange(inverse.shape[0]), place)
    column = inverse[kept, place]
    smaller = inverse[np.ix_(kept, kept)]
    return smaller - np.outer(column, column) / inverse[place, place]


def _greedy(
    problem: DesignProblem, scatter: FloatArray, most: int, budget: float
) -> list[int]:
    chosen: list[int] = []
    inverse = np.zeros((0, 0))
    left = budget
    while len(chosen) < most:
        gain = added_gains(problem, scatter, np.array(chosen, dtype=int), inverse)
        gain = np.where(problem.cost <= left + 1e-9, gain / problem.cost, -np.inf)
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        inverse = _grow(problem, inverse, chosen, best)
        chosen.append(best)
        left -= problem.cost[best]
    return chosen


def _exchange(
    problem: DesignProblem,
    scatter: FloatArray,
    chosen: list[int],
    budget: float,
    seconds: float,
) -> tuple[list[int], int, bool]:
    """Return the set after swaps, how many there were, and whether none is left."""
    start, swaps, without = process_time(), 0, 0
    inverse = _inverse(problem, np.array(chosen))
    left = budget - float(problem.cost[chosen].sum())
    while without < len(chosen):
        if process_time() - start > seconds:
            return chosen, swaps, False
        old, rest = chosen[0], chosen[1:]
        smaller = _shrink(inverse, 0)
        gain = added_gains(problem, scatter, np.array(rest, dtype=int), smaller)
        affordable = problem.cost <= left + problem.cost[old] + 1e-9
        gain = np.where(affordable, gain, -np.inf)
        best = int(np.argmax(gain))
        if gain[best] <= gain[old] * (1 + 1e-9):
            best = old
        swaps += best != old
        without = without + 1 if best == old else 0
        left += float(problem.cost[old] - problem.cost[best])
        inverse = _grow(problem, smaller, rest, best)
        chosen = [*rest, best]
    return chosen, swaps, True
