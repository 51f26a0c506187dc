"""Walk through the lines of a large text, and its cells without a Python loop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Give number (from 1) and content of every line that is not blank.

    Nothing but the current line is copied.

    Examples
    --------
    >>> list(numbered_lines("a\n\nb"))
    [(1, 'a'), (3, 'b')]
    """
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end]
        if line and not line.isspace():
            yield number, line
        start = end + 1


def fixed_cells(
    text: str,
    n_cell: int,
    width: int,  # characters
    delimiter: str,
) -> NDArray[np.uint8] | None:  # (n_cell, width)
    r"""Return the cells of a line as bytes if all have the same width.

    Parameters
    ----------
    text
        `n_cell` cells with `delimiter` between them.
    n_cell, width
        Expected number and width of the cells.
    delimiter
        One character.

    Returns
    -------
    numpy.ndarray or None
        None if the line is not of that shape, or not ASCII.

    Examples
    --------
    >>> fixed_cells("0,2,1", 3, 1, ",").tobytes()
    b'021'
    >>> fixed_cells("0,NA,1", 3, 1, ",") is None
    True
    """
    if len(text) != n_cell * (width + 1) - 1 or not text.isascii():
        return None
    cells = np.frombuffer((text + delimiter).encode(), np.uint8)
    grid = cells.reshape(n_cell, width + 1)
    if (grid[:, width] != ord(delimiter)).any():
        return None
    if (grid[:, :width] == ord(delimiter)).any():
        return None
    return grid[:, :width]
