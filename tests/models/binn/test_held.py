from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.interpret.toys import tiny_data
from tests.toys import network_plan

from meristem.config.models import BINNOptions
from meristem.models.binn.held import NetworkState
from meristem.models.binn.spec import BINN
from meristem.nn.dag import NodeShape, PlanNetwork, Replacement
from meristem.records import NetworkPlan


def deep_plan() -> NetworkPlan:
    """Three levels, a skip edge, a node that reads variants and nodes, two heads."""
    return network_plan(
        {"a": (0, 1), "b": (2,), "c": (3, 4)},
        {"one": ("a", "b"), "two": (5, "c")},
        {"top": ("a", "one", "two")},
        variants=7,
        heads=("top", "c", "one"),
    )


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_holding_nodes_equals_a_whole_pass(width, hidden):
    plan = deep_plan()
    shape = NodeShape(hidden, (3,), width, "tanh")
    generator = torch.Generator().manual_seed(1)
    network = PlanNetwork(plan, shape, n_target=2, members=3, generator=generator)
    network = network.double().eval()
    x = torch.randn(6, 8, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        state = NetworkState(network, x)
        base = network(x).value
        for nodes in ([0], [2], [3], [4], [5], [0, 3], [3, 1], [5, 0], [1, 2, 4]):
            values = torch.randn(
                3, len(nodes), generator=generator, dtype=torch.float64
            )
            held = values.T[:, :, None]
            mask = torch.ones_like(held, dtype=torch.bool)
            replacement = Replacement(torch.tensor(nodes), held, mask)
            expected = network(x, replacement=replacement).value - base
            got = state.hold(nodes, values)
            torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)
            assert expected.abs().max() > 1e-3


def test_predictions_change_as_those_of_the_model(plan):
    data = tiny_data(n_sample=40)
    options = BINNOptions(fit="descent", epochs=4, seeds=1, inner_folds=2)
    model = BINN(options, plan).fit(data, rng=np.random.default_rng(1)).network
    few = data.genotypes.take_samples(np.arange(9))
    for share in (1.0, 0.3):
        changed = replace(model, share=np.full(2, share))
        base = changed.member_predictions(few)
        change = changed.hold(few)
        for nodes in (("g1",), ("term", "g3")):
            values = np.random.default_rng(2).normal(size=(base.shape[0], len(nodes)))
            # far enough for the limits of the prediction to matter
            for size in (0.3, 30.0):
                expected = changed.clamp(few, nodes, size * values) - base
                got = change(nodes, size * values)
                np.testing.assert_allclose(got, expected, atol=1e-5)
                assert np.abs(expected).max() > 1e-3
