"""Genes from GFF3 and GTF lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gene_row import GeneRow, whole_number
from meristem.knowledge.source import SourceText

_PLACES = "columns 4 and 5 of GFF hold positions in bp, from 1"
_ID_KEYS = ("gene_id", "ID", "Name")
_LABEL_KEYS = ("Name", "gene_name", "symbol", "gene")
_NAME_KEYS = (*_ID_KEYS, *_LABEL_KEYS, "locus_tag")
_LIST_KEYS = ("Alias", "old_locus_tag", "gene_synonym", "Dbxref", "db_xref")
_NUMBERED = "GeneID:"  # NCBI: sets name such genes by the bare number
_PREFIXES = ("gene:", "gene-", "transcript:", "rna-")
_TRANSCRIPTS = ("mRNA", "transcript")
_PARTS = ("exon", "CDS")


class _Feature(NamedTuple):
    contig: str
    kind: str
    start: int
    end: int
    strand: str
    attributes: str
    line: int


def _is_gene(kind: str) -> bool:
    """`gene`, `ncRNA_gene`, `pseudogene`, ...: the sequence ontology's gene terms."""
    return kind == "gene" or kind.endswith("_gene") or kind == "pseudogene"


def _features(source: SourceText, *, wanted: bool) -> Iterator[_Feature]:
    """Yield gene features (`wanted`), or the transcripts and exons that stand in."""
    for number, line in enumerate(source.text.split("\n"), start=1):
        if line.startswith("##FASTA") or line.startswith(">"):
            return
        if not line.strip() or line[0] == "#":
            continue
        cells = line.split("\t")
        if len(cells) != 9:
            raise KnowledgeError(
                f"has {len(cells)} tab-separated columns, GFF has 9",
                where=source.at(number),
                remedy="separate columns by tabs and write `.` for empty ones",
            )
        kind = cells[2]
        keep = _is_gene(kind) if wanted else kind in _TRANSCRIPTS + _PARTS
        if not keep:
            continue
        where = source.at(number)
        yield _Feature(
            unquote(cells[0]),
            kind,
            whole_number(cells[3], "start", where, _PLACES),
            whole_number(cells[4], "end", where, _PLACES),
            cells[6] if cells[6] in ("+", "-") else ".",
            cells[8],
            number,
        )


def parse_attributes(text: str) -> dict[str, str]:
    """Return the attributes of a GFF3 (`key=value;`) or GTF (`key "value";`) line.

    GFF3 values are %-decoded; of a key given twice the first value stays.

    Examples
    --------
    >>> parse_attributes("ID=g1;Name=a%2Cb")
    {'ID': 'g1', 'Name': 'a,b'}
    >>> parse_attributes('gene_id "g1"; gene_name "abc";')
    {'gene_id': 'g1', 'gene_name': 'abc'}
    """
    found: dict[str, str] = {}
    for item in text.split(";"):
        item = item.strip()
        key, equals, value = item.partition("=")
        if equals and " " not in key.strip() and '"' not in key:
            found.setdefault(key.strip(), unquote(value.strip()))
        elif item:
            key, _, value = item.partition(" ")
            found.setdefault(key, value.strip().strip('"'))
    return found


def strip_prefix(name: str) -> str:
    """Return an id without `gene:`, `gene-`, `transcript:` or `rna-`.

    Examples
    --------
    >>> strip_prefix("gene:YAL001C"), strip_prefix("YAL001C")
    ('YAL001C', 'YAL001C')
    """
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return name


def name_gene(attributes: Mapping[str, str]) -> str:
    """Return what a gene line calls its gene, "" without any name.

    Examples
    --------
    >>> name_gene({"ID": "gene:YAL001C", "Name": "TFC3"})
    'YAL001C'
    >>> name_gene({"ID": "AT1G01010.TAIR10", "Name": "AT1G01010"})
    'AT1G01010'
    """
    names = [attributes[key] for key in _ID_KEYS if attributes.get(key)]
    if not names:
        return ""
    gene_id = strip_prefix(names[0])
    # Phytozome writes ID=AT1G01010.TAIR10;Name=AT1G01010.
    return names[-1] if gene_id.startswith(names[-1] + ".") else gene_id


def _is_later_part(feature: _Feature) -> bool:
    """NCBI repeats a trans-spliced gene with `part=2`: its first part stands for it."""
    part = parse_attributes(feature.attributes).get("part", "1")
    return part.split("/")[0] != "1"


def _gene_row(feature: _Feature, source: SourceText) -> GeneRow:
    attributes = parse_attributes(feature.attributes)
    gene_id = name_gene(attributes)
    if not gene_id:
        raise KnowledgeError(
            "a gene has none of the attributes gene_id, ID and Name",
            where=source.at(feature.line),
            remedy="name it in column 9, for example ID=AT1G01010",
        )
    labels = [attributes[key] for key in _LABEL_KEYS if attributes.get(key)]
    label = labels[0] if labels and labels[0] != gene_id else ""
    aliases = {attributes.get(key, "") for key in _NAME_KEYS}
    aliases |= {
        part.strip()
        for key in _LIST_KEYS
        for part in attributes.get(key, "").split(",")
    }
    aliases |= {name.removeprefix(_NUMBERED) for name in aliases}
    return GeneRow(
        gene_id,
        feature.contig,
        feature.start,
        feature.end,
        feature.strand,
        feature.line,
        label,
        tuple(sorted(aliases - {"", gene_id})),
    )


def transcript_names(source: SourceText) -> list[tuple[str, str]]:
    """Return pairs (name of a transcript, gene it belongs to) of a GFF3 or GTF text."""
    pairs = []
    for feature in _features(source, wanted=False):
        if feature.kind not in _TRANSCRIPTS:
            continue
        attributes = parse_attributes(feature.attributes)
        parent = attributes.get("Parent") or attributes.get("gene_id", "")
        names = {attributes.get(key, "") for key in ("ID", "Name", "transcript_id")}
        names |= {strip_prefix(name) for name in names}
        gene = strip_prefix(parent)
        pairs += [(name, gene) for name in sorted(names - {""})] if gene else []
    return pairs


def chromosomes(source: SourceText) -> dict[str, str]:
    """Return contig -> chromosome, as lines of kind `region` of NCBI name it."""
    found = {}
    for line in source.text.split("\n"):
        cells = line.split("\t")
        if len(cells) == 9 and cells[2] == "region" and line[0] != "#":
            name = parse_attributes(cells[8]).get("chromosome", "")
            if name and name != "Unknown":
                found[unquote(cells[0])] = name
    return found


def _owner(feature: _Feature) -> str:
    """Return the gene a transcript or exon belongs to, as far as its line says."""
    attributes = parse_attributes(feature.attributes)
    keys: tuple[str, ...] = ("gene_id", "geneID", "gene")
    if feature.kind in _TRANSCRIPTS:
        keys = (*keys, "Parent", "ID", "Name")
    for key in keys:
        if attributes.get(key):
            return strip_prefix(attributes[key])
    return ""


def _spans(source: SourceText) -> list[GeneRow]:
    """Return genes as the span of their transcripts, or of their exons and CDS."""
    features = list(_features(source, wanted=False))
    spans: dict[tuple[str, str], _Feature] = {}
    for feature in features:
        gene = _owner(feature)
        if not gene:
            continue
        if feature.end < feature.start:
            raise KnowledgeError(
                f"a feature ends at {feature.end}, before its start {feature.start}",
                where=source.at(feature.line),
                remedy="write the smaller position first, whatever the strand",
            )
        key = (gene, feature.contig)
        known = spans.get(key, feature)
        spans[key] = known._replace(
            start=min(known.start, feature.start), end=max(known.end, feature.end)
        )
    return [
        GeneRow(gene, contig, span.start, span.end, span.strand, span.line)
        for (gene, contig), span in spans.items()
    ]


def parse_gff(source: SourceText) -> list[GeneRow]:
    """Return the genes of a GFF3 or GTF text, in file order.

    A gene is named by `gene_id`, `ID` (without `gene:` or `gene-`) or `Name`, the
    first that is there. A file without gene lines (as GTF may be) gives the spans
    of its transcripts, exons and coding parts.

    Raises
    ------
    KnowledgeError
        If a line has not nine columns, a position is no whole number, a gene has
        no name, or the file has no genes.
    """
    rows = [
        _gene_row(feature, source)
        for feature in _features(source, wanted=True)
        if not _is_later_part(feature)
    ]
    rows = rows or _spans(source)
    if not rows:
        raise KnowledgeError(
            "has no gene, transcript or exon that names a gene",
            where=source.path,
            remedy="give the annotation file of the genome, not of something else",
        )
    return rows
