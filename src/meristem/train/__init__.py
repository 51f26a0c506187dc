"""Fitting networks: gradient descent, and Gauss-Newton with learned variances."""

from meristem.train.batches import Batches, DosageBatches, WholeBatch
from meristem.train.descent import (
    FitSettings,
    History,
    Losses,
    Objective,
    fit_network,
)

__all__ = [
    "Batches",
    "DosageBatches",
    "FitSettings",
    "History",
    "Losses",
    "Objective",
    "WholeBatch",
    "fit_network",
]
