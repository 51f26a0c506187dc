"""The representation of omics without an analysis."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from meristem.config.models import (
    Label,
)
from meristem.config.neighbours import NeighboursConfig
from meristem.config.represent import (
    RepresentKind,
    RepresentOptions,
    refuse_unread,
)
from meristem.config.run import RunConfig
from meristem.config.stages.analysis import AnalysisConfig
from meristem.config.stages.data import (
    GenotypeConfig,
    GroupConfig,
    IdRule,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.config.stages.knowledge import KnowledgeConfig, NetworkFileConfig
from meristem.config.strict import Strict


class StackConfig(RepresentOptions):
    """Several tables of the same features (studies, platforms, years) as one.

    Rows are `sample@table`; features that a table lacks are left out. The table is a
    label like those of the groups table, called `table`.
    """

    name: Label = "stack"
    represent: RepresentKind = "pca"
    confounders: tuple[str, ...] = ("table",)

    @model_validator(mode="after")
    def _all_is_read(self) -> Self:
        refuse_unread(self)
        return self


class RepresentConfig(Strict):
    """What `meristem represent` reads: the omics part of an analysis."""

    run: RunConfig = RunConfig()
    omics: tuple[OmicsConfig, ...] = Field(min_length=1)
    genotypes: GenotypeConfig | None = None
    phenotypes: PhenotypeConfig | None = None
    groups: GroupConfig | None = None
    knowledge: KnowledgeConfig | None = None
    network: NetworkFileConfig | None = None
    neighbours: NeighboursConfig | None = None
    stack: StackConfig | None = Field(
        default=None, description="align the tables and represent them as one"
    )
    fold_ids: tuple[IdRule, ...] = ()
    samples: int = Field(
        default=0, ge=0, le=100_000, description="rows drawn anew, for power studies"
    )

    @model_validator(mode="after")
    def _networks_are_there(self) -> Self:
        asked = self.neighbours
        if asked is None:
            return self
        if self.network is None and ("given" in asked.networks or asked.smooth):
            raise ValueError("neighbours asks for a network and there is no [network]")
        if "sets" in asked.networks and self.knowledge is None:
            raise ValueError("neighbours asks for sets and there is no [knowledge]")
        if asked.traits and self.phenotypes is None:
            raise ValueError("neighbours.traits needs a [phenotypes] section")
        names = [one.name for one in self.omics]
        if asked.smooth and (asked.smooth not in names or self.stack is not None):
            raise ValueError(
                f"neighbours.smooth: {asked.smooth!r} is none of the tables "
                f"{', '.join(names)}" + (" of a stack" if self.stack else "")
            )
        return self

    @model_validator(mode="after")
    def _samples_are_drawn(self) -> Self:
        both = (*self.omics, *((self.stack,) if self.stack else ()))
        if not self.samples and any(one.samples_from == "gan" for one in both):
            raise ValueError(
                'samples_from = "gan" draws nothing: set samples at the top of the file'
            )
        return self

    @classmethod
    def of(cls, analysis: AnalysisConfig) -> RepresentConfig:
        """Return the omics part of an analysis.

        Its run folder is that of the analysis with `represent` beside its name.
        """
        out = analysis.run.out
        run = analysis.run.model_copy(
            update={"out": out.with_name(f"{out.name}_represent")}
        )
        names = ("genotypes", "phenotypes", "groups", "knowledge", "fold_ids")
        return cls(
            run=run,
            omics=analysis.omics,
            **{name: getattr(analysis, name) for name in names},
        )
