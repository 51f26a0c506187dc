import time
from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import BoostingOptions
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.config.tune import TuneOptions
from meristem.evaluate.crossval import cross_validate
from meristem.evaluate.fold import as_rows, fit_chosen
from meristem.models.protocol import Searching
from meristem.models.tuned import space
from meristem.models.tuned.spec import Tuned
from meristem.stats.folds import random_splits
from meristem.tune.budget import SIZE

N, P = 60, 23
OPTIONS = BoostingOptions(rounds=3, leaves=3)
TUNE = TuneOptions(trials=2 * SIZE, method="random")


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch):
    ranges = {"rounds": (3, 8), "learning_rate": (0.05, 0.3), "leaves": (3, 5)}
    monkeypatch.setitem(space.RANGES, "boosting", ranges)


@pytest.fixture
def dataset():
    rng = np.random.default_rng(4)
    calls = rng.integers(0, 3, (N, P), dtype=np.int8)
    y = calls[:, 0] * calls[:, 1] + 0.5 * rng.normal(size=N)
    return toys.dataset(calls, y)


def search(dataset, model=None, seed=1):
    model = Tuned(OPTIONS, TUNE) if model is None else model
    inner = random_splits(dataset.n_sample, 3, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    return model.choose(dataset, rng=rng, inner=inner)


def test_the_best_of_what_was_tried_is_chosen(dataset):
    assert isinstance(Tuned(OPTIONS, TUNE), Searching)
    chosen, tried = search(dataset)
    final = [one for one in tried if one.splits is not None]
    best = max(final, key=lambda one: one.reward)
    assert [one.chosen for one in final].count(True) == 1
    assert best.chosen
    assert vars(chosen.options) | best.options == vars(chosen.options)
    # the options as set come first, alone; two generations after them are halved
    assert final[0].options["rounds"] == 3
    assert sum(one.splits is None for one in tried) == 1 + 2 * SIZE
    assert len(as_rows(tried)) == len(tried)


def test_outer_rows_never_reach_a_search(dataset):
    splits = random_splits(N, 3, np.random.default_rng(2))
    config, filters = EvaluateConfig(folds=3, inner_folds=3), FilterConfig()

    def run(data):
        model = (("tuned", Tuned(OPTIONS, TUNE)),)
        return cross_validate(
            data, model, splits[:1], config=config, filters=filters, seed=5
        )

    plain = run(dataset)
    test = splits[0].test
    value = dataset.phenotypes.value.copy()
    value[test] = 1e3 * np.random.default_rng(9).normal(size=(test.size, 1))
    calls = dataset.genotypes.call_dosage.copy()
    calls[test] = 2 - calls[test]
    other = replace(
        dataset,
        phenotypes=replace(dataset.phenotypes, value=value),
        genotypes=replace(dataset.genotypes, call_dosage=calls),
    )
    changed = run(other)
    assert plain.tried.to_csv() == changed.tried.to_csv()
    assert len(plain.tried) > SIZE


def test_a_stopped_search_goes_on(dataset, tmp_path):
    whole = search(dataset, Tuned(OPTIONS, TUNE, folder=tmp_path / "a"))
    kept = tmp_path / "a"
    (file,) = kept.iterdir()
    again = search(dataset, Tuned(OPTIONS, TUNE, folder=kept))
    assert again == whole
    before = file.read_text()
    assert search(dataset, Tuned(OPTIONS, TUNE, folder=kept))
    assert file.read_text() == before


def test_minutes_end_a_search(dataset):
    model = Tuned(OPTIONS, TuneOptions(minutes=1), seconds=0.3)
    started = time.process_time()
    _, tried = search(dataset, model)
    assert time.process_time() - started < 20
    assert len(tried) >= 2


def test_fitted_models_are_those_chosen(dataset):
    model, rng = Tuned(OPTIONS, TUNE), np.random.default_rng(3)
    inner = random_splits(N, 3, np.random.default_rng(3))
    fitted, told = fit_chosen(model, dataset, rng, inner)
    assert told.tried
    assert fitted.predict(dataset.genotypes).value.shape == (N, 1)
    plain = model.fit(dataset, rng=np.random.default_rng(3), inner=inner)
    assert plain.state().kind == fitted.state().kind == "boosting"
