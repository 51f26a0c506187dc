"""Options of the heads that turn embeddings into expression."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict


class RidgeHeadOptions(Strict):
    """Ridge on the deltas of every gene by itself; nothing to choose."""

    kind: Literal["ridge"] = "ridge"


class ElasticNetHeadOptions(Strict):
    """Elastic net on the deltas of every gene by itself."""

    kind: Literal["elastic_net"] = "elastic_net"
    l1_ratio: float = Field(default=0.5, gt=0, le=1)
    n_alphas: int = Field(default=50, ge=2, le=10_000)
    folds: int = Field(default=5, ge=2, le=50, description="inner, of lines")


class SharedRidgeOptions(Strict):
    """One set of weights for all genes: predicts genes never measured."""

    kind: Literal["shared_ridge"] = "shared_ridge"
    folds: int = Field(default=5, ge=2, le=50, description="inner, of genes")
    most_features: int = Field(
        default=4096, ge=1, le=20_000, description="those that vary most are kept"
    )


class TransformerOptions(Strict):
    """A transformer encoder over position bins, shared by haplotypes and genes."""

    kind: Literal["transformer"] = "transformer"
    scope: Literal["all_genes", "each_gene"] = Field(
        default="all_genes", description="one network, or one per gene"
    )
    width: int = Field(default=64, ge=4, le=1024)
    layers: int = Field(default=2, ge=1, le=12)
    heads: int = Field(default=4, ge=1, le=32)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    pairwise: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share of the loss that is signed differences between pairs of "
        "lines; the rest is the squared error within the gene",
    )
    epochs: int = Field(default=60, ge=1, le=10_000)
    patience: int = Field(default=15, ge=1, le=10_000)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    weight_decay: float = Field(default=1e-2, ge=0, le=10)
    genes_at_once: int = Field(default=64, ge=1, le=10_000)
    held_out: float = Field(
        default=0.15, gt=0, le=0.5, description="share of lines that stop the training"
    )

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is no multiple of heads {self.heads}")
        return self


HeadOptions = (
    RidgeHeadOptions | ElasticNetHeadOptions | SharedRidgeOptions | TransformerOptions
)
