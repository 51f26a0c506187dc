import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gaf import (
    looks_like_gaf,
    parse_annotation_table,
    parse_gaf,
)


def row(gene, term, qualifier="", evidence="IDA", aspect="P", synonyms=""):
    return "\t".join(
        ["SGD", gene, f"SYM{gene}", qualifier, term, "REF", evidence, "", aspect]
        + ["name", synonyms, "protein", "taxon:4932", "20200101", "SGD", "", ""]
    )


GAF = "!gaf-version: 2.2\n!x\n" + "\n".join(
    [
        row("1", "GO:1", "enables"),
        row("1", "GO:1", "enables", evidence="IEA"),
        row("2", "GO:1", "NOT|enables"),
        row("2", "GO:2", "involved_in", evidence="ND"),
        row("3", "GO:3", "part_of", aspect="C", synonyms="YAL001C|alt"),
    ]
)


def test_gaf_qualifiers_evidence_and_namespaces(text):
    found = parse_gaf(text(GAF), ("ND",))
    assert found.pairs == (("1", "GO:1"), ("3", "GO:3"))
    assert (found.n_negated, found.n_evidence) == (1, 1)
    assert found.names["3"] == ("3", "SYM3", "YAL001C", "alt")
    assert found.namespace == {
        "GO:1": "biological_process",
        "GO:3": "cellular_component",
    }


def test_evidence_is_kept_unless_excluded(text):
    assert ("2", "GO:2") in parse_gaf(text(GAF), ()).pairs


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (GAF, "x", True),
        (GAF.split("\n", 2)[2], "x", True),
        ("whatever", "x.gaf.gz", True),
        ("gene,term\na,b\n", "x.csv", False),
    ],
)
def test_gaf_is_recognised(text, content, name, expected):
    assert looks_like_gaf(text(content, name)) is expected


def test_a_table_with_everything(text):
    found = parse_annotation_table(
        text(
            "gene\tsymbol\taspect\tterm\tgo_id\tevidence\n"
            "g1\tABC\tF\tbinding\tGO:7\tIDA\n"
            "g1\tABC\tF\tbinding\tGO:7\tIEA\n"
            "g2\t\tP\tgrowth\tGO:8\tND\n"
            "g3\t\tP\t\t\tIDA\n"
        ),
        ("ND",),
    )
    assert found.pairs == (("g1", "GO:7"),)
    assert found.label["GO:7"] == "binding"
    assert found.names == {"g1": ("g1", "ABC")}
    assert found.namespace["GO:7"] == "molecular_function"
    assert (found.n_evidence, found.n_without_term) == (1, 1)


def test_a_bare_table(text):
    found = parse_annotation_table(text("gene,term\ng1,t1\n"))
    assert found.pairs == (("g1", "t1"),)
    assert found.label == {}


@pytest.mark.parametrize(
    "row", ["g1,GO:0000001;GO:0000002", '"g1 | g2",GO:1', '"g1","GO:01, GO:02"']
)
def test_lists_in_a_cell_are_no_term(text, row):
    with pytest.raises(KnowledgeError, match="lists several names in one cell"):
        parse_annotation_table(text(f"gene,term\n{row}\n"))


def test_terms_in_words_are_terms(text):
    found = parse_annotation_table(text("gene,term\ng1;x,light; dark\n"))
    assert found.pairs == (("g1;x", "light; dark"),)
