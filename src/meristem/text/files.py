"""Open text whatever its dress, write files whole or not at all, hash inputs."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from meristem.errors import DataError

MOST_BYTES = 4 << 30
"""Text of one file that is held in memory."""
MOST_GROWTH = 300
"""By how much a packed table may grow; more is no table but a mistake or a trap."""
MOST_LINES = 10_000_000
"""Text files of more lines are refused: no table that is read whole has as many."""
_FREE_BYTES = 128 << 20  # below this, growth does not matter
_BLOCK = 4 << 20


def compose(text: str) -> str:
    """Return text with composed characters (NFC), so that equal names are equal.

    Examples
    --------
    >>> compose("Mu\u0308ller") == "M\u00fcller"
    True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def require_file(path: str | Path) -> Path:
    """Return `path` if it is a readable, non-empty file; raise DataError otherwise."""
    path = Path(path)
    if path.is_dir():
        raise DataError("is a folder, not a file", where=path, remedy="name the file")
    if not path.exists():
        slash = ": folders are separated by /" if "\\" in str(path) else ""
        raise DataError("does not exist", where=path, remedy=f"check the path{slash}")
    if not path.is_file():
        raise DataError(
            "is a pipe or a device, not a file",
            where=path,
            remedy="write what it gives into a file, and name that",
        )
    if not os.access(path, os.R_OK):
        raise DataError("may not be read", where=path, remedy="change its permissions")
    if path.stat().st_size == 0:
        raise DataError("is empty", where=path, remedy="write the file again")
    return path


@contextmanager
def unpacked(path: str | Path) -> Iterator[IO[bytes]]:
    """Give the bytes of a plain or gzipped file as a stream.

    Gzip is recognised by its first bytes, not by the name.

    Raises
    ------
    DataError
        If the file is absent or empty, or its gzip stream is damaged; the last also
        from inside the `with` block.
    """
    path = require_file(path)
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "the gzip stream is truncated or damaged",
            where=path,
            remedy="copy or download the file again",
        ) from error


def _read_bytes(path: Path, most_line: int) -> bytes:
    """Return the unpacked bytes; refuse what is no text while it is read."""
    most = min(MOST_BYTES, max(_FREE_BYTES, MOST_GROWTH * path.stat().st_size))
    blocks: list[bytes] = []
    size = n_line = 0
    with unpacked(path) as stream:
        while block := stream.read(_BLOCK):
            if not blocks and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise _no_utf8(path, 1, "utf-16")
            if b"\0" in block:
                n_line += block.count(b"\n", 0, block.index(b"\0"))
                raise DataError(
                    "holds a zero byte: it is not a text file",
                    where=f"{path}, line {n_line + 1}",
                    remedy="save the file as plain UTF-8 text (CSV, TSV, ...)",
                )
            size += len(block)
            n_line += block.count(b"\n")
            if size > most:
                raise DataError(
                    f"unpacks to more than {most / 2**20:,.0f} MiB of text",
                    where=path,
                    remedy="keep the rows and columns that are needed, or write "
                    "tables as Parquet",
                )
            if n_line > most_line:
                raise DataError(
                    f"has more than {most_line:,} lines",
                    where=path,
                    remedy="keep the rows that are needed, or write it as Parquet",
                )
            blocks.append(block)
    return b"".join(blocks)


def _no_utf8(path: Path, line: int, encoding: str = "latin1") -> DataError:
    return DataError(
        "is not UTF-8 text",
        where=f"{path}, line {line}",
        remedy=f"save it as UTF-8 (for example with iconv -f {encoding} -t utf-8)",
    )


def read_text(path: str | Path, most_line: int = MOST_LINES) -> str:
    """Return the text of a plain or gzipped file: UTF-8, any newline, no BOM.

    Raises
    ------
    DataError
        If the file is absent, empty, truncated, not UTF-8, holds zero bytes, has more
        than `most_line` lines, or is larger than `MOST_BYTES`, or `MOST_GROWTH` times
        its size on disk.
    """
    path = require_file(path)
    raw = _read_bytes(path, most_line)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_utf8(path, raw.count(b"\n", 0, error.start) + 1) from error
    if not text or text.isspace():
        raise DataError("is empty", where=path, remedy="write the file again")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return compose(text)


def count_lines(path: str | Path) -> int:
    """Return the number of lines of a plain or gzipped file, at least one.

    Raises
    ------
    DataError
        As `unpacked` does.
    """
    lines = 0
    with unpacked(path) as stream:
        while block := stream.read(1 << 20):
            lines += block.count(b"\n")
    return max(lines, 1)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename to `path` only on success.

    Works for files and for folders (a folder already at `path` is replaced).
    An operating-system error (disk full, no permission) becomes a DataError that
    names `path`; nothing half-written stays.

    Raises
    ------
    DataError
        If the system refuses, or `path` is the folder the command is called from.
    """
    path = Path(path)
    if Path.cwd().is_relative_to(os.path.realpath(path)):
        raise DataError(
            "is the folder that the command is called from, or holds it",
            where=path,
            remedy="name another folder",
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if temporary.is_dir() and path.is_dir():
            _remove(path)
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"cannot be written ({error.strerror})",
            where=path,
            remedy="free space, or choose a folder you may write to",
        ) from error
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.unlink()


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
