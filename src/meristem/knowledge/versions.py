"""What knowledge files say of their own version."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

_STATED = re.compile(
    r"^(?:data-version:\s*|[#!]+\s*(?:genome-build(?:-accession)?|genome-version|"
    r"annotation-source|annotation-date|processor|date-generated|data-version|"
    r"gff-version)[:\s]\s*)(?P<value>\S.*)$"
)
_HEAD = 1 << 16
"""Bytes within which a file states its version."""


def stated_version(path: Path) -> str:
    r"""Return what the head of an ontology, annotation or gene file says of itself.

    Parameters
    ----------
    path
        OBO (`data-version`), GFF3 (`#!genome-build`, `#!annotation-source`, ...) or GAF
        (`!date-generated`), plain or gzipped; any other file says nothing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "go.obo"
    ...     _ = path.write_text("data-version: releases/2026-01\n")
    ...     stated_version(path)
    'releases/2026-01'
    """
    if not path.is_file() or not {".obo", ".gff", ".gff3", ".gtf", ".gaf"} & set(
        path.suffixes
    ):
        return ""
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as handle:
            head = handle.read(_HEAD).decode("utf-8", errors="replace")
    except (OSError, EOFError, zlib.error):
        return ""  # its reader says what is wrong with it
    found = (_STATED.match(line.strip()) for line in head.splitlines())
    return "; ".join(match["value"].strip() for match in found if match)
