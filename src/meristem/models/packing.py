"""Names and variant tables as plain number arrays, as a fitted state wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.prepare.scale import MarkerScale
from meristem.records import StrArray, VariantTable


def pack_text(names: StrArray) -> NDArray[np.uint8]:
    """Return the names as UTF-8 bytes, one per line."""
    return np.frombuffer("\n".join(map(str, names)).encode(), dtype=np.uint8)


def unpack_text(packed: NDArray[np.uint8], size: int) -> StrArray:
    """Return what `pack_text` packed."""
    if size == 0:
        return np.empty(0, dtype=np.str_)
    return np.array(packed.tobytes().decode().split("\n"), dtype=np.str_)


def pack_variants(variants: VariantTable) -> dict[str, NDArray]:
    """Return a variant table as number arrays."""
    return {
        "variant_id": pack_text(variants.variant_id),
        "variant_contig": pack_text(variants.variant_contig),
        "variant_position": variants.variant_position,
        "variant_ref": pack_text(variants.variant_ref),
        "variant_alt": pack_text(variants.variant_alt),
    }


def unpack_variants(arrays: dict[str, NDArray]) -> VariantTable:
    """Return the variant table of `pack_variants`."""
    position = np.asarray(arrays["variant_position"], dtype=np.int64)
    texts = ("variant_id", "variant_contig", "variant_ref", "variant_alt")
    names = [unpack_text(arrays[text], position.size) for text in texts]
    return VariantTable(names[0], names[1], position, names[2], names[3])


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
) -> dict[str, object]:
    """Return trait and environment names as lists."""
    return {
        "trait_name": [str(name) for name in trait_name],
        "environment_name": [str(name) for name in environment_name],
    }


def unpack_targets(meta: dict[str, object]) -> tuple[StrArray, StrArray]:
    """Return trait and environment names as arrays."""
    traits = np.array(meta["trait_name"], dtype=np.str_)
    return traits, np.array(meta["environment_name"], dtype=np.str_)
