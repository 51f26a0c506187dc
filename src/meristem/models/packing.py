"""Records of a fitted model as arrays of its state, and back."""

from __future__ import annotations

from numpy.typing import NDArray

from meristem.prepare.scale import MarkerScale
from meristem.records import StrArray, VariantTable


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
