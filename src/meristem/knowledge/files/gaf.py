"""Gene annotation: GAF 2.x, or a table of genes and terms."""

from __future__ import annotations

import re

from meristem.errors import KnowledgeError
from meristem.knowledge.ontology.annotation import Annotation
from meristem.knowledge.ontology.ontology import canonical_namespace
from meristem.knowledge.source import SourceText, read_table

_COLUMNS = {
    "gene": ("gene", "gene_id", "locus", "id"),
    "term": ("go_id", "term_id", "go", "term", "set", "pathway"),
    "label": ("term_name", "term", "name", "description"),
    "evidence": ("evidence", "evidence_code"),
    "namespace": ("namespace", "ontology", "aspect"),
    "symbol": ("symbol", "gene_name"),
}


_ONE = r"[^\s;|,]*\d[^\s;|,]*"
_LIST = re.compile(rf"{_ONE}(\s*[;|]\s*{_ONE})+|GO:\d+(\s*,\s*GO:\d+)+")
"""Several ids in one cell."""


def looks_like_gaf(source: SourceText) -> bool:
    """Return whether the text opens as a gene association file."""
    if source.text.startswith("!gaf-version"):
        return True
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith(".gaf"):
        return True
    for line in source.text.split("\n", 200)[:200]:
        if line.startswith("!") or not line.strip():
            continue
        return len(line.split("\t")) in (15, 16, 17)
    return False


def parse_gaf(
    source: SourceText,
    exclude_evidence: tuple[str, ...] = (),
) -> Annotation:
    """Return the annotations of a GAF 2.x text.

    Rows with the qualifier NOT are left out. An object is matched to genes by its
    id, its symbol and its synonyms, in this order.

    Raises
    ------
    KnowledgeError
        If a row has fewer than 15 columns, no object or no term.

    References
    ----------
    Gene Ontology Consortium, GAF 2.2 file format.
    """
    excluded = set(exclude_evidence)
    pairs: dict[tuple[str, str], None] = {}
    names: dict[str, tuple[str, ...]] = {}
    namespace: dict[str, str] = {}
    n_negated = n_evidence = 0
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip() or line[0] == "!":
            continue
        cells = line.split("\t")
        if len(cells) < 15:
            raise KnowledgeError(
                f"has {len(cells)} tab-separated columns, GAF 2 has 15 to 17",
                where=source.at(number),
                remedy="download the file again, or give a table gene,term",
            )
        name, symbol, term = cells[1].strip(), cells[2].strip(), cells[4].strip()
        if not name or not term:
            raise KnowledgeError(
                "column 2 (object) or 5 (term) is empty",
                where=source.at(number),
                remedy="fill it in, or remove the row",
            )
        if "NOT" in cells[3].split("|"):
            n_negated += 1
        elif cells[6].strip() in excluded:
            n_evidence += 1
        else:
            pairs[name, term] = None
            names.setdefault(name, (name, symbol, *cells[10].split("|")))
            namespace.setdefault(term, canonical_namespace(cells[8]))
    return Annotation(
        tuple(pairs), names, {}, namespace, n_negated, n_evidence, 0, source
    )


def parse_annotation_table(
    source: SourceText,
    exclude_evidence: tuple[str, ...] = (),
) -> Annotation:
    """Return the annotations of a CSV or TSV table with columns gene and term.

    Optional columns: the term's name, evidence, namespace (aspect), gene symbol.

    Raises
    ------
    KnowledgeError
        If a column is absent, a gene is empty, or a cell lists several ids.
    """
    table = read_table(source, _COLUMNS, ("gene", "term"))
    column = table.column
    blank = [""] * len(table.line)
    evidence = column.get("evidence", blank)
    symbol = column.get("symbol", blank)
    pairs: dict[tuple[str, str], None] = {}
    names: dict[str, tuple[str, ...]] = {}
    n_evidence = n_without_term = 0
    for index, line in enumerate(table.line):
        gene, term = column["gene"][index], column["term"][index]
        if not gene:
            raise KnowledgeError(
                "the gene is empty",
                where=source.at(line),
                remedy="fill it in, or remove the row",
            )
        if _LIST.fullmatch(term) or _LIST.fullmatch(gene):
            raise KnowledgeError(
                f"{term if _LIST.fullmatch(term) else gene!r} lists several names in "
                "one cell",
                where=source.at(line),
                remedy="write a row for every gene and term",
            )
        if not term:
            n_without_term += 1
        elif evidence[index] in exclude_evidence:
            n_evidence += 1
        else:
            pairs[gene, term] = None
            names.setdefault(gene, (gene, symbol[index]))
    terms = column["term"]
    label = dict(zip(terms, column.get("label", blank), strict=True))
    spaces = map(canonical_namespace, column.get("namespace", blank))
    namespace = dict(zip(terms, spaces, strict=True))
    return Annotation(
        tuple(pairs),
        names,
        {term: name for term, name in label.items() if name},
        {term: space for term, space in namespace.items() if space},
        0,
        n_evidence,
        n_without_term,
        source,
    )
