"""How options of models, and shapes of representations, are searched."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict


class SearchBudget(Strict):
    """What proposes points of a search, and what it may spend."""

    minutes: float | None = Field(
        default=None,
        gt=0,
        description="CPU time of all searches of a run, shared equally among folds, "
        "final fits and models; what is found depends on the speed of the machine",
    )
    trials: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="points that each search tries, in whole generations of six after "
        "the options as set; instead of minutes",
    )
    method: Literal["evolution", "distribution", "random", "optuna"] = Field(
        default="evolution",
        description="what proposes; optuna (tree-structured Parzen) is an extra",
    )
    journal: Path | None = Field(
        default=None,
        description="optuna: folder of journals; runs that name the same one, on any "
        "machine that reaches it, work on the same searches",
    )

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if (self.minutes is None) == (self.trials is None):
            raise ValueError("give either minutes or trials")
        if self.journal is not None and self.method != "optuna":
            raise ValueError('a journal needs method = "optuna"')
        return self


class TuneOptions(SearchBudget):
    """Options of networks (and boosting), searched on inner splits of training rows.

    Every outer fold searches anew and never sees its test rows. The options as they
    stand are the first that are tried, and stay where nothing else is better.
    """

    models: tuple[str, ...] = Field(
        default=(), description="labels; empty: all whose kind can be tuned"
    )


class RepresentTune(SearchBudget):
    """Kind, number of factors, width and penalty of a representation, searched.

    Values hidden from the fit decide, in an analysis the traits of inner test rows.
    """

    kinds: tuple[
        Literal["pca", "linear", "sparse", "denoising", "contractive", "vae"], ...
    ] = Field(
        default=(),
        description="kinds beside the one set; empty: all that the likelihood allows "
        "(`sets` stays what it is)",
    )
