"""Tables that are written line by line and kept only when they are complete."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from meristem.text.files import replacing


@contextmanager
def open_table(path: Path) -> Iterator[IO[str]]:
    """Give a text stream, gzipped where the name ends in `.gz`, kept on success.

    Raises
    ------
    DataError
        If the file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with open_table(Path(folder) / "t.tsv") as stream:
    ...         _ = stream.write("a")
    ...     (Path(folder) / "t.tsv").read_text()
    'a'
    """
    with replacing(path) as temporary:
        if path.name.endswith(".gz"):
            with gzip.open(temporary, "wt", 6, encoding="utf-8") as stream:
                yield stream
        else:
            with temporary.open("w", encoding="utf-8") as stream:
                yield stream
