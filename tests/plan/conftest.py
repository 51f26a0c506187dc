"""A small plan with every feature: two kinds, skip edges, many parents, head nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plan.toys import big, knowledge, plan
from tests.toys import variant_table

from meristem.plan.assemble import node_edges, variant_edges
from meristem.records import NetworkPlan, VariantTable

__all__ = ["big", "knowledge", "plan"]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def data() -> Path:
    """Return the folder of real data, or skip."""
    if not DATA.is_dir():
        pytest.skip("shared data are not here")
    return DATA


@pytest.fixture
def named() -> Callable[[NetworkPlan], tuple[set, set]]:
    """Return a reader of a plan's edges by name."""

    def edges(plan: NetworkPlan) -> tuple[set, set]:
        node, variant = variant_edges(plan)
        source, target = node_edges(plan)
        names, ids = plan.node_name, plan.variants.variant_id
        return (
            set(zip(names[node].tolist(), ids[variant].tolist(), strict=True)),
            set(zip(names[source].tolist(), names[target].tolist(), strict=True)),
        )

    return edges


@pytest.fixture
def table() -> Callable[..., VariantTable]:
    """Return a maker of variant tables on one contig."""

    def make(
        ids: list[str], position: list[int] | None = None, contig: str = "1"
    ) -> VariantTable:
        return variant_table(ids, contig, position)

    return make
