"""Write genes and random pathways over a simulated genome: GFF3 and GMT."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.records import GeneTable, VariantTable

VARIANTS_PER_GENE = 10
GENES_PER_PATHWAY = 10


def spread_genes(variants: VariantTable) -> GeneTable:
    """Return a gene of 2 kb on every tenth variant of a table in map order."""
    at = np.arange(VARIANTS_PER_GENE // 2, variants.n_variant, VARIANTS_PER_GENE)
    start = np.maximum(variants.variant_position[at] - 1000, 0)
    return GeneTable(
        gene_id=np.array([f"gene_{i + 1:05d}" for i in range(at.size)], dtype=np.str_),
        gene_contig=variants.variant_contig[at],
        gene_start=start,
        gene_end=start + 2000,
        gene_strand=np.full(at.size, "+"),
        source="simulation",
    )


def write_random_genes(
    folder: Path, variants: VariantTable, *, rng: np.random.Generator
) -> None:
    """Write `genes.gff3`, and `pathways.gmt` with random sets of these genes.

    Parameters
    ----------
    folder
        An existing folder.
    variants
        Variants in map order.
    rng
        Draws the sets: every gene is in one, on average in one and a half.
    """
    genes = spread_genes(variants)
    write_gff(folder / "genes.gff3", genes)
    n_gene = genes.gene_id.size
    size = min(GENES_PER_PATHWAY, n_gene)
    once = rng.permutation(n_gene)
    sets = [once[i : i + size] for i in range(0, n_gene, size)]
    more = [rng.choice(n_gene, size, replace=False) for _ in range(len(sets) // 2)]
    names = [f"pathway_{i + 1:03d}" for i in range(len(sets) + len(more))]
    members = [genes.gene_id[np.sort(index)].tolist() for index in sets + more]
    write_gmt(folder / "pathways.gmt", dict(zip(names, members, strict=True)))


def write_gff(path: Path, genes: GeneTable) -> None:
    """Write genes as GFF3 (1-based, end included)."""
    lines = ["##gff-version 3"]
    columns = (
        genes.gene_id,
        genes.gene_contig,
        genes.gene_start,
        genes.gene_end,
        genes.gene_strand,
    )
    for name, contig, start, end, strand in zip(*columns, strict=True):
        place = f"{contig}\tsimulation\tgene\t{start + 1}\t{end}"
        lines.append(f"{place}\t.\t{strand}\t.\tID={name}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_gmt(path: Path, sets: dict[str, list[str]]) -> None:
    """Write named gene sets, one line each."""
    lines = ["\t".join([name, "simulated", *genes]) for name, genes in sets.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
