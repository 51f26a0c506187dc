from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.confound.confounders import Confounder
from meristem.representation.generate import generate, judge_samples
from meristem.representation.represented import fit_representation

PCA = RepresentOptions(represent="pca")


def test_samples_have_the_correlations_of_the_table() -> None:
    value, _ = low_rank(200, 20)
    found = fit_representation(table_of(value), PCA, rng=np.random.default_rng(1), k=3)
    drawn = generate(found, table_of(value), 4000, rng=np.random.default_rng(2))
    assert drawn.value.mean(axis=0) == pytest.approx(value.mean(axis=0), abs=0.2)
    assert drawn.value.std(axis=0) == pytest.approx(value.std(axis=0), rel=0.1)
    assert np.corrcoef(drawn.value.T) == pytest.approx(np.corrcoef(value.T), abs=0.1)


def test_samples_of_the_right_model_are_not_told_from_rows() -> None:
    value, _ = low_rank(160, 20)
    good = judge_samples(table_of(value), PCA, 3, rng=np.random.default_rng(1))
    assert good.classifier < 0.65
    assert good.distance < good.distance_real + 0.05
    assert good.correlation > 0.9


def test_samples_of_a_wrong_model_are() -> None:
    rng = np.random.default_rng(1)
    t = rng.uniform(-2, 2, 160)
    value = np.stack([t, t**2], axis=1) @ rng.normal(size=(2, 20))
    value += 0.05 * rng.normal(size=value.shape)
    bad = judge_samples(table_of(value), PCA, 2, rng=np.random.default_rng(1))
    assert bad.classifier > 0.75
    assert bad.classifier_real < 0.65


def test_samples_are_judged_without_the_confounders_they_are_drawn_without() -> None:
    value, _ = low_rank(160, 20)
    label = np.array(["a", "b"])[np.arange(160) % 2]
    value[label == "b"] += 15.0 * np.random.default_rng(4).normal(size=20)
    options = PCA.model_copy(update={"confounders": ("batch",)})
    batch = [Confounder("batch", label)]
    rng = np.random.default_rng(1)
    good = judge_samples(table_of(value), options, 3, rng=rng, confounders=batch)
    assert good.classifier < 0.65
    assert good.distance < good.distance_real + 0.05


def test_samples_of_counts_are_counts() -> None:
    value, _ = low_rank(40, 15)
    count = np.random.default_rng(1).poisson(np.exp(0.3 * value + 3)).astype(float)
    options = RepresentOptions(
        represent="vae", likelihood="nb", seeds=2, epochs=10, hidden=8
    )
    rng = np.random.default_rng(1)
    found = fit_representation(table_of(count), options, rng=rng, k=2)
    drawn = generate(found, table_of(count), 30, rng=rng).value
    assert (drawn >= 0).all()
    assert (drawn == np.round(drawn)).all()
