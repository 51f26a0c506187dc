"""Gene sets in GMT format."""

from __future__ import annotations

import re

from meristem.errors import KnowledgeError
from meristem.knowledge.ontology.annotation import Annotation
from meristem.knowledge.source import SourceText


def parse_gmt(source: SourceText) -> Annotation:
    """Return the gene sets of a GMT text as annotation: gene, set.

    A line holds the set's name, a description (or `na`, or an address) and its
    genes, separated by tabs.

    Raises
    ------
    KnowledgeError
        If a line has fewer than three fields or a set's name occurs twice.

    References
    ----------
    Broad Institute, GMT: Gene Matrix Transposed file format.
    """
    seen: set[str] = set()
    pairs: dict[tuple[str, str], None] = {}
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        members = [cell for cell in cells[2:] if cell]
        if not cells[0] or not members:
            raise KnowledgeError(
                f"has {len(cells)} tab-separated fields; a gene set needs a name, "
                "a description and at least one gene",
                where=source.at(number),
                remedy="separate by tabs; write `na` where there is no description",
            )
        if cells[0] in seen:
            raise KnowledgeError(
                f"gene set {cells[0]!r} is defined a second time",
                where=source.at(number),
                remedy="rename one of the two",
            )
        seen.add(cells[0])
        pairs.update(dict.fromkeys((gene, cells[0]) for gene in members))
    names = {gene: (gene,) for gene, _ in pairs}
    _refuse_genes_as_descriptions(source, set(names), len(seen))
    both = sorted(seen & set(names))
    if both:
        raise KnowledgeError(
            f"{both[0]!r} is the name of a set and of a gene",
            where=source.path,
            remedy="rename the set",
        )
    return Annotation(tuple(pairs), names, {}, {}, 0, 0, 0, source)


def _refuse_genes_as_descriptions(
    source: SourceText, genes: set[str], n_set: int
) -> None:
    """Refuse sets whose second field is a gene: their first genes would be lost."""
    lines = [line.split("\t") for line in source.text.split("\n") if line.strip()]
    named = [row for row, cells in enumerate(lines) if cells[1].strip() in genes]
    like = {re.sub(r"\d+", "0", gene) for gene in genes}
    alike = [cells for cells in lines if re.sub(r"\d+", "0", cells[1].strip()) in like]
    if named and len(alike) > n_set / 2:
        raise KnowledgeError(
            f"the second fields of the sets, such as {lines[named[0]][1].strip()!r}, "
            "are genes, not descriptions",
            where=source.path,
            remedy="write a description, or `na`, between the name of each set and "
            "its genes",
        )
