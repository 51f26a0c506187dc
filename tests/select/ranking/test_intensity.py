"""`meristem.select.ranking.intensity`: golden values of the fact sheet, section 1."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.ranking.intensity import (
    expected_maximum,
    finite_intensity,
    intensity,
)


@pytest.mark.parametrize(
    ("share", "value"),
    [
        (0.01, 2.6652),
        (0.02, 2.4209),
        (0.05, 2.0627),
        (0.10, 1.7550),
        (0.15, 1.5544),
        (0.20, 1.3998),
        (0.25, 1.2711),
        (0.30, 1.1590),
        (0.40, 0.9659),
        (0.50, 0.7979),
        (1.0, 0.0),
    ],
)
def test_intensity(share, value):
    assert intensity(share) == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("n", "k", "value"),
    [(10, 2, 1.270), (20, 2, 1.633), (20, 5, 1.215), (50, 5, 1.705), (100, 10, 1.730)],
)
def test_intensity_of_few_candidates(n, k, value):
    assert finite_intensity(n, k) == pytest.approx(value, abs=6e-4)
    drawn = np.random.default_rng(1).normal(size=(20_000, n))
    simulated = np.sort(drawn, axis=1)[:, -k:].mean()
    assert finite_intensity(n, k) == pytest.approx(simulated, abs=0.02)


@pytest.mark.parametrize(
    ("n", "value"),
    [
        (2, 0.5642),
        (5, 1.1630),
        (10, 1.5388),
        (20, 1.8675),
        (50, 2.2491),
        (100, 2.5076),
        (200, 2.7460),
        (1000, 3.2414),
    ],
)
def test_expected_maximum(n, value):
    assert expected_maximum(n) == pytest.approx(value, abs=1e-4)


def test_impossible_shares_are_refused():
    with pytest.raises(DataError, match="cannot be selected"):
        intensity(0.0)
    assert finite_intensity(7, 7) == 0
