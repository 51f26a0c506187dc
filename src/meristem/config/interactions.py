"""Configuration of `meristem interactions`: which proteins bind each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from meristem.config.stages import NetworkFileConfig, RunConfig
from meristem.config.strict import Strict

PairFeatures = Literal["composition", "kmers", "embeddings"]


class InteractionsConfig(Strict):
    """A table of pairs of proteins, their sequences, and how they are learned."""

    run: RunConfig = RunConfig(title="Protein interactions", out=Path("interactions"))
    network: NetworkFileConfig
    sequences: Path = Field(description="FASTA of the proteins")
    embeddings: Path | None = Field(
        default=None, description="table: protein, then numbers (of a language model)"
    )
    features: tuple[PairFeatures, ...] = Field(
        default=("composition", "kmers"),
        min_length=1,
        description="shares of amino acids; triads of seven classes of them; or the "
        "columns of `embeddings`",
    )
    levels: int = Field(
        default=3, ge=1, le=10, description="classes of equal size of the confidence"
    )
    split: Literal["proteins", "similarity", "pairs"] = Field(
        default="similarity",
        description="what is held out together: proteins, or groups of similar ones",
    )
    similarity: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="share of common triplets of amino acids, of the shorter protein, "
        "from which two are similar",
    )
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    negatives: float = Field(
        default=1.0, gt=0, le=20, description="pairs without record, for each recorded"
    )
    draw: Literal["degree", "uniform"] = Field(
        default="degree",
        description="how they are drawn: so that a protein has as many as it has "
        "partners, or all proteins alike",
    )
    predict: Path | None = Field(
        default=None, description="table of two columns: pairs to be told"
    )
    hidden: int = Field(default=32, ge=1, le=4096)
    epochs: int = Field(default=150, ge=1, le=100_000)
    seeds: int = Field(default=3, ge=1, le=100)

    @field_validator("split")
    @classmethod
    def _no_random_pairs(cls, value: str) -> str:
        if value == "pairs":
            raise ValueError(
                "random pairs share their proteins with the training pairs, so that a "
                'score of each protein looks like skill; use "proteins" or "similarity"'
            )
        return value

    @model_validator(mode="after")
    def _all_is_read(self) -> Self:
        if self.embeddings is not None and "embeddings" not in self.features:
            raise ValueError(
                'nothing reads embeddings: put "embeddings" into features, or leave '
                "the table out"
            )
        if self.split == "proteins" and "similarity" in self.model_fields_set:
            raise ValueError(
                'nothing reads similarity with split = "proteins"; leave it out, or '
                'set split = "similarity"'
            )
        return self
