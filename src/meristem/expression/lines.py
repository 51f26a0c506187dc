"""Lines with genotypes and expression, aligned: what their models learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.contigs import match_contigs
from meristem.mixed.groups import Members, gather
from meristem.plan.intervals import pairs_within
from meristem.records import (
    Covariates,
    FloatArray,
    GeneTable,
    Genotypes,
    StrArray,
    VariantTable,
)


@dataclass(frozen=True)
class ExpressionLines:
    """Genotyped lines and their expression.

    Attributes
    ----------
    genotypes
        Of all lines.
    gene
        (n_gene,) names.
    value
        (n_line, n_gene) expression, NaN not measured; the whole row is NaN for a line
        without expression.
    cis
        Variants near every gene.
    contig
        (n_gene,) where the gene lies, "" not known.
    covariates
        Of the lines: batches and the like; None: there are none.
    features
        Per gene (n_line, k) numbers of the line's own sequence; empty: there are none.
    published
        (n_line, n_gene) expression as weights of another study tell it, NaN where they
        say nothing of a gene; None: there are none.
    node
        (n_gene,) what annotations and weights call the genes; None: as `gene`.
    """

    genotypes: Genotypes
    gene: StrArray
    value: FloatArray
    cis: Members
    contig: StrArray
    covariates: Covariates | None = None
    features: tuple[FloatArray, ...] = ()
    published: FloatArray | None = None
    node: StrArray | None = None

    def __post_init__(self) -> None:
        shape = (self.genotypes.n_sample, self.gene.size)
        for name in ("value", "published"):
            known = getattr(self, name)
            if known is not None and known.shape != shape:
                raise DataError(f"{name} has shape {known.shape}, expected {shape}")
        if self.cis.n_group != self.gene.size:
            raise DataError("cis variants and genes differ in number")

    @property
    def known_as(self) -> StrArray:  # (n_gene,)
        """What annotations and weights call the genes."""
        return self.gene if self.node is None else self.node

    @property
    def measured(self) -> NDArray[np.bool_]:  # (n_line,)
        """Lines with any expression."""
        return np.asarray(~np.isnan(self.value).all(axis=1))

    def take(self, index: NDArray) -> ExpressionLines:
        """Return the lines at `index`, in that order."""
        known = self.covariates
        return replace(
            self,
            genotypes=self.genotypes.take_samples(index),
            value=self.value[index],
            covariates=known and known.take(index),
            features=tuple(f[index] for f in self.features),
            published=None if self.published is None else self.published[index],
        )

    def take_genes(self, index: NDArray) -> ExpressionLines:
        """Return the genes at `index`, in that order."""
        places = np.arange(self.gene.size)[index]
        return replace(
            self,
            gene=self.gene[places],
            value=self.value[:, places],
            cis=gather(
                self.gene[places].tolist(), [self.cis.of(int(g)) for g in places]
            ),
            contig=self.contig[places],
            node=None if self.node is None else self.node[places],
            features=tuple(self.features[g] for g in places) if self.features else (),
            published=None if self.published is None else self.published[:, places],
        )


def cis_variants(
    variants: VariantTable, genes: GeneTable, names: Sequence[str], window: int
) -> tuple[Members, StrArray]:
    """Return the variants within `window` bp of the start of every gene.

    The start is the first base along the strand; of genes without a strand, the
    distance counts from their nearest base.

    Returns
    -------
    cis, contig
        Variants of the genes in the order of `names`, and where each gene lies; a gene
        that the table does not know has no variants and contig "".

    Raises
    ------
    DataError
        If none of the genes is known, or none has a variant near it.

    Examples
    --------
    >>> table = VariantTable(np.array(["v", "w"]), np.array(["1", "1"]),
    ...     np.array([5, 90]), np.array(["A", "A"]), np.array(["C", "C"]))
    >>> genes = GeneTable(np.array(["g"]), np.array(["chr1"]), np.array([10]),
    ...     np.array([60]), np.array(["-"]))
    >>> cis, contig = cis_variants(table, genes, ["g", "h"], 35)
    >>> cis.of(0).tolist(), contig.tolist()
    ([1], ['chr1', ''])
    """
    place = {name: row for row, name in enumerate(genes.gene_id.tolist())}
    row = np.array([place.get(name, -1) for name in names])
    if (row < 0).all():
        raise DataError(
            f"names none of the {len(names)} genes with expression",
            where=genes.source,
            remedy="use the same gene ids in both, or give a node_map",
        )
    start, end = genes.gene_start.copy(), genes.gene_end.copy()
    forward, back = genes.gene_strand == "+", genes.gene_strand == "-"
    end[forward] = start[forward] + 1
    start[back] = end[back] - 1
    placed = (variants.variant_contig != "") & (variants.variant_position > 0)
    contigs = np.unique(variants.variant_contig[placed])
    match = match_contigs(contigs.tolist(), np.unique(genes.gene_contig).tolist())
    own: list[list[NDArray]] = [[] for _ in names]
    wanted: dict[int, list[int]] = {}
    for number, at in enumerate(row.tolist()):
        wanted.setdefault(at, []).append(number)
    for contig, partner in match.partner.items():
        here = np.flatnonzero(placed & (variants.variant_contig == contig))
        there = np.flatnonzero(genes.gene_contig == partner)
        there = there[np.isin(there, row)]
        position = variants.variant_position[here] - 1
        point, gene = pairs_within(position, start[there], end[there], window)
        order = np.lexsort((point, gene))
        point, gene = point[order], gene[order]
        cuts = np.searchsorted(gene, np.arange(there.size + 1))
        for k, at in enumerate(there.tolist()):
            for number in wanted[at]:
                own[number].append(np.sort(here[point[cuts[k] : cuts[k + 1]]]))
    groups = [np.concatenate(g) if g else np.zeros(0, np.int64) for g in own]
    if not any(g.size for g in groups):
        raise DataError(
            f"no variant lies within {window:,} bp of a gene",
            where=genes.source,
            remedy="check contig names and the build of both files, or widen "
            "train.window",
        )
    contig_of = np.where(row >= 0, genes.gene_contig[row], "")
    return gather(list(names), groups), contig_of
