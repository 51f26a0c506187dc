"""How networks are trained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meristem.config.strict import Strict
from meristem.sequence.training.losses import LossName

Share = Annotated[float, Field(ge=0, lt=1)]


class TrainOptions(Strict):
    """Training of an ensemble.

    ``members``: networks of other seeds, each stopped by another share of the groups
    (``held_out``); ``shift``: bp by which sequences are moved at random; ``flip``:
    share of the sequences shown as their reverse complement; ``strands``: whether
    predictions are averaged over ``both`` strands or made of the ``given`` one;
    ``swap``: share of bases replaced at random; ``bins``: of the loss ``bins``;
    ``patience``: epochs without a better loss on the share kept aside.
    """

    loss: LossName = "regression"
    bins: int = Field(default=18, ge=3, le=200)
    members: int = Field(default=3, ge=1, le=100)
    epochs: int = Field(default=40, ge=1, le=10_000)
    patience: int = Field(default=10, ge=1, le=10_000)
    learning_rate: float = Field(default=2e-3, gt=0, le=1)
    weight_decay: float = Field(default=1e-2, ge=0, le=10)
    batch: int = Field(default=128, ge=2, le=65_536)
    held_out: float = Field(default=0.1, gt=0, le=0.5)
    shift: int = Field(default=2, ge=0, le=100)
    flip: float = Field(default=0.5, ge=0, le=1)
    swap: Share = 0.0
    strands: str = Field(default="both", pattern="^(both|given)$")
