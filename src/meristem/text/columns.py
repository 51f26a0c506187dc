"""Read delimited text and Parquet as named columns that know where a cell stands."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, StrArray
from meristem.text.files import compose, read_text, require_file
from meristem.text.headers import (
    delimiter_of,
    refuse_other_delimiter,
    refuse_preamble,
    trailing_delimiter,
)

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "missing", ".", "-", "*"}
)
"""What stands for a missing value, in any case, with or without spaces around."""

LARGEST = 1e30
"""Largest absolute value whose squares can still be summed and multiplied."""

MOST_ROWS = 5_000_000
MOST_CELLS = 60_000_000
"""Largest text table, which is held in memory cell by cell."""


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file; every column is text or numbers."""

    path: Path
    column_name: tuple[str, ...]
    columns: tuple[NDArray | tuple[str, ...], ...]  # each (n_row,): text as it was
    # read, or an array of str, int64 or float64
    row_line: IntArray | None  # (n_row,) line in the file; None for Parquet

    @property
    def n_row(self) -> int:
        """Number of data rows."""
        return len(self.columns[0]) if self.columns else 0

    @cached_property
    def _position(self) -> dict[str, int]:
        named = enumerate(reversed(self.column_name), start=1)
        return {name: len(self.column_name) - number for number, name in named}

    def place(self, row: int, name: str = "") -> str:
        """Return where a cell stands, in words for an error message."""
        column = f", column {name!r}" if name else ""
        if self.row_line is None:
            return f"{self.path}, row {row + 1}{column}"
        return f"{self.path}, line {self.row_line[row]}{column}"

    def column(self, name: str) -> NDArray:
        """Return a column as it was read."""
        cells = self.columns[self._position[name]]
        return np.array(cells, np.str_) if isinstance(cells, tuple) else cells

    def words(self, name: str) -> list[str]:
        """Return a column as trimmed text, however long one cell may be."""
        cells = self.columns[self._position[name]]
        if not isinstance(cells, tuple):
            cells = self.text(name).tolist()
        return [cell.strip() for cell in cells]

    def text(self, name: str) -> StrArray:  # (n_row,)
        """Return a column as text; whole numbers lose a trailing `.0`."""
        values = self.column(name)
        if values.dtype.kind == "U":
            return values
        if values.dtype.kind == "i":
            return values.astype(np.str_)
        return np.array([_number_as_text(value) for value in values], dtype=np.str_)

    def identifiers(self, name: str) -> StrArray:  # (n_row,)
        """Return a column of ids, unchanged but for its type; refuse empty ids."""
        values = self.text(name)
        empty = np.flatnonzero(np.char.strip(values) == "")
        if empty.size:
            raise DataError(
                "the id is empty",
                where=self.place(int(empty[0]), name),
                remedy="give every row an id, or delete the row",
            )
        return values

    def labels(self, name: str) -> StrArray:  # (n_row,)
        """Return a column of labels: trimmed, "" where missing."""
        values = np.char.strip(self.text(name))
        missing = np.isin(np.char.lower(values), sorted(MISSING_WORDS))
        return np.where(missing, "", values)

    def numbers(
        self,
        name: str,
        missing: Collection[str] = (),
        *,
        setting: str = "",
        largest: float = math.inf,
    ) -> FloatArray:  # (n_row,)
        """Return a column as numbers, NaN where missing; refuse all else.

        Parameters
        ----------
        name
            The column.
        missing
            Codes of a missing value, beside `MISSING_WORDS`: words, or numbers in
            any spelling.
        setting
            The setting that names such codes, for the message.
        largest
            Refuse what is infinite, or larger in absolute value.
        """
        values = self.column(name)
        codes = {code.strip().lower() for code in missing}
        if values.dtype.kind != "U":
            numbers = values.astype(np.float64)
        else:
            numbers = np.empty(values.size)
            for row, word in enumerate(values.tolist()):
                try:
                    coded = word.strip().lower() in codes
                    numbers[row] = math.nan if coded else parse_number(word)
                except ValueError as error:
                    raise DataError(
                        f"{word!r} is not a number",
                        where=self.place(row, name),
                        remedy=_number_remedy(word, name, setting),
                    ) from error
        numeric = [float(code) for code in codes if _is_number(code)]
        numbers[np.isin(numbers, numeric)] = math.nan
        wrong = np.flatnonzero((np.abs(numbers) > largest) | np.isinf(numbers))
        if wrong.size:
            held = float(numbers[wrong[0]])
            raise DataError(
                "the value is infinite"
                if math.isinf(held)
                else f"the value {held:g} is too large to be computed with",
                where=self.place(int(wrong[0]), name),
                remedy="correct the value, use another unit, or leave the cell empty",
            )
        return numbers

    def is_label_column(self, name: str, missing: Collection[str] = ()) -> bool:
        """Return whether a column holds words and not one number.

        Codes of a missing value (`missing`) count as neither.
        """
        values = self.column(name)
        if values.dtype.kind != "U":
            return False
        words = {str(word).strip() for word in np.unique(values)}
        empty = MISSING_WORDS.union(code.strip().lower() for code in missing)
        words = {word for word in words if word.lower() not in empty}
        return bool(words) and not any(_is_number(word) for word in words)


def parse_number(word: str) -> float:
    """Return the number a cell holds, NaN when it is missing.

    Raises
    ------
    ValueError
        If the cell is neither a number nor a word for a missing value.
    """
    word = word.strip()
    if word.lower() in MISSING_WORDS:
        return math.nan
    if "_" in word:  # Python reads 1_000 as a number; a table never means that
        raise ValueError(word)
    return float(word)


def _is_number(word: str) -> bool:
    try:
        parse_number(word)
    except ValueError:
        return False
    return True


DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}[- ][A-Za-z]{3}([- ]\d{2,4})?|[A-Za-z]{3}-\d{2}"
)
"""What a date looks like, or a number that a spreadsheet took for one."""

ANSWERS = frozenset("true false yes no t f y n".split())


def _number_remedy(word: str, name: str, setting: str) -> str:
    bare = word.strip()
    if bare == name:
        return "the header stands in the middle of the table: delete that line"
    if bare.lower() in ANSWERS:
        return "write 1 and 0 in the whole column"
    if DATE.fullmatch(bare):
        return (
            "it looks like a date: write the number that a spreadsheet took for one, "
            "or days from a fixed one"
        )
    if "," in word and _is_number(word.replace(",", "")):
        return "write decimals with a point, thousands without a comma"
    if re.fullmatch(r"[+-]?\d+([.,]\d+)?\s*[^\d\s.,]+.*", word.strip()):
        return "write the number alone, without its unit"
    code = f", or name its code in `{setting}`" if setting else ""
    return f"write a number, or leave the cell empty when the value is missing{code}"


def _number_as_text(value: float) -> str:
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(float(value))


def read_table(path: str | Path) -> Table:
    """Read a CSV, TSV (plain or gzipped) or Parquet file with a header row.

    The delimiter is the one of tab, comma and semicolon that the header holds
    most of. A header one name shorter than the rows, as R writes it, gets an
    unnamed first column.

    Parameters
    ----------
    path
        `.parquet` is read as Parquet, all else as text.

    Raises
    ------
    DataError
        If the file cannot be read, has no data rows, has rows of unequal length,
        or two columns of the same name.
    """
    path = require_file(path)
    if _is_archive(path):
        raise DataError(
            "is a spreadsheet or zip archive, not a text table",
            where=path,
            remedy="save the sheet as CSV",
        )
    table = (
        _read_parquet(path)
        if _is_parquet(path)
        else parse_table(read_text(path, MOST_ROWS), path)
    )
    _refuse_header(table)
    if table.n_row == 0:
        raise DataError(
            "has a header but no data rows", where=path, remedy="write the file again"
        )
    return table


def _magic(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(4)


def _is_parquet(path: Path) -> bool:
    return _magic(path) == b"PAR1" or path.suffix.lower() in {".parquet", ".pq"}


def _is_archive(path: Path) -> bool:
    spreadsheet = path.suffix.lower() in {".xls", ".xlsx", ".ods"}
    return spreadsheet or _magic(path) == b"PK\x03\x04"


def is_delimited_text(path: str | Path) -> bool:
    """Return whether a file that can be read is neither Parquet nor a spreadsheet."""
    path = require_file(path)
    return not _is_parquet(path) and not _is_archive(path)


def _refuse_header(table: Table) -> None:
    for number, name in enumerate(table.column_name):
        if not name and number > 0:
            raise DataError(
                f"column {number + 1} has no name",
                where=table.path,
                remedy="name every column in the header row",
            )
    count = Counter(table.column_name)
    twice = [name for name, times in count.items() if times > 1]
    if twice:
        raise DataError(
            f"{len(twice)} column names occur more than once: {', '.join(twice[:5])}",
            where=table.path,
            remedy="rename or delete the repeated columns",
        )


def parse_table(text: str, path: Path) -> Table:
    """Return delimited text as columns; the first line that is not blank names them.

    In tab-separated text a quote is a character (5' end, "putative"), unless a pair
    encloses the whole cell; elsewhere quotes may enclose delimiters and newlines.

    Parameters
    ----------
    text
        As of `read_text`.
    path
        Where it stood, for messages.

    Raises
    ------
    DataError
        If a comment stands above the header, there are no data rows, a row has
        another length than the header, quotes do not close, or the table is larger
        than `MOST_ROWS` or `MOST_CELLS`.
    """
    lines = (line for line in text.split("\n") if line.strip())
    first, second = next(lines), next(lines, "")
    delimiter = delimiter_of(first)
    refuse_preamble(path, first, second)
    refuse_other_delimiter(first, path)
    _refuse_size(path, text.count("\n"), first.count(delimiter) + 1)
    by_tabs = delimiter == "\t"
    # Not str.splitlines, which also breaks at form feeds and the like.
    reader = csv.reader(
        StringIO(text),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if by_tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    rows: list[list[str]] = []
    starts: list[int] = []
    start = 1
    try:
        for row in reader:
            if any(row) and any(cell.strip() for cell in row):
                rows.append(row)
                starts.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"the quotes do not match ({error})",
            where=f"{path}, line {start}",
            remedy="close every quote, or remove stray quote characters",
        ) from error
    if not rows:
        raise DataError(
            "holds nothing but separators", where=path, remedy="write the file again"
        )
    if by_tabs and '"' in text:
        rows = [[_unquoted(cell) for cell in row] for row in rows]
    header = [name.strip() for name in rows[0]]
    body = rows[1:]
    if not body:
        raise DataError(
            "has a header but no data rows",
            where=path,
            remedy="add the rows below the header",
        )
    if all(len(row) == len(header) + 1 for row in body):
        if not any(row[-1].strip() for row in body):
            raise trailing_delimiter(f"{path}, line {starts[1]}")
        header = ["", *header]
    _refuse_ragged(path, len(header), body, starts[1:])
    cells = tuple(zip(*body, strict=True))
    return Table(path, tuple(header), cells, np.array(starts[1:], dtype=np.int64))


def _refuse_size(path: Path, n_row: int, n_column: int) -> None:
    if n_row > MOST_ROWS or n_row * n_column > MOST_CELLS or n_column > MOST_CELLS:
        raise DataError(
            f"has {n_row:,} rows of {n_column:,} columns, too many for a text table "
            f"(at most {MOST_ROWS:,} rows and {MOST_CELLS:,} cells)",
            where=path,
            remedy="keep the rows and columns that are needed, or write it as Parquet",
        )


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _refuse_ragged(
    path: Path, n_column: int, rows: list[list[str]], starts: list[int]
) -> None:
    for row, start in zip(rows, starts, strict=True):
        if len(row) != n_column:
            raise DataError(
                f"has {len(row)} fields, the header has {n_column}",
                where=f"{path}, line {start}",
                remedy="give every row the same number of fields; quote cells that "
                "hold the delimiter",
            )


def _read_parquet(path: Path) -> Table:
    try:
        frame = pq.ParquetFile(path).read().to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DataError(
            "is not a readable Parquet file",
            where=path,
            remedy="write the file again, or give it the ending of its real format",
        ) from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=frame.index.name or "")
    columns = tuple(_plain_column(frame.iloc[:, i]) for i in range(frame.shape[1]))
    names = tuple(compose(str(name)).strip() for name in frame.columns)
    return Table(path, names, columns, None)


def _plain_column(series: pd.Series) -> NDArray:
    """Return a Parquet column as int64, float64 or text."""
    if pd.api.types.is_integer_dtype(series) and not series.isna().any():
        return series.to_numpy(dtype=np.int64)
    if pd.api.types.is_float_dtype(series):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    cells = ["" if pd.isna(value) else compose(str(value)) for value in series]
    return np.array(cells, dtype=np.str_)
