"""Strategies: from lines and what is predicted of them to a list of crosses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meristem.genetics.inheritance.meiosis import Haplotypes, cross
from meristem.records import FloatArray, IntArray
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme
from meristem.select.crosses.criteria import all_usefulness
from meristem.select.crosses.inbred import pair_variances
from meristem.select.cycles.population import Stock, dosages, line_coancestry

_STRICT = 1e-6
"""Added to each line's own coancestry, so that copies of a line are told apart."""

Choose = Callable[[Stock, int, float, np.random.Generator], IntArray]
"""Stock, number of crosses, bound on group coancestry, generator -> (n_cross, 2)."""


@dataclass(frozen=True)
class Strategy:
    """A way to choose crosses."""

    name: str
    choose: Choose
    bounded: bool  # whether it keeps to the bound on group coancestry
    rapid: int = 0  # rounds of crossing by prediction before lines are made


def select(
    value: FloatArray,  # (n,)
    n_parent: int,
    *,
    coancestry: FloatArray | None = None,  # (n, n)
    bound: float = 1.0,
) -> FloatArray:  # (n,) sum 1
    """Return the share of each line in the next generation.

    Without a coancestry that is truncation: the best lines in equal shares. With one
    it is the contributions of the greatest value that keep to a bound.

    Parameters
    ----------
    value
        What lines are chosen by, large is good.
    n_parent
        Lines chosen by truncation; with a coancestry the fewest that may be, as none
        gives more than its share of so many.
    coancestry
        Between 0 and 1, pairs with themselves included.
    bound
        Most group coancestry; where it cannot be reached, the least one is taken.

    References
    ----------
    Meuwissen 1997, J Anim Sci 75:934 (optimal contributions).

    Examples
    --------
    >>> value = np.array([3.0, 1.0, 2.0])
    >>> select(value, 2)
    array([0.5, 0. , 0.5])
    >>> f = np.array([[0.5, 0.0, 0.25], [0.0, 0.5, 0.0], [0.25, 0.0, 0.5]])
    >>> select(value, 2, coancestry=f, bound=0.3).round(3)
    array([0.5  , 0.119, 0.381])
    """
    n = value.size
    if coancestry is None:
        share = np.zeros(n)
        share[np.argsort(-value, kind="stable")[:n_parent]] = 1
        return share / share.sum()
    programme = make_programme(n, high=np.full(n, 1 / n_parent))
    frontier = trace_frontier(value, coancestry, programme)
    return frontier.at(max(bound, frontier.least)).value


def truncation(n_parent: int) -> Strategy:
    """Return: the best lines by predicted value, crossed at random, each as often."""

    def choose(
        stock: Stock, n_cross: int, bound: float, rng: np.random.Generator
    ) -> IntArray:
        del bound
        order = np.argsort(-stock.predicted, kind="stable")
        best = order[select(stock.predicted, n_parent)[order] > 0]
        uses = np.resize(rng.permutation(best), 2 * n_cross)
        return _pair_at_random(uses, rng)

    return Strategy("truncation", choose, bounded=False)


def random_choice() -> Strategy:
    """Return: parents at random, what drift alone does."""

    def choose(
        stock: Stock, n_cross: int, bound: float, rng: np.random.Generator
    ) -> IntArray:
        del bound
        n = stock.plants.shape[0]
        return _pair_at_random(rng.choice(n, 2 * n_cross, replace=2 * n_cross > n), rng)

    return Strategy("random", choose, bounded=False)


def optimal_contributions() -> Strategy:
    """Return: contributions of the greatest gain at a bound, paired at random."""

    def choose(
        stock: Stock, n_cross: int, bound: float, rng: np.random.Generator
    ) -> IntArray:
        uses = contributed_uses(stock, n_cross, bound)
        return _pair_at_random(np.repeat(np.arange(uses.size), uses), rng)

    return Strategy("ocs", choose, bounded=True)


def optimal_usefulness(factor: float) -> Strategy:
    """Return: the same contributions, paired for usefulness.

    `factor` is the intensity within families times the accuracy there.
    """

    def choose(
        stock: Stock, n_cross: int, bound: float, rng: np.random.Generator
    ) -> IntArray:
        del rng
        uses = contributed_uses(stock, n_cross, bound)
        used = np.flatnonzero(uses)
        calls = dosages(stock.plants[used])
        variance = pair_variances(calls, stock.trained.effect, stock.genetic_map)
        score = all_usefulness(stock.predicted[used], variance, factor)
        return used[pair_by_score(score, uses[used])]

    return Strategy("ocs+usefulness", choose, bounded=True)


def two_part(rapid: int = 2) -> Strategy:
    """Return: optimal contributions, then rounds of rapid crossing by prediction.

    The part that improves the population crosses heterozygous plants as soon as they
    are predicted; the part that makes varieties tests lines of the last ones.

    References
    ----------
    Gaynor et al. 2017, Crop Sci 57:2372 (two-part strategy).
    """
    return Strategy("two-part", optimal_contributions().choose, True, rapid)


def rapid_rounds(
    plants: Haplotypes,  # (n_plant, 2, n_locus) one of each cross
    stock: Stock,
    n_seed: int,
    n_round: int,
    rng: np.random.Generator,
) -> Haplotypes:  # (n_plant, 2, n_locus)
    """Return the best seed of each cross after rounds of crossing in a ring.

    Every plant is used twice in a round, so that no family takes over.
    """
    for _ in range(n_round):
        order = rng.permutation(plants.shape[0])
        ring = plants[order]
        seeds = cross(
            np.repeat(ring, n_seed, axis=0),
            np.repeat(np.roll(ring, 1, axis=0), n_seed, axis=0),
            stock.genetic_map,
            rng,
        )
        said = stock.trained.value(dosages(seeds)).reshape(-1, n_seed)
        best = np.arange(ring.shape[0]) * n_seed + said.argmax(axis=1)
        plants = seeds[best]
    return plants


def contributed_uses(
    stock: Stock, n_cross: int, bound: float
) -> IntArray:  # (n_line,) sum 2 n_cross
    """Return how often each line is a parent: optimal contributions, rounded.

    Where the bound cannot be reached, the least coancestry is taken.
    """
    f = line_coancestry(stock.plants)
    f[np.diag_indices_from(f)] += _STRICT
    share = select(stock.predicted, 2, coancestry=f, bound=bound)
    return largest_remainder(share, 2 * n_cross)


def largest_remainder(share: FloatArray, total: int) -> IntArray:  # (n,)
    """Return whole numbers of that sum nearest to the shares.

    Examples
    --------
    >>> largest_remainder(np.array([0.5, 0.3, 0.2]), 4).tolist()
    [2, 1, 1]
    """
    wanted = share * (total / share.sum())
    uses = np.floor(wanted + 1e-9).astype(np.int64)
    order = np.argsort(uses - wanted, kind="stable")
    uses[order[: total - int(uses.sum())]] += 1
    return uses


def pair_by_score(
    score: FloatArray,  # (n, n)
    uses: IntArray,  # (n,) of even sum
) -> IntArray:  # (sum / 2, 2)
    """Return crosses that use each line as often as asked, the best first.

    No line is crossed with itself while another is left; pairs are then exchanged as
    long as two crosses gain by it.
    """
    left = uses.copy()
    n = uses.size
    first, second = np.triu_indices(n, 1)
    order = np.argsort(-score[first, second], kind="stable")
    pairs: list[tuple[int, int]] = []
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        while left[a] and left[b] and (a, b) not in pairs:
            pairs.append((a, b))
            left[[a, b]] -= 1
    rest = np.repeat(np.arange(n), left)
    half = rest.size // 2
    pairs += zip(rest[:half].tolist(), rest[half:].tolist(), strict=False)
    chosen = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return _exchanged(chosen, score)


def _exchanged(pairs: IntArray, score: FloatArray) -> IntArray:
    worth = score.copy()
    np.fill_diagonal(worth, worth.min() - 10 * (np.ptp(worth) + 1))
    improved = True
    while improved:
        improved = False
        for i in range(len(pairs)):
            for j in range(i):
                (a, b), (c, d) = pairs[i], pairs[j]
                now = worth[a, b] + worth[c, d]
                if worth[a, c] + worth[b, d] > now + 1e-12:
                    pairs[i], pairs[j], improved = (a, c), (b, d), True
                elif worth[a, d] + worth[b, c] > now + 1e-12:
                    pairs[i], pairs[j], improved = (a, d), (b, c), True
    return pairs


def _pair_at_random(
    uses: IntArray,  # (2 n_cross,) rows of lines
    rng: np.random.Generator,
) -> IntArray:  # (n_cross, 2)
    """Return pairs in which a line meets itself as rarely as chance allows."""
    best = rng.permutation(uses).reshape(-1, 2)
    for _ in range(20):
        if (best[:, 0] != best[:, 1]).all():
            break
        tried = rng.permutation(uses).reshape(-1, 2)
        if (tried[:, 0] == tried[:, 1]).sum() < (best[:, 0] == best[:, 1]).sum():
            best = tried
    return best
