from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from meristem.config.models import BINNOptions
from meristem.models.binn.held import NetworkState
from meristem.models.binn.spec import BINN
from meristem.nn.dag import NodeShape, PlanNetwork, Replacement
from meristem.records import NetworkPlan, PlanLevel, VariantTable


def deep_plan() -> NetworkPlan:
    """Three levels, a skip edge, a node that reads variants and nodes, two heads."""
    nothing = np.empty(0, dtype=np.int64)
    genes = PlanLevel(
        0, 3, np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2, 3, 4]), nothing, nothing
    )
    middle = PlanLevel(
        3, 2, np.array([1]), np.array([5]), np.array([0, 0, 1]), np.array([0, 1, 2])
    )
    top = PlanLevel(5, 1, nothing, nothing, np.array([0, 0, 0]), np.array([1, 3, 4]))
    name = np.array([f"v{k}" for k in range(7)])
    return NetworkPlan(
        VariantTable(name, np.full(7, "1"), np.arange(7), np.full(7, ""), name),
        np.array(["a", "b", "c", "one", "two", "top"]),
        np.array(["gene"] * 3 + ["term"] * 3),
        np.array([0, 0, 0, 1, 1, 2]),
        (genes, middle, top),
        np.array([5, 2, 3]),
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


def test_predictions_change_as_those_of_the_model(plan, data_factory):
    data = data_factory(n_sample=40)
    options = BINNOptions(fit="descent", epochs=4, seeds=1, inner_folds=2)
    model = BINN(options, plan).fit(data, rng=np.random.default_rng(1))
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
