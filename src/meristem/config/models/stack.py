"""Options of every kind in one type, and of averages of models."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from meristem.config.models.base import ModelOptions
from meristem.config.models.linear import (
    CombiningOptions,
    DominanceOptions,
    ElasticNetOptions,
    GBLUPOptions,
    KernelAverageOptions,
    KernelOptions,
    PriorOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.config.models.networks import CNNOptions, DenseOptions
from meristem.config.models.plans import (
    AutoOptions,
    BINNOptions,
    CoreOptions,
    FeatureBLUPOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
)
from meristem.config.models.reactions import ReactionOptions
from meristem.config.models.trees import BoostingOptions, ForestOptions
from meristem.config.models.trials import (
    BayesOptions,
    KernelsOptions,
    MultiTraitOptions,
    TrialOptions,
)

SingleModelOptions = Annotated[
    GBLUPOptions
    | DominanceOptions
    | CombiningOptions
    | RidgeOptions
    | ElasticNetOptions
    | ForestOptions
    | BoostingOptions
    | KernelOptions
    | BayesOptions
    | TrialOptions
    | ReactionOptions
    | MultiTraitOptions
    | KernelsOptions
    | KernelAverageOptions
    | DenseOptions
    | CNNOptions
    | BINNOptions
    | CoreOptions
    | AutoOptions
    | MediatedOptions
    | FeatureBLUPOptions
    | WeightedGBLUPOptions
    | PriorOptions
    | MeasuredOmicsOptions,
    Field(discriminator="kind"),
]


class StackOptions(ModelOptions):
    """Average of listed models, weighted by their predictions of rows left out.

    `models` lists labels of other models of the analysis, or options of models that
    are in the average alone. Weights are at least 0 and at most 1 in all: those that
    rows left out ask for, drawn towards equal ones.
    """

    kind: Literal["stack"] = "stack"
    models: tuple[str | SingleModelOptions, ...] = Field(
        min_length=2,
        description="labels of other models of the analysis, or options of models as "
        "under [[models]]",
    )
    inner_folds: int = Field(
        default=5, ge=2, description="where a model is fitted without inner splits"
    )
    sd: float = Field(
        default=0.3, gt=0, description="how far weights may be from equal ones"
    )

    @property
    def members(self) -> tuple[ModelOptions, ...]:
        """The models that are averaged."""
        return tuple(model for model in self.models if not isinstance(model, str))

    def resolved(self, models: tuple[ModelOptions, ...]) -> Self:
        """Return the options with labels of other models replaced by their options."""
        known = {m.label: m for m in models if not isinstance(m, StackOptions)}
        for label in self.models:
            if isinstance(label, str) and label not in known:
                names = ", ".join(known)
                raise ValueError(f"{label!r} is no model to average: use {names}")
            if self.models.count(label) > 1:
                raise ValueError(f"{label!r} is averaged twice: name it once")
        found = tuple(known[m] if isinstance(m, str) else m for m in self.models)
        return self.model_copy(update={"models": found})


AnyModelOptions = Annotated[
    SingleModelOptions | StackOptions, Field(discriminator="kind")
]
