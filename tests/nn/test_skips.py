"""Latents beside skip edges: the same function, what nobody can tell set to zero."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from tests.toys import network_plan

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.nn.skips import _move, settle_skips
from meristem.records import NetworkPlan

NONE = np.zeros(0, dtype=np.int64)
NOTHING = NONE  # no node is measured
GENES = 3
N_MEMBER, N_SAMPLE = 2, 60


def plan_of(level_edges: list[list[tuple[int, int]]], claims=()) -> NetworkPlan:
    """Genes 0, 1, 2 read two variants each; further levels as (node, parent) pairs.

    `claims` are (node, variant) pairs of later nodes.
    """
    levels = [{f"n{k}": [2 * k, 2 * k + 1] for k in range(GENES)}]
    for edges in level_edges:
        reads = {f"n{node}": [v for n, v in claims if n == node] for node, _ in edges}
        for node, parent in edges:
            reads[f"n{node}"].append(f"n{parent}")
        levels.append(reads)
    last = list(levels[-1])[-1]
    kinds = {name: "gene" for level in levels for name in level}
    return network_plan(*levels, variants=7, heads=[last], kinds=kinds)


# 3 reads 0 and 1; 4 reads 3, 0 and 2: 0 is open in 3
TRIANGLE = plan_of([[(3, 0), (3, 1)], [(4, 0), (4, 2), (4, 3)]])


def network_of(plan, hidden=(5,), width=1, seed=0):
    shape = NodeShape(hidden, (), width, "tanh")
    generator = torch.Generator().manual_seed(seed)
    network = PlanNetwork(
        plan, shape, n_target=2, members=N_MEMBER, generator=generator
    )
    return network.double()


def run(network, x):
    with torch.no_grad():
        output = network(x)
    return output.value.numpy(), output.latent.permute(1, 2, 0).numpy()


def inputs(network):
    generator = torch.Generator().manual_seed(3)
    size = (network.used_variant.size, N_SAMPLE)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def correlation(latent, one, other):
    return [np.corrcoef(m[:, one], m[:, other])[0, 1] for m in latent]


@pytest.mark.parametrize("hidden", [(5,), (5, 3)])
def test_the_function_stays_and_the_latent_lets_go(hidden):
    network = network_of(TRIANGLE, hidden)
    x = inputs(network)
    value, latent = run(network, x)
    found = settle_skips(network, TRIANGLE, latent, NOTHING)
    new_value, new_latent = run(network, x)
    np.testing.assert_allclose(new_value, value, atol=1e-12)
    np.testing.assert_allclose(new_latent, found, atol=1e-12)
    assert np.abs(correlation(latent, 3, 0)).min() > 0.1
    np.testing.assert_allclose(correlation(found, 3, 0), 0.0, atol=1e-9)
    others = [0, 1, 2, 4]
    np.testing.assert_array_equal(found[:, :, others], latent[:, :, others])


def test_members_that_differ_by_what_is_open_become_one():
    """A multiple of the parent, added to the node and taken off above, is removed."""
    network = network_of(TRIANGLE)
    x = inputs(network)
    other = copy.deepcopy(network)
    _move(other, 3, 0, [4], np.array([-2.0, 5.0]))
    value, latent = run(network, x)
    same, moved = run(other, x)
    np.testing.assert_allclose(same, value, atol=1e-12)
    assert np.abs(moved[:, :, 3] - latent[:, :, 3]).max() > 1
    one = settle_skips(network, TRIANGLE, latent, NOTHING)
    two = settle_skips(other, TRIANGLE, moved, NOTHING)
    np.testing.assert_allclose(one, two, atol=1e-9)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (plan_of([[(3, 0), (3, 1)], [(4, 2), (4, 3)]]), "no skip edge"),
        (plan_of([[(3, 0)], [(4, 0), (4, 3)]]), "nothing of its own is left"),
        (
            plan_of(
                [[(3, 0), (3, 1)], [(4, 0), (4, 3), (5, 2), (5, 3)], [(6, 4), (6, 5)]]
            ),
            "one reader does not read the parent",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_is_told_stays(plan, why):
    network = network_of(plan)
    before = copy.deepcopy(network.state_dict())
    latent = run(network, inputs(network))[1]
    found = settle_skips(network, plan, latent, NOTHING)
    np.testing.assert_array_equal(found, latent)
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, before[name]), why


def test_measured_nodes_wide_nodes_and_few_rows_are_left_alone():
    network = network_of(TRIANGLE)
    latent = run(network, inputs(network))[1]
    for arguments in (
        (network, TRIANGLE, latent, np.array([3])),
        (network, TRIANGLE, latent[:, :9], NOTHING),
        (network_of(TRIANGLE, width=2), TRIANGLE, latent, NOTHING),
    ):
        np.testing.assert_array_equal(settle_skips(*arguments), arguments[2])


def test_variants_of_its_own_and_several_readers():
    """3 reads 0 and a variant, 4 and 5 read 3 and 0, 6 reads both."""
    plan = plan_of(
        [[(3, 0)], [(4, 0), (4, 3), (5, 0), (5, 1), (5, 3)], [(6, 4), (6, 5)]],
        claims=[(3, 6)],
    )
    network = network_of(plan)
    x = inputs(network)
    value, latent = run(network, x)
    found = settle_skips(network, plan, latent, NOTHING)
    new_value, new_latent = run(network, x)
    np.testing.assert_allclose(new_value, value, atol=1e-12)
    np.testing.assert_allclose(new_latent, found, atol=1e-12)
    np.testing.assert_allclose(correlation(found, 3, 0), 0.0, atol=1e-9)
