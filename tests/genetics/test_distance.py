import numpy as np
import pytest

from meristem.genetics.distance import arc_cosine, gaussian, scaled_distance


def test_arc_cosine_is_the_mean_over_rectified_units():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((3, 5)), rng.standard_normal((4, 5))
    w = rng.standard_normal((5, 400_000))
    expected = 2 * np.maximum(x @ w, 0) @ np.maximum(y @ w, 0).T / w.shape[1]
    found = arc_cosine(x @ y.T, (x**2).sum(1), (y**2).sum(1))
    assert found == pytest.approx(expected, abs=0.06)


def test_arc_cosine_keeps_norms_through_layers():
    x = np.random.default_rng(2).standard_normal((4, 6))
    size = (x**2).sum(1)
    deep = arc_cosine(x @ x.T, size, size, layers=3)
    assert np.diag(deep) == pytest.approx(size)
    assert np.linalg.eigvalsh(deep).min() > 0


def test_distances_have_a_median_of_one():
    x = np.random.default_rng(3).standard_normal((9, 5))
    distance, _ = scaled_distance(x @ x.T)
    assert np.median(distance[np.triu_indices(9, 1)]) == pytest.approx(1)
    assert np.diag(gaussian(distance, 2.0)) == pytest.approx(1)
