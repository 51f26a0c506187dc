"""Small tables with known factors."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray, OmicsTable


def low_rank(
    n: int = 60, p: int = 45, k: int = 3, noise: float = 0.3, seed: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Return values and their factors."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    loading = rng.normal(size=(k, p)) * np.linspace(1.5, 0.7, k)[:, None]
    return z @ loading + noise * rng.normal(size=(n, p)), z


def table_of(value: FloatArray, name: str = "rna") -> OmicsTable:
    """Return values as a table."""
    row = np.array([f"l{i}" for i in range(value.shape[0])])
    column = np.array([f"g{j}" for j in range(value.shape[1])])
    return OmicsTable(name, row, column, column, value)
