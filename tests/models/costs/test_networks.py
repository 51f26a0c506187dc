"""Costs of networks follow the rules that their fits follow."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import AutoOptions, BINNOptions, CoreOptions
from meristem.models.catalog import cost
from meristem.models.costs import networks as module


@pytest.fixture(scope="module")
def data():
    return core_data(n=60)[0]


def test_members_and_measured_nodes_multiply_the_work_of_a_network(data):
    plan = core_plan()
    evidence = BINNOptions(fit="evidence", off_graph="none")
    plain = cost(evidence, data, plan)
    taught = cost(evidence.changed(omics="soft"), data, plan)
    assert taught.seconds > 3 * plain.seconds
    assert taught.memory > 3 * plain.memory
    lean = cost(evidence.changed(omics="soft", seeds=1, inner_folds=2), data, plan)
    assert lean.seconds < 0.5 * taught.seconds
    # linear nodes have no hidden units: width is no factor on their edges
    wide = cost(evidence.changed(width=2), data, plan)
    assert plain.seconds < wide.seconds < 8 * plain.seconds


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
