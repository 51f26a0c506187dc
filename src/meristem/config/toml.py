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
        lines = text.split("\n")
        line = lines[int(named[1]) - 1] if named else lines[-1]
        raise error(
            f"is not valid TOML: {fault}",
            where=where,
            remedy=PATHS if "\\" in line else "mend the line named",
        ) from fault
    except RecursionError as fault:
        raise error(
            "is not valid TOML: brackets are nested too deep",
            where=where,
            remedy="close every [ and {",
        ) from fault
