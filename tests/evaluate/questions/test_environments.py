"""Trials in several environments: what each scheme leaves out, outside and inside.

Covers the schemes cv0, cv1, cv2 and cv00 of `meristem.evaluate.schemes`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tests import toys

from meristem.config.models import GBLUPOptions, RidgeOptions
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import DataError
from meristem.evaluate.crossval import cross_validate
from meristem.evaluate.fold import FoldTask, run_fold
from meristem.evaluate.splits import inner_splits, make_splits
from meristem.models.catalog import build
from meristem.prepare.by_environment import (
    centre_environments,
    environment_means,
    stack_environments,
)
from meristem.records import Dataset

PLACES = ("p1", "p2", "p3", "p4", "p5")


def trials(
    seed: int,
    n_line: int = 60,
    n_variant: int = 90,
    own: float = 1.0,
    places: tuple[str, ...] = PLACES,
) -> Dataset:
    """Lines in places; effects of markers in a place differ from the mean ones.

    `own` is the sd of an effect in one place over that of the mean effect.
    """
    rng = np.random.default_rng(seed)
    names = np.array([f"l{k}" for k in range(n_line)])
    dosage = 2 * rng.integers(0, 2, (n_line, n_variant))
    effect = rng.standard_normal((n_variant, 1))
    effect = effect + own * rng.standard_normal((n_variant, len(places)))
    value = (dosage - 1) @ effect / np.sqrt(n_variant)
    value = value + rng.standard_normal(value.shape) + 10 * np.arange(len(places))
    traits = ["yield"] * len(places)
    return stack_environments(toys.dataset(dosage, value, names, traits, places))


def labels(data: Dataset, rows: np.ndarray) -> tuple[set[str], set[str]]:
    assert data.groups is not None
    line, place = (data.groups.column(name) for name in ("line", "environment"))
    return set(line[rows].tolist()), set(place[rows].tolist())


def ask(data: Dataset, scheme: str, **options: object):
    config = EvaluateConfig(scheme=scheme, **options)
    return config, make_splits(data, config, np.random.default_rng(1))


@pytest.mark.parametrize("scheme", ["cv0", "cv1", "cv2", "cv00"])
def test_what_is_left_out_is_left_out_of_training(scheme: str) -> None:
    data = trials(1, n_line=23)
    config, splits = ask(data, scheme, folds=5)
    tested = np.concatenate([split.test for split in splits])
    assert {split.scheme for split in splits} == {scheme}
    assert len(splits) == 5
    for split in splits:
        lines, places = labels(data, split.train)
        test_lines, test_places = labels(data, split.test)
        assert not np.intersect1d(split.train, split.test).size
        assert bool(lines & test_lines) == (scheme in ("cv0", "cv2"))
        assert bool(places & test_places) == (scheme in ("cv1", "cv2"))
    assert np.unique(tested).size == tested.size
    if scheme != "cv00":
        assert tested.size == data.n_sample
    else:
        assert len(labels(data, tested)[0]) == 23


@pytest.mark.parametrize("scheme", ["cv0", "cv1", "cv00"])
def test_inner_folds_ask_the_same(scheme: str) -> None:
    data = trials(1, n_line=23)
    config, splits = ask(data, scheme, folds=5, inner_folds=3)
    train = data.take(splits[2].train)
    inner = inner_splits(train, config, np.random.default_rng(2))
    assert {split.scheme for split in inner} == {scheme}
    for split in inner:
        lines, places = labels(train, split.train)
        test_lines, test_places = labels(train, split.test)
        assert bool(lines & test_lines) == (scheme == "cv0")
        assert bool(places & test_places) == (scheme == "cv1")


def test_two_environments_leave_none_to_leave_out_inside() -> None:
    data = trials(1, n_line=20)
    two = np.flatnonzero(np.isin(data.groups.column("environment"), PLACES[:2]))
    config, splits = ask(data.take(two), "cv0")
    assert len(splits) == 2
    train = data.take(two).take(splits[0].train)
    inner = inner_splits(train, config, np.random.default_rng(2))
    assert {split.scheme for split in inner} == {"kfold"}


def test_other_rows_are_refused(dataset_factory) -> None:
    with pytest.raises(DataError, match=r'(?s)lines in environments.*by = "record"'):
        ask(dataset_factory(), "cv0")
    data = trials(1, n_line=20)
    one = np.flatnonzero(data.groups.column("environment") == "p1")
    with pytest.raises(DataError, match="one environment only"):
        ask(data.take(one), "cv0")
    with pytest.raises(DataError, match="lines cannot make"):
        ask(data, "cv1", folds=30)


def test_a_model_sees_rows_without_their_environments_mean() -> None:
    """The mean of a known place comes back; a new place gets that of all."""
    data = trials(1, n_line=30)
    config, splits = ask(data, "cv0")
    task = FoldTask("gblup", build(GBLUPOptions()), splits[0])
    result = run_fold(data, task, config, FilterConfig(), 1)
    train = data.take(splits[0].train)
    overall = environment_means(train).mean.mean()
    assert abs(result.predicted.mean() - overall) < 0.5
    _, places = ask(data, "cv1")
    task = FoldTask("gblup", build(GBLUPOptions()), places[0])
    result = run_fold(data, task, config, FilterConfig(), 1)
    here = data.take(places[0].test)
    apart = [
        result.predicted[here.groups.column("environment") == place].mean()
        for place in PLACES
    ]
    steps = [b - a for a, b in pairwise(apart)]
    assert np.allclose(steps, 10, atol=1.0)


def test_scores_are_within_environments() -> None:
    data = trials(1, n_line=30)
    config, splits = ask(data, "cv1", folds=3)
    models = (("gblup", build(GBLUPOptions())),)
    found = cross_validate(
        data, models, splits, config=config, filters=FilterConfig(), seed=1
    ).predictions
    assert set(found.environment.tolist()) == set(PLACES)
    assert set(found.sample_id.tolist()) == {f"l{k}" for k in range(30)}


@pytest.mark.parametrize(
    "options", [RidgeOptions(), GBLUPOptions(variance="inner")], ids=lambda o: o.kind
)
def test_penalties_chosen_on_known_places_suit_no_new_place(options) -> None:
    """Random inner folds know the test place from other lines: they shrink too little.

    The wrong tuning adds to the squared error, as a share of the trait's variance.
    """
    excess = []
    for seed in range(10, 18):
        data = trials(seed, n_line=100, own=2.0, places=PLACES[:3])
        config, splits = ask(data, "cv0")
        for split in splits:
            train = data.take(split.train)
            train = centre_environments(train, environment_means(train))
            test = data.take(split.test)
            y = test.phenotypes.value[:, 0]
            error = []
            for scheme in ("cv0", "cv2"):
                asked = config.model_copy(update={"scheme": scheme})
                inner = inner_splits(train, asked, np.random.default_rng(1))
                fitted = build(options).fit(
                    train, rng=np.random.default_rng(2), inner=inner
                )
                y_hat = fitted.predict(test.genotypes).value[:, 0]
                left = (y - y.mean()) - (y_hat - y_hat.mean())
                error.append(np.mean(left**2) / y.var())
            excess.append(error[1] - error[0])
    # measured: .059 (ridge) and .063 (GBLUP) of the variance, standard error .017
    assert np.mean(excess) > 0.02
