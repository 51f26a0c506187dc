"""`kind = "stack"`: weights from rows left out, needs and costs of what is averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import halves, inner_of, make_plan, panel

from meristem.config.models import (
    BINNOptions,
    BoostingOptions,
    GBLUPOptions,
    KernelOptions,
    MeasuredOmicsOptions,
    RidgeOptions,
    StackOptions,
)
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError, DataError
from meristem.models.catalog import build, cost, needs, restore

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
    assert fitted.weight.sum(axis=0).max() <= 1 + 1e-9
    each = [model.predict(test.genotypes).value for model in fitted.parts]
    known = np.array([0.25, 0.5])[: len(each)]
    mixed = replace(fitted, weight=np.repeat(known[:, None], 2, axis=1))
    value = mixed.predict(test.genotypes).value
    total = sum(w * one for w, one in zip(known, each, strict=True))
    assert value == pytest.approx(fitted.intercept + total)


def test_its_models_have_the_environments_that_they_read(monkeypatch):
    """`check` says that a stack reads them; its models were built without."""
    given = []
    monkeypatch.setattr(
        "meristem.models.stack.build",
        lambda one, plan, environments: given.append(environments) or build(one),
    )
    train, _ = halves()
    covariates = object()
    one = build(BOTH, None, covariates)
    one.fit(train, rng=np.random.default_rng(0), inner=inner_of(train))
    assert given == [covariates, covariates]


def test_weights_stay_near_equal_ones_as_asked():
    train, test = halves()
    near = BOTH.model_copy(update={"sd": 1e-4})
    fitted = fit(near, train)
    assert fitted.weight == pytest.approx(0.5, abs=1e-3)
    again = restore(fitted.state())
    value = fitted.predict(test.genotypes).value
    assert np.array_equal(again.predict(test.genotypes).value, value)
    assert [share.part for share in again.shares()] == ["gblup", "rkhs"]
    assert again.shares()[1].high == pytest.approx(fitted.shares()[1].high)


def test_a_weak_first_model_gives_way_to_a_better_one():
    train, _ = halves()
    bad = BoostingOptions(rounds=1, learning_rate=0.01)
    fitted = fit(StackOptions(models=(bad, GBLUPOptions())), train)
    share = {share.part: share for share in fitted.shares()}
    assert share["gblup"].value.max() > 0.5
    assert (share["gblup"].low <= share["gblup"].value).all()
    assert (share["gblup"].high >= share["gblup"].value).all()


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
    options = StackOptions(models=(MeasuredOmicsOptions(), GBLUPOptions()))
    assert not needs(options).deployable
    fitted = fit(options, train)
    assert fitted.needs.measured_omics
    with pytest.raises(DataError, match="needs measured omics"):
        fitted.predict(test.genotypes)
    value = fitted.predict(test.genotypes, test.omics).value
    moved = (replace(test.omics[0], value=test.omics[0].value + 3.0),)
    changed = fitted.predict(test.genotypes, moved).value
    assert np.abs(changed - value).max() > 0
    assert np.isfinite(value).all()
