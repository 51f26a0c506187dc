"""`meristem.genetics.inheritance.transmission`: against matrices over all loci."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import GeneticMap, transmission_correlation
from meristem.genetics.inheritance.transmission import (
    BLOCK,
    transmission_product,
    transmission_variance,
)


def naive(genetic_map: GeneticMap, power: np.ndarray, function: str) -> np.ndarray:
    """Return S = sum_k power_k R^k, loci by loci."""
    distance = np.abs(genetic_map.morgan[:, None] - genetic_map.morgan)
    r = transmission_correlation(distance, function)
    r = r * (genetic_map.chromosome[:, None] == genetic_map.chromosome)
    return sum(w * r ** (k + 1) for k, w in enumerate(power))


@pytest.mark.parametrize("function", ["haldane", "kosambi"])
@pytest.mark.parametrize("power", [[1.0], [0.0, 1.0], [0.5, 0.25, 0.25]], ids=str)
def test_products_equal_the_dense_form(function: str, power: list[float]) -> None:
    rng = np.random.default_rng(5)
    n, size = 7, (BLOCK - 5, 30, 1)
    chromosome = np.repeat(np.arange(3), size)
    morgan = np.concatenate([np.sort(rng.random(k)) * 1.7 for k in size])
    genetic_map = GeneticMap(chromosome, morgan)
    code = (2 * rng.integers(0, 2, (n, morgan.size))).astype(np.int8)
    effect = rng.normal(size=morgan.size)
    weight = np.array(power)
    dense = naive(genetic_map, weight, function)
    z = (code - code.mean(axis=0)) * effect
    product = transmission_product(code, effect, genetic_map, weight, function)
    assert product == pytest.approx(z @ dense @ z.T, rel=1e-10, abs=1e-10)
    w = rng.normal(size=(4, morgan.size))
    variance = transmission_variance(w, genetic_map, weight, function)
    assert variance == pytest.approx(np.einsum("ij,jk,ik->i", w, dense, w), rel=1e-10)


def test_a_missing_call_takes_the_mean_of_its_locus() -> None:
    genetic_map = GeneticMap(np.zeros(3, int), np.array([0.0, 0.1, 0.4]))
    code = np.array([[0, 2, 2], [2, 0, -1], [2, 2, 0], [0, 0, 2]], dtype=np.int8)
    filled = code.astype(float)
    filled[1, 2] = 4 / 3
    effect, power = np.array([1.0, -2.0, 0.5]), np.array([1.0])
    assert transmission_product(code, effect, genetic_map, power) == pytest.approx(
        transmission_product(filled, effect, genetic_map, power)
    )
