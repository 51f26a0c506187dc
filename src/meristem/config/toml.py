"""TOML text to plain values, with the faults of paths explained."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from meristem.errors import ConfigError, MeristemError

PATHS = (
    'in "..." a backslash begins an escape: write paths with / (C:/data/lines.vcf), '
    "or Windows paths in single quotes ('C:\\data\\lines.vcf')"
)
"""How to write paths in TOML, for the remedies."""

_LONGEST = 1000  # lines of one statement, so that a broken text is answered at once


def parse_toml(
    text: str, where: Path, error: type[MeristemError] = ConfigError
) -> dict[str, Any]:
    """Return the values of a TOML text.

    Parameters
    ----------
    text, where
        The text, and the file it stands in.
    error
        Kind of the error.

    Raises
    ------
    MeristemError
        Of the kind given, if the text is no TOML or nested too deep.

    Examples
    --------
    >>> parse_toml("a = 1", Path("a.toml"))
    {'a': 1}
    """
    try:
        return tomllib.loads(text)
    except ValueError as fault:  # a number of more than 4,300 digits is one too
        named = re.search(r"at line (\d+)", str(fault))
        line = int(named[1]) if named else unfinished_line(text)
        remedy = f"close or mend what begins in line {line}"
        if named:
            remedy = "mend the line named"
        if "\\" in text.split("\n")[line - 1]:
            remedy = PATHS
        raise error(
            f"is not valid TOML: {fault}",
            where=where if named else f"{where}, line {line}",
            remedy=remedy,
        ) from fault
    except RecursionError as fault:
        raise error(
            "is not valid TOML: brackets are nested too deep",
            where=f"{where}, line {unfinished_line(text)}",
            remedy="close every [ and {",
        ) from fault


def unfinished_line(text: str) -> int:
    r"""Return the line on which the first statement begins that never parses.

    Statements of TOML stand on lines of their own, so a text is one statement after
    the other until one does not end.

    Examples
    --------
    >>> unfinished_line("a = 1\nb = [1,\n2]\nc = [3,\n")
    4
    """
    lines = text.split("\n")
    begin = 0
    for end in range(1, len(lines) + 1):
        if end - begin > _LONGEST:
            break
        try:
            tomllib.loads("\n".join(lines[begin:end]))
        except (ValueError, RecursionError):
            continue
        begin = end
    return min(begin + 1, len(lines))
