"""Ontologies as a table of edges: child, parent, relation."""

from __future__ import annotations

from meristem.errors import KnowledgeError
from meristem.knowledge.ontology.ontology import (
    Ontology,
    canonical_namespace,
    canonical_relation,
    make_ontology,
)
from meristem.knowledge.source import SourceText, read_table

_EDGE_COLUMNS = {
    "child": ("child", "child_id", "source", "term"),
    "parent": ("parent", "parent_id", "target"),
    "relation": ("relation", "relationship", "type"),
    "namespace": ("namespace", "ontology", "aspect"),
}


def parse_edge_table(source: SourceText) -> Ontology:
    """Read an ontology from a table `child,parent[,relation][,ontology]`.

    Without a relation every edge counts as `is_a`. The namespace of a term is that
    of the edges in which it is the child.

    Raises
    ------
    KnowledgeError
        If a column is absent, a term is empty, or the ontology has a cycle.
    """
    table = read_table(source, _EDGE_COLUMNS, ("child", "parent"))
    column = table.column
    n_row = len(table.line)
    relation = column.get("relation", ["is_a"] * n_row)
    space = column.get("namespace", [""] * n_row)
    namespace: dict[str, str] = {}
    edges = []
    for index, line in enumerate(table.line):
        child, parent = column["child"][index], column["parent"][index]
        if not child or not parent or child == parent:
            raise KnowledgeError(
                "child and parent have to be two terms",
                where=source.at(line),
                remedy="name both, or remove the row",
            )
        namespace[child] = canonical_namespace(space[index])
        edges.append((child, canonical_relation(relation[index]), parent))
    for _, _, parent in edges:
        namespace.setdefault(parent, "")
    return make_ontology(namespace, edges, source)
