"""A whole analysis, from files to report."""

from __future__ import annotations

from typing import Self, TypeVar

from pydantic import Field, field_validator, model_validator

from meristem.config.models import (
    AnyModelOptions,
    BayesOptions,
    CoreOptions,
    GBLUPOptions,
    KnownScoreOptions,
    ModelOptions,
    PriorOptions,
    StackOptions,
)
from meristem.config.run import RunConfig
from meristem.config.stages.data import (
    CovariateConfig,
    EnvironmentConfig,
    GenotypeConfig,
    GroupConfig,
    IdRule,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.config.stages.knowledge import KnowledgeConfig
from meristem.config.stages.questions import (
    EvaluateConfig,
    ExplainConfig,
    PredictConfig,
    PriorConfig,
)
from meristem.config.strict import Strict
from meristem.config.tune import TuneOptions

Model = TypeVar("Model", bound=ModelOptions)


class AnalysisConfig(Strict):
    """A whole analysis, from files to report."""

    run: RunConfig = RunConfig()
    genotypes: GenotypeConfig
    phenotypes: PhenotypeConfig
    omics: tuple[OmicsConfig, ...] = ()
    groups: GroupConfig | None = None
    environments: EnvironmentConfig | None = None
    covariates: CovariateConfig | None = None
    knowledge: KnowledgeConfig | None = None
    models: tuple[AnyModelOptions, ...] = Field(default=(GBLUPOptions(),), min_length=1)
    evaluate: EvaluateConfig = EvaluateConfig()
    priors: PriorConfig | None = None
    tune: TuneOptions | None = None
    explain: ExplainConfig = ExplainConfig()
    predict: PredictConfig = PredictConfig()
    fold_ids: tuple[IdRule, ...] = Field(
        default=(),
        description="rules by which ids of the tables are matched to those of the "
        "genotypes, applied together; `true` stands for trim, separators, case",
    )

    @field_validator("fold_ids", mode="before")
    @classmethod
    def _usual(cls, value: object) -> object:
        if isinstance(value, bool):
            return ("trim", "separators", "case") if value else ()
        return value

    @model_validator(mode="after")
    def _with_scored_classes(self) -> Self:
        """Give the scores of `priors` to the models that ask for some."""
        if self.priors is not None:
            models = tuple(_scored(model, self.priors) for model in self.models)
            object.__setattr__(self, "models", models)
        return self

    @model_validator(mode="after")
    def _with_priors(self) -> Self:
        """Add the models of `priors`, unless there are models of scores already."""
        priors = self.priors
        if priors is None or any(isinstance(m, PriorOptions) for m in self.models):
            return self
        ways = [(False, "priors")]
        ways += [(True, "permuted priors")] if priors.control else []
        added: list[AnyModelOptions] = [
            PriorOptions(
                name=name,
                scores=priors.scores,
                column=priors.column,
                score_kind=priors.kind,
                permuted=permuted,
            )
            for permuted, name in ways
        ]
        added += [
            _with_scores(model, priors, name, permuted=permuted)
            for model in self.models
            if priors.networks and isinstance(model, CoreOptions)
            for permuted, name in ways
        ]
        object.__setattr__(self, "models", (*self.models, *added))
        return self

    @field_validator("omics")
    @classmethod
    def _no_samples(cls, omics: tuple[OmicsConfig, ...]) -> tuple[OmicsConfig, ...]:
        if any(one.samples_from != "normal" for one in omics):
            raise ValueError(
                "samples_from: an analysis draws no samples; `meristem represent` "
                "does, from a file of its own"
            )
        return omics

    @field_validator("models")
    @classmethod
    def _resolve(
        cls, models: tuple[AnyModelOptions, ...]
    ) -> tuple[AnyModelOptions, ...]:
        return tuple(options.resolved(models) for options in models)


def _scored(model: Model, priors: PriorConfig) -> Model:
    """Return a model whose classes of variants follow the scores of the analysis."""
    if isinstance(model, StackOptions):
        own = tuple(
            m if isinstance(m, str) else _scored(m, priors) for m in model.models
        )
        return model.model_copy(update={"models": own})
    asks = isinstance(model, BayesOptions) and model.annotation == "scores"
    if not asks or model.files:
        return model
    known = {"column": priors.column, "score_kind": priors.kind}
    return model.model_copy(update={"scores": priors.scores, **known})


def _with_scores(
    model: CoreOptions, priors: PriorConfig, name: str, *, permuted: bool
) -> CoreOptions:
    """Return a network whose genes follow scores of variants."""
    known = KnownScoreOptions(
        scores=priors.scores,
        column=priors.column,
        score_kind=priors.kind,
        permuted=permuted,
    )
    learned = model.graph in ("learned", "both") and model.learn.variants != "table"
    learn = model.learn.model_copy(update={"priors": known}) if learned else model.learn
    return model.model_copy(
        update={
            "name": f"{model.name or model.kind} with {name}",
            "priors": known,
            "learn": learn,
        }
    )
