"""Read numeric dosage tables: CSV, TSV (plain or gzipped) and Parquet."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.blocks import GrowingDosage
from meristem.io.genotypes.naming import (
    check_samples,
    make_variant_table,
    read_position,
    string_array,
)
from meristem.records import MISSING, Genotypes, VariantTable
from meristem.text.column_names import is_label
from meristem.text.columns import (
    MISSING_WORDS,
    Table,
    is_delimited_text,
    parse_number,
    read_table,
)
from meristem.text.files import read_text
from meristem.text.headers import (
    delimiter_of,
    refuse_other_delimiter,
    refuse_preamble,
    trailing_delimiter,
)
from meristem.text.lines import fixed_cells, numbered_lines

GREATEST_PLOIDY = 8

RARE = 0.1
"""Share of cells below which a number out of the coding means missing."""

FEWEST_VARIANTS = 20
"""With fewer variants nothing is said of how a code is spread over them."""

_ABSENT = -128  # a missing cell, told from a -1 that was written
_LARGEST = 100  # larger numbers are no dosage and do not fit int8

# Header names, without case and punctuation.
_ID = frozenset(
    "variant variantid marker markerid markername snp snpid snpname rs rsid locus "
    "locusname alleleid cloneid".split()
)
_PLACES = {
    "contig": frozenset("contig chrom chr chromosome variantcontig".split()),
    "position": frozenset("position pos bp variantposition".split()),
    "ref": frozenset("ref reference refallele variantref a0 a2".split()),
    "alt": frozenset("alt alternate altallele variantalt a1".split()),
}
_OR_LINES = frozenset("a0 a1 a2".split())
_IGNORED = frozenset("cm strand geneticposition alleles".split())
_ID_BESIDE_PLACE = frozenset(("id", "name", ""))


@dataclass(frozen=True)
class _Grid:
    """A table split into its leading text columns and its dosages."""

    path: Path
    titles: list[str]  # of all columns
    n_leading: int
    leading: list[Sequence[str]]  # n_leading columns of (n_row,)
    dosage: NDArray[np.int8]  # (n_row, n_column - n_leading), -128 missing
    row_line: list[int]  # (n_row,) line in the file; row for Parquet

    def place(self, row: int, column: int) -> str:
        title = self.titles[self.n_leading + column]
        return f"{self.path}, line {self.row_line[row]}, column {title!r}"


def read_dosage(path: str | Path, *, ploidy: int = 2) -> Genotypes:
    r"""Read a table of allele dosages.

    Either axis may hold the samples. Variants stand in the rows if the first column
    is called `variant`, `marker`, `snp`, `rs`, `locus` (or the like, `..._id` and
    `..._name` included), or if the leading columns give a place (`contig`/`chrom`
    and `position`, also `ref` and `alt`); all other columns are samples. Otherwise
    samples stand in the rows, their ids in the first column, and every other column
    is a variant without known place.

    Coding: whole numbers 0 to `ploidy`; an empty cell, `NA`, `NaN`, `.` or `-` is
    missing. If -1 occurs and nothing is greater than 1, the file is in the coding
    -1, 0, 1 of rrBLUP and every number is raised by 1 (ploidy 2 only). A -1 beside a
    2 is refused, for it could be a missing call. A file of 0 and 1 alone is taken as
    it stands: set ploidy 1 for presence and absence.

    Parameters
    ----------
    path
        Columns separated by tabs, commas or semicolons, with a header; or Parquet.
    ploidy
        Largest dosage, 1 to 8.

    Returns
    -------
    Genotypes
        Ids are those of the table.

    Raises
    ------
    DataError
        With line and column, if a cell is no whole number within the coding or a row
        is ragged; if a name is absent or occurs twice.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "lines.csv"
    ...     _ = path.write_text("line,m1,m2,m3\nB73,-1,0,1\nMo17,1,NA,-1\n")
    ...     read_dosage(path).call_dosage.tolist()
    [[0, 1, 2], [2, -1, 0]]
    """
    path = Path(path)
    grid = _read_text(path) if is_delimited_text(path) else _read_parquet(path)
    dosage = _recode(grid, ploidy)
    names = grid.titles[grid.n_leading :]
    if _variants_in_rows(grid.titles[: grid.n_leading]):
        variants = _variant_table(grid)
        sample_id = check_samples(names, path, "columns", grid.n_leading + 1)
        dosage = np.ascontiguousarray(dosage.T)
    else:
        _refuse_blank(names, path)
        _refuse_labels(names, path)
        blank = [""] * len(names)
        places = (blank, [0] * len(names), blank, blank)
        variants = make_variant_table(names, *places, path)
        sample_id = check_samples(grid.leading[0], path)
    _refuse_places(sample_id.tolist(), path)
    return Genotypes(sample_id, variants, dosage, ploidy, str(path))


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _count_leading(titles: Sequence[str], first: Sequence[str]) -> int:
    """Return how many columns stand before the dosages.

    Lines may be called A1 and A2 (`first`, the first row, then holds numbers there).
    """
    known = _ID | _IGNORED | _ID_BESIDE_PLACE | frozenset().union(*_PLACES.values())
    n_known = 0
    for title, cell in zip(titles, first, strict=False):
        plain = _plain(title)
        if plain not in known or (plain in _OR_LINES and cell.strip()[:1].isdigit()):
            break
        n_known += 1
    return n_known if _variants_in_rows(titles[:n_known]) else 1


def _variants_in_rows(leading: Sequence[str]) -> bool:
    plain = [_plain(title) for title in leading]
    has_place = all(_PLACES[part] & set(plain) for part in ("contig", "position"))
    return has_place or bool(plain and plain[0] in _ID)


class _Codes(dict[str, int]):
    """Dosage of a cell as it stands; every spelling is parsed once."""

    def __missing__(self, cell: str) -> int:
        value = parse_number(cell)
        if value != value:  # NaN: a word for missing
            code = _ABSENT
        elif value.is_integer() and abs(value) <= _LARGEST:
            code = int(value)
        else:
            raise ValueError(cell)
        self[cell] = code
        return code


def _read_text(path: Path) -> _Grid:
    text = read_text(path)
    lines = numbered_lines(text)
    (_, header), (_, second) = islice(chain(numbered_lines(text), [(0, "")]), 2)
    refuse_preamble(path, header, second)
    next(lines)
    delimiter = delimiter_of(header)
    titles = [title.strip() for title in _split(header, delimiter, f"{path}, line 1")]
    _refuse_plink(titles if len(titles) > 1 else header.split(), path)
    refuse_other_delimiter(header, path)
    n_leading = _count_leading(titles, second.split(delimiter))
    codes = _Codes(dict.fromkeys(MISSING_WORDS, _ABSENT))
    leading: list[list[str]] = []
    rows: GrowingDosage | None = None
    row_line: list[int] = []
    for number, line in lines:
        where = f"{path}, line {number}"
        fields, cells = _split_row(line, delimiter, n_leading, where)
        if (
            rows is None
            and cells.count(delimiter) + 1 == len(titles)
            and n_leading == 1
        ):
            if not cells.rpartition(delimiter)[2].strip():
                raise trailing_delimiter(where)
            titles = ["", *titles]  # R leaves the column of row names without a title
        n_cell = len(titles) - n_leading
        if len(fields) < n_leading or n_cell == 0:
            raise DataError(
                "has no column of dosages",
                where=where,
                remedy="write the ids in the first column and one column per variant "
                "or sample",
            )
        rows = rows or GrowingDosage(n_cell)
        row_line.append(number)
        leading.append(fields)
        rows.append(_parse_row(cells, titles, n_leading, delimiter, codes, where))
    if rows is None:
        raise DataError(
            "has a header and no rows", where=path, remedy="write the file again"
        )
    columns = [list(column) for column in zip(*leading, strict=True)]
    return _Grid(path, titles, n_leading, list(columns), rows.rows, row_line)


def _split(line: str, delimiter: str, where: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error as error:
        raise DataError(
            f"cannot be divided into cells ({error})",
            where=where,
            remedy="close every quote, and divide the cells by tabs or commas",
        ) from error


def _split_row(
    line: str, delimiter: str, n_leading: int, where: str
) -> tuple[list[str], str]:
    """Return the leading fields and the rest of a row, quotes removed."""
    if '"' in line:
        cells = _split(line, delimiter, where)
        return cells[:n_leading], delimiter.join(cells[n_leading:])
    *fields, rest = line.split(delimiter, n_leading)
    return fields, rest


def _parse_row(
    text: str,
    titles: list[str],
    n_leading: int,
    delimiter: str,
    codes: _Codes,
    where: str,
) -> NDArray[np.int8]:  # (n_cell,)
    n_cell = len(titles) - n_leading
    digits = fixed_cells(text, n_cell, 1, delimiter)
    if digits is not None and digits.min() >= ord("0") and digits.max() <= ord("9"):
        return (digits[:, 0] - ord("0")).astype(np.int8)
    cells = text.split(delimiter)
    if len(cells) != n_cell:
        raise DataError(
            f"has {n_leading + len(cells)} columns, the header has {len(titles)}",
            where=where,
            remedy="give every row the same number of columns",
        )
    try:
        return np.array([codes[cell] for cell in cells], dtype=np.int8)
    except ValueError:
        column = next(i for i, cell in enumerate(cells) if not _is_dosage(cell, codes))
        raise _no_dosage(
            cells[column], f"{where}, column {titles[n_leading + column]!r}"
        ) from None


def _is_dosage(cell: str, codes: _Codes) -> bool:
    try:
        return codes[cell] is not None
    except ValueError:
        return False


def _no_dosage(cell: str, where: str) -> DataError:
    remedy = (
        "write whole numbers from 0 to the ploidy and NA for missing; round imputed "
        "dosages, and leave columns of text out"
    )
    if re.fullmatch(r"[\d.]([|/][\d.])+", cell):
        remedy = "write how many copies of the counted allele a call holds (0/1 is 1)"
    elif re.fullmatch(r"[BH]|B[|/]?[AB]|A[|/]?B", cell.upper()):
        remedy = (
            "write how many copies of B a call holds: 0 for A or AA, 1 for H or AB, "
            "2 for B or BB"
        )
    elif re.fullmatch(r"[ACGTN][|/]?[ACGTN]?", cell.upper()) and cell != "NC":
        remedy = (
            "genotypes in letters are read from HapMap, VCF and PLINK files: write one "
            "of these, or the number of copies of one allele"
        )
    return DataError(f"{cell!r} is no dosage", where=where, remedy=remedy)


def _read_parquet(path: Path) -> _Grid:
    table = read_table(path)
    titles = list(table.column_name)
    n_leading = _count_leading(titles, [str(table.column(t)[0]) for t in titles])
    leading: list[Sequence[str]] = [
        table.text(title).tolist() for title in titles[:n_leading]
    ]
    dosage = np.empty((table.n_row, len(titles) - n_leading), dtype=np.int8)
    if dosage.shape[1] == 0:
        raise DataError(
            "has no column of dosages", where=path, remedy="write the file again"
        )
    for column in range(dosage.shape[1]):
        dosage[:, column] = _parse_column(table, n_leading + column)
    row_line = list(range(1, table.n_row + 1))
    return _Grid(path, titles, n_leading, leading, dosage, row_line)


def _parse_column(table: Table, index: int) -> NDArray[np.int8]:  # (n_row,)
    title = table.column_name[index]
    values = table.column(title)
    numbers = table.numbers(title) if values.dtype.kind == "U" else values
    known = ~np.isnan(numbers)
    whole = known & (np.abs(numbers) <= _LARGEST)
    odd = np.flatnonzero(known & ~(whole & (numbers == np.round(numbers))))
    if odd.size:
        row = int(odd[0])
        raise _no_dosage(f"{numbers[row]:g}", table.place(row, title))
    out = np.full(numbers.shape, _ABSENT, dtype=np.int8)
    out[known] = numbers[known].astype(np.int8)
    return out


def _recode(grid: _Grid, ploidy: int) -> NDArray[np.int8]:
    """Return the dosages 0..ploidy with our code of missing."""
    dosage = grid.dosage
    known = dosage != _ABSENT
    _refuse_code(grid, known, ploidy)
    centred = ploidy == 2 and bool((dosage == -1).any()) and int(dosage.max()) <= 1
    lowest = -1 if centred else 0
    odd = known & ((dosage < lowest) | (dosage > ploidy))
    if odd.any():
        row, column = np.argwhere(odd)[0]
        raise DataError(
            f"dosage {dosage[row, column]} is not within 0 and {ploidy}",
            where=grid.place(int(row), int(column)),
            remedy="write NA where a call is missing (-1 is read as a dosage, in the "
            "coding -1, 0, 1); set ploidy if it is not 2"
            + ("; subtract 1 if the coding starts at 1" if dosage.min() == 1 else ""),
        )
    return np.where(known, dosage - np.int8(lowest), np.int8(MISSING))


def _refuse_code(grid: _Grid, known: NDArray[np.bool_], ploidy: int) -> None:
    """Refuse a rare number that means a missing call: -1 beside 0 and 1, or 9."""
    values, count = np.unique(grid.dosage[known], return_counts=True)
    odd = [int(v) for v in values if v < 0 or v > ploidy]
    if len(odd) != 1 or values.size < 2:
        return
    code, share = odd[0], float(count[values == odd[0]][0] / count.sum())
    if share >= RARE or (code == -1 and not _means_missing(grid, known)):
        return
    row, column = np.argwhere(known & (grid.dosage == code))[0]
    raise DataError(
        f"{code} seems to mean a missing call: {share:.1%} of the cells hold it, the "
        f"others {', '.join(str(v) for v in values if v != code)}",
        where=grid.place(int(row), int(column)),
        remedy="write NA, or leave the cell empty, where a call is missing"
        + ("; if -1, 0, 1 are dosages, write 0, 1, 2" if code == -1 else ""),
    )


def _means_missing(grid: _Grid, known: NDArray[np.bool_]) -> bool:
    """Tell whether -1 beside 0 and 1 is spread as missing calls are.

    As a dosage it would be rare where 1 is frequent among the others, variant by
    variant; and where lines are inbred, 0 would be as rare.
    """
    dosage, axis = grid.dosage, int(_variants_in_rows(grid.titles[: grid.n_leading]))
    low, middle, high = (
        ((dosage == value) & known).sum(axis=axis) for value in (-1, 0, 1)
    )
    if int(dosage.max()) > 1 or middle.sum() <= 2 * low.sum():
        return False
    rest = np.maximum(middle + high, 1)
    x, y = low / np.maximum(low + rest, 1), high / rest
    if x.size < FEWEST_VARIANTS or not (np.ptp(x) and np.ptp(y)):
        return False
    return bool(np.corrcoef(x, y)[0, 1] > -0.3)


def _variant_table(grid: _Grid) -> VariantTable:
    plain = [_plain(title) for title in grid.titles[: grid.n_leading]]
    n_row = len(grid.row_line)

    def column(names: frozenset[str], default: str) -> Sequence[str]:
        found = [index for index, name in enumerate(plain) if name in names]
        return grid.leading[found[0]] if found else [default] * n_row

    position = [
        read_position(text, f"{grid.path}, line {line}")
        for text, line in zip(
            column(_PLACES["position"], "0"), grid.row_line, strict=True
        )
    ]
    return make_variant_table(
        [name.strip() for name in column(_ID | _ID_BESIDE_PLACE, "")],
        [name.strip() for name in column(_PLACES["contig"], "")],
        position,
        [name.strip() for name in column(_PLACES["ref"], "")],
        [name.strip() for name in column(_PLACES["alt"], "")],
        grid.path,
    )


def _refuse_labels(names: Sequence[str], path: Path) -> None:
    """Refuse columns beside the ids that are called as labels of lines are."""
    labels = [name for name in names if is_label(name)]
    if labels:
        raise DataError(
            f"the column {labels[0]!r} is called like a label of lines, not a variant"
            + (f" (so are {', '.join(labels[1:5])})" if labels[1:] else ""),
            where=f"{path}, line 1",
            remedy="keep the column of ids and the variants alone; labels belong in "
            "a table of their own ([groups])",
        )


def _refuse_plink(titles: Sequence[str], path: Path) -> None:
    """Refuse what `plink --recode A` and `A-transpose` write: they have bed beside."""
    head = [title.upper() for title in titles[:6]]
    if head[:2] == ["FID", "IID"] and "PHENOTYPE" in head:
        kind = ".raw"
    elif head[:3] == ["CHR", "SNP", "(C)M"]:
        kind = ".traw"
    else:
        return
    raise DataError(
        f"is a {kind} file of PLINK, not a plain table of dosages",
        where=f"{path}, line 1",
        remedy="give the .bed, .bim and .fam it was made from (or plink2 --make-bed); "
        "or keep IID and the columns of variants alone, separated by tabs",
    )


def _refuse_places(samples: Sequence[str], path: Path) -> None:
    """Refuse chromosomes and positions that would be read as those of a line."""
    places = _PLACES["contig"] | _PLACES["position"]
    wrong = [name for name in samples if _plain(name) in places]
    if wrong:
        raise DataError(
            f"{wrong[0]!r} would be read as a line, but is called like a place of "
            "variants",
            where=path,
            remedy="leave it out; where variants stand in rows, the columns variant, "
            "contig, position, ref and alt stand first",
        )


def _refuse_blank(names: Sequence[str], path: Path) -> None:
    blank = np.flatnonzero(string_array(names) == "")
    if blank.size:
        raise DataError(
            f"column {blank[0] + 2} has no name",
            where=f"{path}, line 1",
            remedy="name every variant in the header",
        )
