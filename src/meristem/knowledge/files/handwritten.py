"""A graph written by hand in TOML: nodes, edges, and what the trait reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meristem.config.faults import explain_faults
from meristem.config.toml import parse_toml
from meristem.errors import KnowledgeError
from meristem.knowledge.graph import KnowledgeGraph, make_graph
from meristem.knowledge.source import SourceText


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Node(_Part):
    name: str = Field(min_length=1)
    kind: str = "node"
    label: str = ""
    variants: list[str] = []


class _Edge(_Part):
    source: str
    target: str
    sign: int = Field(default=0, ge=-1, le=1)
    kind: str = ""


class _Graph(_Part):
    name: str = ""
    description: str = ""
    trait_parents: list[str] = []
    nodes: list[_Node] = Field(min_length=1)
    edges: list[_Edge] = []


def _parse(source: SourceText) -> _Graph:
    raw = parse_toml(source.text, source.path, KnowledgeError)
    try:
        return _Graph.model_validate(raw)
    except ValidationError as error:
        raise KnowledgeError(
            f"{error.error_count()} field(s) are wrong:\n"
            f"{explain_faults(error, _Graph, source.text)}",
            where=source.path,
            remedy="nodes have name, kind, label, variants; edges have source, "
            "target, sign, kind",
        ) from error


def _check_names(graph: _Graph, source: SourceText) -> None:
    count = Counter(node.name for node in graph.nodes)
    names = set(count)
    twice = sorted(name for name, times in count.items() if times > 1)
    if twice:
        raise KnowledgeError(
            f"nodes are defined twice: {', '.join(twice[:5])}",
            where=source.path,
            remedy="keep one [[nodes]] entry for each",
        )
    seen: set[tuple[str, str]] = set()
    for number, edge in enumerate(graph.edges, start=1):
        where = f"{source.path}, edge {number} ({edge.source} -> {edge.target})"
        for name in (edge.source, edge.target):
            if name not in names:
                raise KnowledgeError(
                    f"names the unknown node {name!r}",
                    where=where,
                    remedy="add a [[nodes]] entry, or mend the spelling",
                )
        if edge.source == edge.target:
            raise KnowledgeError(
                "joins a node to itself", where=where, remedy="remove the edge"
            )
        if (edge.source, edge.target) in seen:
            raise KnowledgeError(
                "stands in the file twice", where=where, remedy="keep one"
            )
        seen.add((edge.source, edge.target))
    unknown = [name for name in graph.trait_parents if name not in names]
    if unknown:
        raise KnowledgeError(
            f"trait_parents names the unknown node {unknown[0]!r}",
            where=f"{source.path}, trait_parents",
            remedy="name nodes of the graph",
        )


def parse_toml_graph(source: SourceText) -> KnowledgeGraph:
    """Return the graph of a TOML text.

    Raises
    ------
    KnowledgeError
        If the text is no TOML, has unknown or wrong fields, names unknown nodes,
        or its edges close a cycle.

    Examples
    --------
    >>> from pathlib import Path
    >>> text = '''
    ... trait_parents = ["I"]
    ... [[nodes]]
    ... name = "A"
    ... variants = ["qtl_1"]
    ... [[nodes]]
    ... name = "I"
    ... [[edges]]
    ... source = "A"
    ... target = "I"
    ... sign = -1
    ... '''
    >>> graph = parse_toml_graph(SourceText(Path("graph.toml"), text, "", 0))
    >>> graph.node_name.tolist(), graph.trait_parents
    (['A', 'I'], ('I',))
    """
    graph = _parse(source)
    _check_names(graph, source)
    made = make_graph(
        {node.name: node.kind for node in graph.nodes},
        [edge.source for edge in graph.edges],
        [edge.target for edge in graph.edges],
        edge_kind=[edge.kind for edge in graph.edges],
        edge_sign=[edge.sign for edge in graph.edges],
        node_label={node.name: node.label for node in graph.nodes if node.label},
        claims=[(node.name, name) for node in graph.nodes for name in node.variants],
        source=str(source.path),
    )
    return replace(made, trait_parents=tuple(dict.fromkeys(graph.trait_parents)))
