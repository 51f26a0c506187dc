"""Ontologies in OBO format, through obonet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from meristem.errors import KnowledgeError
from meristem.knowledge.ontology.ontology import (
    RELATIONS,
    Ontology,
    canonical_relation,
    make_ontology,
)
from meristem.knowledge.source import SourceText

if TYPE_CHECKING:
    import networkx


def _line_of(source: SourceText, text: str) -> str:
    """Return the place of the first line that holds a text, for messages."""
    position = source.text.find(text)
    if position < 0:
        return str(source.path)
    return source.at(source.text.count("\n", 0, position) + 1)


def _check_stanzas(source: SourceText) -> None:
    """Refuse what obonet would take silently or fail on without a place."""
    seen: set[str] = set()
    stanza, stanza_line, has_id = "", 0, True
    n_term = 0
    for number, line in enumerate([*source.text.split("\n"), "[End]"], start=1):
        if line.startswith("["):
            if stanza == "[Term]" and not has_id:
                raise KnowledgeError(
                    "a [Term] has no id",
                    where=source.at(stanza_line),
                    remedy="give it a line `id: ...`",
                )
            stanza, stanza_line, has_id = line.strip(), number, False
            n_term += stanza == "[Term]"
        elif stanza == "[Term]" and line.startswith("id:"):
            has_id = True
            name = line[3:].strip()
            if name in seen:
                raise KnowledgeError(
                    f"term {name} is defined a second time",
                    where=source.at(number),
                    remedy="keep one definition",
                )
            seen.add(name)
    if n_term == 0:
        raise KnowledgeError(
            "has no [Term] stanza",
            where=source.path,
            remedy="give an ontology in OBO format, for example go-basic.obo",
        )


def _named(text: str) -> str:
    """Return the text with a name in its header: obonet logs a warning without."""
    text = text.lstrip("\n")
    header = text.split("\n[", 1)[0]
    if header.startswith("["):
        return f"ontology: unnamed\n\n{text}"
    has_name = any(line.startswith("ontology:") for line in header.split("\n"))
    return text if has_name else f"ontology: unnamed\n{text}"


def _parse(source: SourceText) -> networkx.MultiDiGraph:
    import obonet  # noqa: PLC0415 - loads slowly, and few runs read an ontology

    try:
        return obonet.read_obo(io.StringIO(_named(source.text)), ignore_obsolete=False)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        lines = str(error).strip().split("\n")
        raise KnowledgeError(
            f"is not valid OBO ({' '.join(lines)})",
            where=_line_of(source, lines[-1] or "\0"),
            remedy="check the file, or download the ontology again",
        ) from error


def _refuse_unknown_parents(
    edges: list[tuple[str, str, str]],
    known: set[str],
    obsolete: set[str],
    source: SourceText,
) -> None:
    for child, relation, parent in edges:
        if parent in known:
            continue
        why = "is obsolete" if parent in obsolete else "is not defined in the file"
        count = sum(edge[2] not in known for edge in edges)
        raise KnowledgeError(
            f"term {child} has the parent {parent} ({relation}), which {why}"
            + (f"; {count} such edges in all" if count > 1 else ""),
            where=_line_of(source, f"id: {child}\n"),
            remedy="use a complete release (for GO: go-basic.obo)",
        )


def _own_edges(
    graph: networkx.MultiDiGraph,
    known: set[str],
) -> Iterator[tuple[str, str, str]]:
    for child, parent, name in graph.edges(keys=True):
        relation = canonical_relation(name)
        if child in known and relation in RELATIONS:
            yield child, relation, parent


def parse_obo(source: SourceText) -> Ontology:
    """Return the terms of an OBO text with their `is_a` and `part_of` parents.

    Obsolete terms are left out and remembered; alternative ids are kept as aliases.

    Raises
    ------
    KnowledgeError
        If the text is no OBO, has no terms, names unknown parents, or has a cycle.

    References
    ----------
    OBO flat file format 1.4.
    """
    _check_stanzas(source)
    graph = _parse(source)
    namespace: dict[str, str] = {}
    label: dict[str, str] = {}
    alias: dict[str, str] = {}
    obsolete: set[str] = set()
    default = str(graph.graph.get("default-namespace", [""])[0])
    for name, term in graph.nodes(data=True):
        if term.get("is_obsolete") == "true":
            obsolete.add(name)
        elif term:
            namespace[name] = term.get("namespace", default)
            label[name] = term.get("name", name)
            alias.update(dict.fromkeys(term.get("alt_id", ()), name))
    known = set(namespace)
    edges = list(_own_edges(graph, known))
    _refuse_unknown_parents(edges, known, obsolete, source)
    return make_ontology(
        namespace, edges, source, label=label, alias=alias, obsolete=obsolete
    )
