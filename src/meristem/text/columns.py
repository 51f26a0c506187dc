"""Read delimited text and Parquet as named columns that know where a cell stands."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
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

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "missing", ".", "-", "*"}
)
"""What stands for a missing value, in any case, with or without spaces around."""

_DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file; every column is text or numbers."""

    path: Path
    column_name: tuple[str, ...]
    columns: tuple[NDArray, ...]  # each (n_row,) of str, int64 or float64
    row_line: IntArray | None  # (n_row,) line in the file; None for Parquet

    @property
    def n_row(self) -> int:
        """Number of data rows."""
        return int(self.columns[0].size) if self.columns else 0

    def place(self, row: int, name: str = "") -> str:
        """Return where a cell stands, in words for an error message."""
        column = f", column {name!r}" if name else ""
        if self.row_line is None:
            return f"{self.path}, row {row + 1}{column}"
        return f"{self.path}, line {self.row_line[row]}{column}"

    def column(self, name: str) -> NDArray:
        """Return a column as it was read."""
        return self.columns[self.column_name.index(name)]

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

    def numbers(self, name: str) -> FloatArray:  # (n_row,)
        """Return a column as numbers, NaN where missing; refuse all else."""
        values = self.column(name)
        if values.dtype.kind != "U":
            numbers = values.astype(np.float64)
        else:
            numbers = np.empty(values.size)
            for row, word in enumerate(values):
                try:
                    numbers[row] = parse_number(word)
                except ValueError as error:
                    raise DataError(
                        f"{str(word)!r} is not a number",
                        where=self.place(row, name),
                        remedy=_number_remedy(str(word)),
                    ) from error
        infinite = np.flatnonzero(np.isinf(numbers))
        if infinite.size:
            raise DataError(
                "the value is infinite",
                where=self.place(int(infinite[0]), name),
                remedy="correct the value, or leave the cell empty",
            )
        return numbers

    def is_label_column(self, name: str) -> bool:
        """Return whether a column holds words and not one number."""
        values = self.column(name)
        if values.dtype.kind != "U":
            return False
        words = {str(word).strip() for word in np.unique(values)}
        words = {word for word in words if word.lower() not in MISSING_WORDS}
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


def _number_remedy(word: str) -> str:
    if "," in word and _is_number(word.replace(",", ".", 1)):
        return "write decimals with a point, thousands without a comma"
    return "write a number, or leave the cell empty when the value is missing"


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
    table = _read_parquet(path) if _is_parquet(path) else _read_delimited(path)
    _refuse_header(table)
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
    if table.n_row == 0:
        raise DataError(
            "has a header but no data rows",
            where=table.path,
            remedy="write the file again",
        )


def delimiter_of(header: str) -> str:
    """Return the delimiter that the header line holds most of."""
    return max(_DELIMITERS, key=header.count)


def split_lines(path: Path) -> tuple[list[str], list[list[str]], IntArray]:
    """Return header, rows and the line each row starts on, of a delimited file.

    Raises
    ------
    DataError
        If a row has another length than the header, or quotes do not close.
    """
    text = read_text(path)
    first = next(line for line in text.split("\n") if line.strip())
    # Not str.splitlines, which also breaks at form feeds and the like.
    reader = csv.reader(StringIO(text), delimiter=delimiter_of(first), strict=True)
    rows: list[list[str]] = []
    starts: list[int] = []
    start = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
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
    header = [name.strip() for name in rows[0]]
    body = rows[1:]
    if body and all(len(row) == len(header) + 1 for row in body):
        header = ["", *header]
    _refuse_ragged(path, len(header), body, starts[1:])
    return header, body, np.array(starts[1:], dtype=np.int64)


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


def _read_delimited(path: Path) -> Table:
    header, rows, starts = split_lines(path)
    columns = tuple(np.array(cells, dtype=np.str_) for cells in zip(*rows, strict=True))
    if not rows:
        columns = tuple(np.array([], dtype=np.str_) for _ in header)
    return Table(path, tuple(header), columns, starts)


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
