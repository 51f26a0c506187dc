"""Options of what is known of variants, as odds that they have an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.models.base import Count, ModelOptions

_READ_WITH = {
    "set_variants": "sets",
    **dict.fromkeys(("scores", "column", "score_kind", "quantiles"), "scores"),
}
"""Options of one annotation alone."""


class AnnotatedOptions(ModelOptions):
    """Classes of variants, each with a share of its own that has an effect."""

    annotation: Literal["none", "genes", "sets", "scores"] = Field(
        default="none",
        description="classes of variants whose share with an effect is learned apart "
        "(priors b, c, r): those that [knowledge] gives to a gene and the others; by "
        "gene set; by size of their score",
    )
    set_variants: Count = Field(
        default=20,
        description="sets: variants that a class has at least; a variant of several "
        "sets is of the smallest one with a class",
    )
    scores: Path | None = Field(
        default=None,
        description="scores: table variant,score; default: that of [priors]",
    )
    column: str = Field(default="score", description="the column of scores")
    score_kind: str = Field(
        default="", description="rows of this `kind` alone; empty: all"
    )
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.5, 0.9),
        min_length=1,
        max_length=20,
        description="scores: limits of the classes, among sizes of scores other than "
        "0; variants without one are a class",
    )
    permuted: bool = Field(
        default=False,
        description="control: classes permuted among variants of like allele frequency",
    )

    @property
    def files(self) -> tuple[Path, ...]:
        """The scores, where the model has a table of its own."""
        return () if self.scores is None else (self.scores,)

    @model_validator(mode="after")
    def _annotated(self) -> Self:
        fields = type(self).model_fields
        for name, where in _READ_WITH.items():
            if self.annotation != where and getattr(self, name) != fields[name].default:
                raise ValueError(f'{name}: is read with annotation = "{where}" alone')
        if self.permuted and self.annotation == "none":
            raise ValueError("permuted: there is no annotation to permute")
        return self
