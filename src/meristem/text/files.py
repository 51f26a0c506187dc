"""Open text whatever its dress, write files whole or not at all, hash inputs."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from meristem.errors import DataError

MOST_LINES = 10_000_000
"""Text files of more lines are refused: no table that is read whole has as many."""

_LONGEST_LINE = 1 << 28  # bytes
_CHUNK = 1 << 24  # bytes


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
        raise DataError("does not exist", where=path, remedy="check the path")
    if not os.access(path, os.R_OK):
        raise DataError("may not be read", where=path, remedy="change its permissions")
    if path.stat().st_size == 0:
        raise DataError("is empty", where=path, remedy="write the file again")
    return path


def read_text(path: str | Path) -> str:
    """Return the text of a plain or gzipped file: UTF-8, any newline, no BOM.

    Raises
    ------
    DataError
        If the file is absent, empty, truncated, or not UTF-8.
    """
    path = require_file(path)
    raw = _read_bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            "is not UTF-8 text",
            where=f"{path}, line {line}",
            remedy="save it as UTF-8 (for example with iconv -f latin1 -t utf-8)",
        ) from error
    if not text.strip():
        raise DataError("is empty", where=path, remedy="write the file again")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            "holds a zero byte",
            where=f"{path}, line {line}",
            remedy="save the file as plain UTF-8 text",
        )
    return compose(text.replace("\r\n", "\n").replace("\r", "\n"))


def _read_bytes(path: Path) -> bytes:
    """Return the unpacked bytes; give up early on what cannot be a table."""
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    chunks: list[bytes] = []
    n_line = since_end = 0
    try:
        with gzip.open(path) if packed else path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                chunks.append(chunk)
                n_line += chunk.count(b"\n")
                last = chunk.rfind(b"\n")
                since_end = since_end + len(chunk) if last < 0 else len(chunk) - last
                if n_line > MOST_LINES or since_end > _LONGEST_LINE:
                    raise _too_large(path, n_line)
                if b"\0" in chunk:
                    break  # no text; what stands before says where
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "the gzip stream is truncated or damaged",
            where=path,
            remedy="copy or download the file again",
        ) from error
    return b"".join(chunks)


def _too_large(path: Path, n_line: int) -> DataError:
    what = f"has more than {MOST_LINES:,} lines"
    if n_line <= MOST_LINES:
        what = f"has a line of more than {_LONGEST_LINE >> 20} MiB"
    return DataError(
        what,
        where=path,
        remedy="check what wrote it; thin large genotypes, or give them as VCF or "
        "PLINK .bed",
    )


def open_text(path: str | Path) -> TextIO:
    """Return the text of `read_text` as a file object."""
    return io.StringIO(read_text(path))


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename to `path` only on success.

    Works for files and for folders (a folder already at `path` is replaced).
    An operating-system error (disk full, no permission) becomes a DataError that
    names `path`; nothing half-written stays.
    """
    path = Path(path)
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
