"""Where genotypes, phenotypes, omics and covariates are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from meristem.config.models import (
    Label,
)
from meristem.config.represent import RepresentOptions, refuse_unread
from meristem.config.strict import Strict

IdRule = Literal[
    "trim",
    "path",
    "doubled",
    "library",
    "zeros",
    "characters",
    "separators",
    "case",
    "blanks",
]
"""Ways to write one id, see `prepare.id_rules`."""


class FilterConfig(Strict):
    """Marker filters, applied to the training rows of each fold."""

    min_maf: float = Field(default=0.0, ge=0, le=0.5)
    max_missing: float = Field(default=1.0, ge=0, le=1, description="share per marker")
    max_heterozygosity: float = Field(default=1.0, ge=0, le=1)
    max_ld_r2: float = Field(default=1.0, gt=0, le=1, description="1: no LD pruning")
    ld_window: int = Field(default=100, ge=2, description="markers")


class GenotypeConfig(Strict):
    """Where the genotypes are; the format is read from the name."""

    path: Path
    format: Literal["auto", "vcf", "bed", "pgen", "hapmap", "dosage", "zarr"] = "auto"
    field: Literal["GT", "DS"] = Field(default="GT", description="VCF field")
    multiallelic: Literal["refuse", "split"] = "refuse"
    ploidy: int = Field(
        default=2, ge=1, le=8, description="of dosage tables; other files tell it"
    )
    hybrids: Path | None = Field(
        default=None,
        description="table sample,parent_1,parent_2: samples are crosses of the "
        "inbred lines in `path`",
    )
    filter: FilterConfig = FilterConfig()


class PhenotypeConfig(Strict):
    """Where the phenotypes are and which of them to model."""

    path: Path
    layout: Literal["auto", "long", "wide"] = "auto"
    line: str = Field(default="", description="column of sample ids; empty: found")
    environment: str = Field(default="", description="column; empty: found or none")
    replicate: str = ""
    trait: str = Field(default="", description="column of trait names (long layout)")
    value: str = Field(default="", description="column of values (long layout)")
    weight: str = Field(default="", description="column of weights")
    standard_error: str = Field(
        default="", description="column; weight = 1/SE^2; above 0"
    )
    error_covariance: Path | dict[str, Path] | None = Field(
        default=None,
        description="covariance of the errors of adjusted means that a first stage "
        "gave, one value per line: a table with line names on both sides, or "
        "line_1,line_2,value; { trait = file } where there are several traits",
    )
    error_scale: Literal["known", "estimated"] = Field(
        default="known",
        description="known: the table is the covariance, in squared units of the "
        "trait, and a residual variance is estimated beside it; estimated: it is so "
        "up to a factor, and nothing stands beside it",
    )
    traits: tuple[str, ...] = Field(default=(), description="empty: all")
    environments: tuple[str, ...] = Field(default=(), description="empty: all")
    missing: tuple[str, ...] | None = Field(
        default=None,
        description="codes of a missing value, for example -9, beside NA, ., - and the "
        "like; []: none, every number is a measurement",
    )
    minimise: tuple[str, ...] = Field(
        default=(), description="traits of which small values are wanted"
    )
    units: dict[str, str] = Field(
        default={}, description="trait = unit, for check, tables and figures"
    )
    by: Literal["line", "line_environment", "record"] = Field(
        default="line",
        description="one adjusted mean per line; one per environment, each a target "
        "of its own; record: one per environment, each a row (for cv0 to cv00)",
    )

    @field_validator("missing", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        """Take -9 for "-9"."""
        if isinstance(value, list | tuple):
            return [
                str(code) if isinstance(code, int | float) else code for code in value
            ]
        return value

    @model_validator(mode="after")
    def _means_with_errors(self) -> Self:
        if not self.error_covariance:
            if self.error_scale != "known":
                raise ValueError("error_scale is that of error_covariance: name it")
            return self
        if self.by != "line":
            raise ValueError(
                "error_covariance is that of one value per line: it does not go with "
                f'by = "{self.by}"'
            )
        for name in ("weight", "standard_error", "replicate"):
            if getattr(self, name):
                raise ValueError(
                    f"error_covariance does not go with {name}: it is that of one "
                    "adjusted mean per line, whose weights it gives"
                )
        return self

    @property
    def error_files(self) -> dict[str, Path]:
        """Files of error covariances by trait; "" is the only one."""
        given = self.error_covariance
        if given is None or isinstance(given, dict):
            return given or {}
        return {"": given}


class OmicsConfig(RepresentOptions):
    """One omics matrix, used in training only."""

    path: Path
    name: Label = "omics"
    layout: Literal["auto", "samples_in_rows", "features_in_rows"] = "auto"
    node_map: Path | None = Field(
        default=None,
        description="table feature,node[,reliability]; default: feature id = node",
    )
    reliability: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of a feature's variance that is no measurement error "
        "(repeatability); the map may give one per feature",
    )
    transform: Literal["none", "log1p", "round"] = Field(
        default="none",
        description="log1p: log(1 + x); round: to whole numbers, of counts that are "
        "estimates (kallisto, salmon, RSEM)",
    )
    min_measured: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _all_is_read(self) -> Self:
        refuse_unread(self)
        if self.likelihood != "gaussian" and self.transform == "log1p":
            raise ValueError(
                f'transform = "log1p" leaves no counts for likelihood = '
                f"{self.likelihood!r}: leave one of both out"
            )
        return self


class GroupConfig(Strict):
    """Labels of the samples."""

    path: Path
    line: str = ""
    columns: tuple[str, ...] = Field(default=(), description="empty: all")


class EnvironmentConfig(Strict):
    """Covariates of the environments: as a table, or from saved weather files.

    A table with the columns `environment`, `weather` (a saved daily NASA POWER file,
    relative to the table), `sowing` and `harvest` (dates; perhaps `flowering`) gives
    growing degrees, heat days, rain and the like of each season.
    """

    path: Path
    base_temperature: float = Field(
        default=8.0, ge=-20, le=40, description="growing degrees count from it, deg C"
    )
    cap_temperature: float = Field(
        default=34.0, ge=0, le=60, description="and up to it, deg C"
    )
    heat_temperature: float = Field(
        default=30.0, ge=0, le=60, description="a day above it is a heat day, deg C"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.base_temperature >= self.cap_temperature:
            raise ValueError("base_temperature is not below cap_temperature")
        return self


class CovariateConfig(Strict):
    """Fixed effects and covariates: what values are adjusted for, learned in training.

    A column with one value per line (per row, with `phenotypes.by = "record"`) is
    fitted together with the genetic effects of the markers; one that differs within
    lines is fitted with the adjusted means.
    """

    path: Path | None = Field(
        default=None,
        description="table, one row per line; empty: columns of the phenotype table",
    )
    line: str = Field(default="", description="column of sample ids of `path`")
    columns: tuple[str, ...] = Field(
        default=(), description="columns of numbers (a slope) or words (classes)"
    )
    classes: tuple[str, ...] = Field(
        default=(), description="further columns, whose numbers are names of classes"
    )
    random: str = Field(
        default="",
        description="one column of classes with many levels (cage, litter, block): "
        "their effects are shrunk, their variance is estimated",
    )
    pcs: int = Field(
        default=0,
        ge=0,
        le=50,
        description="principal components of the markers, of the training rows",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Every column asked for, once."""
        last = (self.random,) if self.random else ()
        return tuple(dict.fromkeys((*self.columns, *self.classes, *last)))

    @property
    def beside_phenotypes(self) -> tuple[str, ...]:
        """The columns that stand in the phenotype table."""
        return self.names if self.path is None else ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.names and not self.pcs:
            raise ValueError("name columns, classes or random, or set pcs")
        if self.path is not None and not self.names:
            raise ValueError("name columns of the table: columns, classes or random")
        return self
