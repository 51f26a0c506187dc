"""What a cross promises: usefulness, better than a check, best of N, haplotypes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from meristem.genetics.inheritance.maps import GeneticMap
from meristem.records import FloatArray, IntArray
from meristem.select.records import Crosses


def usefulness(
    mean: FloatArray, sd: FloatArray, intensity: float, accuracy: float = 1.0
) -> FloatArray:  # of the same shape
    """Return the mean of the selected progeny, mean + intensity * accuracy * sd.

    Parameters
    ----------
    mean, sd
        Of the progeny.
    intensity
        Of the selection within the family.
    accuracy
        Correlation of true and predicted values within the family, 0 to 1.

    References
    ----------
    Schnell & Utz 1975, usefulness criterion.
    """
    return mean + intensity * accuracy * sd


def all_usefulness(
    value: FloatArray,  # (n_line,)
    variance: FloatArray,  # (n_line, n_line); overwritten with the result
    factor: float,
) -> FloatArray:  # (n_line, n_line)
    """Return mid-parent + factor * sd for all pairs, in the memory of `variance`.

    `factor` is intensity times accuracy. The diagonal holds the lines themselves.
    """
    np.sqrt(variance, out=variance)
    variance *= factor
    variance += value / 2
    variance += (value / 2)[:, None]
    return variance


def best_pairs(
    score: FloatArray,  # (n_line, n_line) symmetric
    k: int,
) -> tuple[IntArray, IntArray]:  # each (at most k,)
    """Return the `k` pairs of two lines with the largest score, best first."""
    n = score.shape[0]
    first, second = np.triu_indices(n, 1) if n < 512 else _near_best(score, k)
    order = np.argsort(-score[first, second], kind="stable")[:k]
    return first[order], second[order]


def _near_best(score: FloatArray, k: int) -> tuple[IntArray, IntArray]:
    """Return pairs that hold the best k, without a list of all pairs."""
    n = score.shape[0]
    bar = -np.inf
    kept: list[tuple[IntArray, IntArray, FloatArray]] = []
    for row in range(n - 1):
        here = score[row, row + 1 :]
        good = np.flatnonzero(here >= bar)
        kept.append((np.full(good.size, row), row + 1 + good, here[good]))
        if sum(part[0].size for part in kept) > 4 * k + n:
            one, two, value = (np.concatenate(x) for x in zip(*kept, strict=True))
            best = np.sort(np.argsort(-value, kind="stable")[:k])
            kept = [(one[best], two[best], value[best])]
            if best.size == k:
                bar = float(value[best].min())
    one, two, _ = (np.concatenate(x) for x in zip(*kept, strict=True))
    return one, two


def make_crosses(
    pairs: tuple[IntArray, IntArray],
    value: FloatArray,  # (n_line,)
    sd: FloatArray,  # (n_cross,)
    factor: float,
    kind: str,
) -> Crosses:
    """Return crosses of inbred lines with the mid-parent as mean of their progeny."""
    first, second = pairs
    mean = (value[first] + value[second]) / 2
    return Crosses(first, second, mean, sd, mean + factor * sd, kind)


def chance_above(
    excess: FloatArray,  # (n_cross,) or (n_draw, n_cross)
    sd: FloatArray,  # (n_cross,)
) -> FloatArray:  # (n_cross,)
    """Return the probability that one of the progeny is better than a check.

    Parameters
    ----------
    excess
        Mean of the progeny minus the check: one value, or joint draws of both, over
        which the chance is averaged.
    sd
        Of the progeny; NaN, where it is not known, gives NaN.

    Examples
    --------
    >>> chance_above(np.array([0.0, -1.0]), np.array([2.0, 0.0]))
    array([0.5, 0. ])
    """
    excess = np.atleast_2d(excess)
    certain = np.where(excess > 0, np.inf, -np.inf)
    z = np.divide(excess, sd, out=certain, where=np.broadcast_to(sd != 0, excess.shape))
    return np.asarray(ndtr(z).mean(axis=0))


def progeny_needed(
    chance: FloatArray,  # of one of the progeny
    confidence: float = 0.9,
) -> FloatArray:  # of the same shape; inf where the chance is 0
    """Return how many progeny show one above the check with that confidence.

    Examples
    --------
    >>> progeny_needed(np.array([0.5, 0.01, 0.0])).tolist()
    [4.0, 230.0, inf]
    """
    with np.errstate(divide="ignore"):
        needed = np.log(1 - confidence) / np.log1p(-np.clip(chance, 0, 1))
    return np.maximum(np.ceil(np.where(chance <= 0, np.inf, needed)), 1)


def segments(
    genetic_map: GeneticMap, per_chromosome: int
) -> IntArray:  # (n_locus,) number of the segment
    """Return segments of equal length in Morgan, numbered over all chromosomes."""
    number = np.empty(genetic_map.n_locus, dtype=np.int64)
    start = 0
    for loci in genetic_map.chromosomes:
        place = genetic_map.morgan[loci] - genetic_map.morgan[loci.start]
        width = max(float(place[-1]), 1e-12) / per_chromosome
        here = np.minimum((place / width).astype(np.int64), per_chromosome - 1)
        number[loci] = start + here
        start += per_chromosome
    return np.unique(number, return_inverse=True)[1].astype(np.int64)


def haplotype_values(
    code: NDArray,  # (n_line, n_locus) dosage of inbred lines, -1 missing
    effect: FloatArray,  # (n_locus,) of one copy
    segment: IntArray,  # (n_locus,) ascending
    mean: FloatArray | None = None,  # (n_locus,) dosage of a missing call
) -> FloatArray:  # (n_line, n_segment)
    """Return what each segment of a doubled haploid of the line adds."""
    starts = np.flatnonzero(np.diff(segment, prepend=-1))
    values = np.empty((code.shape[0], starts.size))
    ends = [*starts[1:].tolist(), segment.size]
    for number, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        calls = code[:, start:end]
        if mean is not None:
            calls = np.where(calls < 0, mean[start:end], calls)
        values[:, number] = calls @ effect[start:end]
    return values


def optimal_haplotype_values(
    values: FloatArray,  # (n_line, n_segment) by `haplotype_values`
    pairs: tuple[IntArray, IntArray],  # each (n_cross,) rows of the parents
) -> FloatArray:  # (n_cross,)
    """Return the best doubled haploid that whole segments of pairs can make (OHV).

    Without the value of a line that carries nothing. The number of segments decides
    the result: report it.

    References
    ----------
    Daetwyler et al. 2015, Genetics 200:1341.

    Examples
    --------
    >>> values = np.array([[2.0, 0.0], [0.0, 3.0]])
    >>> optimal_haplotype_values(values, (np.array([0]), np.array([1])))
    array([5.])
    """
    total = np.zeros(pairs[0].size)
    for column in values.T:
        total += np.maximum(column[pairs[0]], column[pairs[1]])
    return total


def optimal_population_value(
    values: FloatArray,  # (n_line, n_segment) by `haplotype_values`
    rows: IntArray,  # (n_chosen,)
) -> float:
    """Return the best line that whole segments of a set of lines can make (OPV).

    References
    ----------
    Goiffon et al. 2017, Genetics 206:1675.
    """
    return float(values[rows].max(axis=0).sum())


def stacking_chance(
    carried: NDArray[np.bool_],  # (n_plant, n_wanted, 2) which haplotypes carry it
    morgan: FloatArray,  # (n_wanted,) of the wanted loci, ascending in a chromosome
    chromosome: IntArray,  # (n_wanted,)
) -> FloatArray:  # (n_plant,)
    """Return the chance that a gamete of a plant carries every wanted allele.

    Crossovers are without interference (Haldane).

    References
    ----------
    Han et al. 2017, Genetics 205:1409 (predicted cross value).

    Examples
    --------
    >>> both = np.array([[[True, False], [False, True]]])
    >>> stacking_chance(both, np.array([0.0, 0.0]), np.array([0, 1]))
    array([0.25])
    """
    alive = np.full((carried.shape[0], 2), 0.5)
    for number in range(morgan.size):
        if number:
            same = chromosome[number] == chromosome[number - 1]
            distance = morgan[number] - morgan[number - 1]
            c = (1 - np.exp(-2 * distance)) / 2 if same else 0.5
            alive = (1 - c) * alive + c * alive[:, ::-1]
        alive = alive * carried[:, number]
    return np.asarray(alive.sum(axis=1))
