"""Plan and network as arrays and plain values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.models.packing import pack_variants, unpack_variants
from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.records import FittedState, NetworkPlan, PlanLevel

_EDGES = ("variant_row", "variant_col", "node_row", "node_col")


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


def plan_arrays(plan: NetworkPlan) -> dict[str, NDArray]:
    """Return the arrays of a plan under `plan.` names."""
    arrays = pack_variants(plan.variants)
    arrays |= {
        "plan.node_name": plan.node_name,
        "plan.node_kind": plan.node_kind,
        "plan.node_level": plan.node_level,
        "plan.head_node": plan.head_node,
    }
    for number, level in enumerate(plan.levels):
        for part in _EDGES:
            arrays[f"plan.{number}.{part}"] = getattr(level, part)
    return arrays


def plan_from_arrays(state: FittedState) -> NetworkPlan:
    """Return the plan kept in a state."""
    arrays, meta = state.arrays, state.meta
    first: Any = meta["first_node"]
    size: Any = meta["level_size"]
    levels = tuple(
        PlanLevel(
            int(first[number]),
            int(size[number]),
            *(arrays[f"plan.{number}.{part}"] for part in _EDGES),
        )
        for number in range(len(first))
    )
    return NetworkPlan(
        unpack_variants(arrays),
        arrays["plan.node_name"],
        arrays["plan.node_kind"],
        arrays["plan.node_level"],
        levels,
        arrays["plan.head_node"],
        str(meta["plan_source"]),
    )


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
