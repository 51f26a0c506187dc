"""From the files a configuration names to one graph with provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from meristem.config.stages import KnowledgeConfig
from meristem.errors import KnowledgeError
from meristem.knowledge.feedback import EdgeList, without_feedback
from meristem.knowledge.files.edge_table import parse_edge_table
from meristem.knowledge.files.edges import parse_edges
from meristem.knowledge.files.gaf import (
    looks_like_gaf,
    parse_annotation_table,
    parse_gaf,
)
from meristem.knowledge.files.genes import GeneSource, read_genes
from meristem.knowledge.files.gmt import parse_gmt
from meristem.knowledge.files.handwritten import parse_toml_graph
from meristem.knowledge.files.obo import parse_obo
from meristem.knowledge.files.pairs import parse_labels, read_assignment_table
from meristem.knowledge.gene_names import GeneNames, NameMatch
from meristem.knowledge.graph import (
    GENERIC_KIND,
    KnowledgeGraph,
    make_graph,
)
from meristem.knowledge.levels import node_levels
from meristem.knowledge.merge import label_nodes, unite
from meristem.knowledge.ontology.annotation import Annotation
from meristem.knowledge.ontology.ontology import Ontology
from meristem.knowledge.prune import prune_terms
from meristem.knowledge.reading import KnowledgeSource, Reading
from meristem.knowledge.source import SourceText
from meristem.knowledge.terms import (
    TermGraph,
    make_set_graph,
    make_term_graph,
    match_annotation,
    to_knowledge_graph,
    unite_terms,
)
from meristem.records import GeneTable

MOST_LEVELS = 200
"""Depth of a graph: every level is a layer of the network, one after the other."""


@dataclass(frozen=True)
class Knowledge:
    """The united graph, the gene positions, and where they came from."""

    graph: KnowledgeGraph
    genes: GeneTable | None = None
    alias: Mapping[str, str] = field(default_factory=dict)  # other name -> gene id
    sources: tuple[KnowledgeSource, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # what reading left out
    unknown_genes: tuple[str, ...] = ()  # annotated, but not in the gene table
    unknown_terms: tuple[str, ...] = ()  # annotated to, but not in the ontology
    matches: tuple[NameMatch, ...] = ()  # names of each file against the gene table
    notes: tuple[str, ...] = ()  # what was dropped or changed on request
    chromosomes: Mapping[str, str] = field(default_factory=dict)  # of contigs of genes


def _read_ontology(source: SourceText) -> Ontology:
    name = source.path.name.lower().removesuffix(".gz")
    is_obo = name.endswith(".obo") or source.text.startswith("format-version:")
    return parse_obo(source) if is_obo else parse_edge_table(source)


def _match(
    annotation: Annotation,
    ontology: Ontology | None,
    reading: Reading,
    namespaces: tuple[str, ...] | None,
) -> TermGraph:
    names = reading.names
    membership = match_annotation(
        annotation, ontology, names.resolve, names.would_match
    )
    before = {term for _, term in annotation.pairs}
    after = {term for _, term in membership.pairs}
    reading.match(
        annotation.source.path,
        len(annotation.names),
        membership.unknown_genes,
        n_set=len(before),
        n_set_lost=len(before - after) if ontology is None else 0,
    )
    reading.unknown_genes.update(membership.unknown_genes)
    reading.unknown_terms.update(membership.unknown_terms)
    reading.count("annotations_negated", annotation.n_negated)
    reading.count("annotations_excluded_by_evidence", annotation.n_evidence)
    reading.count("annotations_without_term", annotation.n_without_term)
    reading.count("annotations_to_obsolete_terms", membership.n_obsolete)
    if namespaces is None:
        return make_set_graph(membership, annotation)
    return make_term_graph(membership, annotation, ontology, namespaces)


def _read_terms(config: KnowledgeConfig, reading: Reading) -> list[TermGraph]:
    parts = []
    ontology = None
    if config.ontology is not None:
        if config.annotation is None:
            raise KnowledgeError(
                "an ontology without an annotation has no genes",
                where=config.ontology,
                remedy="name the annotation too (GAF, or a table gene,term)",
            )
        ontology = _read_ontology(reading.read("ontology", config.ontology))
    if config.annotation is not None:
        source = reading.read("annotation", config.annotation)
        parse = parse_gaf if looks_like_gaf(source) else parse_annotation_table
        annotation = parse(source, config.exclude_evidence)
        parts.append(_match(annotation, ontology, reading, config.namespaces))
    for path in config.gene_sets:
        sets = parse_gmt(reading.read("gene_sets", path))
        parts.append(_match(sets, None, reading, None))
    return parts


def _read_edges(config: KnowledgeConfig, reading: Reading) -> list[KnowledgeGraph]:
    """Return the edge lists, names resolved, loops and cycles refused or dropped."""
    lists = []
    for path in config.edges:
        edges = parse_edges(reading.read("edges", path), config.edge_weights)
        lists.append(_with_gene_ids(edges, reading))
    lists, notes = without_feedback(lists, config.feedback)
    reading.notes += notes
    return [edges.graph() for edges in lists]


def _with_gene_ids(edges: EdgeList, reading: Reading) -> EdgeList:
    """Give nodes that go by another name of a gene that gene's id."""
    if reading.names.genes is None:
        return edges
    names = dict.fromkeys([*edges.cause, *edges.effect, *edges.lone])
    gene_of = {name: reading.names.resolve((name,)) for name in names}
    unknown = [name for name, gene in gene_of.items() if not gene]
    reading.match(edges.path, len(gene_of), unknown)
    renamed = {name: gene for name, gene in gene_of.items() if gene not in ("", name)}
    reading.count("nodes_matched_by_alias", len(renamed))
    return replace(
        edges,
        cause=tuple(renamed.get(name, name) for name in edges.cause),
        effect=tuple(renamed.get(name, name) for name in edges.effect),
        lone=tuple(renamed.get(name, name) for name in edges.lone),
    )


def _typed_nodes(graphs: list[KnowledgeGraph]) -> set[str]:
    """Return the names of nodes that are known to be something other than genes."""
    return {
        name
        for graph in graphs
        for name, kind in zip(
            graph.node_name.tolist(), graph.node_kind.tolist(), strict=True
        )
        if kind not in (GENERIC_KIND, "gene")
    }


def _gene_nodes(
    reading: Reading,
    graphs: list[KnowledgeGraph],
) -> list[KnowledgeGraph]:
    """Return the genes of the gene table as a graph without edges.

    Where the hand-written graph says what the trait reads, genes it does not name
    would only hang beside the network: they give positions, not nodes.
    """
    if reading.names.genes is None:
        return []
    names = reading.names.known
    if any(graph.trait_parents for graph in graphs):
        named = {name for graph in graphs for name in graph.node_name.tolist()}
        names = names & named
    typed = _typed_nodes(graphs)
    label = {
        name: text for name, text in reading.names.genes.label.items() if name in names
    }
    genes = make_graph(
        dict.fromkeys(names - typed, "gene"),
        node_label={name: text for name, text in label.items() if name not in typed},
        source=str(reading.names.genes.source.path),
    )
    return [genes]


def _assigned_nodes(
    config: KnowledgeConfig,
    reading: Reading,
    graphs: list[KnowledgeGraph],
) -> list[KnowledgeGraph]:
    """Return the genes of a table variant,gene where nothing else names genes."""
    assign = config.assign
    if assign.method != "table" or assign.table is None:
        return []
    pairs, source = read_assignment_table(assign.table)
    reading.note("assignment", source)
    if reading.names.genes is not None or any(graph.trait_parents for graph in graphs):
        return []
    new = {gene for _, gene in pairs} - _typed_nodes(graphs)
    return [make_graph(dict.fromkeys(new, "gene"), source=str(source.path))]


def _refuse_depth(graph: KnowledgeGraph) -> None:
    level = node_levels(graph.n_node, graph.edge_source, graph.edge_target)
    n_level = int(level.max(initial=-1)) + 1
    if n_level > MOST_LEVELS:
        raise KnowledgeError(
            f"the longest way through the graph has {n_level:,} nodes; a network has "
            f"at most {MOST_LEVELS} levels",
            where=graph.source,
            remedy="shorten long chains: join the nodes that only hand on one another",
        )


def _genes(config: KnowledgeConfig) -> GeneSource | None:
    """Return the genes, on contigs as the configuration names them.

    Raises
    ------
    KnowledgeError
        If it names a contig that the file has not.
    """
    if config.genes is None:
        return None
    found = read_genes(config.genes)
    names = dict.fromkeys(found.genes.gene_contig.tolist())
    unknown = [name for name in config.contigs if name not in names]
    if unknown:
        raise KnowledgeError(
            f"knowledge.contigs names {unknown[0]!r}, which holds no gene",
            where=config.genes,
            remedy=f"use some of: {', '.join(list(names)[:10])}",
        )
    contig = [config.contigs.get(name, name) for name in names]
    renamed = dict(zip(names, contig, strict=True))
    place = [renamed[name] for name in found.genes.gene_contig.tolist()]
    genes = replace(found.genes, gene_contig=np.array(place, dtype=np.str_))
    return replace(found, genes=genes)


def build_graph(config: KnowledgeConfig) -> Knowledge:
    """Read every file of a knowledge configuration and unite them in one graph.

    Genes are matched by id, then by the other names the gene file gives them, if
    these stand for one gene alone. Terms and sets are pruned; hand-written nodes
    and edge lists are not.

    Parameters
    ----------
    config
        The files and limits.

    Returns
    -------
    Knowledge
        The graph, gene positions, sources with their SHA-256, and what was left
        out, by count and name.

    Raises
    ------
    KnowledgeError
        If no file is named, one cannot be used, or together they close a cycle.
    """
    genes = _genes(config)
    reading = Reading(GeneNames(genes, config.match))
    graphs: list[KnowledgeGraph] = []
    parts = _read_terms(config, reading)
    if parts:
        terms, pruned = prune_terms(unite_terms(parts), config.prune)
        reading.count("terms_before_pruning", pruned.n_before)
        reading.count("terms_too_small", pruned.n_small)
        reading.count("terms_too_large", pruned.n_large)
        reading.count("terms_redundant", pruned.n_redundant)
        graphs.append(to_knowledge_graph(terms))
    graphs += _read_edges(config, reading)
    if config.graph is not None:
        graphs.append(parse_toml_graph(reading.read("graph", config.graph)))
    graphs += _gene_nodes(reading, graphs)
    graphs += _assigned_nodes(config, reading, graphs)
    if not graphs:
        raise KnowledgeError(
            "the knowledge section names no file",
            where="knowledge",
            remedy="name a graph, genes, an annotation, gene_sets or edges",
        )
    graph = unite(graphs)
    _refuse_depth(graph)
    if config.labels is not None:
        graph = label_nodes(graph, parse_labels(reading.read("labels", config.labels)))
    return Knowledge(
        graph,
        None if genes is None else genes.genes,
        {} if genes is None else genes.alias,
        tuple(reading.sources),
        reading.counts,
        tuple(sorted(reading.unknown_genes)),
        tuple(sorted(reading.unknown_terms)),
        tuple(reading.matches),
        tuple(reading.notes),
        {} if genes is None else genes.chromosomes,
    )
