import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from meristem.models.trees.arrays import LEAF, boosted_trees, join_trees


def test_joined_trees_send_every_sample_to_its_leaf():
    leaf = {"left": [LEAF], "right": [LEAF], "feature": [0], "threshold": [0.0]}
    leaf["value"] = [3.5]
    split = {
        "left": [1, LEAF, LEAF],
        "right": [2, LEAF, LEAF],
        "feature": [1, 0, 0],
        "threshold": [0.5, 0.0, 0.0],
        "value": [0.0, -1.0, 1.0],
    }
    trees = [{name: np.array(v) for name, v in one.items()} for one in (leaf, split)]
    x = np.array([[9.0, 0.0], [9.0, 0.5], [9.0, 1.0]])
    found = join_trees(trees).predict(x)
    assert found.tolist() == [[3.5, 3.5, 3.5], [-1.0, -1.0, 1.0]]


def test_boosted_arrays_add_up_to_what_scikit_learn_predicts():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 3, (70, 12)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + rng.normal(size=70)
    model = HistGradientBoostingRegressor(max_iter=15, min_samples_leaf=4).fit(x, y)
    total = boosted_trees(model).predict(x).sum(axis=0)
    baseline = float(np.ravel(model._baseline_prediction)[0])
    assert total + baseline == pytest.approx(model.predict(x), abs=1e-9)
