"""Which node of a graph reads which variant of a variant table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meristem.records import IntArray, StrArray


@dataclass(frozen=True)
class Claims:
    """Pairs of a node and a variant, each once."""

    n_variant: int
    node_name: StrArray  # (n_claim,)
    variant: IntArray  # (n_claim,) position in the variant table
    notes: tuple[str, ...] = ()  # what was decided on the way, for the report
    counts: Mapping[str, int] = field(default_factory=dict)  # what did not match
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
