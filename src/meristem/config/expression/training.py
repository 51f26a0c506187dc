"""Configuration of models of expression: training, questions, prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.expression.heads import HeadOptions
from meristem.config.stages import (
    CovariateConfig,
    FilterConfig,
    GenotypeConfig,
    OmicsConfig,
    RunConfig,
)
from meristem.config.strict import Strict

ExpressionModel = Literal[
    "cis_top",
    "cis_elastic_net",
    "cis_ridge",
    "gblup",
    "hotspots",
    "cis_polygenic",
    "published",
    "cis_polygenic_published",
    "features",
    "cis_features_polygenic",
]


class PreprocessOptions(Strict):
    """What expression goes through, learned on the training lines of a fold."""

    scale: Literal["none", "log2", "inverse_normal"] = Field(
        default="none",
        description="none: values are logs already; log2(value + 1); normal scores of "
        "the ranks",
    )
    factors: int = Field(
        default=0,
        ge=0,
        le=100,
        description="hidden factors taken out of training lines (principal components, "
        "as PEER); they hold trans effects too: more of them helps cis models alone",
    )


class ExpressionTraining(Strict):
    """Which models of expression are compared, and on which questions."""

    positions: Path | None = Field(
        default=None,
        description="GFF3, GTF or table gene,contig,start,end,strand; default: "
        "genome.annotation",
    )
    window: int = Field(
        default=50_000, ge=1, le=100_000_000, description="bp around a start, cis"
    )
    models: tuple[ExpressionModel, ...] = Field(
        default=("cis_top", "cis_ridge", "gblup", "cis_polygenic"), min_length=1
    )
    heads: tuple[Annotated[HeadOptions, Field(discriminator="kind")], ...] = Field(
        default=(), description="heads on embedded haplotypes, after `embed`"
    )
    zero_shot: bool = Field(
        default=False,
        description="also judge the sequence model of `embed` without any training",
    )
    weights: tuple[Path, ...] = Field(
        default=(),
        description="published weights: tables gene,variant,weight or PrediXcan .db; "
        "files add up",
    )
    preprocess: PreprocessOptions = PreprocessOptions()
    folds: int = Field(default=5, ge=2, le=50)
    repeats: int = Field(default=1, ge=1, le=100)
    inner_folds: int = Field(default=4, ge=2, le=20)
    families: Path | None = Field(
        default=None,
        description="table line,family: families are also left out as a whole",
    )
    gene_families: Path | None = Field(
        default=None,
        description="table gene,family: genes of a family are held out together; "
        "default: genes of a chromosome are",
    )
    permutations: int = Field(
        default=1,
        ge=0,
        le=100,
        description="runs of the first repeat with expression dealt to other lines",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        asked = [name for name in self.models if "published" in name]
        if asked and not self.weights:
            raise ValueError(f"model {asked[0]!r} needs train.weights")
        names = [*self.models, *(head.kind for head in self.heads)]
        if len(set(names)) < len(names):
            raise ValueError("a model or head is named twice")
        return self


class ExpressionPrediction(Strict):
    """Which lines get predicted expression, by which model."""

    genotypes: Path | None = Field(
        default=None, description="default: genotyped lines without expression"
    )
    model: str = Field(
        default="", description="as scores.csv calls it; default: the best of the folds"
    )
    min_overlap: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="share of the training variants that `genotypes` must have",
    )
    min_r: float = Field(
        default=0.0,
        ge=-1,
        le=1,
        description="genes whose r on lines held out is not above are left out",
    )
    fill: bool = Field(
        default=False,
        description="also write a table in which measured lines keep their values, on "
        "the scale of the predicted ones and without effects of covariates",
    )


class ExpressionRun(Strict):
    """What models of expression read: genotypes and measured expression."""

    run: RunConfig = RunConfig()
    expression: OmicsConfig | None = Field(
        default=None, description="measured expression, lines by genes"
    )
    genotypes: GenotypeConfig | None = Field(
        default=None, description="markers of the lines; default: variants.path"
    )
    covariates: CovariateConfig | None = None
    train: ExpressionTraining = ExpressionTraining()
    predict: ExpressionPrediction = ExpressionPrediction()

    @model_validator(mode="after")
    def _all_is_read(self) -> Self:
        markers, table, adjusted = self.genotypes, self.expression, self.covariates
        unread = {
            "run.max_memory": self.run.max_memory is not None,
            "genotypes.filter: filter the file": markers is not None
            and markers.filter != FilterConfig(),
            "genotypes.hybrids: give the genotypes of the crosses": markers is not None
            and markers.hybrids is not None,
            "expression.represent: models predict every gene, leave it out": table
            is not None
            and table.represent != "none",
            "covariates.random: name the column among `classes`": adjusted is not None
            and bool(adjusted.random),
        }
        for name, is_set in unread.items():
            if is_set:
                raise ValueError(f"models of expression do not read {name}")
        return self
