"""What the options of all models share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field

from meristem.config.strict import Strict

Width = Annotated[int, Field(ge=1, le=10_000)]
"""Units of a layer: two layers of the widest still fit in memory."""


Widths = Annotated[tuple[Width, ...], Field(max_length=20)]
Rate = Annotated[float, Field(gt=0, le=10)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Label = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name that stands in tables, figures and names of files."""


class ModelOptions(Strict):
    """What all models share."""

    name: Label = Field(default="", description="Label in tables; default: the kind")

    @property
    def label(self) -> str:
        """Name in tables and figures."""
        return self.name or str(getattr(self, "kind", ""))

    @property
    def loads_torch(self) -> bool:
        """Whether a fit loads the library of networks."""
        return False

    @property
    def joins_traits(self) -> bool:
        """Whether a fit models the traits of a line together."""
        return False

    @property
    def reads_covariates(self) -> bool:
        """Whether a fit reads covariates of the environments."""
        return False

    @property
    def reads_errors(self) -> bool:
        """Whether a fit reads the covariance of errors, not its diagonal alone."""
        return False

    @property
    def members(self) -> tuple[ModelOptions, ...]:
        """The models that are fitted: this one, unless it averages others."""
        return (self,)

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that a fit reads beside the data."""
        return ()

    def resolved(self, models: tuple[ModelOptions, ...]) -> Self:
        """Return the options with labels of other models replaced by their options."""
        del models
        return self

    def changed(self, **update: Any) -> Self:
        """Return a copy with those of the fields changed that this kind has."""
        known = {k: v for k, v in update.items() if k in type(self).model_fields}
        return self.model_copy(update=known)
