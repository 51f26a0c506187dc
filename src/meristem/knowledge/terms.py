"""Terms and gene sets with their genes: the part of the graph that is pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from meristem.errors import KnowledgeError
from meristem.knowledge.gene_names import offer
from meristem.knowledge.graph import KnowledgeGraph, make_graph
from meristem.knowledge.ontology.annotation import Annotation
from meristem.knowledge.ontology.ontology import Ontology, canonical_namespace
from meristem.records import IntArray, StrArray

Resolver = Callable[[tuple[str, ...]], str]
"""From the names of an annotated object to its gene id, "" when it has none."""


@dataclass(frozen=True)
class TermGraph:
    """Genes under terms and sets, and terms under wider terms."""

    term_id: StrArray  # (n_term,) unique, sorted
    term_kind: StrArray  # (n_term,) "term" or "set"
    term_label: StrArray  # (n_term,)
    gene_id: StrArray  # (n_gene,) unique, sorted
    direct: sparse.csr_matrix  # (n_term, n_gene) bool, annotated to the term itself
    child: IntArray  # (n_edge,) position in term_id
    parent: IntArray  # (n_edge,) position in term_id
    relation: StrArray  # (n_edge,)
    source: str = ""


@dataclass(frozen=True)
class Membership:
    """Annotated pairs after matching, and what could not be matched."""

    pairs: tuple[tuple[str, str], ...]  # (gene id, term or set)
    unknown_genes: tuple[str, ...]  # annotated objects that match no gene
    unknown_terms: tuple[str, ...]  # terms the ontology does not have
    n_obsolete: int  # pairs dropped because their term is obsolete


def match_annotation(
    annotation: Annotation,
    ontology: Ontology | None,
    resolve: Resolver,
    would_match: Callable[[list[str]], Mapping[str, int]] = lambda names: {},
) -> Membership:
    """Return annotated pairs by gene id and current term id.

    `would_match` says which looser rules would match names that match no gene; the
    refusal offers them.

    Raises
    ------
    KnowledgeError
        If no gene, or no term, of the annotation is known.
    """
    gene_of = {name: resolve(others) for name, others in annotation.names.items()}
    known = None if ontology is None else set(ontology.term_id.tolist())
    alias = {} if ontology is None else ontology.alias
    obsolete = frozenset() if ontology is None else ontology.obsolete
    pairs: dict[tuple[str, str], None] = {}
    unknown_terms: set[str] = set()
    n_obsolete = 0
    for name, term in annotation.pairs:
        term = alias.get(term, term)
        if term in obsolete:
            n_obsolete += 1
        elif known is not None and term not in known:
            unknown_terms.add(term)
        elif gene_of[name]:
            pairs[gene_of[name], term] = None
    unknown_genes = sorted(name for name, gene in gene_of.items() if not gene)
    if not pairs:
        offered = offer(would_match(unknown_genes))
        _refuse_unmatched(annotation, unknown_genes, sorted(unknown_terms), offered)
    return Membership(
        tuple(pairs), tuple(unknown_genes), tuple(sorted(unknown_terms)), n_obsolete
    )


def _refuse_unmatched(
    annotation: Annotation,
    unknown_genes: list[str],
    unknown_terms: list[str],
    offered: str,
) -> None:
    if unknown_genes and len(unknown_genes) == len(annotation.names):
        raise KnowledgeError(
            f"none of its {len(unknown_genes)} genes is in the gene table "
            f"(for example {', '.join(unknown_genes[:3])}){offered}",
            where=annotation.source.path,
            remedy=("set the rule named, or " if offered else "")
            + "use files with the same gene ids and the same genome version",
        )
    raise KnowledgeError(
        "no annotation is left after matching terms and genes"
        + (
            f" (unknown terms: {', '.join(unknown_terms[:3])})" if unknown_terms else ""
        ),
        where=annotation.source.path,
        remedy="use an ontology and an annotation of the same kind and release",
    )


def _wanted_terms(
    namespace: dict[str, str],
    namespaces: tuple[str, ...],
    where: str,
) -> set[str]:
    if not namespaces:
        return set(namespace)
    wanted = {canonical_namespace(name) for name in namespaces}
    known = set(namespace.values()) - {""}
    strange = sorted(wanted - known)
    if strange:
        raise KnowledgeError(
            f"has no namespace {strange[0]!r}",
            where=where,
            remedy=f"use one of: {', '.join(sorted(known)) or 'none is given'}",
        )
    return {term for term, space in namespace.items() if space in wanted}


def _namespaces(ontology: Ontology | None, annotation: Annotation) -> dict[str, str]:
    found = {term: "" for _, term in annotation.pairs}
    found.update(annotation.namespace)
    if ontology is not None:
        ids, spaces = ontology.term_id.tolist(), ontology.namespace.tolist()
        found = {
            term: canonical_namespace(space) or found.get(term, "")
            for term, space in zip(ids, spaces, strict=True)
        }
    return found


def _above(start: Iterable[str], ontology: Ontology, wanted: set[str]) -> set[str]:
    """Return the start terms and all wanted terms above them."""
    number = {term: place for place, term in enumerate(ontology.term_id.tolist())}
    allowed = np.array([term in wanted for term in number], dtype=bool)
    reached = np.zeros(allowed.size, dtype=bool)
    reached[[number[term] for term in start]] = True
    usable = allowed[ontology.child] & allowed[ontology.parent]
    child, parent = ontology.child[usable], ontology.parent[usable]
    before = -1
    while before != (before := int(reached.sum())):
        reached[parent[reached[child]]] = True
    return set(ontology.term_id[reached].tolist())


def make_term_graph(
    membership: Membership,
    annotation: Annotation,
    ontology: Ontology | None,
    namespaces: tuple[str, ...] = (),
) -> TermGraph:
    """Return the annotated terms and all terms above them.

    Raises
    ------
    KnowledgeError
        If a namespace is unknown, or holds no annotated term.
    """
    where = str(annotation.source.path)
    wanted = _wanted_terms(_namespaces(ontology, annotation), namespaces, where)
    pairs = [pair for pair in membership.pairs if pair[1] in wanted]
    if not pairs:
        raise KnowledgeError(
            f"annotates no gene in {', '.join(namespaces)}",
            where=where,
            remedy="name other namespaces, or none for all",
        )
    used = {term for _, term in pairs}
    edges: list[tuple[str, str, str]] = []
    labels = dict(annotation.label)
    if ontology is not None:
        used = _above(used, ontology, wanted)
        names = ontology.term_id
        triples = zip(
            names[ontology.child].tolist(),
            names[ontology.parent].tolist(),
            ontology.relation.tolist(),
            strict=True,
        )
        edges = [edge for edge in triples if edge[0] in used and edge[1] in used]
        labels.update(ontology.label)
    return _from_names(dict.fromkeys(used, "term"), pairs, edges, labels, where)


def make_set_graph(membership: Membership, annotation: Annotation) -> TermGraph:
    """Return gene sets as terms without parents."""
    kinds = {name: "set" for _, name in membership.pairs}
    where = str(annotation.source.path)
    return _from_names(kinds, list(membership.pairs), [], {}, where)


def _from_names(
    kinds: dict[str, str],
    pairs: list[tuple[str, str]],  # (gene, term)
    edges: list[tuple[str, str, str]],  # (child, parent, relation)
    labels: dict[str, str],
    source: str,
) -> TermGraph:
    term_id = sorted(kinds)
    gene_id = sorted({gene for gene, _ in pairs})
    term_number = {term: place for place, term in enumerate(term_id)}
    gene_number = {gene: place for place, gene in enumerate(gene_id)}
    row = [term_number[term] for _, term in pairs]
    col = [gene_number[gene] for gene, _ in pairs]
    direct = sparse.csr_matrix(
        (np.ones(len(pairs), dtype=bool), (row, col)),
        shape=(len(term_id), len(gene_id)),
    )
    return TermGraph(
        np.array(term_id, dtype=np.str_),
        np.array([kinds[term] for term in term_id], dtype=np.str_),
        np.array([labels.get(term, term) for term in term_id], dtype=np.str_),
        np.array(gene_id, dtype=np.str_),
        direct,
        np.array([term_number[edge[0]] for edge in edges], dtype=np.int64),
        np.array([term_number[edge[1]] for edge in edges], dtype=np.int64),
        np.array([edge[2] for edge in edges], dtype=np.str_),
        source,
    )


def unite_terms(graphs: list[TermGraph]) -> TermGraph:
    """Merge term graphs by id.

    Raises
    ------
    KnowledgeError
        If a set and a term share a name.
    """
    kinds: dict[str, str] = {}
    labels: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    edges: list[tuple[str, str, str]] = []
    for graph in graphs:
        for term, kind, label in zip(
            graph.term_id.tolist(),
            graph.term_kind.tolist(),
            graph.term_label.tolist(),
            strict=True,
        ):
            if term in kinds:
                raise KnowledgeError(
                    f"{term!r} is defined in two sources",
                    where=graph.source,
                    remedy="rename the set in one of them",
                )
            kinds[term], labels[term] = kind, label
        row, col = graph.direct.nonzero()
        genes = graph.gene_id[col].tolist()
        pairs += zip(genes, graph.term_id[row].tolist(), strict=True)
        edges += zip(
            graph.term_id[graph.child].tolist(),
            graph.term_id[graph.parent].tolist(),
            graph.relation.tolist(),
            strict=True,
        )
    source = " + ".join(graph.source for graph in graphs)
    return _from_names(kinds, pairs, edges, labels, source)


def to_knowledge_graph(terms: TermGraph) -> KnowledgeGraph:
    """Return the term graph as a knowledge graph: gene -> term -> wider term."""
    row, col = terms.direct.nonzero()
    term = terms.term_id
    kinds = dict.fromkeys(terms.gene_id.tolist(), "gene")
    clash = sorted(set(kinds) & set(term.tolist()))
    if clash:
        raise KnowledgeError(
            f"{clash[0]!r} is the name of a gene and of a term",
            where=terms.source,
            remedy="rename the term",
        )
    kinds.update(zip(term.tolist(), terms.term_kind.tolist(), strict=True))
    return make_graph(
        kinds,
        [*terms.gene_id[col].tolist(), *term[terms.child].tolist()],
        [*term[row].tolist(), *term[terms.parent].tolist()],
        edge_kind=["annotation"] * row.size + terms.relation.tolist(),
        node_label=dict(zip(term.tolist(), terms.term_label.tolist(), strict=True)),
        source=terms.source,
    )
