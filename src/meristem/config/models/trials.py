"""Options of models of several kernels, of environments, of Bayesian shrinkage."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from meristem.config.models.annotated import AnnotatedOptions
from meristem.config.models.base import Count, ModelOptions, Positive, Share

KernelName = Literal[
    "additive",
    "dominance",
    "heterozygosity",
    "additive_additive",
    "additive_dominance",
    "dominance_dominance",
    "gaussian",
    "arc_cosine",
    "pedigree",
    "single_step",
    "table",
    "omics",
]
"""Kernels between lines that a model of several can have."""


class KernelsOptions(ModelOptions):
    """BLUP over several kernels of lines, their variances by REML.

    The prediction is the sum over all kernels; the first one keeps a little variance,
    so that lines are ranked.
    """

    kind: Literal["kernels"] = "kernels"
    kernels: tuple[KernelName, ...] = Field(
        default=("additive", "dominance"),
        min_length=1,
        max_length=12,
        description="additive (VanRaden); dominance (orthogonal coding); "
        "heterozygosity (biological coding); products of these over pairs of "
        "variants; gaussian (one per bandwidth); arc_cosine; pedigree; single_step "
        "(markers where a line has calls, pedigree elsewhere); table; omics (measured "
        "features, or factors where they are represented: of the lines predicted too)",
    )
    bandwidths: tuple[Positive, ...] = Field(
        default=(0.2, 1.0, 5.0),
        min_length=1,
        max_length=12,
        description="gaussian: h of exp(-h d2 / median d2), averaged by REML",
    )
    layers: int = Field(default=1, ge=1, le=64, description="of arc_cosine")
    pedigree: Path | None = Field(
        default=None, description="table line,parent_1,parent_2[,selfing]"
    )
    table: Path | None = Field(
        default=None, description="square table of relationships between lines"
    )

    @property
    def needs_measured(self) -> bool:
        """Whether lines have to be measured to be predicted."""
        return "omics" in self.kernels

    @property
    def files(self) -> tuple[Path, ...]:
        """The pedigree and the table of relationships, where they are read."""
        return tuple(path for path in (self.pedigree, self.table) if path is not None)

    @property
    def reads_errors(self) -> bool:
        """REML over kernels reads the covariance of errors."""
        return True

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(set(self.kernels)) < len(self.kernels):
            raise ValueError("a kernel is named twice")
        by_pedigree = {"pedigree", "single_step"} & set(self.kernels)
        if by_pedigree and self.pedigree is None:
            raise ValueError(f"kernel {sorted(by_pedigree)[0]}: name the pedigree file")
        if "table" in self.kernels and self.table is None:
            raise ValueError("kernel table: name its file (table)")
        return self


class TrialOptions(ModelOptions):
    """Lines in environments: genomic covariances among environments, by REML.

    Rows are records (`phenotypes.by = "record"`); predictions differ between
    environments. Records of a complete table cost no more than one kernel.
    """

    kind: Literal["gxe"] = "gxe"
    structure: Literal["main", "main_gxe", "unstructured", "fa", "reaction_norm"] = (
        Field(
            default="main_gxe",
            description="covariance of line values among environments: one value per "
            "line; and one of its own per environment; any; factor-analytic; "
            "similarity of the covariates of [environments]",
        )
    )
    factors: int = Field(default=1, ge=1, le=20, description="of structure = fa")
    residual: Literal["auto", "common", "diagonal", "unstructured"] = Field(
        default="auto",
        description="what markers do not carry: one variance, one per environment, or "
        "correlated within lines; auto: the last one for unstructured and fa of up to "
        "six environments",
    )
    kernel: Literal["linear", "gaussian"] = Field(
        default="linear", description="of the lines: VanRaden's, or of marker distance"
    )
    bandwidth: Positive = Field(
        default=1.0, description="gaussian: h of exp(-h d2 / median d2)"
    )

    @model_validator(mode="after")
    def _read(self) -> Self:
        if self.factors != 1 and self.structure != "fa":
            raise ValueError('factors: are those of structure = "fa" alone')
        if self.bandwidth != 1.0 and self.kernel == "linear":
            raise ValueError('bandwidth: is that of kernel = "gaussian" alone')
        return self

    @property
    def reads_covariates(self) -> bool:
        """Whether the structure asks for covariates of environments."""
        return self.structure == "reaction_norm"

    @property
    def label(self) -> str:
        """Name in tables and figures: gxe_fa, say."""
        return self.name or f"gxe_{self.structure.removesuffix('_gxe')}"


class MultiTraitOptions(ModelOptions):
    """GBLUP of all targets together: covariances among traits by REML.

    A trait that a line is measured for helps to predict those that it is not measured
    for; where no trait of a line is known there is hardly a gain over `gblup`.
    """

    kind: Literal["multi_trait"] = "multi_trait"
    residual: Literal["unstructured", "diagonal"] = Field(
        default="unstructured",
        description="what markers do not carry: correlated among traits, or not",
    )

    @property
    def joins_traits(self) -> bool:
        """Always."""
        return True


class BayesOptions(AnnotatedOptions):
    """The Bayesian alphabet: priors of marker effects, by Gibbs sampling.

    Priors and their defaults are those of BGLR. Chains run until split R-hat and
    effective sample sizes of variances and predictions hold, or `most_draws`.
    """

    kind: Literal["bayes"] = "bayes"
    prior: Literal["brr", "a", "b", "c", "lasso", "r", "rkhs"] = Field(
        default="c",
        description="brr: one variance; a: a variance each; b, c: the same with a "
        "share of markers without effect (c: BayesC pi); r: four sizes; lasso; rkhs: "
        "a Gaussian kernel of marker distance",
    )
    response: Literal["gaussian", "ordinal", "count"] = Field(
        default="gaussian",
        description="ordinal: ordered classes (0/1 too) by thresholds on a liability; "
        "predictions are the expected class, of 0/1 a probability; count: Poisson, "
        "with overdispersion, around the logarithm; predictions are expected counts",
    )
    standardise: bool = Field(
        default=False,
        description="true: markers of variance 1, so that rare alleles may have large "
        "effects; false: centred dosages, as gblup has them",
    )
    r2: Share = Field(
        default=0.5, lt=1, description="share of variance expected of the markers"
    )
    included: Share = Field(
        default=0.5, lt=1, description="share of markers expected to have an effect"
    )
    counts: Positive = Field(
        default=10.0, description="markers that this expectation is worth"
    )
    bandwidth: Positive = Field(
        default=1.0, description="rkhs: h of exp(-h d2 / median d2)"
    )
    window: Count = Field(
        default=10, description="variants of a window, for the chance that any acts"
    )
    chains: int = Field(default=4, ge=2, le=64)
    burn_in: int = Field(default=500, ge=0, le=10_000_000)
    thin: int = Field(default=5, ge=1, le=1000, description="sweeps per draw")
    draws: int = Field(
        default=400, ge=20, le=1_000_000, description="draws per chain at first"
    )
    most_draws: int = Field(
        default=6400, ge=20, le=1_000_000, description="draws per chain at most"
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.most_draws < self.draws:
            raise ValueError("most_draws is below draws")
        if self.annotation != "none" and self.prior not in ("b", "c", "r"):
            raise ValueError(
                f"annotation: with prior {self.prior} every marker has an effect; use "
                "prior b, c or r"
            )
        return self

    @property
    def label(self) -> str:
        """Name in tables and figures: bayes_c, bayes_c_genes, say."""
        parts = ["bayes", self.prior]
        parts += [self.annotation] if self.annotation != "none" else []
        parts += ["permuted"] if self.permuted else []
        return self.name or "_".join(parts)
