"""Tables of predictions, row by row."""

from __future__ import annotations

import pandas as pd

from meristem.evaluate.table import PredictionTable

COLUMNS = (
    "sample_id,trait,environment,split,replicate,fold,model,observed,predicted,spread"
)


def prediction_table(rows: list[tuple]) -> PredictionTable:
    """Return rows of the columns of `predictions.csv` as a table."""
    frame = pd.DataFrame(rows, columns=COLUMNS.split(","))
    return PredictionTable.from_frame(frame)
