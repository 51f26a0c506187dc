"""Tables of pairs: variant and gene, id and label."""

from __future__ import annotations

from pathlib import Path

from meristem.errors import KnowledgeError
from meristem.knowledge.source import SourceText, read_source, read_table

_ASSIGNMENT = {
    "variant": ("variant", "variant_id", "snp", "snp_id", "marker", "rs", "id"),
    "gene": ("gene", "gene_id", "node", "target"),
}
_LABELS = {
    "id": ("id", "go_id", "term_id", "gene_id", "gene", "node", "name"),
    "label": ("label", "term", "term_name", "symbol", "description", "name"),
}


def read_assignment_table(
    path: str | Path,
) -> tuple[tuple[tuple[str, str], ...], SourceText]:
    """Return the pairs (variant, gene) of a CSV or TSV table, and its source.

    Raises
    ------
    KnowledgeError
        If the table cannot be read, a column is absent or a name is empty.
    """
    source = read_source(path)
    table = read_table(source, _ASSIGNMENT, ("variant", "gene"))
    columns = zip(
        table.column["variant"], table.column["gene"], table.line, strict=True
    )
    pairs: dict[tuple[str, str], None] = {}
    for variant, gene, line in columns:
        if not variant or not gene:
            raise KnowledgeError(
                "the variant or the gene is empty",
                where=source.at(line),
                remedy="fill it in, or remove the row",
            )
        pairs[variant, gene] = None
    return tuple(pairs), source


def parse_labels(source: SourceText) -> dict[str, str]:
    """Return id -> label of a CSV or TSV table; rows without a label are left out.

    Raises
    ------
    KnowledgeError
        If a column is absent.
    """
    table = read_table(source, _LABELS, ("id", "label"))
    pairs = zip(table.column["id"], table.column["label"], strict=True)
    return {name: label for name, label in pairs if name and label}
