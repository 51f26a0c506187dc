"""Options of models of several traits at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meristem.config.options import ModelOptions


class MultiTraitOptions(ModelOptions):
    """GBLUP of all targets together: covariances among traits by REML.

    A trait that lines are measured for helps to predict those they are not measured
    for; where no trait of a line is known there is hardly a gain over `gblup`.
    """

    kind: Literal["multi_trait"] = "multi_trait"
    residual: Literal["unstructured", "diagonal"] = Field(
        default="unstructured",
        description="what markers do not carry: correlated among traits, or not",
    )
