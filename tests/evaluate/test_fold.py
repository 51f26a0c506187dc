from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import DataError
from meristem.evaluate.fold import (
    FoldTask,
    fit_fold,
    passing_markers,
    predict_rows,
    run_fold,
    thinned_markers,
)
from meristem.evaluate.splits import make_splits
from meristem.models.protocol import Needs
from meristem.records import Predictions, Split
from meristem.runs.seeds import derived_rng


def first_split(data):
    return make_splits(data, EvaluateConfig(), np.random.default_rng(1))[0]


def test_generators_depend_on_seed_and_names_alone():
    draw = [derived_rng(1, "a", 2).random() for _ in range(2)]
    assert draw[0] == draw[1]
    assert derived_rng(2, "a", 2).random() != draw[0]
    assert derived_rng(1, "a", 3).random() != draw[0]


def test_filters_look_at_the_training_rows_alone(dataset_factory):
    data = dataset_factory(n_variant=31)
    split = first_split(data)
    dosage = data.genotypes.call_dosage.copy()
    # polymorphic in the test rows, fixed in the training rows
    dosage[split.train, 4] = 0
    dosage[split.test, 4] = 1
    data = replace(data, genotypes=replace(data.genotypes, call_dosage=dosage))
    keep = passing_markers(data.take(split.train), FilterConfig(min_maf=0.05))
    assert not keep[4]
    assert keep.sum() > 20


def test_filters_that_leave_nothing(dataset_factory):
    data = dataset_factory()
    dosage = np.zeros_like(data.genotypes.call_dosage)
    data = replace(data, genotypes=replace(data.genotypes, call_dosage=dosage))
    with pytest.raises(DataError, match="no marker passes"):
        passing_markers(data, FilterConfig(min_maf=0.05))


def test_models_share_inner_splits_and_not_their_generator(dataset_factory, linear):
    data = dataset_factory()
    split = first_split(data)
    fits = [
        fit_fold(
            data,
            FoldTask(label, linear(jitter=1.0), split),
            EvaluateConfig(),
            FilterConfig(),
            7,
        )[0]
        for label in ("a", "b")
    ]
    for one, two in zip(fits[0].inner, fits[1].inner, strict=True):
        assert np.array_equal(one.test, two.test)
    assert fits[0].noise != fits[1].noise


def test_a_fold_predicts_its_test_rows(dataset_factory, linear):
    data = dataset_factory(n_sample=37, n_variant=19)
    split = first_split(data)
    task = FoldTask("linear", linear(), split)
    filters = FilterConfig(min_maf=0.3)
    got = run_fold(data, task, EvaluateConfig(), filters, 7)
    keep = passing_markers(data.take(split.train), filters)
    assert 0 < got.n_variant == keep.sum() < 19
    train = data.take(split.train).take_variants(keep)
    fitted = linear().fit(train, rng=np.random.default_rng(1))
    test = data.genotypes.take_samples(split.test).take_variants(keep)
    np.testing.assert_allclose(got.predicted, fitted.predict(test).value)
    assert got.predicted.shape == (split.test.size, 2)
    assert got.latent.shape == (split.test.size, 0)
    assert got.fit_seconds > 0


@dataclass(frozen=True)
class Upper:
    """Sees measured omics of the rows it predicts."""

    needs = Needs(measured_omics=True)

    def state(self):
        raise NotImplementedError

    def predict(self, genotypes, omics=()):
        value = omics[0].value[:, :1]
        return Predictions(
            genotypes.sample_id, np.array(["y"]), np.array([""]), value, value * 0
        )


def test_the_upper_reference_is_handed_measured_omics(dataset_factory):
    data = dataset_factory(n_sample=9, omics=True)
    got = predict_rows(Upper(), data)
    np.testing.assert_array_equal(got.value[:, 0], data.omics[0].value[:, 0])


def test_latents_of_measured_nodes_are_kept(dataset_factory, linear, network):
    data = dataset_factory(omics=True)
    split = first_split(data)
    task = FoldTask("net", network(linear()), split)
    got = run_fold(data, task, EvaluateConfig(), FilterConfig(), 7)
    assert got.node_name.tolist() == ["geneC", "geneA"]
    test = data.genotypes.call_dosage[split.test]
    np.testing.assert_array_equal(got.latent, test[:, [0, 2]])
    # size of the mean gradient, per sd of the latent on the test rows
    moved = np.array([2.0, 3.0]) * test[:, [0, 2]].std(axis=0)
    n_target = data.phenotypes.n_target
    np.testing.assert_allclose(got.sensitivity, np.tile(moved[:, None], n_target))


def test_markers_of_a_curve_are_nested_and_the_same_in_all_folds():
    passing = np.ones(50, dtype=bool)
    passing[::7] = False
    split = Split("kfold:p=20", 1, 0, np.arange(3), np.arange(3, 5))
    many = thinned_markers(split, passing, 4)
    few = thinned_markers(replace(split, scheme="kfold:p=6", fold=3), passing, 4)
    assert (many.sum(), few.sum()) == (20, 6)
    assert not (many & ~passing).any()
    assert not (few & ~many).any()
    assert (thinned_markers(replace(split, replicate=2), passing, 4) != many).any()
    for scheme in ("kfold", "kfold:n=20"):
        kept = thinned_markers(replace(split, scheme=scheme), passing, 4)
        assert np.array_equal(kept, passing)


def test_a_model_is_fitted_on_the_markers_of_the_curve(dataset_factory, linear):
    data, config = dataset_factory(n_sample=40), EvaluateConfig(marker_numbers=(3,))
    full, *_, fewer = make_splits(data, config, np.random.default_rng(1))
    for split, n in ((full, data.genotypes.n_variant), (fewer, 3)):
        task = FoldTask("linear", linear(), split)
        result = run_fold(data, task, config, FilterConfig(), seed=2)
        assert result.n_variant == n
