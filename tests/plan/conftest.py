"""A small plan with every feature: two kinds, skip edges, many parents, head nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.assemble import node_edges, variant_edges
from meristem.plan.compile import make_plan
from meristem.records import NetworkPlan, VariantTable

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

KINDS = {
    **dict.fromkeys(["g1", "g2", "g3", "lost"], "gene"),
    **dict.fromkeys(["t1", "t2"], "term"),
    "m": "metabolite",
}
EDGES = [
    ("g1", "t1"),
    ("g2", "t1"),
    ("t1", "t2"),
    ("g1", "t2"),  # skips a level
    ("t2", "m"),
    ("lost", "t2"),
]
CLAIMS = [("g1", "v3"), ("g1", "v1"), ("g2", "v1"), ("g3", "v5"), ("t2", "v0")]


@pytest.fixture
def data() -> Path:
    """Return the folder of real data, or skip."""
    if not DATA.is_dir():
        pytest.skip("shared data are not here")
    return DATA


@pytest.fixture
def table() -> Callable[..., VariantTable]:
    """Return a maker of variant tables on one contig."""

    def make(
        ids: list[str], position: list[int] | None = None, contig: str = "1"
    ) -> VariantTable:
        n_variant = len(ids)
        return VariantTable(
            np.array(ids, dtype=np.str_),
            np.full(n_variant, contig),
            np.array(position or range(1, n_variant + 1), dtype=np.int64),
            np.full(n_variant, "A"),
            np.full(n_variant, "C"),
        )

    return make


@pytest.fixture
def knowledge() -> Knowledge:
    """Return the small graph; the trait reads the metabolite."""
    graph = make_graph(
        KINDS,
        [source for source, _ in EDGES],
        [target for _, target in EDGES],
        claims=CLAIMS,
        node_label={"m": "sucrose"},
        source="small",
    )
    return Knowledge(replace(graph, trait_parents=("m",)))


@pytest.fixture
def plan(knowledge, table) -> NetworkPlan:
    """Return the small plan over seven variants."""
    return make_plan(knowledge, table([f"v{number}" for number in range(7)]))


def big_plan(seed: int = 0, n_variant: int = 400) -> NetworkPlan:
    """Return a random plan of 60 genes, 20 terms and 6 wider terms."""
    rng = np.random.default_rng(seed)
    genes = [f"g{number:02d}" for number in range(60)]
    terms = [f"t{number:02d}" for number in range(20)]
    wider = [f"u{number:02d}" for number in range(6)]
    edges = set()
    for lower, upper, n_edge in ((genes, terms, 150), (terms, wider, 40)):
        for _ in range(n_edge):
            edges.add((str(rng.choice(lower)), str(rng.choice(upper))))
    edges |= {(str(rng.choice(genes)), str(rng.choice(wider))) for _ in range(15)}
    claims = {(gene, f"v{rng.integers(n_variant)}") for gene in genes for _ in range(5)}
    kinds = dict.fromkeys(genes, "gene") | dict.fromkeys([*terms, *wider], "term")
    ordered = sorted(edges)
    graph = make_graph(
        kinds,
        [source for source, _ in ordered],
        [target for _, target in ordered],
        claims=sorted(claims),
    )
    ids = np.array([f"v{number}" for number in range(n_variant)])
    same = np.full(n_variant, "1")
    variants = VariantTable(ids, same, np.arange(1, n_variant + 1), same, same)
    return make_plan(Knowledge(graph), variants)


@pytest.fixture
def big() -> NetworkPlan:
    """Return a random plan large enough for statistics."""
    return big_plan()


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
