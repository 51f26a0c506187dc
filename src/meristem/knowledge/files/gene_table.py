"""Genes from a plain table with a header line."""

from __future__ import annotations

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gene_row import GeneRow, whole_number
from meristem.knowledge.source import SourceText, read_table

_PLAIN = "write positions in bp without separators or decimals"
_COLUMNS = {
    "gene": ("gene", "gene_id", "geneid", "id", "locus"),
    "contig": ("contig", "chrom", "chromosome", "chr", "seqid", "seqname"),
    "start": ("start", "gene_start", "begin"),
    "end": ("end", "stop", "gene_end"),
    "strand": ("strand",),
    "label": ("symbol", "label", "gene_name", "name"),
}


def parse_gene_table(source: SourceText) -> list[GeneRow]:
    """Return the genes of a CSV or TSV table, in file order.

    Columns `gene, contig, start, end` and optionally `strand` and `symbol`;
    positions count from 1 and include both ends. A gene that starts after its end
    is on the minus strand, unless a strand column says otherwise.

    Raises
    ------
    KnowledgeError
        If a column is absent, a position is no whole number or a name is empty.
    """
    table = read_table(source, _COLUMNS, ("gene", "contig", "start", "end"))
    column = table.column
    rows = []
    for index, line in enumerate(table.line):
        where = source.at(line)
        gene = column["gene"][index]
        contig = column["contig"][index]
        if not gene or not contig:
            raise KnowledgeError(
                "the gene or the contig is empty",
                where=where,
                remedy="fill it in, or remove the row",
            )
        start = whole_number(column["start"][index], "start", where, _PLAIN)
        end = whole_number(column["end"][index], "end", where, _PLAIN)
        strand = column["strand"][index] if "strand" in column else "."
        label = column["label"][index] if "label" in column else ""
        strand = strand if strand in ("+", "-") else "."
        if start > end and strand != "+":
            # Tables without a strand write genes of the minus strand backwards.
            start, end, strand = end, start, "-"
        aliases = (label,) if label else ()
        rows.append(GeneRow(gene, contig, start, end, strand, line, label, aliases))
    return rows
