"""What stands in the first lines of delimited text: titles, and what is none."""

from __future__ import annotations

import re
from pathlib import Path

from meristem.errors import DataError

_DELIMITERS = ("\t", ",", ";")


def delimiter_of(header: str) -> str:
    """Return the delimiter that the header line holds most of."""
    return max(_DELIMITERS, key=header.count)


def refuse_other_delimiter(header: str, path: Path) -> None:
    """Refuse a header without tab, comma and semicolon that others divide.

    Raises
    ------
    DataError
        If it has blanks, or vertical bars.
    """
    words = header.split()
    if any(mark in header for mark in _DELIMITERS):
        return
    other = "|" if "|" in header else "blanks" if len(words) > 1 else ""
    if other:
        raise DataError(
            f"its columns are divided by {other}",
            where=f"{path}, line 1",
            remedy="divide them by tabs, commas or semicolons",
        )


def trailing_delimiter(where: str) -> DataError:
    """Return the fault of rows that end with a delimiter where the header does not.

    Such a row has one field more than the header, as those have that R writes below
    a header without a title for the row names: their columns must not be taken for
    one another.
    """
    return DataError(
        "the rows end with a delimiter and the header does not",
        where=where,
        remedy="delete the delimiters at the ends of the rows; if the first column "
        "holds names of rows, give it a title in the header",
    )


def refuse_preamble(path: Path, first: str, second: str) -> None:
    """Refuse what stands above the header: a title, a comment, or Excel's `sep=;`.

    Raises
    ------
    DataError
        If the first line is none that could name the columns of the second.
    """

    def parted(line: str) -> bool:
        return any(mark in line for mark in _DELIMITERS)

    if re.fullmatch(r'"?sep=.?"?', first.strip(), re.IGNORECASE):
        raise DataError(
            f"begins with {first.strip()!r}, which spreadsheets alone understand",
            where=f"{path}, line 1",
            remedy="delete that line",
        )
    # an empty first title, or one word above two cells, stands over names of rows
    title, *more = re.split("[\t,;]", first.strip(" "))
    n_cell = sum(bool(cell.strip(' "')) for cell in re.split("[\t,;]", second))
    comment = title.startswith("#")
    alone = title.strip(' "') and not any(cell.strip(' "') for cell in more)
    if alone and (n_cell > 2 or n_cell == 2 and (comment or " " in title)):
        what = "a comment" if comment else "one cell alone"
        raise DataError(
            f"begins with {what} ({title.strip()[:60]}), not with the header",
            where=f"{path}, line 1",
            remedy="delete the lines above the header",
        )
