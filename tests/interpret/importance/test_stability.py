from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from tests.toys import rng

from meristem.interpret.importance.stability import (
    STABILITY_COLUMNS,
    rank_agreement,
    spearman_matrix,
    stability_table,
)


def test_rank_agreement_is_the_mean_spearman_of_pairs():
    importance = rng().standard_normal((5, 17)) + np.arange(17)
    found = rank_agreement(importance, rng(2))
    pairs = [
        scipy.stats.spearmanr(importance[i], importance[j]).statistic
        for i in range(5)
        for j in range(i)
    ]
    assert found.mean == pytest.approx(np.mean(pairs))
    assert found.low <= found.mean <= found.high
    assert found.n_member == 5


def test_rank_agreement_of_equal_and_of_unrelated_members():
    assert rank_agreement(np.tile(np.arange(9.0), (4, 1)), rng()).low == pytest.approx(
        1
    )
    unrelated = rank_agreement(rng().standard_normal((12, 300)), rng())
    assert abs(unrelated.mean) < 0.05
    assert np.isnan(rank_agreement(np.ones((1, 5)), rng()).mean)


def test_a_network_without_any_importance_agrees_with_none():
    importance = np.stack([np.arange(6.0), np.zeros(6)])
    assert rank_agreement(importance, rng()).mean == 0


def test_the_table_has_a_row_for_every_kind_of_networks(data_factory):
    phenotypes = data_factory().phenotypes
    order = np.arange(7.0)[:, None] * np.ones(2)
    importance = {
        "seeds": order + 0.1 * rng().random((3, 7, 2)),
        "folds": rng(4).random((5, 7, 2)),
        "members": order[None],
    }
    table = stability_table(importance, phenotypes, rng(2))
    assert list(table.columns) == list(STABILITY_COLUMNS)
    assert table["between"].tolist() == ["seeds", "folds"] * 2
    assert table["n_networks"].tolist() == [3, 5] * 2
    seeds = table[table["between"] == "seeds"]
    assert seeds["agreement"].tolist() == pytest.approx([1, 1])
    expected = rank_agreement(importance["folds"][:, :, 1], rng(9)).mean
    assert table["agreement"].iloc[3] == pytest.approx(expected)


def test_nodes_that_a_network_lacks_are_left_out_of_its_pairs():
    nan = np.nan
    importance = np.array(
        [
            [1.0, 2.0, 3.0, nan, nan],
            [1.0, 2.0, nan, 3.0, 4.0],
            [nan, 2.0, 1.0, 3.0, 5.0],
        ]
    )
    r = spearman_matrix(importance)
    expected = [[1, 1, -1], [1, 1, 1], [-1, 1, 1]]
    np.testing.assert_allclose(r, expected)
    alone = np.array([[1.0, nan], [nan, 2.0]])
    assert spearman_matrix(alone)[0, 1] == 0
