"""Records of a fitted model as arrays of its state, and back."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from meristem.prepare.scale import MarkerScale
from meristem.records import FittedState, NetworkPlan, PlanLevel, StrArray, VariantTable


def pack_variants(variants: VariantTable) -> dict[str, NDArray]:
    """Return a variant table as arrays."""
    names = ("id", "contig", "position", "ref", "alt")
    return {f"variant_{name}": getattr(variants, f"variant_{name}") for name in names}


def unpack_variants(arrays: dict[str, NDArray]) -> VariantTable:
    """Return the variant table of `pack_variants`."""
    names = ("id", "contig", "position", "ref", "alt")
    return VariantTable(*(arrays[f"variant_{name}"] for name in names))


def pack_scale(scale: MarkerScale) -> dict[str, NDArray]:
    """Return a marker scale as arrays."""
    return {
        "scale_mean": scale.mean,
        "scale_sd": scale.sd,
        "scale_weight": scale.weight,
    }


def unpack_scale(arrays: dict[str, NDArray]) -> MarkerScale:
    """Return the marker scale of `pack_scale`."""
    return MarkerScale(arrays["scale_mean"], arrays["scale_sd"], arrays["scale_weight"])


def pack_targets(
    trait_name: StrArray,  # (n_target,)
    environment_name: StrArray,  # (n_target,)
) -> dict[str, NDArray]:
    """Return trait and environment names as arrays."""
    return {"trait_name": trait_name, "environment_name": environment_name}


def unpack_targets(arrays: dict[str, NDArray]) -> tuple[StrArray, StrArray]:
    """Return trait and environment names."""
    return arrays["trait_name"], arrays["environment_name"]


def with_prefix(arrays: dict[str, NDArray], prefix: str) -> dict[str, NDArray]:
    """Return the arrays with `prefix` before every name."""
    return {prefix + name: array for name, array in arrays.items()}


def prefixed(arrays: dict[str, NDArray], prefix: str) -> dict[str, NDArray]:
    """Return the arrays whose names start with `prefix`, without it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


_EDGES = ("variant_row", "variant_col", "node_row", "node_col")


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
