"""A small plan with every feature, and a random one large enough for statistics."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.compile import make_plan
from meristem.records import NetworkPlan
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery

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


def small_knowledge() -> Knowledge:
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


def small_plan() -> NetworkPlan:
    """Return the small plan over seven variants."""
    return make_plan(small_knowledge(), variant_table(7))


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
    return make_plan(Knowledge(graph), variant_table(n_variant))


@cache
def omics_panel(seed: int, n_train: int, n_test: int, n_gene: int, p: int):
    """Return a simulated panel on two contigs of `p` variants each."""
    config = RecoveryConfig(
        n_train=n_train,
        n_test=n_test,
        n_chromosome=2,
        variants_per_chromosome=p,
        n_gene=n_gene,
        n_regulator=4,
        n_pathway=5,
        pathway_size=6,
        causal_genes_per_pathway=3,
        reliability=0.9,
        h2=0.9,
    )
    return simulate_recovery(config, rng=np.random.default_rng(seed))


@pytest.fixture
def knowledge() -> Knowledge:
    return small_knowledge()


@pytest.fixture
def plan() -> NetworkPlan:
    return small_plan()


@pytest.fixture
def big() -> NetworkPlan:
    return big_plan()
