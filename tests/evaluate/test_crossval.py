from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky import cloudpickle_wrapper

from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import ConfigError, DataError
from meristem.evaluate.crossval import LATENT_COLUMNS, cross_validate
from meristem.evaluate.splits import make_splits
from meristem.records import Predictions
from meristem.records.posterior import without_error

# other processes cannot import test modules by name; where cloudpickle lives
# depends on joblib's version
cloudpickle = sys.modules[cloudpickle_wrapper.dumps.__module__]
cloudpickle.register_pickle_by_value(sys.modules[__name__])

CONFIG = EvaluateConfig(folds=4, replicates=2)


def run(data, predictors, *, work=None, jobs=1, seed=5, progress=None, config=CONFIG):
    splits = make_splits(data, config, np.random.default_rng(3))
    return cross_validate(
        data,
        predictors,
        splits,
        config=config,
        filters=FilterConfig(),
        seed=seed,
        jobs=jobs,
        work=work,
        progress=progress,
    )


def both(linear):
    return (("weak", linear(100.0, jitter=0.3)), ("strong", linear(1.0, jitter=0.3)))


def frames_equal(one, two) -> None:
    pd.testing.assert_frame_equal(
        one.predictions.to_frame(), two.predictions.to_frame(), check_exact=True
    )


def test_every_observed_row_is_predicted_once_per_replicate(dataset_factory, linear):
    data = dataset_factory(n_sample=30)
    value = data.phenotypes.value.copy()
    value[4, 1] = np.nan
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    frame = run(data, (("a", Mean()),)).predictions.to_frame()
    assert len(frame) == 2 * (30 + 29)
    assert frame["observed"].notna().all()
    key = ["sample_id", "trait", "replicate"]
    assert not frame.duplicated(key).any()
    # the observed value belongs to the line and trait named beside it
    row = frame.iloc[17]
    line = np.flatnonzero(data.sample_id == row["sample_id"])[0]
    trait = data.phenotypes.trait_name.tolist().index(row["trait"])
    assert row["observed"] == data.phenotypes.value[line, trait]


@dataclass(frozen=True)
class Mean:
    """Predicts each trait's training mean; takes missing values."""

    def fit(self, dataset, *, rng, inner=()):
        mean = np.nanmean(dataset.phenotypes.value, axis=0)
        names = (dataset.phenotypes.trait_name, dataset.phenotypes.environment_name)

        class Fitted:
            def predict(self, genotypes):
                value = np.tile(mean, (genotypes.n_sample, 1))
                return Predictions(genotypes.sample_id, *names, value, value * np.nan)

            def posterior(self, genotypes):
                return without_error(self.predict(genotypes))

        return Fitted()


def test_the_number_of_processes_changes_no_number(dataset_factory, linear):
    data = dataset_factory()
    frames_equal(run(data, both(linear)), run(data, both(linear), jobs=2))


def test_the_seed_and_the_label_do(dataset_factory, linear):
    data = dataset_factory()
    one = run(data, both(linear)).predictions.predicted
    assert not np.array_equal(
        one, run(data, both(linear), seed=6).predictions.predicted
    )


def test_a_second_call_computes_nothing(dataset_factory, linear, tmp_path):
    data = dataset_factory()
    first = run(data, both(linear), work=tmp_path)
    seen = []
    again = run(
        data,
        both(linear),
        work=tmp_path,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(16, 16)]
    frames_equal(first, again)


@dataclass(frozen=True)
class Refuses:
    penalty: float
    jitter: float

    def fit(self, dataset, *, rng, inner=()):
        raise DataError("this model refuses", where="here", remedy="none")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_in_a_model_is_not_swallowed(dataset_factory, linear, tmp_path, jobs):
    data = dataset_factory()
    predictors = (*both(linear), ("bad", Refuses(1.0, 0.0)))
    with pytest.raises(DataError, match="this model refuses") as caught:
        run(data, predictors, work=tmp_path, jobs=jobs)
    assert caught.value.remedy == "none"


def test_damaged_and_lost_results_are_done_again(dataset_factory, linear, tmp_path):
    data = dataset_factory()
    first = run(data, both(linear), work=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 16
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-40])
    seen = []
    again = run(
        data,
        both(linear),
        work=tmp_path,
        progress=lambda done, total: seen.append(done),
    )
    assert seen == [14, 15, 16]
    frames_equal(first, again)


@pytest.mark.parametrize("change", ["data", "model", "filter", "seed", "question"])
def test_results_of_other_inputs_are_not_taken(
    dataset_factory, linear, tmp_path, change
):
    data = dataset_factory()
    run(data, both(linear), work=tmp_path)
    before = set(tmp_path.iterdir())
    predictors, seed, config = both(linear), 5, CONFIG
    if change == "data":
        value = data.phenotypes.value.copy()
        value[0, 0] += 1
        data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    elif change == "model":
        predictors = (("weak", linear(99.0)), ("strong", linear(2.0)))
    elif change == "seed":
        seed = 6
    elif change == "question":
        config = CONFIG.model_copy(update={"inner_folds": 3})
    splits = make_splits(data, config, np.random.default_rng(3))
    filters = FilterConfig(min_maf=0.01) if change == "filter" else FilterConfig()
    seen = []
    cross_validate(
        data,
        predictors,
        splits,
        config=config,
        filters=filters,
        seed=seed,
        work=tmp_path,
        progress=lambda done, total: seen.append(done),
    )
    assert seen[0] == 0
    assert len(set(tmp_path.iterdir()) - before) == 16


def test_what_only_reporting_depends_on_changes_no_key(
    dataset_factory, linear, tmp_path
):
    data = dataset_factory()
    run(data, both(linear), work=tmp_path)
    config = CONFIG.model_copy(update={"top_share": 0.3, "reference": "weak"})
    seen = []
    run(
        data,
        both(linear),
        work=tmp_path,
        config=config,
        progress=lambda done, total: seen.append(done),
    )
    assert seen == [16]


def test_equal_labels_are_refused(dataset_factory, linear):
    with pytest.raises(ConfigError, match="share a label"):
        run(dataset_factory(), (("a", linear()), ("a", linear(2.0))))


def test_without_networks_there_are_no_latents(dataset_factory, linear):
    result = run(dataset_factory(), both(linear))
    assert result.latents.empty
    assert list(result.latents.columns) == list(LATENT_COLUMNS)
    assert len(result.timings) == 16
    assert (result.timings["n_train"] + result.timings["n_test"] == 40).all()


def test_latents_stand_beside_their_own_measurement(dataset_factory, linear, network):
    data = dataset_factory(omics=True)
    data.omics[0].value[3, 0] = np.nan
    result = run(data, (("net", network(linear())), ("plain", linear())))
    frame = result.latents
    assert set(frame["model"]) == {"net"}
    # nodes geneA and geneC, two replicates, every line once; one value is missing
    assert len(frame) == 2 * (2 * 40 - 1)
    row_of = {str(name): k for k, name in enumerate(data.sample_id)}
    feature = {"geneA": 0, "geneC": 2}
    column = {"geneC": 0, "geneA": 2}  # where the network's latents come from
    for row in frame.sample(20, random_state=1).itertuples():
        line = row_of[row.sample_id]
        assert row.measured == data.omics[0].value[line, feature[row.node]]
        assert row.latent == data.genotypes.call_dosage[line, column[row.node]]


@dataclass(frozen=True)
class Slow:
    """Takes a moment, so that a signal finds it at work."""

    inner: object

    def fit(self, dataset, *, rng, inner=()):
        time.sleep(0.02)
        return self.inner.fit(dataset, rng=rng, inner=inner)


def _work_until_killed(data, predictors, folder: str) -> None:
    run(data, predictors, work=Path(folder))


@pytest.mark.slow
def test_a_run_that_was_killed_ends_with_the_same_numbers(
    dataset_factory, linear, tmp_path
):
    data = dataset_factory()
    predictors = tuple((label, Slow(model)) for label, model in both(linear))
    expected = run(data, predictors)
    context = multiprocessing.get_context("fork")
    rng = np.random.default_rng(4)
    kills_with_work = 0
    for _ in range(20):
        args = (data, predictors, str(tmp_path))
        process = context.Process(target=_work_until_killed, args=args)
        process.start()
        while process.is_alive() and not list(tmp_path.glob("*.task")):
            time.sleep(0.001)
        time.sleep(float(rng.uniform(0.0, 0.1)))
        assert process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        there = sorted(tmp_path.glob("*.task"))
        kills_with_work += process.exitcode == -signal.SIGKILL and bool(there)
        for path in there[len(expected.tasks) // 2 :]:  # never all done before a kill
            path.unlink()
    assert kills_with_work == 20
    frames_equal(expected, run(data, predictors, work=tmp_path))
