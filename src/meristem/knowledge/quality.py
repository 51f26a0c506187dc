"""How good a knowledge graph is, before anything is trained on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse

from meristem.knowledge.build import Knowledge
from meristem.knowledge.claims import Claims
from meristem.knowledge.graph import KnowledgeGraph
from meristem.knowledge.levels import node_levels
from meristem.knowledge.ontology.ontology import propagate
from meristem.knowledge.prune import similar_pairs
from meristem.records import IntArray

_EXAMPLES = 10
_REDUNDANT = 0.5  # Jaccard index above which two terms are listed as similar
_SIZE_EDGES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Spread:
    """Minimum, median, mean and maximum of a count; zeros when there is nothing."""

    minimum: int
    median: float
    mean: float
    maximum: int


@dataclass(frozen=True)
class TermQuality:
    """Sizes and overlap of terms and sets, after the true-path rule."""

    n_term: int
    size: Spread  # genes per term
    size_histogram: dict[str, int]  # "5-9": number of terms
    terms_per_gene: Spread  # of genes in at least one term
    direct_terms_per_gene: Spread
    n_similar_pair: int  # Jaccard index above 0.5
    similar_pairs: tuple[tuple[str, str, float], ...]  # the most similar
    redundancy: float  # share of terms in such a pair


@dataclass(frozen=True)
class GeneQuality:
    """Genes and what is known of them."""

    n_gene: int
    n_with_position: int
    n_in_term: int
    n_with_variant: int | None  # None when no variants were given
    n_unknown: int  # annotated in a file, but not in the gene table
    unknown: tuple[str, ...]
    n_orphan: int  # genes without any edge
    orphans: tuple[str, ...]


@dataclass(frozen=True)
class VariantQuality:
    """How the variants are covered."""

    n_variant: int
    n_claimed: int
    share_claimed: float
    variants_per_node: Spread  # of nodes that read variants
    nodes_per_variant: Spread  # of variants that are read
    notes: tuple[str, ...]
    counts: dict[str, int]
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Quality:
    """Everything `meristem knowledge` prints and `knowledge.json` holds."""

    n_node: int
    n_edge: int
    nodes_by_kind: dict[str, int]
    edges_by_kind: dict[str, int]
    depth: int  # levels of nodes
    nodes_by_level: tuple[int, ...]
    trait_parents: tuple[str, ...]
    n_read_by_trait: int
    genes: GeneQuality
    terms: TermQuality
    variants: VariantQuality | None
    unknown_terms: tuple[str, ...]
    left_out: dict[str, int]  # by reading and pruning
    sources: tuple[dict[str, object], ...]

    def to_json(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


def _spread(count: IntArray) -> Spread:
    if count.size == 0:
        return Spread(0, 0.0, 0.0, 0)
    return Spread(
        int(count.min()),
        float(np.median(count)),
        round(float(count.mean()), 3),
        int(count.max()),
    )


def _counts(names: np.ndarray) -> dict[str, int]:
    return dict(sorted(Counter(names.tolist()).items()))


def _histogram(size: IntArray) -> dict[str, int]:
    edges = np.array([*_SIZE_EDGES, np.iinfo(np.int64).max])
    place = np.searchsorted(edges, size, side="right") - 1
    count = np.bincount(place[place >= 0], minlength=len(_SIZE_EDGES))
    names = [
        f"{low}" if low + 1 == high else f"{low}-{high - 1}"
        for low, high in zip(_SIZE_EDGES[:-1], _SIZE_EDGES[1:], strict=True)
    ]
    named = zip([*names, f"{_SIZE_EDGES[-1]}+"], count.tolist(), strict=True)
    return {name: number for name, number in named if number}


def _term_quality(graph: KnowledgeGraph) -> tuple[TermQuality, int]:
    """Return figures of the terms, and the number of genes in at least one."""
    is_term = np.isin(graph.node_kind, ["term", "set"])
    is_gene = graph.node_kind == "gene"
    term_number = np.cumsum(is_term) - 1
    gene_number = np.cumsum(is_gene) - 1
    own = is_gene[graph.edge_source] & is_term[graph.edge_target]
    up = is_term[graph.edge_source] & is_term[graph.edge_target]
    n_term, n_gene = int(is_term.sum()), int(is_gene.sum())
    row = term_number[graph.edge_target[own]]
    col = gene_number[graph.edge_source[own]]
    direct = sparse.csr_matrix(
        (np.ones(row.size, dtype=bool), (row, col)), shape=(n_term, n_gene)
    )
    member = propagate(
        direct, term_number[graph.edge_source[up]], term_number[graph.edge_target[up]]
    )
    size = np.diff(member.indptr).astype(np.int64)
    terms_of_gene = np.bincount(member.indices, minlength=n_gene)
    direct_of_gene = np.bincount(direct.indices, minlength=n_gene)
    one, other, jaccard = similar_pairs(member, _REDUNDANT)
    labels = graph.node_label[is_term]
    most = np.argsort(-jaccard, kind="stable")[:_EXAMPLES]
    quality = TermQuality(
        n_term,
        _spread(size),
        _histogram(size),
        _spread(terms_of_gene[terms_of_gene > 0]),
        _spread(direct_of_gene[direct_of_gene > 0]),
        int(one.size),
        tuple(
            (
                str(labels[one[pair]]),
                str(labels[other[pair]]),
                round(float(jaccard[pair]), 3),
            )
            for pair in most.tolist()
        ),
        round(np.union1d(one, other).size / max(n_term, 1), 4),
    )
    return quality, int((terms_of_gene > 0).sum())


def _gene_quality(
    knowledge: Knowledge,
    claims: Claims | None,
    n_in_term: int,
) -> GeneQuality:
    graph = knowledge.graph
    gene = np.flatnonzero(graph.node_kind == "gene")
    name = graph.node_name[gene]
    degree = np.bincount(
        np.concatenate([graph.edge_source, graph.edge_target]), minlength=graph.n_node
    )
    orphan = name[degree[gene] == 0]
    placed = 0 if knowledge.genes is None else np.isin(name, knowledge.genes.gene_id)
    read = None if claims is None else int(np.isin(name, claims.node_name).sum())
    return GeneQuality(
        int(gene.size),
        int(np.sum(placed)),
        n_in_term,
        read,
        len(knowledge.unknown_genes),
        knowledge.unknown_genes[:_EXAMPLES],
        int(orphan.size),
        tuple(orphan[:_EXAMPLES].tolist()),
    )


def _variant_quality(claims: Claims) -> VariantQuality:
    _, per_node = np.unique(claims.node_name, return_counts=True)
    _, per_variant = np.unique(claims.variant, return_counts=True)
    return VariantQuality(
        claims.n_variant,
        int(per_variant.size),
        round(per_variant.size / max(claims.n_variant, 1), 4),
        _spread(per_node),
        _spread(per_variant),
        claims.notes,
        dict(claims.counts),
        {name: tuple(some) for name, some in claims.examples.items() if some},
    )


def measure_quality(knowledge: Knowledge, claims: Claims | None = None) -> Quality:
    """Measure coverage, orphans, depth, term sizes, overlap and what is unknown.

    Parameters
    ----------
    knowledge
        What `build_graph` returned.
    claims
        Which node reads which variant (`plan.assign.claim_variants`), when variants
        are at hand.

    Returns
    -------
    Quality
        Figures and examples; `to_json` gives plain values.

    Examples
    --------
    >>> from meristem.knowledge.graph import make_graph
    >>> graph = make_graph({"a": "gene", "b": "gene", "t": "term"}, ["a"], ["t"])
    >>> quality = measure_quality(Knowledge(graph))
    >>> quality.genes.n_in_term, quality.genes.orphans, quality.depth
    (1, ('b',), 2)
    """
    graph = knowledge.graph
    level = node_levels(graph.n_node, graph.edge_source, graph.edge_target)
    childless = graph.n_node - np.unique(graph.edge_source).size
    terms, n_in_term = _term_quality(graph)
    return Quality(
        graph.n_node,
        graph.n_edge,
        _counts(graph.node_kind),
        _counts(graph.edge_kind),
        int(level.max(initial=-1)) + 1,
        tuple(np.bincount(level).tolist()),
        graph.trait_parents,
        len(graph.trait_parents) or int(childless),
        _gene_quality(knowledge, claims, n_in_term),
        terms,
        None if claims is None else _variant_quality(claims),
        knowledge.unknown_terms[:_EXAMPLES],
        dict(knowledge.counts),
        tuple(asdict(source) for source in knowledge.sources),
    )
