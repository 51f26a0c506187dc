"""What is asked of the fitted models: evaluation, explanation, prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from meristem.config.strict import Strict


class EvaluateConfig(Strict):
    """How the models are compared."""

    scheme: Literal[
        "kfold",
        "group",
        "cluster",
        "parents",
        "cv0",
        "cv1",
        "cv2",
        "cv00",
        "year",
        "forward",
        "file",
    ] = Field(
        default="kfold",
        description="what is left out: lines, groups, clusters, parents; cv0 a new "
        "environment, cv1 new lines, cv2 lines tested elsewhere, cv00 new lines in a "
        "new environment; year: all environments of a year; forward: those of a year, "
        "from earlier years alone (the year stands in the environment's name)",
    )
    folds: int = Field(default=5, ge=2)
    replicates: int = Field(default=1, ge=1, le=1000)
    group: str = Field(
        default="",
        description="grouping for scheme = group; beside a split file, what inner "
        "folds leave out: a grouping, or parents",
    )
    clusters: int = Field(default=5, ge=2, description="for scheme = cluster")
    splits: Path | None = Field(
        default=None, description="split file for scheme = file"
    )
    train_sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), description="learning curve: subsamples of the training rows"
    )
    marker_numbers: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="learning curve: random subsets of the variants, the larger "
        "holding the smaller",
    )
    top_share: float = Field(default=0.1, gt=0, lt=1, description="k of NDCG and top-k")
    reference: str = Field(default="gblup", description="label of the reference model")
    controls: bool = Field(default=False, description="run the controls of the BINN")
    inner_folds: int = Field(default=5, ge=2, le=1000)
    assisted_by: tuple[str, ...] = Field(
        default=(),
        description="traits that stay known of tested lines: models of several traits "
        "(kind multi_trait) use them, and only the other traits are scored",
    )
    copies: Literal["anywhere", "together"] = Field(
        default="anywhere",
        description="together: lines with identical genotypes stay in one fold, and "
        "no copy of a tested line trains",
    )

    @model_validator(mode="after")
    def _read(self) -> Self:
        """Refuse what the scheme does not read: the folds would be others."""
        if self.splits is not None and self.scheme != "file":
            raise ValueError('splits is read with scheme = "file" alone')
        if self.group and self.scheme not in ("group", "file"):
            raise ValueError('group is read with scheme = "group" or "file" alone')
        return self


class PriorConfig(Strict):
    """What is known of variants before the trait is looked at.

    Adds two models: GBLUP with weighted variants, and its control with the scores
    permuted among variants of like allele frequency. So it does beside every network
    of kind `core`: in the nodes of its genes, and in the cis windows of a learned
    graph.
    """

    scores: Path = Field(
        description="table variant,score, such as that of `meristem sequence effects`"
    )
    column: str = Field(default="score", description="the column of scores")
    kind: str = Field(default="", description="rows of this `kind` alone; empty: all")
    control: bool = Field(default=True, description="fit the permuted control too")
    networks: bool = Field(
        default=True, description="beside every model of kind `core` one with scores"
    )


class ExplainConfig(Strict):
    """What is explained, on which model."""

    model: str = Field(default="", description="label; empty: the last network")
    permutations: int = Field(default=200, ge=0, le=1_000_000)
    null_fits: int = Field(
        default=10,
        ge=0,
        le=10_000,
        description="networks on permuted phenotypes; 0, or 3 and more",
    )
    folds: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="networks without a fold of lines, which test the nodes; 0 or 2+",
    )
    clamp_sd: float = Field(default=1.0, gt=0, description="sds a latent is moved by")

    @field_validator("null_fits")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < 3:
            raise ValueError("give 0, or 3 and more: fewer make no distribution")
        return value

    @field_validator("folds")
    @classmethod
    def _two(cls, value: int) -> int:
        if value == 1:
            raise ValueError("give 0, or 2 and more: one fold is no partition")
        return value

    top: int = Field(default=30, ge=1, description="rows shown in the report")


class PredictConfig(Strict):
    """Prediction of new lines."""

    genotypes: Path | None = Field(
        default=None, description="file of new lines, predicted at the end of a run"
    )
    phenotypes: Path | None = Field(
        default=None,
        description="values of the new lines, columns as in [phenotypes]: an external "
        "test set, scored in external_scores.csv",
    )
    hybrids: Path | None = Field(
        default=None,
        description="table sample,parent_1,parent_2: predict these crosses, of the "
        "inbred lines in `genotypes` or, without it, of those of the run",
    )
    min_overlap: float = Field(
        default=0.8, ge=0, le=1, description="share of training variants required"
    )
