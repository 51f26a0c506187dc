"""A part beside the graph: taken where the graph is wrong, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.toys import network_plan

from meristem.config.models import BINNOptions
from meristem.io.stores.state import read_state, write_state
from meristem.mixed.targets import random_inner
from meristem.models.binn import affordable
from meristem.models.binn.attempt import AttemptSettings, best_attempt
from meristem.models.binn.spec import BINN, restore_binn
from meristem.plan.off_graph import N_READER, OFF_GRAPH, has_off_graph
from meristem.records import (
    Dataset,
    Genotypes,
    NetworkPlan,
    Phenotypes,
)

N, P = 130, 11
OPTIONS = BINNOptions(seeds=1, inner_folds=3, hidden=(6,), rounds=40)


def small_plan(first: list[int], second: list[int]) -> NetworkPlan:
    """Genes g1 and g2 read three variants each, `top` reads both."""
    return network_plan(
        {"g1": first, "g2": second}, {"top": ("g1", "g2")}, variants=P, heads=["top"]
    )


RIGHT = small_plan([0, 1, 2], [3, 4, 5])
WRONG = small_plan([0, 3, 9], [6, 7, 8])


def product(n: int, seed: int, noise: float = 0.3) -> Dataset:
    """Trait = product of two sums of three variants each."""
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (n, P)).astype(np.int8)
    effect = np.array([1.0, 0.8, 0.6])
    one, two = (dosage[:, k : k + 3] @ effect - 1.4 for k in (0, 3))
    value = (one * two + noise * rng.normal(size=n))[:, None]
    ids = np.array([f"s{k:03d}" for k in range(n)])
    traits, where = np.array(["y"]), np.array([""])
    return Dataset(
        Genotypes(ids, RIGHT.variants, dosage),
        Phenotypes(ids, traits, where, value, np.ones((n, 1))),
        (),
    )


def fit(plan, data=None, **changes):
    options = OPTIONS.model_copy(update=changes)
    data = product(N, seed=1) if data is None else data
    fitted = BINN(options, plan).fit(data, rng=np.random.default_rng(3))
    return fitted.network if options.polygenic == "stack" else fitted


def error(fitted, fresh):
    value = fitted.predict(fresh.genotypes).value
    return np.mean((value - fresh.phenotypes.value) ** 2) / fresh.phenotypes.value.var()


@pytest.fixture(scope="module")
def fresh():
    return product(70, seed=2)


@pytest.fixture(scope="module")
def repaired():
    return fit(WRONG)


def test_a_wrong_graph_is_repaired(repaired, fresh):
    assert repaired.meta["off_graph"]
    assert has_off_graph(repaired.plan)
    alone = fit(WRONG, off_graph="none")
    assert not has_off_graph(alone.plan)
    assert error(repaired, fresh) < 0.5 * error(alone, fresh)


def attempt(plan, settings, **changes):
    data, rng = product(N, seed=1), np.random.default_rng(3)
    options = OPTIONS.model_copy(update=changes)
    inner = random_inner(N, rng, options.inner_folds)
    return best_attempt(data, plan, options, inner, rng, settings)


def test_a_right_graph_is_left_as_it_was_to_the_last_digit():
    # no weight is enough, so that the extension is tried
    tried = attempt(RIGHT, AttemptSettings(enough=1.1))
    bare = attempt(RIGHT, AttemptSettings(), off_graph="none")
    assert not has_off_graph(tried.task.plan)
    assert np.array_equal(tried.unseen, bare.unseen)
    assert np.array_equal(tried.stacked, bare.stacked)


def test_it_is_not_tried_where_the_graph_has_enough_of_the_prediction():
    assert has_off_graph(attempt(WRONG, AttemptSettings()).task.plan)
    assert not has_off_graph(attempt(WRONG, AttemptSettings(enough=0.0)).task.plan)


@pytest.mark.parametrize(
    "changes",
    [{"fit": "descent", "epochs": 5}, {"polygenic": "joint"}, {"polygenic": "none"}],
    ids=str,
)
def test_it_is_tried_for_gauss_newton_beside_a_stacked_path_alone(changes):
    assert not has_off_graph(fit(WRONG, rounds=4, **changes).plan)


def test_it_is_not_tried_over_many_variants(monkeypatch):
    monkeypatch.setattr(affordable, "_MOST_OFF_GRAPH", N_READER * P - 1)
    assert not has_off_graph(fit(WRONG).plan)


def test_always_needs_no_proof():
    data = product(30, seed=4, noise=30.0)
    fitted = fit(RIGHT, data, off_graph="always", rounds=3)
    assert has_off_graph(fitted.plan)
    assert fitted.network.members == 2


def test_the_state_brings_it_back(repaired, fresh, tmp_path):
    write_state(repaired.state(), tmp_path, "binn")
    again = restore_binn(read_state(tmp_path, "binn"))
    one, two = (f.member_predictions(fresh.genotypes) for f in (repaired, again))
    assert np.array_equal(one, two)
    assert again.meta["off_graph"]


def test_the_part_can_be_held_and_followed(repaired, fresh):
    """Holding the node takes away what the graph does not carry, gradients see it."""
    genotypes = fresh.genotypes
    node = np.flatnonzero(repaired.plan.node_name == OFF_GRAPH)
    mean = repaired.member_latents(genotypes)[:, :, node[0]].mean(axis=1)
    held = repaired.clamp(genotypes, (OFF_GRAPH,), mean[:, None])
    plain = repaired.member_predictions(genotypes)
    moved, spread = (held - plain).std(), plain.std()
    assert moved > 0.5 * spread
    gradient = repaired.node_gradient(genotypes)
    assert (np.abs(gradient[:, node, 0]) > 0).all()
    network, _ = repaired.dosage_gradient(genotypes)
    outside = [1, 2, 4, 5, 10]  # variants no node of the graph reads
    assert (network[outside] != 0).all()


def test_lines_outside_the_training_rows_cannot_matter(repaired, fresh):
    everyone = product(N + 20, seed=1)
    train = np.arange(N)
    other = replace(
        everyone.phenotypes,
        value=np.where(np.arange(N + 20)[:, None] < N, everyone.phenotypes.value, 99.0),
    )
    first = fit(WRONG, everyone.take(train))
    second = fit(WRONG, replace(everyone, phenotypes=other).take(train))
    one, two = (f.predict(fresh.genotypes).value for f in (first, second))
    assert np.array_equal(one, two)
