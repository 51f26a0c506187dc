import hashlib
import time

import numpy as np
import pytest

from meristem.config.stages import AssignConfig, KnowledgeConfig, PruneConfig
from meristem.knowledge.build import build_graph
from meristem.knowledge.files.pairs import parse_labels, read_assignment_table
from meristem.knowledge.reading import KnowledgeSource

GENES = "gene,contig,start,end,symbol\n" + "".join(
    f"g{number},1,{10 * number + 1},{10 * number + 5},SYM{number}\n"
    for number in range(9)
)
ANNOTATION = "gene,term,term_name\n" + "".join(
    f"{'SYM' if number % 2 else 'g'}{number},T:1,growth\n" for number in range(6)
)


def write(folder, name, content):
    (folder / name).write_text(content)
    return folder / name


@pytest.fixture
def files(tmp_path):
    return {
        "genes": write(tmp_path, "genes.csv", GENES),
        "annotation": write(tmp_path, "annotation.csv", ANNOTATION),
        "ontology": write(tmp_path, "onto.csv", "child,parent\nT:1,A:2\nA:2,T:3\n"),
        "gene_sets": (
            write(tmp_path, "s.gmt", "S\tna\tg1\tg2\tSYM3\tnobody\tg4\tg5\n"),
        ),
        "edges": (write(tmp_path, "e.csv", "source,target\nSYM7,g8\ng8,M\n"),),
    }


def test_everything_meets_by_name(files):
    knowledge = build_graph(KnowledgeConfig(**files))
    graph = knowledge.graph
    kind = dict(zip(graph.node_name.tolist(), graph.node_kind.tolist(), strict=True))
    # All three hold the same genes; the most specific of them stays.
    terms = {name for name in kind if kind[name] == "term"}
    assert terms == {"T:1"}
    assert {name for name in kind if kind[name] == "gene"} == {
        f"g{n}" for n in range(9)
    }
    assert kind["S"] == "set"
    assert kind["M"] == "node"
    names = graph.node_name
    edges = set(
        zip(
            names[graph.edge_source].tolist(),
            names[graph.edge_target].tolist(),
            strict=True,
        )
    )
    assert edges == {
        *((f"g{number}", "T:1") for number in range(6)),
        *((f"g{number}", "S") for number in (1, 2, 3, 4, 5)),
        ("g7", "g8"),
        ("g8", "M"),
    }
    label = dict(zip(names.tolist(), graph.node_label.tolist(), strict=True))
    assert label["g3"] == "SYM3"
    assert label["T:1"] == "growth"
    assert knowledge.unknown_genes == ("nobody",)
    assert knowledge.counts["terms_redundant"] == 2
    assert knowledge.counts["nodes_matched_by_alias"] == 1


def test_sources_carry_the_digest_of_their_bytes(files):
    knowledge = build_graph(KnowledgeConfig(**files))
    roles = [source.role for source in knowledge.sources]
    assert roles == ["genes", "ontology", "annotation", "gene_sets", "edges"]
    for source in knowledge.sources:
        assert isinstance(source, KnowledgeSource)
        with open(source.path, "rb") as handle:  # noqa: PTH123
            raw = handle.read()
        assert source.sha256 == hashlib.sha256(raw).hexdigest()
        assert source.n_byte == len(raw)


def test_labels_overrule(files, tmp_path):
    labels = write(tmp_path, "labels.tsv", "go_id\tterm\nT:1\tstress\ng1\t\n")
    knowledge = build_graph(KnowledgeConfig(**files, labels=labels))
    names = knowledge.graph.node_name.tolist()
    assert knowledge.graph.node_label[names.index("T:1")] == "stress"
    assert knowledge.graph.node_label[names.index("g1")] == "SYM1"


def test_a_graph_that_says_what_the_trait_reads_has_no_further_genes(files, tmp_path):
    toml = write(
        tmp_path,
        "g.toml",
        'trait_parents = ["A"]\n[[nodes]]\nname = "A"\n[[nodes]]\nname = "g1"\n'
        '[[edges]]\nsource = "g1"\ntarget = "A"\n',
    )
    knowledge = build_graph(KnowledgeConfig(genes=files["genes"], graph=toml))
    assert knowledge.graph.node_name.tolist() == ["A", "g1"]
    assert knowledge.graph.node_kind.tolist() == ["node", "gene"]
    assert knowledge.graph.trait_parents == ("A",)
    assert knowledge.genes is not None
    assert knowledge.genes.gene_id.size == 9


def test_a_kind_given_by_hand_wins_over_gene(files, tmp_path):
    toml = write(tmp_path, "g.toml", '[[nodes]]\nname = "g1"\nkind = "enzyme"\n')
    knowledge = build_graph(KnowledgeConfig(genes=files["genes"], graph=toml))
    names = knowledge.graph.node_name.tolist()
    assert knowledge.graph.node_kind[names.index("g1")] == "enzyme"


def test_an_assignment_table_alone_names_the_genes(tmp_path):
    table = write(tmp_path, "eqtl.csv", "snp,gene,p\nv1,g1,0.1\nv2,g1,0.1\nv2,g2,0.1\n")
    config = KnowledgeConfig(assign=AssignConfig(method="table", table=table))
    knowledge = build_graph(config)
    assert knowledge.graph.node_name.tolist() == ["g1", "g2"]
    assert knowledge.sources[0].role == "assignment"
    pairs, source = read_assignment_table(table)
    assert pairs == (("v1", "g1"), ("v2", "g1"), ("v2", "g2"))
    assert source.path == table


def test_an_assignment_table_gives_the_nodes_of_an_edge_list_their_kind(tmp_path):
    table = write(tmp_path, "eqtl.csv", "snp,gene\nv1,g1\nv2,T\n")
    edges = write(tmp_path, "e.sif", "g1 r g2\n")
    toml = write(tmp_path, "g.toml", '[[nodes]]\nname = "T"\nkind = "toxin"\n')
    assign = AssignConfig(method="table", table=table)
    graph = build_graph(
        KnowledgeConfig(edges=(edges,), graph=toml, assign=assign)
    ).graph
    kinds = zip(graph.node_name.tolist(), graph.node_kind.tolist(), strict=True)
    assert dict(kinds) == {"g1": "gene", "g2": "node", "T": "toxin"}


def test_labels_are_read_by_column_name(text):
    assert parse_labels(text("gene,symbol\ng1,ABC\ng2,\n")) == {"g1": "ABC"}


def test_nothing_depends_on_the_order_of_rows(files, tmp_path):
    one = build_graph(KnowledgeConfig(**files)).graph
    for role in ("genes", "annotation"):
        head, *rows = files[role].read_text().splitlines()
        files[role].write_text("\n".join([head, *rows[::-1]]) + "\n")
    two = build_graph(KnowledgeConfig(**files)).graph
    for name in ("node_name", "node_kind", "edge_source", "edge_target", "edge_kind"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_yeast_go_slim_in_seconds(prior):
    started = time.process_time()
    knowledge = build_graph(
        KnowledgeConfig(
            genes=prior / "yeast_gene_positions_R64.tsv.gz",
            ontology=prior / "go_edges.tsv.gz",
            annotation=prior / "yeast_go_slim_SGD.tsv.gz",
            prune=PruneConfig(),
        )
    )
    assert time.process_time() - started < 20
    kind = knowledge.graph.node_kind
    assert (kind == "gene").sum() == 6692
    assert (kind == "term").sum() == knowledge.counts["terms_before_pruning"] - sum(
        knowledge.counts[name]
        for name in ("terms_too_small", "terms_too_large", "terms_redundant")
    )
    # The slim's one retired term, and complexes and features that are no genes.
    assert knowledge.unknown_terms == ("GO:0000798",)
    assert "CPX-1015" in knowledge.unknown_genes
