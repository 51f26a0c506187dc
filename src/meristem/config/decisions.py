"""What a plan asks beside lines and crosses: edits, training sets, cycles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict

Name = Annotated[str, Field(min_length=1)]
Strategy = Literal["truncation", "ocs", "ocs+usefulness", "two-part", "random"]
Cost = Annotated[float, Field(ge=0, lt=1e12)]


class EditConfig(Strict):
    """Candidate genes and edits, by the index of the plan: hypotheses."""

    lines: tuple[Name, ...] = Field(
        default=(), description="lines to edit; default: the best `elite`"
    )
    elite: int = Field(default=20, ge=1, le=10_000)
    top: int = Field(default=50, ge=1, le=10_000, description="edits that are valued")
    budget: float = Field(
        default=5, ge=1, le=10_000, description="edits of the set that is chosen"
    )
    genes: Path | None = Field(
        default=None, description="table or GFF; default: the genes of the run"
    )
    flank: int = Field(default=5000, ge=0, le=10_000_000, description="bp")
    known: Path | None = Field(
        default=None, description="table name,contig,start,end of known QTL"
    )
    weights: Path | None = Field(
        default=None, description="table variant,weight of prior knowledge"
    )
    scores: Path | None = Field(
        default=None,
        description="scores of variants, of a model of the sequence for example; "
        "default: those of the run",
    )
    fasta: Path | None = Field(
        default=None, description="reference genome: edits have guides"
    )
    most_mismatch: int = Field(default=3, ge=0, le=6, description="of off-target sites")
    kinetics: Path | None = Field(
        default=None, description="kinetic model: rates at off-target sites"
    )


class DesignConfig(Strict):
    """Which of the candidates without phenotype to phenotype next."""

    n: int | None = Field(default=None, ge=1, le=1_000_000)
    budget: float | None = Field(default=None, ge=0, le=1e12)
    costs: Path | None = Field(default=None, description="table of line and cost")
    criterion: Literal["cd", "pev"] = "cd"
    h2: float | None = Field(
        default=None, gt=0, lt=1, description="of a phenotype; default: the model's"
    )
    environments: int = Field(default=1, ge=1, le=1000, description="sparse testing")
    interaction: float = Field(
        default=0.5, ge=0, lt=1, description="share of the genetic variance"
    )
    node: str = Field(default="", description="node of the network to learn best")
    seconds: float = Field(default=15.0, ge=0, le=86_400, description="of exchanges")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.n is None and self.budget is None:
            raise ValueError("give `n` or `budget`")
        if self.environments > 1 and self.costs is not None:
            raise ValueError("give `costs` of lines or `environments`, not both")
        return self


class CyclesConfig(Strict):
    """A programme simulated from the candidates, on the map of `[crosses]`."""

    strategies: tuple[Strategy, ...] = Field(
        default=("truncation", "ocs", "ocs+usefulness"), min_length=1
    )
    cycles: int = Field(default=5, ge=1, le=200)
    crosses: int = Field(default=10, ge=1, le=10_000)
    lines: int = Field(default=20, ge=1, le=10_000, description="of each cross")
    plots: int = Field(default=1, ge=1, le=1000, description="of each line")
    cost: tuple[Cost, Cost, Cost, Cost] = Field(
        default=(50.0, 30.0, 20.0, 5.0),
        description="of a cross, a line, a plot, a genotyped seed",
    )
    founders: int = Field(default=100, ge=2, le=100_000, description="best candidates")
    parents: int = Field(default=20, ge=2, le=100_000, description="of truncation")
    ne: float | None = Field(
        default=None, gt=0.5, description="default: that of truncation"
    )
    h2: float = Field(default=0.5, gt=0, lt=1, description="of one plot")
    replicates: int = Field(default=20, ge=2, le=10_000)
    truth: Literal["model", "random"] = "model"
    qtl: int = Field(default=100, ge=1, le=1_000_000, description="of truth random")
    rapid: int = Field(default=2, ge=1, le=20, description="rounds of two-part")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if len(set(self.strategies)) < len(self.strategies):
            raise ValueError("a strategy is named twice")
        if self.ne is None and self.strategies[0] not in ("truncation", "random"):
            raise ValueError("give `ne`, or name truncation first, whose Ne is kept")
        return self
