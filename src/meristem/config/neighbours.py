"""What a network of genes is asked: `[neighbours]` of `meristem represent`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meristem.config.strict import Strict

GeneMethod = Literal["weighted", "ridge", "convolution", "attention", "sage"]


class NeighboursConfig(Strict):
    """What a network tells of genes and traits of lines held out.

    Beside every network stand none and a shuffle of it, degree by degree.
    """

    networks: tuple[Literal["given", "learned", "sets"], ...] = Field(
        default=("learned",),
        min_length=1,
        description="that of [network]; co-expression learned in training rows; or "
        "genes of the same sets of [knowledge] (an ontology, pathways)",
    )
    methods: tuple[GeneMethod, ...] = Field(
        default=("weighted", "ridge"),
        min_length=1,
        description="ridge on all genes, neighbours weighted; on the neighbours alone; "
        "or two layers of a graph network",
    )
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    traits: bool = Field(
        default=False,
        description="tell every trait from the tables too (burdens, expression)",
    )
    smooth: str = Field(
        default="",
        description="an omics table (predicted expression, say), written smoothed "
        "along the [network]",
    )
    share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="of the neighbours in smoothed values; not set: what agrees best "
        "with measured values of half of the rows",
    )
