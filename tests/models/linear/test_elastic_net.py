import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as PlainElasticNet

from meristem.models.linear.elastic_net import fit_path, penalty_path


@pytest.fixture
def data():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(50, 17)).astype(np.float32)
    weight = rng.uniform(0.5, 2, 50)
    y = 3 + x[:, :3] @ [1.0, -2.0, 0.5] + rng.normal(size=50)
    return x, y, weight / weight.mean()


def test_weighted_path_equals_scikit_learns_weighted_fits(data):
    x, y, weight = data
    path = penalty_path(x, y, weight, 0.5, 6)
    slope, intercept = fit_path(x, y, weight, 0.5, path)
    for at, alpha in enumerate(path):
        plain = PlainElasticNet(alpha=alpha, l1_ratio=0.5, tol=1e-8, max_iter=10_000)
        plain.fit(x.astype(float), y, sample_weight=weight)
        assert slope[at] == pytest.approx(plain.coef_, abs=5e-3)
        assert intercept[at] == pytest.approx(plain.intercept_, abs=5e-3)


def test_path_starts_where_the_first_marker_enters(data):
    x, y, weight = data
    path = penalty_path(x, y, weight, 0.9, 5)
    slope, intercept = fit_path(x, y, weight, 0.9, path)
    assert np.count_nonzero(slope[0]) <= 1
    assert np.abs(slope[0]).max() < 1e-3
    assert intercept[0] == pytest.approx(np.average(y, weights=weight), abs=1e-2)
    assert np.count_nonzero(slope[-1]) > 3
