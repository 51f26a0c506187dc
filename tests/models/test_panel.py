import numpy as np
import pytest

from meristem.models.panel import make_panel
from meristem.records import Genotypes, VariantTable


def test_kernel_has_mean_diagonal_one_and_effects_reproduce_it():
    rng = np.random.default_rng(0)
    calls = rng.integers(0, 3, (14, 33)).astype(np.int8)
    names = np.array([f"v{i}" for i in range(33)])
    blank = np.full(33, "")
    table = VariantTable(names, blank, np.zeros(33, np.int64), blank, blank)
    panel = make_panel(Genotypes(np.arange(14).astype(str), table, calls))
    assert np.trace(panel.kernel) == pytest.approx(14)
    dual = rng.normal(size=(14, 2))
    centred = calls - calls.mean(axis=0)
    assert centred @ panel.effects(dual) == pytest.approx(panel.kernel @ dual, abs=1e-5)
