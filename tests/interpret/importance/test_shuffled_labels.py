from __future__ import annotations

import numpy as np
import pytest
from tests.toys import rng

from meristem.interpret.importance.shuffled_labels import (
    chance_importance,
    correct_importance,
    null_tail,
    shrunk_spread,
    shuffle_labels,
)


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


def simulate(seed, n_node=40, n_network=6, n_null=25):
    """Importance grows with node size in all networks; nodes 0 and 1 are real."""
    generator = rng(seed)
    size = generator.integers(1, 60, n_node)
    bias = np.sqrt(size)
    draw = lambda n: bias + 0.5 * generator.standard_normal((n, n_node))  # noqa: E731
    importance, null = draw(n_network), draw(n_null)
    importance[:, [0, 1]] += 4
    return importance, null


def test_real_nodes_are_found_and_large_nodes_are_not():
    importance, null = simulate(3)
    names = np.array([f"n{k}" for k in range(40)])
    found = correct_importance(names, importance, null)
    assert set(names[found.q < 0.05]) == {"n0", "n1"}
    np.testing.assert_allclose(found.high, null.max(axis=0))


def test_p_values_without_any_real_node_are_uniform():
    p = []
    for seed in range(30):
        generator = rng(seed)
        importance = generator.gamma(2, size=(1, 20))
        null = generator.gamma(2, size=(30, 20))
        names = np.array([f"n{k}" for k in range(20)])
        p.append(correct_importance(names, importance, null).p)
    assert np.mean(np.concatenate(p) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_too_few_null_networks():
    with pytest.raises(ValueError, match="at least 3"):
        correct_importance(np.array(["a"]), np.ones((2, 1)), np.ones((2, 1)))


def test_up_to_the_largest_null_value_p_is_the_rank():
    null = np.arange(12.0).reshape(4, 3)
    value = np.array([-1.0, 4.0, 6.5])
    p = null_tail(value, null, np.ones(3))
    # columns hold 0 3 6 9, 1 4 7 10 and 2 5 8 11; a tie counts against the node
    np.testing.assert_allclose(p, [(1 + 4) / 5, (1 + 3) / 5, (1 + 2) / 5])


def test_beyond_p_falls_without_jump_and_without_end():
    null = rng().random((10, 1))
    high = null.max()
    excess = np.array([0.0, 1e-9, 0.5, 5.0, 1e3])
    spread = np.array([0.3])
    p = np.concatenate([null_tail(np.array([high + e]), null, spread) for e in excess])
    assert p[0] == pytest.approx(2 / 11)
    assert p[1] == pytest.approx(1 / 11)
    assert (np.diff(p) < 0).all()
    assert p[2] == pytest.approx((1 + 0.5 / 3 / (1 + 0.2**0.5)) ** -10 / 11)


@pytest.mark.parametrize("n_null", [5, 10, 20])
def test_the_tail_is_calibrated_on_an_exponential_null(n_null):
    draws = rng().exponential(size=(n_null + 1, 40_000))
    null, value = draws[:-1], draws[-1]
    p = null_tail(value, null, null.std(axis=0, ddof=1))
    assert (p <= 0.1).mean() == pytest.approx(0.1, abs=0.015)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (p <= 0.01).mean() < 0.017


def test_a_null_that_is_mostly_nothing_needs_the_scale_of_chance():
    """Seven of ten fits ignore the labels; five null fits often show nothing."""
    generator = rng(3)
    shape = (6, 20_000)
    draws = 0.003 * generator.random(shape)
    draws += generator.uniform(0.05, 0.3, shape) * (generator.random(shape) < 0.3)
    null, value = draws[:5], draws[5]
    spread = null.std(axis=0, ddof=1)
    alone = null_tail(value, null, spread)
    held = null_tail(value, null, np.hypot(spread, 0.2))
    assert (alone < 0.001).mean() > 0.04
    assert (held < 0.01).mean() < 0.005
    assert (held <= 0.05).mean() < 0.05


def test_the_importance_of_chance_is_the_usual_part_of_the_prediction():
    null = np.array([[0.2, 0.1], [0.0, 0.0], [0.6, 0.1]])
    found = chance_importance(null, np.array([0.4, 0.0, 0.6]), 3.0, 100)
    np.testing.assert_allclose(found, [(0.5 + 1.0) / 2 * 0.3, (0.25 + 1 / 6) / 2 * 0.3])
    assert (chance_importance(0 * null, np.zeros(3), 3.0, 100) == 0).all()


def test_spreads_are_drawn_towards_the_common_one():
    null = np.stack([np.array([0.0, 0.0]), np.array([0.0, 2.0]), np.array([0.0, 4.0])])
    found = shrunk_spread(null)
    np.testing.assert_allclose(found**2, [10 * 2 / 12, (2 * 4 + 10 * 2) / 12])


def test_importance_that_nothing_depends_on_is_never_found():
    names = np.array(["a", "b"])
    found = correct_importance(names, np.zeros((1, 2)), np.zeros((4, 2)))
    assert found.p.tolist() == [1, 1]
