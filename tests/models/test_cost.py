"""Costs follow the rules that fits follow; of sizes, orders of magnitude."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.models.toys import OPTIONS, core_data, core_plan, make_plan, panel

from meristem.config.models import AutoOptions, BINNOptions, CoreOptions
from meristem.models import cost as module
from meristem.models.catalog import cost


@pytest.fixture(scope="module")
def data():
    return core_data(n=60)[0]


@pytest.mark.parametrize("label", list(OPTIONS))
def test_every_kind_has_a_cost_that_grows_with_the_lines(label):
    dataset = panel()
    plan = make_plan(dataset.genotypes.variants)
    half = dataset.take(list(range(20)))
    found = [cost(OPTIONS[label], one, plan).seconds for one in (half, dataset)]
    assert 0 < found[0] < found[1]


def test_auto_costs_what_it_chooses(data):
    plan = core_plan()
    soft = AutoOptions(omics="soft")
    assert cost(soft, data, plan) == cost(CoreOptions(), data, plan)
    staged = {"omics": "soft", "omics_schedule": "staged"}
    assert cost(AutoOptions(**staged), data, plan) == cost(
        BINNOptions(**staged), data, plan
    )
    # a schedule is descent, whatever a step would cost
    assert cost(BINNOptions(**staged), data, plan).seconds > 1


def test_a_graph_of_too_many_edges_is_trained_by_descent(data, monkeypatch):
    plan = core_plan()
    quick = cost(BINNOptions(), data, plan).seconds
    monkeypatch.setattr("meristem.models.binn.affordable.MOST_EDGES", plan.n_edge - 1)
    descent = cost(BINNOptions(), data, plan).seconds
    assert descent == cost(BINNOptions(fit="descent"), data, plan).seconds
    assert descent != quick


def test_a_learned_graph_needs_a_set_above_for_a_core(data):
    learned = AutoOptions(omics="soft", graph="learned")
    learn = learned.learn.model_copy(update={"gene_edges": "modules"})
    modules = learned.model_copy(update={"learn": learn})
    assert not module._is_core(learned, data, None)
    assert module._is_core(modules, data, None)
    few = replace(data, omics=())
    assert not module._is_core(modules, few, None)
