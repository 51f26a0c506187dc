"""Options of networks without a graph."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meristem.config.models.base import Count, ModelOptions, Rate, Width, Widths


class NetworkOptions(ModelOptions):
    """Training options shared by all neural networks."""

    learning_rate: Rate = 3e-3
    weight_decay: float = Field(default=1e-4, ge=0)
    epochs: Count = 1000
    patience: Count = Field(default=100, description="epochs without gain")
    batch_size: int = Field(default=0, ge=0, description="0: all rows at once")
    seeds: int = Field(default=3, ge=1, le=1000, description="networks per inner fold")
    inner_folds: int = Field(default=5, ge=2, le=1000)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def loads_torch(self) -> bool:
        """Whether a fit loads the library of networks."""
        return True


class DenseOptions(NetworkOptions):
    """Fully connected network on dosages."""

    kind: Literal["dense"] = "dense"
    hidden: Widths = (64, 64, 64)
    dropout: float = Field(default=0.0, ge=0, lt=1)


class CNNOptions(NetworkOptions):
    """1-D convolutional network on one-hot genotypes."""

    kind: Literal["cnn"] = "cnn"
    channels: Width = 8
    kernel: Width = 9
    stride: Width = 4
    hidden: Width = 32
    dropout: float = Field(default=0.2, ge=0, lt=1)
