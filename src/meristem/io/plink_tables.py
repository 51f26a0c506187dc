"""Sample and variant tables of PLINK 1 (.fam, .bim) and PLINK 2 (.psam, .pvar)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meristem.errors import DataError
from meristem.io.files import read_text
from meristem.io.naming import check_samples, make_variant_table, shorten_allele
from meristem.records import StrArray, VariantTable

BIM_TITLES = ("#CHROM", "ID", "CM", "POS", "ALT", "REF")
FAM_TITLES = ("#FID", "IID", "PAT", "MAT", "SEX", "PHENO1")


@dataclass(frozen=True)
class AlleleTable:
    """Variants of a `.pvar` file; one of them may have several alternate alleles."""

    variants: VariantTable  # (n_variant,) one row per alternate allele
    record: tuple[int, ...]  # (n_variant,) row of the file the variant comes from
    allele: tuple[int, ...]  # (n_variant,) number of the allele, 1 = first alternate


def read_fam(path: Path) -> StrArray:  # (n_sample,)
    """Return the sample ids of a `.fam` file.

    Parameters
    ----------
    path
        Six columns separated by blanks or tabs.

    Returns
    -------
    StrArray
        The within-family id (column 2), or `family_individual` for all samples if
        two families use the same.

    Raises
    ------
    DataError
        If a line does not have six columns, or an id occurs twice.
    """
    rows = [row for _, row in _rows(read_text(path), FAM_TITLES, path)]
    return _sample_ids(rows, FAM_TITLES, path)


def read_psam(path: Path) -> StrArray:  # (n_sample,)
    """Return the sample ids of a `.psam` file, named as by `read_fam`."""
    titles, text = _split_header(read_text(path))
    titles = titles or FAM_TITLES
    if "IID" not in titles and "#IID" not in titles:
        raise DataError(
            "the header has no column IID",
            where=path,
            remedy="write a header line that starts with #FID IID or #IID",
        )
    rows = [row for _, row in _rows(text, titles, path)]
    return _sample_ids(rows, titles, path)


def read_bim(path: Path) -> VariantTable:
    """Return the variants of a `.bim` file; the counted allele is A1 (column 5).

    Parameters
    ----------
    path
        Six columns separated by blanks or tabs.

    Returns
    -------
    VariantTable
        Alternate = A1 (column 5), reference = A2 (column 6), `0` = unknown.

    Raises
    ------
    DataError
        If a line does not have six columns, a position is no whole number, or two
        variants cannot be told apart.
    """
    return _alleles(read_text(path), BIM_TITLES, path).variants


def read_pvar(path: Path) -> AlleleTable:
    """Return the variants of a `.pvar` file, one row per alternate allele."""
    titles, text = _split_header(read_text(path))
    titles = titles or BIM_TITLES
    absent = [name for name in ("#CHROM", "POS", "REF", "ALT") if name not in titles]
    if absent:
        raise DataError(
            f"the header has no column {absent[0]}",
            where=path,
            remedy="write the header line #CHROM POS ID REF ALT",
        )
    return _alleles(text, titles, path)


def _split_header(text: str) -> tuple[tuple[str, ...], str]:
    """Return the titles (none if there is no header line) and text without header.

    The lines of the header are kept empty, so that lines are still counted right.
    """
    head: list[str] = []
    titles: tuple[str, ...] = ()
    rest = text
    while rest.startswith("#"):
        line, _, rest = rest.partition("\n")
        head.append("\n")
        if not line.startswith("##"):
            titles = tuple(line.split())
            break
    return titles, "".join(head) + rest


def _rows(
    text: str, titles: tuple[str, ...], path: Path
) -> Iterator[tuple[int, list[str]]]:
    found = False
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.split()
        if not row:
            continue
        if len(row) != len(titles):
            raise DataError(
                f"has {len(row)} columns, expected {len(titles)}",
                where=f"{path}, line {number}",
                remedy=f"write the columns {' '.join(titles)}; names may not hold "
                "blanks",
            )
        found = True
        yield number, row
    if not found:
        raise DataError("has no rows", where=path, remedy="write the file again")


def _sample_ids(rows: list[list[str]], titles: tuple[str, ...], path: Path) -> StrArray:
    names = [title.lstrip("#") for title in titles]
    individual = [row[names.index("IID")] for row in rows]
    if len(set(individual)) < len(individual) and "FID" in names:
        family = names.index("FID")
        individual = [
            f"{row[family]}_{name}" for row, name in zip(rows, individual, strict=True)
        ]
    return check_samples(individual, path)


def _alleles(text: str, titles: tuple[str, ...], path: Path) -> AlleleTable:
    at = {name: titles.index(name) for name in ("#CHROM", "POS", "REF", "ALT")}
    id_column = titles.index("ID") if "ID" in titles else None
    names, contigs, positions, refs, alts = [], [], [], [], []
    record, number_of_allele = [], []
    for count, (line, row) in enumerate(_rows(text, titles, path)):
        position = _position(row[at["POS"]], path, line)
        contig = "" if row[at["#CHROM"]] == "0" else row[at["#CHROM"]]
        for allele, alt in enumerate(row[at["ALT"]].split(","), start=1):
            names.append("" if id_column is None else row[id_column])
            contigs.append(contig)
            positions.append(position)
            refs.append(_allele(row[at["REF"]]))
            alts.append(_allele(alt))
            record.append(count)
            number_of_allele.append(allele)
    variants = make_variant_table(names, contigs, positions, refs, alts, path)
    return AlleleTable(variants, tuple(record), tuple(number_of_allele))


def _allele(text: str) -> str:
    return "" if text in ("0", ".") else shorten_allele(text)


def _position(text: str, path: Path, line: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    raise DataError(
        f"position {text!r} is no whole number >= 0",
        where=f"{path}, line {line}",
        remedy="write base pairs, 0 where unknown",
    )
