"""Uncertain effects: E[a'Da] = a'Da + tr(DV)."""

import numpy as np
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.uncertain import posterior_mean_variances


def test_uncertainty_adds_the_trace() -> None:
    rng = np.random.default_rng(5)
    place = even_map(2, 8)
    code = (2 * rng.integers(0, 2, (4, 8))).astype(np.int8)
    mean, sd = rng.normal(size=8), rng.random(8)
    draws = mean + sd * rng.standard_normal((4000, 8))
    found = posterior_mean_variances(code, draws, place)
    extra = ((code[:, None] != code[None]) * sd**2).sum(axis=2)
    expected = pair_variances(code, mean, place) + extra
    assert found == pytest.approx(expected, rel=0.08)
