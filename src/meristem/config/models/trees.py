"""Options of models of trees."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meristem.config.models.base import Count, ModelOptions, Rate


class ForestOptions(ModelOptions):
    """Random forest."""

    kind: Literal["random_forest"] = "random_forest"
    trees: int = Field(default=300, ge=1, le=100_000)
    max_features: float = Field(default=0.1, gt=0, le=1)
    min_leaf: Count = 3


class BoostingOptions(ModelOptions):
    """Histogram gradient boosting."""

    kind: Literal["boosting"] = "boosting"
    rounds: int = Field(default=300, ge=1, le=100_000)
    learning_rate: Rate = 0.05
    leaves: int = Field(default=15, ge=2, le=100_000)
    max_features: float = Field(default=0.2, gt=0, le=1)
