"""Predictions of test rows, one row per model, fold, target and line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, StrArray

TEXT = ("sample_id", "trait", "environment", "split", "model")
WHOLE = ("replicate", "fold")


@dataclass(frozen=True)
class PredictionTable:
    """Columns of `predictions.csv`; rows without an observed value are left out."""

    sample_id: StrArray  # (n_row,)
    trait: StrArray  # (n_row,)
    environment: StrArray  # (n_row,) "" when there is only one
    split: StrArray  # (n_row,) the scheme
    replicate: IntArray  # (n_row,)
    fold: IntArray  # (n_row,)
    model: StrArray  # (n_row,)
    observed: FloatArray  # (n_row,)
    predicted: FloatArray  # (n_row,)
    spread: FloatArray  # (n_row,) NaN if the model gives none

    def __post_init__(self) -> None:
        for column in fields(self):
            if getattr(self, column.name).shape != (self.sample_id.size,):
                raise DataError(f"{column.name} does not have one entry per row")

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return int(self.sample_id.size)

    def take(self, index: np.ndarray) -> PredictionTable:
        """Return the rows at `index` (integers or a mask), in that order."""
        return PredictionTable(
            **{item.name: getattr(self, item.name)[index] for item in fields(self)}
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with the columns of `predictions.csv`."""
        return pd.DataFrame(
            {item.name: getattr(self, item.name) for item in fields(self)}
        )[
            [
                "sample_id",
                "trait",
                "environment",
                "split",
                "replicate",
                "fold",
                "model",
                "observed",
                "predicted",
                "spread",
            ]
        ]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Self:
        """Return the table of a data frame read from `predictions.csv`.

        Raises
        ------
        DataError
            If a column is missing.
        """
        missing = [item.name for item in fields(cls) if item.name not in frame]
        if missing:
            raise DataError(
                f"the table of predictions lacks {', '.join(missing)}",
                remedy="give predictions.csv as a run wrote it",
            )
        columns: dict[str, np.ndarray] = {}
        for item in fields(cls):
            column = frame[item.name]
            if item.name in TEXT:
                columns[item.name] = (
                    column.astype(object).where(column.notna(), "").to_numpy(str)
                )
            elif item.name in WHOLE:
                columns[item.name] = column.to_numpy(np.int64)
            else:
                columns[item.name] = column.to_numpy(np.float64)
        return cls(**columns)
