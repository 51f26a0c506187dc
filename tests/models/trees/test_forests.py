import numpy as np
import pytest
from tests import toys

from meristem.config.models import BoostingOptions, ForestOptions
from meristem.models.trees.forests import Boosting, RandomForest, restore_trees
from meristem.records import Dataset, Phenotypes

N, P = 120, 8


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    calls = rng.integers(0, 3, (N, P)).astype(np.int8)
    y = 2.0 * (calls[:, 1] == 1) * (calls[:, 4] > 0) + 0.3 * rng.normal(size=N)
    return toys.dataset(calls, y)


def fit(model, dataset):
    return model.fit(dataset, rng=np.random.default_rng(1))


def test_both_find_an_interaction_that_no_additive_model_sees(dataset):
    train, test = dataset.take(np.arange(90)), dataset.take(np.arange(90, N))
    observed = test.phenotypes.value[:, 0]
    for model in (
        RandomForest(ForestOptions(trees=60, max_features=0.5)),
        Boosting(BoostingOptions(rounds=60, learning_rate=0.2, max_features=1.0)),
    ):
        value = fit(model, train).predict(test.genotypes).value[:, 0]
        assert np.corrcoef(value, observed)[0, 1] > 0.8


def test_inner_splits_stop_boosting_where_nothing_is_to_be_found(dataset):
    rng = np.random.default_rng(3)
    noise = Phenotypes(
        dataset.sample_id,
        np.array(["t"]),
        np.array([""]),
        rng.normal(size=(N, 1)),
        np.ones((N, 1)),
    )
    model = Boosting(BoostingOptions(rounds=60, learning_rate=0.2))
    nothing = fit(model, Dataset(dataset.genotypes, noise))
    something = fit(model, dataset)
    assert nothing.trees[0].root.size < 0.5 * something.trees[0].root.size


def test_the_forest_is_less_sure_where_its_trees_disagree(dataset):
    fitted = fit(RandomForest(ForestOptions(trees=30)), dataset)
    spread = fitted.predict(dataset.genotypes).spread
    assert (spread > 0).all()
    again = restore_trees(fitted.state()).predict(dataset.genotypes)
    assert np.array_equal(again.spread, spread)
    boosted = fit(Boosting(BoostingOptions(rounds=5)), dataset)
    assert np.isnan(boosted.predict(dataset.genotypes).spread).all()
