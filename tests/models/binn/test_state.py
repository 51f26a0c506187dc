"""`meristem.models.binn.state`: a network as arrays and plain values, and back."""

from __future__ import annotations

import numpy as np
import torch
from tests.models.binn.toys import toy_plan

from meristem.models.binn.state import (
    network_arrays,
    network_from_state,
    network_meta,
)
from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.records import FittedState


def test_a_network_survives_its_state():
    plan = toy_plan()
    network = PlanNetwork(
        plan,
        NodeShape((4,), (3,), 2, "tanh"),
        n_target=2,
        members=3,
        generator=torch.Generator().manual_seed(7),
    )
    arrays = {**network_arrays(network), "trait_name": np.array(["a", "b"])}
    again = network_from_state(
        FittedState("binn", arrays, network_meta(network, plan)), plan
    )
    x = torch.randn(network.used_variant.shape[0], 5)
    assert torch.equal(network(x).value, again(x).value)
