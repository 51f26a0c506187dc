import logging

import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.files.obo import parse_obo

OBO = """format-version: 1.2
default-namespace: plant_ontology

[Term]
id: X:1
name: root
namespace: biological_process

[Term]
id: X:2
name: middle
alt_id: X:20
alt_id: X:21
is_a: X:1 ! root
synonym: "centre" EXACT []

[Term]
id: X:3
name: leaf
is_a: X:2 {source="x"} ! middle
relationship: part_of X:1 ! root
relationship: regulates X:2 ! middle

[Term]
id: X:9
name: gone
is_obsolete: true
replaced_by: X:3

[Typedef]
id: part_of
name: part of
"""


def test_terms_parents_aliases_and_obsolete_terms(text):
    ontology = parse_obo(text(OBO))
    assert ontology.term_id.tolist() == ["X:1", "X:2", "X:3"]
    assert ontology.namespace.tolist() == [
        "biological_process",
        "plant_ontology",
        "plant_ontology",
    ]
    edges = zip(ontology.child, ontology.parent, ontology.relation, strict=True)
    assert [(int(child), int(parent), str(kind)) for child, parent, kind in edges] == [
        (1, 0, "is_a"),
        (2, 0, "part_of"),
        (2, 1, "is_a"),
    ]
    assert ontology.label == {"X:1": "root", "X:2": "middle", "X:3": "leaf"}
    assert ontology.alias == {"X:20": "X:2", "X:21": "X:2"}
    assert ontology.obsolete == {"X:9"}


@pytest.mark.parametrize("start", ["", "\n\n", "format-version: 1.2\n\n"])
def test_a_header_without_a_name_is_no_reason_to_log(text, start, caplog):
    with caplog.at_level(logging.DEBUG):
        ontology = parse_obo(text(start + "[Term]\nid: a\nname: one\n"))
    assert ontology.term_id.tolist() == ["a"]
    assert caplog.records == []


def test_a_cycle_over_two_relations_is_named(text):
    broken = OBO.replace("id: X:1\n", "id: X:1\nrelationship: part_of X:3\n")
    with pytest.raises(KnowledgeError, match="cycle: X:"):
        parse_obo(text(broken))


def test_all_unknown_parents_are_counted(text):
    broken = OBO.replace("is_a: X:1 !", "is_a: X:7 !").replace(
        "part_of X:1", "part_of X:8"
    )
    with pytest.raises(KnowledgeError, match="2 such edges in all") as caught:
        parse_obo(text(broken, "some.obo"))
    assert caught.value.where.startswith("some.obo, line ")
