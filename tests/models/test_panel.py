import numpy as np
import pytest
from tests.toys import genotypes

from meristem.models.panel import make_panel


def test_kernel_has_mean_diagonal_one_and_effects_reproduce_it():
    rng = np.random.default_rng(0)
    calls = rng.integers(0, 3, (14, 33)).astype(np.int8)
    panel = make_panel(genotypes(calls))
    assert np.trace(panel.kernel) == pytest.approx(14)
    dual = rng.normal(size=(14, 2))
    centred = calls - calls.mean(axis=0)
    assert centred @ panel.effects(dual) == pytest.approx(panel.kernel @ dual, abs=1e-5)
