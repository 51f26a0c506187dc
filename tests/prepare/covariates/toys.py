"""Makers of covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from meristem.records import Covariates


def covariates(
    columns: Mapping[str, Sequence], random: str = "", n_axis: int = 0
) -> Covariates:
    """Return columns of numbers and of words."""
    role, number, label = [], [], []
    for name, cells in columns.items():
        words = all(isinstance(cell, str) for cell in cells)
        role.append("random" if name == random else "class" if words else "number")
        number.append(np.full(len(cells), np.nan) if words else np.array(cells, float))
        label.append(np.array(cells) if words else np.full(len(cells), ""))
    return Covariates(
        np.array(list(columns)),
        np.array(role),
        np.column_stack(number),
        np.column_stack(label),
        n_axis,
    )
