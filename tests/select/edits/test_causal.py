"""Probabilities of causes: planted truth, and the ranking of edits by it."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.targets import Target
from meristem.select.edits.causal import causal_probabilities
from meristem.simulate.population import mosaics, random_haplotypes


def test_probabilities_are_probabilities() -> None:
    rng = np.random.default_rng(1)
    x = 2.0 * rng.integers(0, 2, (50, 30))
    x[:, 7] = 1
    found = causal_probabilities(x, 3 * x[:, 4] + rng.normal(size=50), n_effect=4)
    p = found.probability
    assert ((p >= 0) & (p <= 1)).all()
    assert p[4] > 0.99
    assert p[7] == 0
    assert found.converged
    assert found.effect[4] == pytest.approx(3, abs=0.3)
    assert (found.variance > 0.5).sum() == 1


def test_nothing_is_found_in_noise() -> None:
    rng = np.random.default_rng(3)
    x = 2.0 * rng.integers(0, 2, (80, 40))
    total = [
        causal_probabilities(x, rng.normal(size=80), n_effect=4).probability.max()
        for _ in range(6)
    ]
    assert np.median(total) < 0.5


def test_families_do_not_pass_for_causes() -> None:
    """A marker of a family with a high mean is taken for a cause without the kernel."""
    rng = np.random.default_rng(4)
    family = np.repeat([0, 1], 60)
    x = 2.0 * (rng.random((120, 200)) < np.where(family, 0.8, 0.2)[:, None])
    x[:, 0] = 2 * family
    z = x - x.mean(axis=0)
    kernel = z @ z.T
    kernel *= 120 / np.trace(kernel)
    poly = np.linalg.cholesky(kernel + 1e-6 * np.eye(120)) @ rng.normal(size=120)
    y = 3 * poly + rng.normal(size=120)
    plain = causal_probabilities(x, y).probability
    aware = causal_probabilities(x, y, kernel).probability
    assert aware.max() < plain.max()


@pytest.mark.slow
def test_precision_is_above_that_of_the_absolute_effect() -> None:
    """Edits ranked by expected value, 10 of 400 variants causal, in linkage."""
    by_expected, by_effect = [], []
    for seed in range(40, 48):
        rng = np.random.default_rng(seed)
        place = even_map(5, 400)
        haplotypes = mosaics(random_haplotypes(30, 400, rng), 300, 12, place, rng)
        x = 2.0 * haplotypes
        cause = rng.choice(400, 10, replace=False)
        effect = np.zeros(400)
        effect[cause] = rng.choice([-1, 1], 10) * rng.uniform(0.5, 1.5, 10)
        value = x @ effect
        y = value + rng.normal(size=300) * value.std()
        z = x - x.mean(axis=0)
        kernel = z @ z.T
        kernel *= 300 / np.trace(kernel)
        target = Target(0, np.arange(300), y, np.ones(300))
        solved = fit_kernel_blup(kernel, [target])
        ridge = z.T @ solved.dual[:, 0]
        p = causal_probabilities(x, y, kernel, n_effect=12).probability
        rank = np.argsort(-np.abs(ridge) * p)[:10]
        by_expected.append(np.isin(rank, cause).mean())
        by_effect.append(np.isin(np.argsort(-np.abs(ridge))[:10], cause).mean())
    assert np.mean(by_expected) > np.mean(by_effect) + 0.02


def test_linked_variants_share_the_probability() -> None:
    rng = np.random.default_rng(2)
    x = 2.0 * rng.integers(0, 2, (80, 5))
    x[:, 1] = x[:, 0]
    p = causal_probabilities(x, x[:, 0] + 0.2 * rng.normal(size=80)).probability
    assert p[:2] == pytest.approx([0.5, 0.5], abs=0.01)
