"""Variants to genes by position, or by an explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from meristem.config.stages import AssignConfig
from meristem.errors import PlanError
from meristem.genetics.contigs import ContigMatch, match_contigs
from meristem.knowledge.build import Knowledge
from meristem.knowledge.claims import Claims
from meristem.knowledge.files.pairs import read_assignment_table
from meristem.knowledge.graph import KnowledgeGraph
from meristem.plan.intervals import (
    distance_to,
    keep_closest,
    pairs_nearest,
    pairs_within,
)
from meristem.records import GeneTable, IntArray, VariantTable


def _pairs_on_contig(
    position: IntArray,  # (n_point,) bp, 0-based
    start: IntArray,  # (n_gene,)
    end: IntArray,  # (n_gene,)
    config: AssignConfig,
) -> tuple[IntArray, IntArray]:  # each (n_pair,): point, gene
    if config.method == "body":
        return pairs_within(position, start, end, 0)
    if config.method == "nearest":
        return pairs_nearest(position, start, end, config.max_distance_bp)
    point, gene = pairs_within(position, start, end, config.flank_bp)
    if config.method == "several":
        distance = distance_to(position[point], start[gene], end[gene])
        return keep_closest(point, gene, distance, config.max_genes)
    return point, gene


def assign_by_position(
    variants: VariantTable,
    genes: GeneTable,
    config: AssignConfig,
) -> tuple[IntArray, IntArray, ContigMatch]:
    """Assign variants to the genes they lie in, near to, or nearest to.

    A variant is the point of its first base. `body`: inside the gene. `flank`: at
    most `flank_bp` away. `nearest`: the nearest gene within `max_distance_bp`, all
    of them on a tie. `several`: the `max_genes` nearest within `flank_bp`.

    Parameters
    ----------
    variants, genes
        Tables in any order; contigs are matched by `match_contigs`.
    config
        The method and its limits; not `table`.

    Returns
    -------
    variant, gene
        Positions in the two tables, shape (n_pair,), sorted.
    match
        How the contigs were matched.

    Examples
    --------
    >>> import numpy as np
    >>> table = VariantTable(np.array(["v", "w"]), np.array(["1", "1"]),
    ...     np.array([5, 90]), np.array(["A", "A"]), np.array(["C", "C"]))
    >>> genes = GeneTable(np.array(["g"]), np.array(["chr1"]), np.array([10]),
    ...     np.array([20]), np.array(["+"]))
    >>> pair = assign_by_position(table, genes, AssignConfig(flank_bp=10))
    >>> pair[0].tolist(), pair[1].tolist(), pair[2].rule
    ([0], [0], 'prefix')
    """
    placed = (variants.variant_contig != "") & (variants.variant_position > 0)
    contigs = np.unique(variants.variant_contig[placed])
    match = match_contigs(contigs.tolist(), np.unique(genes.gene_contig).tolist())
    found_variant = [np.zeros(0, dtype=np.int64)]
    found_gene = [np.zeros(0, dtype=np.int64)]
    for contig, partner in match.partner.items():
        here = np.flatnonzero(placed & (variants.variant_contig == contig))
        there = np.flatnonzero(genes.gene_contig == partner)
        point, gene = _pairs_on_contig(
            variants.variant_position[here] - 1,
            genes.gene_start[there],
            genes.gene_end[there],
            config,
        )
        found_variant.append(here[point])
        found_gene.append(there[gene])
    variant = np.concatenate(found_variant)
    gene = np.concatenate(found_gene)
    order = np.lexsort((gene, variant))
    return variant[order], gene[order], match


def _by_position(
    variants: VariantTable,
    knowledge: Knowledge,
    genes: GeneTable,
    config: AssignConfig,
) -> Claims:
    variant, gene, match = assign_by_position(variants, genes, config)
    # The nearest gene is the nearest of all: only then are those outside the graph
    # left out.
    named = np.isin(genes.gene_id, knowledge.graph.node_name)[gene]
    variant, gene = variant[named], gene[named]
    notes = []
    if match.rule in ("roman", "letters"):
        pairs = ", ".join(
            f"{ours} = {theirs}" for ours, theirs in match.partner.items()
        )
        how = "as Roman and Arabic numerals" if match.rule == "roman" else "by number"
        notes.append(f"contigs matched {how}: {pairs}")
    if match.rule == "prefix":
        notes.append("contigs matched after taking off `chr` and leading zeros")
    unplaced = int(
        ((variants.variant_contig == "") | (variants.variant_position <= 0)).sum()
    )
    return Claims(
        variants.n_variant,
        genes.gene_id[gene],
        variant,
        tuple(notes),
        {
            "variants_without_position": unplaced,
            "contigs_unmatched": len(match.unmatched),
        },
        {"contigs_unmatched": match.unmatched[:10]},
    )


def _variant_numbers(variants: VariantTable) -> dict[str, int]:
    return {name: place for place, name in enumerate(variants.variant_id.tolist())}


def read_assignment(
    path: Path,
    variants: VariantTable,
    graph: KnowledgeGraph,
    alias: Mapping[str, str],
) -> Claims:
    """Read a table `variant,gene` (an eQTL table, say), one pair per row.

    Rows whose variant or gene is unknown are counted and left out.

    Raises
    ------
    KnowledgeError
        If the table cannot be read.
    PlanError
        If no row matches a variant and a node.
    """
    rows, _ = read_assignment_table(path)
    number = _variant_numbers(variants)
    nodes = set(graph.node_name.tolist())
    pairs: dict[tuple[str, int], None] = {}
    lost_variants: dict[str, None] = {}
    lost_genes: dict[str, None] = {}
    for variant, name in rows:
        gene = name if name in nodes else alias.get(name, name)
        if variant not in number:
            lost_variants[variant] = None
        elif gene not in nodes:
            lost_genes[name] = None
        else:
            pairs[gene, number[variant]] = None
    if not pairs:
        raise PlanError(
            f"no row of {len(rows)} matches a variant and a gene (unknown "
            f"variants: {', '.join(list(lost_variants)[:3]) or 'none'}; unknown genes: "
            f"{', '.join(list(lost_genes)[:3]) or 'none'})",
            where=path,
            remedy="use the variant ids of the genotypes and the gene ids of the graph",
        )
    return Claims(
        variants.n_variant,
        np.array([gene for gene, _ in pairs], dtype=np.str_),
        np.array([variant for _, variant in pairs], dtype=np.int64),
        (),
        {
            "table_variants_unknown": len(lost_variants),
            "table_genes_unknown": len(lost_genes),
        },
        {
            "table_variants_unknown": tuple(lost_variants)[:10],
            "table_genes_unknown": tuple(lost_genes)[:10],
        },
    )


def _by_graph(variants: VariantTable, graph: KnowledgeGraph) -> Claims:
    """Return the claims that the graph itself makes, by variant id."""
    number = _variant_numbers(variants)
    names = graph.claim_variant.tolist()
    known = np.array([name in number for name in names], dtype=bool)
    lost = sorted({name for name in names if name not in number})
    return Claims(
        variants.n_variant,
        graph.node_name[graph.claim_node[known]],
        np.array([number[name] for name in names if name in number], dtype=np.int64),
        (),
        {"claimed_variants_unknown": len(lost)},
        {"claimed_variants_unknown": tuple(lost[:10])},
    )


def _refuse_nothing(
    claims: Claims, knowledge: Knowledge, variants: VariantTable
) -> None:
    contigs = np.unique(variants.variant_contig)[:5].tolist()
    genes = knowledge.genes
    theirs = [] if genes is None else np.unique(genes.gene_contig)[:5].tolist()
    lost = claims.examples.get("claimed_variants_unknown", ())
    detail = [
        f"contigs of variants: {', '.join(contigs) or 'none'}"
        if genes is not None
        else "",
        f"contigs of genes: {', '.join(theirs)}" if genes is not None else "",
        f"claimed but unknown: {', '.join(lost[:3])}" if lost else "",
    ]
    raise PlanError(
        "no node of the graph reads any variant ("
        + ("; ".join(part for part in detail if part) or "no positions, no claims")
        + ")",
        where=knowledge.graph.source,
        remedy=contig_remedy(knowledge, variants)
        + "give genes with positions on the same genome version, a table "
        "variant,gene, or variants in the hand-written graph",
    )


def contig_remedy(knowledge: Knowledge, variants: VariantTable) -> str:
    """Return how to say which contig of genes is which of the variants, "" if none."""
    if knowledge.genes is None:
        return ""
    ours = [name for name in np.unique(variants.variant_contig).tolist() if name]
    partner = match_contigs(
        ours, np.unique(knowledge.genes.gene_contig).tolist()
    ).partner
    ours = [name for name in ours if name not in partner]
    theirs = np.setdiff1d(knowledge.genes.gene_contig, [*partner.values()]).tolist()
    if not (ours and theirs):
        return ""
    known = {
        name: chromosome
        for name, chromosome in knowledge.chromosomes.items()
        if name in theirs
    }
    found = match_contigs(list(known.values()), ours).partner
    pairs = {name: found[known[name]] for name in known if known[name] in found}
    if pairs:
        listed = ", ".join(f'"{name}" = "{own}"' for name, own in pairs.items())
        return f"set knowledge.contigs = {{{listed}}}, or "
    return (
        f'say which contig is which in knowledge.contigs = {{"{theirs[0]}" = "..."}}, '
        "or "
    )


def claim_variants(
    knowledge: Knowledge,
    variants: VariantTable,
    config: AssignConfig,
) -> Claims:
    """Return which node reads which variant: by position or table, and by the graph.

    Parameters
    ----------
    knowledge
        The graph and gene positions.
    variants
        The variants, in any order; the result follows their names.
    config
        How variants are assigned to genes.

    Returns
    -------
    Claims
        Each pair once, sorted by node name and variant, with counts of what did
        not match.

    Raises
    ------
    PlanError
        If no node reads any variant, or the table is missing.
    """
    parts = [_by_graph(variants, knowledge.graph)]
    if config.method == "table":
        if config.table is None:
            raise PlanError(
                "assign.method is `table`, but no table is named",
                where="knowledge.assign",
                remedy="name it in knowledge.assign.table",
            )
        parts.append(
            read_assignment(config.table, variants, knowledge.graph, knowledge.alias)
        )
    elif knowledge.genes is not None:
        parts.append(_by_position(variants, knowledge, knowledge.genes, config))
    claims = _join(parts, knowledge.graph, variants.n_variant)
    if claims.variant.size == 0:
        _refuse_nothing(claims, knowledge, variants)
    return claims


def _join(parts: list[Claims], graph: KnowledgeGraph, n_variant: int) -> Claims:
    """Merge claims; each pair once, by node, then by variant."""
    name = np.concatenate([part.node_name for part in parts])
    variant = np.concatenate([part.variant for part in parts])
    node = np.searchsorted(graph.node_name, name)
    pair = np.unique(node * n_variant + variant)
    return Claims(
        n_variant,
        graph.node_name[pair // max(n_variant, 1)],
        pair % max(n_variant, 1),
        tuple(note for part in parts for note in part.notes),
        {name: number for part in parts for name, number in part.counts.items()},
        {name: some for part in parts for name, some in part.examples.items()},
    )
