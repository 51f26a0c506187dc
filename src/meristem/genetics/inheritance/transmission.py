"""How alleles pass on together: Z S Z' for all lines, S a polynomial of 1 - 2 c.

Every variance of progeny is w' S w with S a sum of element-wise powers of
R = 1 - 2 c, c the recombination fraction. Under Haldane's map R is a product over
adjacent intervals, so that R Z' needs one sweep along the chromosome,
F_j = z_j + rho_j F_(j-1), and R^k one with rho^k: no matrix over loci is formed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.inheritance.maps import (
    GeneticMap,
    MapFunction,
    transmission_correlation,
)
from meristem.records import FloatArray

BLOCK = 512
"""Loci converted to float at a time."""

MOST_SUMS = 4
"""Powers of R up to which running sums are quicker than going locus by locus."""

MOST_LOSS = 6.0
"""Exponent up to which one running sum goes: 1 / e^6 costs three digits of sixteen."""


def transmission_product(
    code: NDArray,  # (n_line, n_locus) numbers; negative calls of int8 are missing
    effect: FloatArray,  # (n_locus,)
    genetic_map: GeneticMap,
    power: FloatArray,  # (n_power,) weights of R, R^2, ...
    function: MapFunction = "haldane",
) -> FloatArray:  # (n_line, n_line)
    """Return Z S Z' for z = (code - mean) * effect and S = sum_k power_k R^k.

    Parameters
    ----------
    code
        Loci in the order of the map. A missing call takes the mean of its locus.
    effect
        Value of one unit of the code.
    genetic_map
        Where the loci lie.
    power
        Weights of the element-wise powers of R, from the first on.
    function
        Haldane sweeps; Kosambi takes a matrix per chromosome.

    Returns
    -------
    numpy.ndarray
        Symmetric. What is common to all lines is taken out, which no difference
        between lines notices.

    Examples
    --------
    >>> both = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))
    >>> code = np.array([[1, 1], [-1, -1]], dtype=float)
    >>> q = transmission_product(code, np.array([1.0, 0.5]), both, np.array([1.0]))
    >>> float(((q[0, 0] + q[1, 1] - 2 * q[0, 1]) / 4).round(6))
    1.92032
    """
    half = np.zeros((code.shape[0], code.shape[0]))
    centred = _centred_blocks(code, effect)
    for value, product in _products(centred, genetic_map, power, function):
        half += value.T @ product
    half += half.T.copy()
    return half


def transmission_variance(
    difference: FloatArray,  # (n, n_locus) w of each row
    genetic_map: GeneticMap,
    power: FloatArray,  # (n_power,) weights of R, R^2, ...
    function: MapFunction = "haldane",
) -> FloatArray:  # (n,)
    """Return w' S w of every row.

    Examples
    --------
    >>> both = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))
    >>> transmission_variance(np.array([[1.0, 0.5]]), both, np.array([1.0])).round(6)
    array([1.92032])
    """
    result = np.zeros(difference.shape[0])
    blocks = (difference[:, part].T for part in _parts(difference.shape[1]))
    for value, product in _products(blocks, genetic_map, power, function):
        result += 2 * np.einsum("ji,ji->i", value, product)
    return result


def _parts(n_locus: int) -> Iterator[slice]:
    for start in range(0, n_locus, BLOCK):
        yield slice(start, min(start + BLOCK, n_locus))


def _centred_blocks(code: NDArray, effect: FloatArray) -> Iterator[FloatArray]:
    """Yield (code - mean) * effect, locus by line, missing calls at the mean."""
    for part in _parts(code.shape[1]):
        raw = code[:, part].T
        value = raw.astype(np.float64)
        if code.dtype == np.int8 and raw.size and raw.min() < 0:
            value[raw < 0] = np.nan
            mean = np.nanmean(value, axis=1, keepdims=True)
            value = np.where(np.isnan(value), mean, value)
        else:
            mean = value.mean(axis=1, keepdims=True)
        value -= mean
        value *= effect[part, None]
        yield value


def _products(
    blocks: Iterator[FloatArray],  # each (width, n)
    genetic_map: GeneticMap,
    power: FloatArray,
    function: MapFunction,
) -> Iterator[tuple[FloatArray, FloatArray]]:  # each (width, n)
    """Yield W and E with W S W' = sum of W' E + E' W over the blocks."""
    if function == "haldane":
        yield from _sweep(blocks, genetic_map, power)
        return
    value = np.concatenate([*blocks])
    for loci in genetic_map.chromosomes:
        place = genetic_map.morgan[loci]
        here = value[loci]
        for part in _parts(place.size):
            distance = np.abs(place[part, None] - place)
            correlation = _polynomial(
                transmission_correlation(distance, function), power
            )
            yield here[part], correlation @ here / 2


def _polynomial(correlation: FloatArray, power: FloatArray) -> FloatArray:
    """Return sum_k power_k R^k, element-wise, by Horner's rule."""
    total = np.full_like(correlation, power[-1])
    for weight in power[-2::-1]:
        total *= correlation
        total += weight
    return total * correlation


def _sweep(
    blocks: Iterator[FloatArray],  # each (width, n)
    genetic_map: GeneticMap,
    power: FloatArray,
) -> Iterator[tuple[FloatArray, FloatArray]]:
    rho = np.zeros(genetic_map.n_locus)
    rho[1:] = transmission_correlation(np.abs(np.diff(genetic_map.morgan)))
    rho[genetic_map.starts_chromosome] = 0.0
    with np.errstate(divide="ignore"):
        log_rho = np.log(rho)
    used = np.flatnonzero(power)
    sums = _running_sums if used.size <= MOST_SUMS else _row_by_row
    carried: FloatArray | None = None  # (n_used, n)
    start = 0
    for value in blocks:
        if carried is None:
            carried = np.zeros((used.size, value.shape[1]))
        loss = -np.outer(used + 1.0, log_rho[start : start + value.shape[0]])
        product = sums(value, loss, carried, power[used])
        product -= (power.sum() / 2) * value
        start += value.shape[0]
        yield value, product


def _row_by_row(
    value: FloatArray,  # (width, n)
    loss: FloatArray,  # (n_power, width)
    carried: FloatArray,  # (n_power, n) overwritten
    weight: FloatArray,  # (n_power,)
) -> FloatArray:  # (width, n)
    """Return the weighted sums of all powers, one locus after the other."""
    decay = np.exp(-loss).T
    product = np.empty_like(value)
    for row in range(value.shape[0]):
        carried *= decay[row, :, None]
        carried += value[row]
        np.matmul(weight, carried, out=product[row])
    return product


def _running_sums(
    value: FloatArray,  # (width, n)
    loss: FloatArray,  # (n_power, width)
    carried: FloatArray,  # (n_power, n) overwritten
    weight: FloatArray,  # (n_power,)
) -> FloatArray:  # (width, n)
    """Return the same, one power after the other: quicker for few of them."""
    product = np.zeros_like(value)
    for number, lost in enumerate(loss):
        swept = _swept(value, lost, carried[number])
        carried[number] = swept[-1]
        swept *= weight[number]
        product += swept
    return product


def _swept(
    value: FloatArray,  # (width, n)
    loss: FloatArray,  # (width,) -log of the decay to each row
    carried: FloatArray,  # (n,) sum before the first row
) -> FloatArray:  # (width, n)
    """Return F_j = value_j + exp(-loss_j) F_(j-1), as running sums of scaled rows.

    A running sum is begun anew before its scale loses digits.
    """
    swept = np.empty_like(value)
    first = 0
    while first < loss.size:
        total = np.cumsum(loss[first + 1 :])
        last = first + 1 + int(np.searchsorted(total, MOST_LOSS, side="right"))
        scale = np.exp(np.concatenate([[0.0], total[: last - first - 1]]))
        part = swept[first:last]
        np.multiply(value[first:last], scale[:, None], out=part)
        part[0] += np.exp(-loss[first]) * carried
        np.cumsum(part, axis=0, out=part)
        part /= scale[:, None]
        carried, first = part[-1], last
    return swept
