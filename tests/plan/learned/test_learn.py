from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.toys import dataset, numbered

from meristem.config.models import LearnOptions
from meristem.errors import PlanError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.assemble import node_edges, variant_edges
from meristem.plan.learned.graph import learn_graph
from meristem.plan.learned.learn import learn_plan, to_graph
from meristem.records import (
    OmicsTable,
)

GENES = ("a", "b", "c", "d", "e")


def data(n=60, seed=0):
    """Gene k of five has variant 3k as its cause; the trait is a + b + c."""
    rng = np.random.default_rng(seed)
    p = 80
    dosage = rng.binomial(2, 0.5, (n, p)).astype(np.int8)
    line = numbered("l", n)
    value = dosage[:, :15:3] + 0.2 * rng.standard_normal((n, 5))
    trait = value[:, :3].sum(axis=1, keepdims=True) + 0.1 * rng.standard_normal((n, 1))
    gene = np.array(GENES)
    omics = (OmicsTable("expression", line, gene, gene, value),)
    return dataset(dosage, trait, line, omics=omics)


def curated():
    kinds = dict.fromkeys(GENES, "gene") | {"x": "gene"}
    kinds |= {"pair": "term", "one": "term", "top": "term", "far": "term"}
    return Knowledge(
        make_graph(
            kinds,
            ["a", "b", "c", "pair", "one", "x", "d"],
            ["pair", "pair", "one", "top", "top", "far", "far"],
            claims=[("a", "v70"), ("x", "v71")],
        )
    )


def plan_of(dataset, knowledge=None, merge=True, **options):
    chosen = LearnOptions(**{"n_genes": 3, "variants_per_gene": 1} | options)
    rng = np.random.default_rng(0)
    return learn_plan(dataset, chosen, rng=rng, knowledge=knowledge, merge=merge)


def names_of_edges(plan):
    source, target = node_edges(plan)
    return {
        (str(plan.node_name[s]), str(plan.node_name[t]))
        for s, t in zip(source, target, strict=True)
    }


def variants_of(plan):
    node, variant = variant_edges(plan)
    pairs = zip(node.tolist(), variant.tolist(), strict=True)
    return {(str(plan.node_name[n]), v) for n, v in pairs}


def test_genes_of_the_trait_read_their_variants():
    plan = plan_of(data())
    assert plan.node_name.tolist() == ["a", "b", "c"]
    assert plan.node_kind.tolist() == ["gene"] * 3
    assert variants_of(plan) == {("a", 0), ("b", 3), ("c", 6)}
    assert plan.head_node.tolist() == [0, 1, 2]
    assert plan.variants.n_variant == 80
    assert "learned" in plan.source


def test_curated_terms_stand_on_learned_genes():
    plan = plan_of(data(), curated())
    # `one` holds a single learned gene: its gene goes to `top` directly
    assert names_of_edges(plan) == {
        ("a", "pair"),
        ("b", "pair"),
        ("pair", "top"),
        ("c", "top"),
    }
    assert variants_of(plan) == {("a", 0), ("b", 3), ("c", 6)}
    every = plan_of(data(), curated(), min_genes_per_term=1)
    assert ("c", "one") in names_of_edges(every)
    assert "far" not in every.node_name


def test_without_merging_knowledge_gives_kinds_and_windows_alone():
    known = curated()
    graph = replace(
        known.graph,
        node_kind=np.where(
            known.graph.node_name == "b", "enzyme", known.graph.node_kind
        ),
    )
    plan = plan_of(data(), Knowledge(graph), merge=False)
    assert plan.node_kind.tolist() == ["gene", "enzyme", "gene"]
    assert names_of_edges(plan) == set()
    # only a has a claim: its window is all there is
    cis = plan_of(data(), known, merge=False, trans=False)
    assert variants_of(cis) == {("a", 70)}


def test_a_supplied_network_joins_learned_genes():
    network = Knowledge(
        make_graph(dict.fromkeys("abx", "gene"), ["a", "x"], ["b", "a"])
    )
    plan = plan_of(data(), network)
    assert names_of_edges(plan) == {("a", "b")}
    assert plan.node_level.tolist() == [0, 0, 1]


def test_modules_are_nodes_above_their_genes():
    dataset = data()
    table = dataset.omics[0]
    value = table.value.copy()
    rng = np.random.default_rng(1)
    value = value[:, [0]] + 0.3 * rng.standard_normal(value.shape)
    dataset = replace(dataset, omics=(replace(table, value=value),))
    plan = plan_of(dataset, genes="all", gene_edges="modules")
    assert plan.node_name.tolist() == [*GENES, "expression:module_1"]
    assert plan.node_kind.tolist() == ["gene"] * 5 + ["module"]
    assert plan.head_node.tolist() == [5]


def test_the_same_rows_and_seed_give_the_same_plan():
    dataset = data()
    assert plan_of(dataset).hash == plan_of(dataset).hash
    other = plan_of(dataset.take(np.arange(55)), variants_per_gene=3)
    assert other.hash != plan_of(dataset, variants_per_gene=3).hash


def test_learned_claims_are_written_by_name():
    dataset = data()
    options = LearnOptions(n_genes=3, variants_per_gene=2)
    learned = learn_graph(dataset, options, rng=np.random.default_rng(0))
    graph = to_graph(learned, dataset.genotypes.variants)
    claimed = set(
        zip(
            graph.node_name[graph.claim_node].tolist(),
            graph.claim_variant.tolist(),
            strict=True,
        )
    )
    ids = dataset.genotypes.variants.variant_id
    expected = zip(learned.node_name[learned.gene], ids[learned.variant], strict=True)
    assert claimed == {(str(gene), str(variant)) for gene, variant in expected}


def test_no_variant_below_the_limit_is_no_network():
    with pytest.raises(PlanError, match="no node of the graph reads any variant"):
        plan_of(data(), max_p=1e-300)
