"""Options of what is known of variants, for the nodes of genes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from meristem.config.strict import Strict


class KnownScoreOptions(Strict):
    """Scores of variants that say which of those of a gene its node should read."""

    scores: Path = Field(
        description="table variant,score, such as that of `meristem sequence effects`"
    )
    column: str = Field(default="score", description="the column of scores")
    score_kind: str = Field(
        default="", description="rows of this `kind` alone; empty: all"
    )
    strengths: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0.0, 0.5, 0.9),
        min_length=1,
        description="share of the variance of a gene's variants that follows their "
        "scores, by inner splits; 0 (no scores) is always among them",
    )
    caution: float = Field(
        default=2.5,
        ge=0,
        description="standard errors by which genes of inner test rows must be "
        "predicted better for the scores to be used at all",
    )
    permuted: bool = Field(
        default=False,
        description="control: scores permuted among variants of like allele frequency",
    )
