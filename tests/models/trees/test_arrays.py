import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from meristem.models.trees.arrays import boosted_trees, forest_trees


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 3, (70, 12)).astype(np.float32)
    return x, x[:, 0] * x[:, 1] + rng.normal(size=70)


def test_forest_arrays_predict_what_scikit_learn_predicts(data):
    x, y = data
    model = RandomForestRegressor(9, random_state=0).fit(x, y)
    each = forest_trees(model).predict(x)
    assert each.shape == (9, 70)
    for tree, values in zip(model.estimators_, each, strict=True):
        assert values == pytest.approx(tree.predict(x), abs=1e-12)


def test_boosted_arrays_add_up_to_what_scikit_learn_predicts(data):
    x, y = data
    model = HistGradientBoostingRegressor(max_iter=15, min_samples_leaf=4).fit(x, y)
    total = boosted_trees(model).predict(x).sum(axis=0)
    baseline = float(np.ravel(model._baseline_prediction)[0])
    assert total + baseline == pytest.approx(model.predict(x), abs=1e-9)


def test_a_tree_that_is_a_single_leaf_gives_its_value():
    x = np.zeros((5, 2), dtype=np.float32)
    model = RandomForestRegressor(2, random_state=0, bootstrap=False)
    values = forest_trees(model.fit(x, np.full(5, 3.5))).predict(x)
    assert (values == 3.5).all()
