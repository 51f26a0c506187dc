"""Refuse rows that no network can be fitted to, and say where they are few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.kinetics.network.features import count_parameters
from meristem.kinetics.network.kinn import Architecture, Measurements

LEAST_SEQUENCES = 50
"""Fewest different sequences to learn from: a tenth of them stops the training."""
LEAST_TEST = 10
"""Fewest different sequences to test on: intervals are drawn over them."""


def refuse_few(
    data: Measurements, *, where: str | Path, least: int = LEAST_SEQUENCES
) -> None:
    """Refuse rows with few different sequences, or whose rates do not vary.

    Raises
    ------
    DataError
        With the number found and the number needed.
    """
    n = len(np.unique(data.group))
    if n < least:
        raise DataError(
            f"holds {n} different sequences, and at least {least} are needed",
            where=where,
            remedy="give more rows; a correlation over so few says nothing",
        )
    measured = np.unique(data.y[~data.censored])
    if len(measured) < 2:
        raise DataError(
            f"holds {len(measured)} different rates above the detection limit, so "
            "that there is nothing to learn",
            where=where,
            remedy="check column 'log10_rate' and data.limit",
        )


def say_if_few(data: Measurements, architectures: Sequence[Architecture]) -> str:
    """Return a caution where a network has more parameters than sequences, or ''."""
    n, n_channel = len(np.unique(data.group)), data.x.shape[2]
    most = max(
        count_parameters(
            [w for w in a.windows if w is not None], n_channel, effective=True
        )
        for a in architectures
    )
    if most <= n:
        return ""
    return (
        f"Few rows: {n:,} different sequences for {most:,} parameters per network. "
        "What is not fixed by the data stays where training began; trust the test "
        "rows, and no single rate."
    )
