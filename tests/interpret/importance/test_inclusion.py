"""`meristem.interpret.importance.inclusion`: probabilities of sets as a table."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.toys import core_data, fitted_core

from meristem.interpret.importance.inclusion import set_inclusion
from meristem.stats.discoveries import expected_fdr


def test_sets_that_act_are_probable() -> None:
    data, _ = core_data(n=160)
    fitted = fitted_core(data, folds=2)
    table = set_inclusion(fitted)
    assert table is not None
    assert len(table) == 7 * 2
    y = table[table["trait"] == "y"]
    assert set(y["node"].head(2)) == {"set0", "set4"}
    assert y["inclusion"].is_monotonic_decreasing
    z = table[table["environment"] == "dry"]
    assert z["node"].iloc[0] == "set2"
    assert z["inclusion_fdr"].iloc[0] == pytest.approx(1 - z["inclusion"].iloc[0])
    assert table["inclusion"].between(0, 1).all()


def test_other_networks_have_none(network) -> None:
    assert set_inclusion(network()) is None


def test_expected_fdr_by_hand() -> None:
    probability = np.array([0.2, 1.0, 0.6, 0.6])
    expected = [1.6 / 4, 0.0, 0.8 / 3, 0.8 / 3]
    np.testing.assert_allclose(expected_fdr(probability), expected)
    assert expected_fdr(np.empty(0)).size == 0
