"""The loop without numba; its compiled twin is compared in `test_samplers`."""

import importlib.util

import numpy as np
import pytest
from tests.mixed.gibbs.test_samplers import fit, small_trait

from meristem.mixed.gibbs import kernel


@pytest.fixture
def without_numba(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "numba" else find(n)
    )
    kernel.sweep_block.cache_clear()
    yield
    kernel.sweep_block.cache_clear()


def test_numpy_draws_where_numba_is_not_installed(without_numba):
    assert kernel.sweep_block() is kernel.sweep_columns
    z, y, weight = small_trait()
    plan = {"draws": 100, "most_draws": 100, "thin": 2, "burn_in": 100}
    found = fit(z, y, "c", weight, **plan)[0]
    exact = fit(z, y, "kernel", weight, **plan)[0]
    assert np.corrcoef(found.value, exact.value)[0, 1] > 0.98
