"""The text of a knowledge file with its digest, and tables by column name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meristem.errors import DataError, KnowledgeError
from meristem.text.column_names import find_column
from meristem.text.columns import MOST_ROWS, parse_table
from meristem.text.files import hash_file, read_text

_VERSION = re.compile(
    r"^[#! ]*(data-version|annot-version|genome-version|genome-build|"
    r"annotation-source|gaf-version|date-generated)[:\s]+(\S.*)$",
    re.MULTILINE,
)
_HEADER = 20_000  # characters in which a file may say its version


@dataclass(frozen=True)
class SourceText:
    """A knowledge file as it was read."""

    path: Path
    text: str  # UTF-8 decoded, newlines "\n", no byte-order mark
    sha256: str  # of the bytes on disk
    n_byte: int

    def at(self, line: int) -> str:
        """Return `path, line n` for messages."""
        return f"{self.path}, line {line}"

    @property
    def version(self) -> str:
        r"""Release, as the header of an OBO, GAF or GFF file says it; "" if none does.

        Examples
        --------
        >>> SourceText(Path("go.obo"), "data-version: r9\n", "", 0).version
        'data-version r9'
        """
        found = _VERSION.findall(self.text[:_HEADER])
        return "; ".join(f"{name} {value.strip()}" for name, value in found)


@dataclass(frozen=True)
class Table:
    """Named columns of a delimited text file."""

    source: SourceText
    column: Mapping[str, list[str]]  # each (n_row,)
    line: list[int]  # (n_row,) line in the file, for messages


@contextmanager
def knowledge_errors() -> Iterator[None]:
    """Turn faults of a text into faults of knowledge, word for word."""
    try:
        yield
    except DataError as error:
        raise KnowledgeError(
            error.what, where=error.where, remedy=error.remedy
        ) from error


def read_source(path: str | Path) -> SourceText:
    """Return the text of a plain or gzipped knowledge file with its digest.

    Raises
    ------
    KnowledgeError
        If the file is absent, a folder, empty, truncated, too large or not UTF-8.
    """
    path = Path(path)
    with knowledge_errors():
        text = read_text(path, MOST_ROWS)
    return SourceText(path, text, hash_file(path), path.stat().st_size)


def read_table(
    source: SourceText,
    names: Mapping[str, tuple[str, ...]],
    required: tuple[str, ...],
) -> Table:
    """Read the named columns of a CSV or TSV text with a header line.

    Parameters
    ----------
    source
        The file.
    names
        For every column its accepted headings, the preferred first.
    required
        Columns that have to be present.

    Returns
    -------
    Table
        The columns found, values stripped of surrounding blanks.

    Raises
    ------
    KnowledgeError
        If a required column is absent, a row is shorter or longer than the
        header, or no row follows the header.
    """
    with knowledge_errors():
        table = parse_table(source.text, source.path)
    found: dict[str, str] = {}
    for column, usual in names.items():
        heading = find_column(table, usual, found.values())
        if heading is not None:
            found[column] = heading
    missing = [name for name in required if name not in found]
    if missing:
        wanted = "; ".join(f"{name}: {' or '.join(names[name])}" for name in missing)
        raise KnowledgeError(
            f"the header has no column for {', '.join(missing)}"
            f" (it has: {', '.join(table.column_name)})",
            where=source.at(1),
            remedy=f"add a header line with these names ({wanted})",
        )
    columns = {name: table.words(heading) for name, heading in found.items()}
    line = [] if table.row_line is None else table.row_line.tolist()
    return Table(source, columns, line)
