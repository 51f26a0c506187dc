"""Configuration of personal expression: genome, genes, variants, embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.expression.training import ExpressionRun
from meristem.config.strict import Strict


class GenomeConfig(Strict):
    """The reference genome."""

    fasta: Path
    annotation: Path = Field(description="GFF3 or GTF with the genes")
    contig_names: Path | None = Field(
        default=None, description="table name,contig where names differ between files"
    )
    index: Path | None = Field(
        default=None, description="where the .fai index is, or is written"
    )


class GenesConfig(Strict):
    """Which genes, and how much sequence around their transcription starts."""

    upstream: int = Field(default=500, ge=0, le=1_000_000, description="bp")
    downstream: int = Field(default=100, ge=0, le=1_000_000, description="bp")
    starts: Path | None = Field(
        default=None,
        description="table gene,tss (1-based) of measured transcription starts; other "
        "genes start where their first transcript does",
    )
    only: Path | None = Field(
        default=None,
        description="file with one gene per line; default: those of the "
        "expression table, or all",
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.upstream + self.downstream < 20:
            raise ValueError("upstream and downstream together are below 20 bp")
        return self


class VariantsConfig(Strict):
    """The calls of the lines."""

    path: Path = Field(description="VCF or BCF, .bed or .pgen")
    inbred: bool = Field(
        default=False,
        description="lines are inbred: one haplotype each, heterozygous calls are "
        "missing ones",
    )
    indels: bool = Field(default=True, description="build them in, else SNPs alone")
    unphased: Literal["random", "missing"] = Field(
        default="random",
        description="lines with two or more heterozygous calls of unknown phase in a "
        "window: alleles dealt to copies at random, or flagged as missing",
    )
    max_missing: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="share of missing calls of a window beyond which a line is "
        "flagged; below, they count as reference",
    )


_LOADED = ("remote_code", "revision", "parameters")


class EmbedConfig(Strict):
    """How sequences become numbers."""

    kind: Literal["motif", "supervised", "language_model", "untrained"] = "motif"
    bins: int = Field(default=6, ge=1, le=512, description="position bins")
    motifs: Path | None = Field(
        default=None,
        description="motifs of `motif`, MEME or JASPAR (one file per taxon)",
    )
    kmers: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        default=(4,), description="lengths of k-mers counted beside the motifs"
    )
    threshold: float = Field(
        default=5.0, ge=0, le=30, description="log-odds (nats) at which a site counts"
    )
    model: Path | None = Field(
        default=None,
        description="`supervised`: run folder of `sequence train`; `language_model`: "
        "folder with the model; `untrained`: either, its weights drawn anew",
    )
    label: str = Field(
        default="", description="model of a run of `sequence train`; default: the best"
    )
    hidden: bool = Field(
        default=True,
        description="`supervised`: hidden units beside the predictions of each window",
    )
    placements: int = Field(
        default=1,
        ge=1,
        le=64,
        description="`supervised`: windows in each bin, whose mean is taken",
    )
    layer: int = Field(
        default=-1, description="hidden layer of a language model; -1: the last"
    )
    batch: int = Field(default=64, ge=1, le=100_000, description="sequences at once")
    remote_code: bool = Field(
        default=False,
        description="run Python code that comes with the model; needs `revision`",
    )
    revision: str = Field(
        default="", description="commit of the remote code you have read"
    )
    parameters: int = Field(
        default=0, ge=0, description="parameters the model must have; 0: not checked"
    )
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    cache: Path | None = Field(
        default=None, description="folder of embeddings; default: in the run folder"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "motif" and self.motifs is None and not self.kmers:
            raise ValueError(
                "embed.kind = 'motif' needs motifs (a file, MEME or JASPAR) or kmers"
            )
        if self.kind != "motif" and self.model is None:
            raise ValueError(f"embed.kind = {self.kind!r} needs embed.model")
        read = {
            "motif": ("motifs", "kmers", "threshold"),
            "supervised": ("model", "label", "hidden", "placements"),
            "language_model": ("model", "layer", *_LOADED),
        }.get(self.kind, ("model", "label", "hidden", "placements", "layer", *_LOADED))
        common = ("kind", "bins", "batch", "device", "cache")
        for name, field in type(self).model_fields.items():
            if name in (*read, *common) or getattr(self, name) == field.default:
                continue
            raise ValueError(f"embed.kind = {self.kind!r} does not read embed.{name}")
        if self.remote_code and not self.revision:
            raise ValueError(
                "embed.remote_code needs embed.revision: the commit of the code"
            )
        return self


class ExpressionConfig(ExpressionRun):
    """What the commands of `meristem expression` read, sequences included."""

    genome: GenomeConfig
    genes: GenesConfig = GenesConfig()
    variants: VariantsConfig
    embed: EmbedConfig = EmbedConfig()

    @model_validator(mode="after")
    def _bins_hold_bases(self) -> Self:
        length = self.genes.upstream + self.genes.downstream
        if self.embed.bins > length:
            raise ValueError(f"embed.bins is above the {length} bp of a window")
        return self
