"""Plan and network as arrays and plain values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.records import FittedState, NetworkPlan


def network_meta(network: PlanNetwork, plan: NetworkPlan) -> dict[str, object]:
    """Return the sizes of a network and of the levels of its plan."""
    shape = network.shape
    return {
        "members": network.members,
        "hidden": list(shape.hidden),
        "variant_hidden": list(shape.variant_hidden),
        "width": shape.width,
        "activation": shape.activation,
        "first_node": [level.first_node for level in plan.levels],
        "level_size": [level.n_node for level in plan.levels],
        "plan_source": plan.source,
    }


def network_arrays(network: PlanNetwork) -> dict[str, NDArray]:
    """Return the weights under `network.` names."""
    return {
        f"network.{name}": value.detach().cpu().numpy()
        for name, value in network.named_parameters()
    }


def network_from_state(state: FittedState, plan: NetworkPlan) -> PlanNetwork:
    """Return the network kept in a state, ready to predict."""
    meta: dict[str, Any] = state.meta
    shape = NodeShape(
        tuple(meta["hidden"]),
        tuple(meta["variant_hidden"]),
        int(meta["width"]),
        str(meta["activation"]),
    )
    network = PlanNetwork(
        plan,
        shape,
        n_target=state.arrays["trait_name"].size,
        members=int(meta["members"]),
        generator=torch.Generator().manual_seed(0),
    )
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            stored = np.array(state.arrays[f"network.{name}"], dtype=np.float32)
            parameter.copy_(torch.from_numpy(stored))
    return network.eval()
