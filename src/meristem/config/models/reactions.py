"""Options of networks whose predictions react to covariates of environments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meristem.config.models.base import ModelOptions
from meristem.config.models.networks import CNNOptions, DenseOptions
from meristem.config.models.plans import BINNOptions


class ReactionOptions(ModelOptions):
    """A network of line factors times environment factors, beside a reaction norm.

    The network learns a mean and a slope per environment factor of every line; a
    factor is a principal component of the covariates of [environments]. Its share of
    the prediction is what rows left out support; the rest is `gxe` with
    `structure = "reaction_norm"`.
    """

    kind: Literal["reaction_network"] = "reaction_network"
    network: Annotated[
        DenseOptions | CNNOptions | BINNOptions, Field(discriminator="kind")
    ] = Field(
        default=DenseOptions(),
        description="dense, cnn or binn; of binn every factor has named nodes",
    )
    factors: int = Field(
        default=2,
        ge=1,
        le=20,
        description="environment factors, at most a third of the environments",
    )

    @property
    def reads_covariates(self) -> bool:
        """Always."""
        return True

    @property
    def members(self) -> tuple[ModelOptions, ...]:
        """The model and its network, whose graph and library it needs."""
        return self, self.network
