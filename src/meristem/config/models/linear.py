"""Options of models that are linear in genotypes, or in a kernel of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from meristem.config.models.base import ModelOptions, Positive, Share


class GBLUPOptions(ModelOptions):
    """Genomic BLUP with REML variance components."""

    kind: Literal["gblup"] = "gblup"
    variance: Literal["reml", "inner"] = Field(
        default="reml",
        description="variance ratio by REML, or chosen on inner splits that mimic "
        "the outer question",
    )
    identity: Literal["none", "sample", "parents"] = Field(
        default="none",
        description="identity kernels beside the genomic one, so that REML does not "
        "push into the markers what an unseen line or parent does not share",
    )

    @property
    def reads_errors(self) -> bool:
        """REML reads the covariance of errors; inner splits score by weights."""
        return self.variance == "reml" or self.identity != "none"


class DominanceOptions(ModelOptions):
    """GBLUP with a dominance kernel beside the additive one."""

    kind: Literal["dominance"] = "dominance"


class CombiningOptions(ModelOptions):
    """GBLUP of hybrids: general and specific combining ability of their parents."""

    kind: Literal["combining"] = "combining"
    specific: bool = Field(
        default=True, description="a kernel of specific combining ability as well"
    )


class RidgeOptions(ModelOptions):
    """Ridge regression on marker dosages (RR-BLUP)."""

    kind: Literal["ridge"] = "ridge"
    penalties: tuple[Positive, ...] = Field(
        default=(),
        description="candidate penalties; empty: 20 from 1e-2 to 1e4 times scale",
    )


class ElasticNetOptions(ModelOptions):
    """Elastic net, penalty and mixing chosen on inner splits."""

    kind: Literal["elastic_net"] = "elastic_net"
    l1_ratio: tuple[Share, ...] = Field(default=(0.1, 0.5, 0.9), min_length=1)
    n_alphas: int = Field(default=30, ge=2, le=10_000)


class KernelOptions(ModelOptions):
    """RKHS with a Gaussian kernel of marker distance."""

    kind: Literal["rkhs"] = "rkhs"
    bandwidths: tuple[Positive, ...] = Field(
        default=(0.2, 0.5, 1.0, 2.0, 5.0), min_length=1
    )
    variance: Literal["reml", "inner"] = Field(
        default="reml",
        description="bandwidth and variance ratio by REML or inner splits",
    )


class KernelAverageOptions(ModelOptions):
    """Several kernels of the markers in one REML: additive, products, Gaussian."""

    kind: Literal["kernel_average"] = "kernel_average"
    bandwidths: tuple[Positive, ...] = Field(
        default=(0.5, 2.0, 5.0), description="of the Gaussian kernels of lines"
    )
    hybrid_bandwidths: tuple[Positive, ...] = Field(
        default=(0.5, 2.0), description="of the Gaussian kernels of crosses"
    )


class WeightedGBLUPOptions(ModelOptions):
    """GBLUP with marker weights from a GWAS of the training rows."""

    kind: Literal["gwablup"] = "gwablup"
    prior: tuple[Share, ...] = Field(
        default=(0.001, 0.01, 0.1, 1.0),
        min_length=1,
        description="share of variants with an effect, by inner splits; 1: GBLUP",
    )
    window: int = Field(default=10, ge=1, description="variants smoothed over")


class PriorOptions(ModelOptions):
    """GBLUP with variants weighted by scores known before the trait is looked at."""

    kind: Literal["prior_gblup"] = "prior_gblup"
    scores: Path = Field(
        description="table variant,score, such as that of `meristem sequence effects`"
    )
    column: str = Field(default="score", description="the column of scores")
    score_kind: str = Field(
        default="", description="rows of this `kind` alone; empty: all"
    )
    shares: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0.0, 0.2, 0.4, 0.6, 0.8, 0.95),
        min_length=1,
        description="share of the genetic variance that follows the scores, by inner "
        "splits; 0 (GBLUP) is always among them",
    )
    powers: tuple[Positive, ...] = Field(
        default=(1.0, 2.0),
        min_length=1,
        description="variance of a variant's effect: |score| to this power, by inner "
        "splits; of no meaning for loads of genes",
    )
    forms: tuple[Literal["variant", "gene"], ...] = Field(
        default=("variant", "gene"),
        min_length=1,
        description="scores weigh variants one by one, or add up to a load of each "
        "gene they are given for; by inner splits",
    )
    caution: float = Field(
        default=2.5,
        ge=0,
        description="standard errors by which scores must predict inner test rows "
        "better than GBLUP to be used at all",
    )
    permuted: bool = Field(
        default=False,
        description="control: scores permuted among variants of like allele frequency",
    )

    @property
    def files(self) -> tuple[Path, ...]:
        """The scores."""
        return (self.scores,)
