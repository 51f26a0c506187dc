"""The text of a knowledge file with its digest, and tables by column name."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meristem.errors import KnowledgeError


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


@dataclass(frozen=True)
class Table:
    """Named columns of a delimited text file."""

    source: SourceText
    column: Mapping[str, list[str]]  # each (n_row,)
    line: list[int]  # (n_row,) line in the file, for messages


def _read_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise KnowledgeError(
            "is a folder, not a file", where=path, remedy="name the file inside it"
        )
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise KnowledgeError(
            "does not exist", where=path, remedy="check the path"
        ) from error
    except OSError as error:
        raise KnowledgeError(
            f"cannot be read ({error.strerror})",
            where=path,
            remedy="check its permissions",
        ) from error


def _decompress(raw: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise KnowledgeError(
            "the gzip stream is truncated or damaged",
            where=path,
            remedy="copy or download the file again",
        ) from error


def read_source(path: str | Path) -> SourceText:
    """Return the text of a plain or gzipped knowledge file with its digest.

    Parameters
    ----------
    path
        A text file; gzip is recognised by its first bytes, not by its name.

    Returns
    -------
    SourceText
        Text with plain newlines, and the SHA-256 of the bytes on disk.

    Raises
    ------
    KnowledgeError
        If the file is absent, a folder, empty, truncated or not UTF-8.
    """
    path = Path(path)
    raw = _read_bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    n_byte = len(raw)
    if raw[:2] == b"\x1f\x8b":
        raw = _decompress(raw, path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise KnowledgeError(
            "is not UTF-8 text",
            where=f"{path}, line {line}",
            remedy="save it as UTF-8 (for example with iconv -f latin1 -t utf-8)",
        ) from error
    if "\0" in text:
        raise KnowledgeError(
            "holds zero bytes: it is not a text file",
            where=f"{path}, line {text.count(chr(10), 0, text.index(chr(0))) + 1}",
            remedy="export it as plain text (CSV, TSV, GFF3, OBO, ...)",
        )
    if not text.strip():
        raise KnowledgeError("is empty", where=path, remedy="write the file again")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return SourceText(path, text, digest, n_byte)


def _delimiter(header: str) -> str:
    if "\t" in header:
        return "\t"
    return ";" if ";" in header and "," not in header else ","


def _find_columns(
    header: Sequence[str],
    names: Mapping[str, tuple[str, ...]],
) -> dict[str, int]:
    """Return the position of each column found, by its first matching synonym."""
    folded = [name.strip().lstrip("#").strip().lower() for name in header]
    found: dict[str, int] = {}
    for column, synonyms in names.items():
        for synonym in synonyms:
            if synonym in folded and folded.index(synonym) not in found.values():
                found[column] = folded.index(synonym)
                break
    return found


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
        For every column its accepted headings in lower case, the preferred first.
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
    lines = source.text.split("\n")
    delimiter = _delimiter(lines[0])
    if delimiter == "\t":
        # A quote in a TSV is a character (5' end, "putative"), not a mark.
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter)
    try:
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise KnowledgeError(
            f"is no valid delimited table ({error})",
            where=source.path,
            remedy="write it as plain CSV or TSV",
        ) from error
    place = _find_columns(rows[0], names)
    missing = [name for name in required if name not in place]
    if missing:
        wanted = "; ".join(f"{name}: {' or '.join(names[name])}" for name in missing)
        raise KnowledgeError(
            f"the header has no column for {', '.join(missing)}"
            f" (it has: {', '.join(rows[0])})",
            where=source.at(1),
            remedy=f"add a header line with these names ({wanted})",
        )
    return _take_columns(source, rows, place)


def _take_columns(
    source: SourceText,
    rows: list[list[str]],
    place: dict[str, int],
) -> Table:
    width = len(rows[0])
    line = []
    column: dict[str, list[str]] = {name: [] for name in place}
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != width:
            raise KnowledgeError(
                f"has {len(row)} fields, the header has {width}",
                where=source.at(number),
                remedy="give every row as many fields as the header",
            )
        line.append(number)
        for name, position in place.items():
            column[name].append(row[position])
    if not line:
        raise KnowledgeError(
            "has a header but no rows", where=source.path, remedy="add the rows"
        )
    return Table(source, column, line)
