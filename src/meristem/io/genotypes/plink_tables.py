"""Sample and variant tables of PLINK 1 (.fam, .bim) and PLINK 2 (.psam, .pvar)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.io.genotypes.naming import (
    check_samples,
    make_variant_table,
    read_position,
)
from meristem.records import IntArray, StrArray, VariantTable
from meristem.text.files import read_text

BIM_TITLES = ("#CHROM", "ID", "CM", "POS", "ALT", "REF")
FAM_TITLES = ("#FID", "IID", "PAT", "MAT", "SEX", "PHENO1")


@dataclass(frozen=True)
class AlleleTable:
    """Variants of a `.pvar` file; one of them may have several alternate alleles."""

    variants: VariantTable  # (n_variant,) one row per alternate allele
    record: IntArray  # (n_variant,) row of the file the variant comes from
    allele: IntArray  # (n_variant,) number of the allele, 1 = first alternate


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
    return _sample_ids(read_text(path), FAM_TITLES, path)


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
    return _sample_ids(text, titles, path)


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


def _columns(text: str, titles: tuple[str, ...], path: Path) -> dict[str, list[str]]:
    """Return the columns of a table without header, by title."""
    n_column = len(titles)
    for number, line in enumerate(text.split("\n"), start=1):
        found = len(line.split())
        if found != n_column and found > 0:
            raise DataError(
                f"has {found} columns, expected {n_column}",
                where=f"{path}, line {number}",
                remedy=f"write the columns {' '.join(titles)}; names may not hold "
                "blanks",
            )
    # All cells at once: a list per line would keep the garbage collector busy.
    cells = text.split()
    if not cells:
        raise DataError("has no rows", where=path, remedy="write the file again")
    return {title: cells[at::n_column] for at, title in enumerate(titles)}


def _line(text: str, row: int) -> int:
    """Return the line on which a row stands."""
    lines = enumerate(text.split("\n"), start=1)
    return [number for number, line in lines if line.strip()][row]


def _sample_ids(text: str, titles: tuple[str, ...], path: Path) -> StrArray:
    columns = _columns(text, titles, path)
    individual = columns["IID" if "IID" in columns else "#IID"]
    if len(set(individual)) < len(individual) and "#FID" in columns:
        pairs = zip(columns["#FID"], individual, strict=True)
        individual = [f"{family}_{name}" for family, name in pairs]
    return check_samples(individual, path)


def _alleles(text: str, titles: tuple[str, ...], path: Path) -> AlleleTable:
    columns = _columns(text, titles, path)
    position = _positions(columns["POS"], text, path)
    alts = columns["ALT"]
    record = np.arange(len(alts))
    number = np.ones(len(alts), dtype=np.int64)
    if any("," in alt for alt in set(alts)):
        split = [alt.split(",") for alt in alts]
        record = np.repeat(record, [len(names) for names in split])
        number = np.concatenate([np.arange(1, len(names) + 1) for names in split])
        alts = [alt for names in split for alt in names]
        columns = {
            title: [column[row] for row in record] for title, column in columns.items()
        }
    variants = make_variant_table(
        columns.get("ID", [""] * len(alts)),
        columns["#CHROM"],
        position[record],
        columns["REF"],
        alts,
        path,
    )
    return AlleleTable(variants, record, number)


def _positions(column: list[str], text: str, path: Path) -> IntArray:
    joined = "".join(column)
    if not (joined.isascii() and joined.isdecimal() and max(map(len, column)) < 16):
        found = []
        for row, word in enumerate(column):
            try:
                found.append(read_position(word, ""))
            except DataError as error:
                where = f"{path}, line {_line(text, row)}"
                raise DataError(error.what, where=where, remedy=error.remedy) from None
        return np.array(found, dtype=np.int64)
    return np.fromiter(map(int, column), np.int64, len(column))
