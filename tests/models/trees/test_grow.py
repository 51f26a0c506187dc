import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from meristem.models.trees.arrays import LEAF, join_trees
from meristem.models.trees.grow import MANY, Growth, _Tree, grow_forest

N, P, PLOIDY = 90, 13, 4


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def data(rng):
    x = rng.binomial(PLOIDY, 0.3, (N, P)).astype(np.int8)
    y = x[:, 2] * (x[:, 5] > 1) + rng.normal(size=N)
    return x, y, rng.uniform(0.5, 2.0, N)


def best_gain(x, y, weight, rows, min_leaf):
    """The most that any split takes from the squared error, every one tried."""

    def error(some):
        w, v = weight[some], y[some]
        return float(w @ (v - np.average(v, weights=w)) ** 2)

    gains = [-np.inf]
    for marker in range(P):
        for level in range(PLOIDY):
            below = rows[x[rows, marker] <= level]
            above = rows[x[rows, marker] > level]
            if min(below.size, above.size) >= min_leaf:
                gains.append(error(rows) - error(below) - error(above))
    return max(gains), error


@pytest.mark.parametrize("min_leaf", [2, 7])
def test_every_node_takes_the_best_of_all_splits(data, rng, min_leaf):
    x, y, weight = data
    assert min_leaf * 2 < MANY < N  # nodes of both ways to read markers
    growth = Growth(trees=1, max_features=1.0, min_leaf=min_leaf)
    levels = np.arange(PLOIDY, dtype=np.int8)
    tree = _Tree(x, np.ascontiguousarray(x.T), levels, y, weight, growth, rng)
    found = join_trees([tree.nodes()])
    waiting, leaves = [(0, np.arange(N))], 0
    while waiting:
        node, rows = waiting.pop()
        most, error = best_gain(x, y, weight, rows, min_leaf)
        mean = np.average(y[rows], weights=weight[rows])
        assert found.value[node] == pytest.approx(mean)
        if found.left[node] == LEAF:
            leaves += 1
            assert most <= 1e-5 * error(rows)
            continue
        side = x[rows, found.feature[node]] <= found.threshold[node]
        below, above = rows[side], rows[~side]
        assert min(below.size, above.size) >= min_leaf
        gain = error(rows) - error(below) - error(above)
        assert gain == pytest.approx(most, rel=1e-3)
        waiting += [(found.left[node], below), (found.right[node], above)]
    assert leaves > 5


def test_a_forest_predicts_as_well_as_one_of_scikit_learn(rng):
    x = rng.binomial(2, 0.4, (300, 60)).astype(np.int8)
    signal = x[:, 1] + 2.0 * (x[:, 7] > 0) * (x[:, 9] > 0)
    y = signal + rng.normal(size=300)
    train, test = np.arange(200), np.arange(200, 300)
    growth = Growth(trees=150, max_features=0.2, min_leaf=3)
    own = grow_forest(x[train], y[train], np.ones(200), growth, rng)
    said = own.trees.predict(x[test]).mean(axis=0)
    other = RandomForestRegressor(
        150, max_features=0.2, min_samples_leaf=3, random_state=0, oob_score=True
    ).fit(x[train], y[train])
    reference = other.predict(x[test])
    assert np.corrcoef(said, reference)[0, 1] > 0.95
    assert np.corrcoef(own.unseen, other.oob_prediction_)[0, 1] > 0.9
    assert np.mean((said - reference) ** 2) < 0.05 * signal.var()


def test_a_fold_is_predicted_by_trees_that_drew_none_of_its_rows(rng):
    cluster = np.repeat(np.arange(12), 5)
    x = np.repeat(rng.integers(0, 3, (12, 40)), 5, axis=0).astype(np.int8)
    y = rng.normal(size=12)[cluster]  # nothing but what copies know of each other
    fold = cluster % 4
    every = np.arange(60)
    splits = [(every[fold != k], every[fold == k]) for k in range(4)]
    growth = Growth(trees=120, max_features=0.5, min_leaf=1)
    alone = grow_forest(x, y, np.ones(60), growth, rng).unseen
    one = grow_forest(x, y, np.ones(60), growth, np.random.default_rng(1), splits)
    assert np.corrcoef(alone, y)[0, 1] > 0.9
    assert np.corrcoef(one.unseen, y)[0, 1] < 0.3
    spoilt = np.where(fold == 2, y + 50.0, y)
    two = grow_forest(x, spoilt, np.ones(60), growth, np.random.default_rng(1), splits)
    assert one.unseen[fold == 2] == pytest.approx(two.unseen[fold == 2])
    assert not np.allclose(one.unseen[fold != 2], two.unseen[fold != 2])


def test_noise_is_the_variance_that_more_trees_would_take_away(rng):
    x = rng.binomial(2, 0.4, (60, 30)).astype(np.int8)
    y = rng.normal(size=60)
    growth = Growth(trees=40, max_features=0.3, min_leaf=2)
    found = [grow_forest(x, y, np.ones(60), growth, rng) for _ in range(30)]
    said = np.mean([one.noise for one in found])
    # rows out of bag are said by 40 / e trees, the forest is the mean of 40
    among = np.mean(np.var([one.unseen for one in found], axis=0, ddof=1))
    assert said == pytest.approx(among * (1 - np.exp(-1)), rel=0.15)


def test_without_variation_a_forest_says_the_mean(rng):
    y = np.array([1.0, 2.0, 6.0])
    growth = Growth(trees=40, max_features=0.5, min_leaf=1)
    found = grow_forest(np.zeros((3, 4), dtype=np.int8), y, np.ones(3), growth, rng)
    assert (found.trees.left == LEAF).all()
    assert found.trees.predict(np.ones((2, 4))).mean() == pytest.approx(3.0, abs=1.0)
