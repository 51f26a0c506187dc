"""Steps of a programme: phenotypes, training, measures."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.select.cycles.population import (
    Stock,
    Trait,
    dosages,
    line_coancestry,
    measure,
    phenotype,
    train,
)


def lines(n: int, p: int, seed: int) -> np.ndarray:
    half = np.random.default_rng(seed).integers(0, 2, (n, p)).astype(np.int8)
    return np.stack([half, half], axis=1)


def test_phenotypes_vary_with_the_plots() -> None:
    value = np.zeros(20_000)
    rng = np.random.default_rng(1)
    assert phenotype(value, 4.0, rng).var() == pytest.approx(4, rel=0.05)
    assert phenotype(value, 4.0, rng, plots=8).var() == pytest.approx(0.5, rel=0.05)


def test_training_is_blup_at_the_reml_ratio() -> None:
    """Against the mixed-model equations at the same ratio, and a likelihood by hand."""
    plants = lines(60, 40, 2)
    x = dosages(plants)
    effect = np.random.default_rng(3).normal(size=40)
    value = x @ effect
    y = phenotype(value, value.var() / 2, np.random.default_rng(4))
    found = train(x, y)
    z = x - x.mean(axis=0)
    kernel = z @ z.T * 60 / np.trace(z @ z.T)
    best = max(np.linspace(0.02, 0.98, 49), key=lambda h: likelihood(kernel, y, h))
    v = best * kernel + (1 - best) * np.eye(60)
    centred = y - y.mean()
    g = best * kernel @ np.linalg.solve(v, centred)
    assert found.value(x) == pytest.approx(y.mean() + g, abs=0.15 * g.std())
    assert np.corrcoef(found.value(x), value)[0, 1] > 0.8


def likelihood(kernel: np.ndarray, y: np.ndarray, h2: float) -> float:
    n = y.size
    values, vectors = np.linalg.eigh(kernel)
    keep = values > 1e-9
    rotated = vectors[:, keep].T @ (y - y.mean())
    spread = h2 * values[keep] + 1 - h2
    size = (rotated**2 / spread).mean()
    return -(np.log(size) * keep.sum() + np.log(spread).sum()) + 0 * n


def test_measures_by_hand() -> None:
    plants = np.array(
        [[[0, 1, 1], [0, 1, 1]], [[1, 1, 0], [1, 1, 0]], [[0, 1, 0], [0, 1, 0]]],
        dtype=np.int8,
    )
    effect = np.array([1.0, -2.0, 0.0])
    found = measure(plants, Trait(lambda d: d @ effect, effect, 1.0))
    assert found.mean == pytest.approx((-4 - 2 - 4) / 3)
    assert found.best == -2
    assert found.genic_sd == pytest.approx(np.sqrt(4 * 2 / 9))
    assert found.coancestry == pytest.approx(1 - (4 / 9 + 0 + 4 / 9) / 3)
    assert (found.fixed_favourable, found.lost_favourable) == (0, 0.5)
    f = line_coancestry(plants)
    assert f.mean() == pytest.approx(found.coancestry)
    assert f[0, 0] == 1


def test_the_stock_predicts() -> None:
    plants = lines(20, 15, 5)
    stock = Stock(plants, even_map(2, 15), train(dosages(plants), np.arange(20.0)))
    assert stock.predicted.shape == (20,)
    assert np.corrcoef(stock.predicted, np.arange(20))[0, 1] > 0.3
