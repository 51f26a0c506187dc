import re
import time
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.toys import variant_table

from meristem.config.stages import KnowledgeConfig
from meristem.errors import KnowledgeError, PlanError
from meristem.knowledge.build import Knowledge, build_graph
from meristem.knowledge.graph import make_graph
from meristem.plan.assemble import node_edges, reached_nodes, variant_edges
from meristem.plan.compile import compile_plan, make_plan, restrict_plan


def test_the_small_plan_by_hand(plan, named):
    assert plan.node_name.tolist() == ["g1", "g2", "g3", "t1", "t2", "m"]
    assert plan.node_level.tolist() == [0, 0, 0, 1, 2, 3]
    assert plan.node_kind.tolist() == ["gene"] * 3 + ["term"] * 2 + ["metabolite"]
    assert plan.node_label.tolist()[-1] == "sucrose"
    assert [level.first_node for level in plan.levels] == [0, 3, 4, 5]
    claims, edges = named(plan)
    assert claims == {
        ("g1", "v1"), ("g1", "v3"), ("g2", "v1"), ("g3", "v5"), ("t2", "v0")
    }  # fmt: skip
    assert edges == {
        ("g1", "t1"), ("g2", "t1"), ("t1", "t2"), ("g1", "t2"), ("t2", "m")
    }  # fmt: skip
    # m is what the trait reads; g3 has no reader and would be computed in vain
    assert plan.node_name[plan.head_node].tolist() == ["g3", "m"]


def test_what_was_left_out_is_said(knowledge, table):
    graph = replace(knowledge.graph, trait_parents=("m", "lost"))
    variants = table([f"v{number}" for number in range(7)])
    compiled = compile_plan(Knowledge(graph), variants, KnowledgeConfig())
    assert (compiled.n_dropped, compiled.dropped) == (1, ("lost",))
    assert compiled.lost_trait_parents == ("lost",)
    assert compiled.claims.variant.size == 5
    assert compiled.plan.variants is variants


def test_a_trait_parent_may_have_readers(knowledge, table):
    graph = replace(knowledge.graph, trait_parents=("t1",))
    plan = make_plan(Knowledge(graph), table([f"v{number}" for number in range(7)]))
    assert plan.node_name[plan.head_node].tolist() == ["g3", "t1", "m"]


def test_levels_are_sorted_as_the_record_demands(big):
    for number, level in enumerate(big.levels):
        nodes = slice(level.first_node, level.first_node + level.n_node)
        assert (big.node_level[nodes] == number).all()
        names = big.node_name[nodes].tolist()
        assert names == sorted(names)
        for row, col in (
            (level.variant_row, level.variant_col),
            (level.node_row, level.node_col),
        ):
            pairs = list(zip(row.tolist(), col.tolist(), strict=True))
            assert pairs == sorted(set(pairs))
            assert row.dtype == col.dtype == np.int64
        assert (level.node_col < level.first_node).all()
        if number:
            highest = np.full(level.n_node, -1)
            np.maximum.at(highest, level.node_row, big.node_level[level.node_col])
            assert (highest == number - 1).all()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=18),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), min_size=1, max_size=8),
    st.integers(0, 2**31),
)
def test_any_dag_gives_the_same_plan_in_any_order(pairs, claimed, seed):
    edges = sorted({(low, high) for low, high in pairs if low < high})
    rng = np.random.default_rng(seed)
    names = [f"n{number}" for number in range(9)]
    variants = variant_table(6)
    turn = rng.permutation(6)

    def compiled(order, table):
        graph = make_graph(
            dict.fromkeys(names, "n"),
            [names[edges[place][0]] for place in order],
            [names[edges[place][1]] for place in order],
            claims=[(names[node], f"v{variant}") for node, variant in claimed],
        )
        return make_plan(Knowledge(graph), table)

    one = compiled(range(len(edges)), variants)
    two = compiled(rng.permutation(len(edges)), variants)
    assert one.hash == two.hash
    turned = compiled(range(len(edges)), variants.take(turn))
    assert restrict_plan(turned, variants).hash == one.hash

    # by hand: who is reached, one node after the other
    reached = {node for node, _ in claimed}
    for low, high in edges:
        if low in reached:
            reached.add(high)
    assert sorted(one.node_name.tolist()) == sorted(names[node] for node in reached)
    source, target = node_edges(one)
    assert source.size == sum(low in reached for low, _ in edges)
    assert (one.node_level[source] < one.node_level[target]).all()
    unread = set(range(one.n_node)) - set(source.tolist())
    assert one.head_node.tolist() == sorted(unread)


def test_reaching_runs_along_edges_only():
    source, target = np.array([0, 1, 3]), np.array([1, 2, 2])
    reached = reached_nodes(5, np.array([1]), source, target)
    assert reached.tolist() == [False, True, True, False, False]


def test_restriction_is_by_name(plan, table, named):
    other = restrict_plan(plan, table(["x", "v3", "v0", "v1"]))
    claims, edges = named(other)
    assert claims == {("g1", "v1"), ("g1", "v3"), ("g2", "v1"), ("t2", "v0")}
    assert edges == named(plan)[1]
    assert "g3" not in other.node_name
    assert other.node_name[other.head_node].tolist() == ["m"]
    assert other.variants.variant_id.tolist() == ["x", "v3", "v0", "v1"]


def test_restriction_levels_anew(plan, table, named):
    # Without g1 and g2, t2 reads its own variant alone and is on level 0.
    other = restrict_plan(plan, table(["v0"]))
    assert other.node_name.tolist() == ["t2", "m"]
    assert other.node_level.tolist() == [0, 1]
    assert named(other) == ({("t2", "v0")}, {("t2", "m")})
    assert other.node_label.tolist() == ["t2", "sucrose"]


def test_restriction_to_the_same_table_changes_nothing(big):
    assert restrict_plan(big, big.variants).hash == big.hash


def test_restriction_equals_compiling_for_the_smaller_table(big, knowledge, table):
    ids = [f"v{number}" for number in (6, 3, 1, 2)]
    variants = table(ids)
    whole = make_plan(knowledge, table([f"v{number}" for number in range(7)]))
    assert restrict_plan(whole, variants).hash == make_plan(knowledge, variants).hash


def test_restriction_to_strangers_is_refused(plan, table):
    with pytest.raises(PlanError, match="none of the 2 variants is read"):
        restrict_plan(plan, table(["x", "v6"]))


def test_without_labels_names_are_used(plan, table):
    bare = replace(plan, node_label=None)
    assert (
        restrict_plan(bare, plan.variants).node_label.tolist()
        == plan.node_name.tolist()
    )


def yeast(data):
    prior = data / "prior_knowledge"
    config = KnowledgeConfig(
        genes=prior / "yeast_gene_positions_R64.tsv.gz",
        ontology=prior / "go_edges.tsv.gz",
        annotation=prior / "yeast_go_slim_SGD.tsv.gz",
        labels=prior / "go_terms.tsv.gz",
    )
    bim = (data / "gp" / "yeast_smith2008" / "genotypes.bim").read_text().split("\n")
    rows = [line.split("\t") for line in bim if line]
    contig, ids, _, position, alt, ref = zip(*rows, strict=True)
    variants = variant_table(ids, contig, np.array(position, dtype=int), ref, alt)
    return config, variants


def test_yeast_from_files_to_plan_in_seconds(data):
    config, variants = yeast(data)
    started = time.process_time()
    knowledge = build_graph(config)
    compiled = compile_plan(knowledge, variants, config)
    assert time.process_time() - started < 20
    plan = compiled.plan
    kinds, counts = np.unique(plan.node_kind, return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {
        "gene": 4490,
        "term": 561,
    }
    assert len(plan.levels) == 9
    # Every marker lies within 5 kb of a gene on this dense genome.
    assert np.unique(variant_edges(plan)[1]).size == 2820
    # A gene near markers, and the naive look at its window.
    gene = plan.node_name.tolist().index("YCL018W")  # LEU2
    _, variant = variant_edges(plan)
    own = variant[variant_edges(plan)[0] == gene]
    genes = knowledge.genes
    row = genes.gene_id.tolist().index("YCL018W")
    inside = [
        place
        for place in range(variants.n_variant)
        if variants.variant_contig[place] == "3"
        and genes.gene_start[row] - 5000
        <= variants.variant_position[place] - 1
        < genes.gene_end[row] + 5000
    ]
    assert own.tolist() == inside != []


def test_the_remedy_for_contigs_of_other_names_works(tmp_path):
    region = "{0}\tRefSeq\tregion\t1\t999\t.\t+\t.\tID={0}:1;chromosome={1}\n"
    gene = "{0}\tRefSeq\tgene\t{2}\t{3}\t.\t+\t.\tID=g{1}\n"
    names = {"NC_003070.9": "1", "NC_003071.7": "2", "NC_000932.1": "Pltd"}
    text = "##gff-version 3\n" + "".join(
        region.format(*pair) + gene.format(pair[0], k, 10 * k + 1, 10 * k + 9)
        for k, pair in enumerate(names.items())
    )
    files = {"genes": tmp_path / "g.gff3", "gene_sets": (tmp_path / "s.gmt",)}
    files["genes"].write_text(text)
    files["gene_sets"][0].write_text("S\tna\tg0\tg1\tg2\n")
    settings = {**files, "prune": {"min_genes": 1}}
    table = variant_table(4, ["Chr1", "Chr1", "Chr2", "Chr2"], [5, 6, 15, 16])
    with pytest.raises(PlanError, match="knowledge.contigs") as caught:
        make_plan(build_graph(KnowledgeConfig(**settings)), table)
    offer = re.search(r"knowledge\.contigs = (\{.*?\})", caught.value.remedy)[1]
    assert offer == '{"NC_003070.9" = "Chr1", "NC_003071.7" = "Chr2"}'
    contigs = tomllib.loads(f"contigs = {offer}")["contigs"]
    plan = make_plan(build_graph(KnowledgeConfig(**settings, contigs=contigs)), table)
    assert plan.node_name.tolist() == ["g0", "g1", "S"]
    with pytest.raises(KnowledgeError, match="names 'chr9', which holds no gene"):
        build_graph(KnowledgeConfig(**settings, contigs={"chr9": "1"}))
