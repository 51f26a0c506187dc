"""`meristem.select.index.together`: noisy covariances give a better index."""

import numpy as np
import pytest

from meristem.select.index.coefficients import (
    prediction_covariance,
    realised_reliability,
    smith_hazel,
)
from meristem.select.index.definite import bend
from meristem.select.index.together import move_together, shrink_covariances


def test_covariances_move_as_far_as_their_errors_ask():
    g = np.array([[4.0, -1.0], [-1.0, 1.0]])
    p = np.array([[1.0, 0.25], [0.25, 0.25]])
    known, share = shrink_covariances(g, np.zeros((2, 2)), p)
    assert known == pytest.approx(g)
    assert share == 0
    unknown, share = shrink_covariances(g, np.full((2, 2), 1e9), p)
    assert unknown == pytest.approx(np.array([[4.0, 1.0], [1.0, 1.0]]))
    assert share == pytest.approx(1)
    half, _ = shrink_covariances(g, np.full((2, 2), 2.0), p)
    assert half[0, 1] == pytest.approx(0)


def test_no_combination_of_traits_is_known_too_well_after_moving():
    g = np.array([[1.0, -0.95], [-0.95, 1.0]])
    p = np.array([[0.6, 0.3], [0.3, 0.6]])
    moved, share = move_together(g, p)
    assert 0 < share < 1
    c = prediction_covariance(moved, realised_reliability(p, moved))
    joint = moved * 0.951 - c.T @ np.linalg.solve(p, c)
    assert np.linalg.eigvalsh(joint)[0] > 0
    assert np.diag(moved) == pytest.approx(np.diag(g))


def test_an_index_of_shrunk_covariances_is_more_accurate():
    """Four traits of few lines, unrelated, with their own phenotypes alone."""
    rng = np.random.default_rng(5)
    true = np.array([[1, 0.4, -0.5, 0], [0.4, 1, 0, 0], [-0.5, 0, 1, 0], [0, 0, 0, 1]])
    h2, w = np.array([0.3, 0.8, 0.6, 0.4]), np.array([0.8, -0.3, 0.3, 0.4])
    better = []
    for _ in range(300):
        u = rng.multivariate_normal(np.zeros(4), true, 60)
        predicted = h2 * (u + rng.normal(size=u.shape) * np.sqrt((1 - h2) / h2))
        error = np.full((4, 4), 0.3)
        noise = np.triu(rng.normal(size=(4, 4)) * error, 1)
        estimated, p = true + noise + noise.T, np.cov(predicted.T)
        shrunk, _ = shrink_covariances(estimated, error, p)
        accuracy = []
        for genetic in (estimated, shrunk, move_together(bend(shrunk)[0], p)[0]):
            g, _ = bend(genetic)
            c = prediction_covariance(g, realised_reliability(p, g))
            index = predicted @ smith_hazel(p, c, w)
            accuracy.append(np.corrcoef(index, u @ w)[0, 1])
        better.append([accuracy[1] - accuracy[0], accuracy[2] - accuracy[0]])
    assert np.mean(better, axis=0).min() > 0.02
