from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from meristem.interpret.stability import (
    correct_importance,
    null_importance,
    quantile_normalise,
    rank_agreement,
    shuffle_labels,
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


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


def test_quantile_normalisation_keeps_ranks_and_makes_distributions_equal():
    value = rng().standard_normal((4, 11)) * np.array([[1], [5], [0.1], [3]])
    got = quantile_normalise(value)
    for one, two in zip(value, got, strict=True):
        assert np.array_equal(np.argsort(one), np.argsort(two))
        np.testing.assert_allclose(np.sort(two), np.sort(value, axis=1).mean(axis=0))


def test_ties_get_the_mean_of_their_places():
    value = np.array([[1.0, 1.0, 4.0], [0.0, 2.0, 6.0]])
    common = [0.5, 1.5, 5.0]
    np.testing.assert_allclose(quantile_normalise(value)[0], [1.0, 1.0, common[2]])


def test_shuffled_labels_move_whole_rows(data_factory):
    data = data_factory()
    data.phenotypes.value[[2, 3]] = np.nan
    before = data.phenotypes.value.copy()
    got = shuffle_labels(data, rng()).phenotypes.value
    np.testing.assert_array_equal(data.phenotypes.value, before)
    assert np.isnan(got[[2, 3]]).all()
    assert not np.allclose(got, before, equal_nan=True)
    known = lambda x: sorted(map(tuple, x[~np.isnan(x).any(axis=1)]))  # noqa: E731
    assert known(got) == known(before)


def test_null_importances_come_from_refits_on_shuffled_labels(data_factory):
    data = data_factory()
    seen, steps = [], []

    def refit(dataset, generator):
        seen.append(dataset.phenotypes.value[:, 0].copy())
        return dataset

    null = null_importance(
        refit,
        lambda fitted: np.full(3, fitted.phenotypes.value[0, 0]),
        data,
        rng(),
        n_null=4,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert null.shape == (4, 3)
    np.testing.assert_array_equal(null[:, 0], [y[0] for y in seen])
    assert len({y[0] for y in seen}) > 1
    assert steps[-1] == (4, 4)


def simulate(seed, n_node=40, n_network=6, n_null=25):
    """Importance grows with node size in all networks; nodes 0 and 1 are real."""
    generator = rng(seed)
    size = generator.integers(1, 60, n_node)
    bias = np.sqrt(size)
    draw = lambda n: bias + 0.5 * generator.standard_normal((n, n_node))  # noqa: E731
    importance, null = draw(n_network), draw(n_null)
    importance[:, [0, 1]] += 4
    return size, importance, null


def test_real_nodes_are_found_and_large_nodes_are_not():
    size, importance, null = simulate(3)
    names = np.array([f"n{k}" for k in range(40)])
    found = correct_importance(names, importance, null, size, normalise=False)
    assert set(names[found.q < 0.05]) == {"n0", "n1"}
    assert found.bias_before > 0.7
    assert abs(found.bias_after) < 0.4
    by_rank = correct_importance(names, importance, null, size)
    # relative importances know less, yet rank the two first
    assert set(np.argsort(-by_rank.z)[:2]) == {0, 1}
    assert abs(by_rank.bias_after) < 0.4


def test_p_values_without_any_real_node_are_uniform():
    p = []
    for seed in range(30):
        generator = rng(seed)
        importance = generator.gamma(2, size=(1, 20))
        null = generator.gamma(2, size=(30, 20))
        names = np.array([f"n{k}" for k in range(20)])
        size = np.ones(20, dtype=int)
        p.append(correct_importance(names, importance, null, size, normalise=False).p)
    assert np.mean(np.concatenate(p) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_too_few_null_networks():
    with pytest.raises(ValueError, match="at least 3"):
        correct_importance(
            np.array(["a"]), np.ones((2, 1)), np.ones((2, 1)), np.ones(1, dtype=int)
        )
