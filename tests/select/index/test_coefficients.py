"""`meristem.select.index.coefficients` and `response`: golden values and properties."""

import numpy as np
import pytest

from meristem.errors import ConfigError, DataError
from meristem.select.index.coefficients import (
    desired_gains,
    prediction_covariance,
    ratio,
    restricted,
    smith_hazel,
)
from meristem.select.index.response import respond

# Worked by hand in the fact sheet on selection, section 2.
P = np.array([[4.0, 1.0], [1.0, 3.0]])
G = np.array([[2.0, 0.5], [0.5, 1.0]])
W = np.array([1.0, 2.0])
GOLDEN = {
    "smith-hazel": ((0.590909, 0.636364), (1.435370, 0.891669), 3.218708, 0.648425),
    "base": ((1.0, 2.0), (1.177290, 0.981075), 3.139439, 0.632456),
    "restricted": ((0.466667, -0.233333), (1.585987, 0.0), 1.585987, 0.319505),
    "desired": ((0.857143, 0.571429), (1.585987, 0.792993), 3.171973, 0.639010),
}
B = {
    "smith-hazel": smith_hazel(P, G, W),
    "base": W,
    "restricted": restricted(P, G, W, np.array([[0.0], [1.0]])),
    "desired": desired_gains(P, G, np.array([2.0, 1.0])),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_indices(name):
    b, gain, merit, accuracy = GOLDEN[name]
    found = respond(B[name], P, G, G, W, 1.755)
    assert found.coefficient == pytest.approx(b, abs=1e-6)
    assert found.gain == pytest.approx(gain, abs=1e-6)
    assert found.merit == pytest.approx(merit, abs=2e-6)
    assert found.accuracy == pytest.approx(accuracy, abs=1e-6)
    b = np.array(b)
    assert found.heritability == pytest.approx(b @ G @ b / (b @ P @ b), rel=1e-5)


def test_the_heritability_of_predictions_is_not_cut_off_at_one():
    predicted = np.array([[0.5, 0.1], [0.1, 0.3]])  # less than the genetic variance
    crossed = np.array([[0.7, 0.2], [0.15, 0.4]])
    found = respond(W, predicted, crossed, G, W, 1.755)
    assert found.heritability == pytest.approx(found.accuracy**2)
    assert found.heritability < 1


def covariances(seed: int, n: int = 4):
    rng = np.random.default_rng(seed)
    g, e = rng.normal(size=(2, n, 2 * n))
    genetic = g @ g.T
    return genetic + e @ e.T, genetic, rng.normal(size=n)


def test_no_other_index_is_more_accurate_than_smith_hazel():
    p, g, w = covariances(3)
    rng = np.random.default_rng(4)
    best = respond(smith_hazel(p, g, w), p, g, g, w, 1.0)
    others = [respond(b, p, g, g, w, 1.0) for b in rng.normal(size=(200, 4))]
    assert max(o.accuracy for o in others) < best.accuracy <= 1
    assert max(o.efficiency for o in others) < 1
    assert best.efficiency == pytest.approx(1)
    assert best.implied_weight == pytest.approx(w)


def test_units_and_order_of_traits_change_no_ranking():
    p, g, w = covariances(5)
    x = np.random.default_rng(6).normal(size=(30, 4))
    scale, order = np.array([10.0, 0.1, 3.0, 1.0]), np.array([2, 0, 3, 1])
    plain = x @ smith_hazel(p, g, w)
    both = np.outer(scale, scale)
    scaled = (x * scale) @ smith_hazel(p * both, g * both, w / scale)
    assert scaled == pytest.approx(plain)
    turn = np.ix_(order, order)
    b = smith_hazel(p[turn], g[turn], w[order])
    assert b == pytest.approx(smith_hazel(p, g, w)[order])


def test_gains_keep_to_restrictions_and_goals():
    p, g, w = covariances(7)
    held = restricted(p, g, w, np.eye(4)[:, [1, 3]])
    assert respond(held, p, g, g, w, 1.0).gain[[1, 3]] == pytest.approx(0, abs=1e-12)
    goal = np.array([1.0, -2.0, 0.5, 3.0])
    found = respond(desired_gains(p, g, goal), p, g, g, w, 1.0).gain / goal
    assert found == pytest.approx(found[0])
    wanted, where = np.array([2.0, 1.0, 1.0]), np.array([0, 2, 3])
    even = restricted(p, g, w, ratio(wanted, where, 4))
    found = respond(even, p, g, g, w, 1.0).gain[where] / wanted
    assert found == pytest.approx(found[0])
    assert respond(even, p, g, g, w, 1.0).efficiency < 1


def test_desired_gains_of_some_traits_have_the_least_variance():
    p, g, _ = covariances(8)
    goal = np.array([1.0, 2.0])
    b = desired_gains(p, g[:, :2], goal)
    assert g[:, :2].T @ b == pytest.approx(goal)
    rng = np.random.default_rng(9)
    free = np.linalg.svd(g[:, :2].T)[2][2:]  # changes that leave the gains alone
    for step in rng.normal(size=(50, 2)):
        other = b + step @ free
        assert other @ p @ other > b @ p @ b
    with pytest.raises(ConfigError, match="all desired gains are zero"):
        desired_gains(p, g, np.zeros(4))


def test_weighting_by_accuracy_beats_weights_on_shrunken_or_standardised_values():
    """100 simulated sets of two traits with h2 .8 and .2, predicted one at a time."""
    rng = np.random.default_rng(10)
    w, h2 = np.array([1.0, 1.0]), np.array([0.8, 0.2])
    gained = []
    for _ in range(100):
        g = np.array([[1.0, 0.3], [0.3, 1.0]])
        u = rng.multivariate_normal([0, 0], g, 400)
        y = u + rng.normal(size=u.shape) * np.sqrt((1 - h2) / h2)
        predicted = h2 * y  # BLUP of unrelated lines
        seen = np.cov(predicted.T)
        b = smith_hazel(seen, prediction_covariance(g, h2), w)
        r = [
            np.corrcoef(predicted @ c, u @ w)[0, 1]
            for c in (b, w, w / predicted.std(axis=0))
        ]
        gained.append([r[0] - r[1], r[0] - r[2]])
    mean = np.mean(gained, axis=0)
    assert (mean > 0).all()
    assert mean[1] > 0.03


def test_equal_reliabilities_leave_the_economic_weights():
    _, g, w = covariances(11)
    r2 = np.full(4, 0.4)
    assert smith_hazel(0.4 * g, prediction_covariance(g, r2), w) == pytest.approx(w)


def test_an_accuracy_above_one_is_refused():
    p, c, g = np.eye(2), 3 * np.eye(2), np.eye(2)
    with pytest.raises(DataError, match="accuracy of the index would be 3.00"):
        respond(np.ones(2), p, c, g, np.ones(2), 1.0)
