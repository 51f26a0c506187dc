import numpy as np
import pytest

from meristem.mixed.noise import Noise, noise_of


@pytest.fixture
def square():
    root = np.random.default_rng(1).normal(size=(4, 7))
    return root @ root.T


def test_of_weights_it_is_a_diagonal():
    noise = noise_of(np.array([0.5, 1.5]), 2)
    assert np.array_equal(noise.covariance(3.0), np.diag([6, 2]))
    assert noise.level(3.0) == 3
    assert np.array_equal(noise_of(None, 3).shape, np.ones(3))
    assert noise_of(noise, 2) is noise


def test_a_matrix_does_what_its_diagonal_does(square):
    y = np.arange(4.0)
    whole, alone = Noise(np.diag([1.0, 2, 3, 4])), Noise(np.array([1.0, 2, 3, 4]))
    assert np.array_equal(whole.times(y), alone.times(y))
    assert whole.trace(square) == pytest.approx(alone.trace(square))
    assert whole.size == alone.size == 2.5
    assert np.array_equal(whole.matrix, alone.matrix)


def test_a_known_part_is_added_and_scaled_with_the_values(square):
    noise = Noise(np.ones(4), square)
    assert np.allclose(noise.covariance(0.3), square + 0.3 * np.eye(4))
    assert 1 / noise.level(0.3) == pytest.approx(np.mean(1 / (np.diag(square) + 0.3)))
    assert np.allclose(noise.scaled(2.0).covariance(0.0), 2 * square)
    assert np.trace(square) == pytest.approx(noise_of(None, 4).trace(square))
