"""Which variants lie in the cis window of which feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.stages import AssignConfig
from meristem.knowledge.graph import KnowledgeGraph
from meristem.plan.assign import assign_by_position
from meristem.plan.intervals import distance_to
from meristem.records import FloatArray, GeneTable, IntArray, StrArray, VariantTable


@dataclass(frozen=True)
class Pairs:
    """Pairs of a feature and a variant, each once, by position in their tables."""

    feature: IntArray  # (n_pair,)
    variant: IntArray  # (n_pair,)


def cis_pairs(
    node_name: StrArray,  # (n_feature,) unique
    variants: VariantTable,
    window_bp: int,
    *,
    genes: GeneTable | None = None,
    graph: KnowledgeGraph | None = None,
) -> tuple[Pairs, FloatArray]:
    """Return the pairs in cis, the nearest first within each feature.

    Parameters
    ----------
    node_name
        Node of every feature.
    variants
        The variant table.
    window_bp
        Distance from the gene up to which a variant lies in cis.
    genes
        Gene positions; features without one have no window.
    graph
        Knowledge whose claims (node reads variant) count as cis as well.

    Returns
    -------
    pairs
        Sorted by feature, then by distance.
    distance
        In bp; claims without a gene position: in variants from the middle of what
        the node claims. Shape (n_pair,).

    Examples
    --------
    >>> import numpy as np
    >>> table = VariantTable(np.array(["v", "w"]), np.array(["1", "1"]),
    ...     np.array([5, 90]), np.array(["A", "A"]), np.array(["C", "C"]))
    >>> genes = GeneTable(np.array(["g"]), np.array(["1"]), np.array([10]),
    ...     np.array([20]), np.array(["+"]))
    >>> pairs, distance = cis_pairs(np.array(["f", "g"]), table, 10, genes=genes)
    >>> pairs.feature.tolist(), pairs.variant.tolist(), distance.tolist()
    ([1], [0], [6.0])
    """
    number = {name: place for place, name in enumerate(node_name.tolist())}
    parts = []
    if genes is not None:
        parts.append(_by_position(number, variants, window_bp, genes))
    if graph is not None:
        parts.append(_by_claim(number, variants, graph))
    empty = np.zeros(0, dtype=np.int64)
    feature = np.concatenate([empty, *(part[0].feature for part in parts)])
    variant = np.concatenate([empty, *(part[0].variant for part in parts)])
    distance = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
    # a pair known by position and by claim keeps its distance in bp
    _, first = np.unique(feature * variants.n_variant + variant, return_index=True)
    order = np.lexsort((variant[first], distance[first], feature[first]))
    chosen = first[order]
    return Pairs(feature[chosen], variant[chosen]), distance[chosen]


def _by_position(
    number: dict[str, int],
    variants: VariantTable,
    window_bp: int,
    genes: GeneTable,
) -> tuple[Pairs, FloatArray]:
    place = np.array([number.get(name, -1) for name in genes.gene_id.tolist()])
    named = np.flatnonzero(place >= 0)
    if named.size == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(nothing, nothing), np.zeros(0)
    used = GeneTable(
        genes.gene_id[named],
        genes.gene_contig[named],
        genes.gene_start[named],
        genes.gene_end[named],
        genes.gene_strand[named],
        genes.source,
    )
    config = AssignConfig(method="flank", flank_bp=window_bp)
    variant, gene, _ = assign_by_position(variants, used, config)
    distance = distance_to(
        variants.variant_position[variant] - 1,
        used.gene_start[gene],
        used.gene_end[gene],
    )
    return Pairs(place[named[gene]], variant), distance.astype(np.float64)


def _by_claim(
    number: dict[str, int],
    variants: VariantTable,
    graph: KnowledgeGraph,
) -> tuple[Pairs, FloatArray]:
    known = {name: place for place, name in enumerate(variants.variant_id.tolist())}
    nodes = graph.node_name[graph.claim_node].tolist()
    pairs = sorted(
        (number[node], known[variant])
        for node, variant in zip(nodes, graph.claim_variant.tolist(), strict=True)
        if node in number and variant in known
    )
    feature = np.array([pair[0] for pair in pairs], dtype=np.int64)
    variant = np.array([pair[1] for pair in pairs], dtype=np.int64)
    first = np.searchsorted(feature, feature, side="left")
    last = np.searchsorted(feature, feature, side="right")
    middle = (first + last - 1) / 2
    return Pairs(feature, variant), np.abs(np.arange(feature.size) - middle)
