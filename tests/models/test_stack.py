"""`kind = "stack"`: weights from rows left out, needs and costs of what is averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import halves, inner_of, make_plan, panel

from meristem.config.models import (
    BINNOptions,
    GBLUPOptions,
    KernelOptions,
    MeasuredOmicsOptions,
    RidgeOptions,
    StackOptions,
)
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError, DataError
from meristem.models.catalog import build, cost, needs
from meristem.models.stack import stack_weights

BOTH = StackOptions(models=(GBLUPOptions(), KernelOptions()))


def fit(options, dataset):
    rng = np.random.default_rng(0)
    return build(options).fit(dataset, rng=rng, inner=inner_of(dataset))


def config(*models):
    files = {"genotypes": {"path": "x.vcf"}, "phenotypes": {"path": "y.csv"}}
    return AnalysisConfig.model_validate({**files, "models": models})


def test_it_predicts_the_weighted_mean_of_its_models():
    train, test = halves()
    fitted = fit(BOTH, train)
    assert (fitted.weight >= 0).all()
    assert fitted.weight.sum(axis=0) == pytest.approx([1, 1])
    half = replace(fitted, weight=np.full((2, 2), 0.5)).predict(test.genotypes)
    each = [model.predict(test.genotypes).value for model in fitted.models]
    assert half.value == pytest.approx((each[0] + each[1]) / 2)
    first = replace(fitted, weight=np.array([[1.0, 1.0], [0.0, 0.0]]))
    alone = fitted.models[0].predict(test.genotypes)
    assert first.predict(test.genotypes).value == pytest.approx(each[0])
    assert first.predict(test.genotypes).spread == pytest.approx(alone.spread)


def test_weights_come_from_rows_left_out():
    rng = np.random.default_rng(3)
    y, one = rng.normal(size=(150, 2)), np.ones((150, 2))
    noise = rng.normal(size=(3, 150, 2))
    held = np.stack([noise[0], y + 0.2 * noise[1], noise[2]])
    found = stack_weights(y, one, held)
    assert found[1].min() > 0.9
    assert found.sum(axis=0) == pytest.approx([1, 1])
    nothing = stack_weights(y, one, np.full_like(held, np.nan))
    assert nothing.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_equal_models_fall_back_to_the_first():
    train, _ = halves()
    twice = StackOptions(models=(GBLUPOptions(), GBLUPOptions(name="again")))
    assert fit(twice, train).weight == pytest.approx(
        np.array([[1, 1], [0, 0]]), abs=1e-6
    )


def test_labels_are_those_of_the_analysis():
    stack = {"kind": "stack", "models": ["gblup", "gauss", {"kind": "ridge"}]}
    read = config({"kind": "gblup"}, {"kind": "rkhs", "name": "gauss"}, stack)
    members = read.models[-1].members
    assert members == (GBLUPOptions(), KernelOptions(name="gauss"), RidgeOptions())
    again = AnalysisConfig.model_validate(read.model_dump(mode="json"))
    assert again.models == read.models
    with pytest.raises(ValueError, match="'nobody' is no model to average"):
        config({"kind": "gblup"}, stack | {"models": ["gblup", "nobody"]})
    with pytest.raises(ValueError, match="'stack' is no model to average"):
        config({"kind": "gblup"}, stack | {"models": ["gblup", "stack"]})
    with pytest.raises(ConfigError, match="by its label alone"):
        fit(StackOptions(models=("gblup", "rkhs")), halves()[0])


def test_it_needs_and_costs_what_its_models_do():
    dataset = panel()
    plan = make_plan(dataset.genotypes.variants)
    assert not needs(BOTH).genes
    assert needs(StackOptions(models=(GBLUPOptions(), BINNOptions()))).genes
    once = sum(cost(member, dataset, plan).seconds for member in BOTH.members)
    assert cost(BOTH, dataset, plan).seconds == pytest.approx(6 * once)


def test_measured_omics_in_it_make_it_a_reference():
    train, test = halves()
    options = StackOptions(models=(GBLUPOptions(), MeasuredOmicsOptions()))
    assert not needs(options).deployable
    fitted = fit(options, train)
    assert fitted.needs.measured_omics
    with pytest.raises(DataError, match="needs measured omics"):
        fitted.predict(test.genotypes)
    value = fitted.predict(test.genotypes, test.omics).value
    moved = (replace(test.omics[0], value=test.omics[0].value + 3.0),)
    other = replace(fitted, weight=np.array([[0.0, 0.0], [1.0, 1.0]]))
    changed = other.predict(test.genotypes, moved).value
    assert np.abs(changed - other.predict(test.genotypes, test.omics).value).max() > 0
    assert np.isfinite(value).all()
