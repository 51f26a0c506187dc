from __future__ import annotations

import numpy as np
from benchmarks.accuracy.branching.sobol import intervention_effect, total_effects


def ishigami(x):
    return (
        np.sin(x[:, 0])
        + 7 * np.sin(x[:, 1]) ** 2
        + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    )


def test_total_effects_of_the_ishigami_function():
    """Analytic values: Ishigami & Homma 1990, a = 7, b = 0.1."""
    x = np.random.default_rng(1).uniform(-np.pi, np.pi, size=(2, 200_000, 3))
    found = total_effects(ishigami, x[0], x[1])
    first = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2
    second = 7**2 / 8
    both = 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = first + second + both
    wanted = np.array([first + both, second, both]) / total
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_an_input_that_does_nothing_has_none():
    x = np.random.default_rng(2).normal(size=(2, 50, 2))
    assert total_effects(lambda z: z[:, 0], x[0], x[1])[1] == 0
    assert (total_effects(lambda z: np.ones(50), x[0], x[1]) == 0).all()
    assert intervention_effect(np.ones(3), np.zeros(3), 2.0) == 0.25
