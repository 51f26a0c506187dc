"""A fitted BINN as arrays and plain values, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.records import FittedState, NetworkPlan, PlanLevel, VariantTable

if TYPE_CHECKING:
    from meristem.models.binn_fitted import FittedBINN

_EDGES = ("variant_row", "variant_col", "node_row", "node_col")
_VARIANT = ("id", "contig", "position", "ref", "alt")


def binn_state(fitted: FittedBINN) -> FittedState:
    """Return weights, plan and scales as arrays; sizes and names as plain values."""
    arrays = plan_arrays(fitted.plan)
    for name, value in fitted.network.named_parameters():
        arrays[f"network.{name}"] = value.detach().cpu().numpy()
    arrays |= {
        "markers.mean": fitted.markers.mean,
        "markers.sd": fitted.markers.sd,
        "markers.weight": fitted.markers.weight,
        "targets.mean": fitted.targets.mean,
        "targets.sd": fitted.targets.sd,
        "limits": fitted.limits,
        "polygenic.effect": fitted.polygenic.effect,
        "polygenic.intercept": fitted.polygenic.intercept,
        "polygenic.h2": fitted.polygenic.h2,
        "share": fitted.share,
        "latent.mean": fitted.latent_scale.mean,
        "latent.spread": fitted.latent_scale.spread,
        "trait_name": fitted.trait_name,
        "environment_name": fitted.environment_name,
    }
    shape = fitted.network.shape
    meta: dict[str, object] = {
        "members": fitted.network.members,
        "hidden": list(shape.hidden),
        "variant_hidden": list(shape.variant_hidden),
        "width": shape.width,
        "activation": shape.activation,
        "first_node": [level.first_node for level in fitted.plan.levels],
        "level_size": [level.n_node for level in fitted.plan.levels],
        "plan_source": fitted.plan.source,
        "fit": fitted.meta,
    }
    return FittedState("binn", arrays, meta)


def plan_arrays(plan: NetworkPlan) -> dict[str, NDArray]:
    """Return the arrays of a plan under `plan.` names."""
    arrays: dict[str, NDArray] = {
        f"plan.variant_{part}": getattr(plan.variants, f"variant_{part}")
        for part in _VARIANT
    }
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
    variants = VariantTable(*(arrays[f"plan.variant_{part}"] for part in _VARIANT))
    return NetworkPlan(
        variants,
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
