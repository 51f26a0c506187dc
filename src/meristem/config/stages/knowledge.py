"""Prior knowledge: genes, sets, networks, and how variants find their genes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict


class AssignConfig(Strict):
    """Variants to genes."""

    method: Literal["body", "flank", "nearest", "several", "table"] = "flank"
    flank_bp: int = Field(default=5000, ge=0)
    max_distance_bp: int = Field(default=100_000, ge=0, description="for nearest")
    max_genes: int = Field(default=3, ge=1, description="for several")
    table: Path | None = Field(default=None, description="table variant,gene")


class PruneConfig(Strict):
    """Pruning of terms by size and redundancy; phenotypes are never looked at."""

    min_genes: int = Field(default=5, ge=1)
    max_genes: int = Field(default=2000, ge=1)
    max_jaccard: float = Field(default=0.9, gt=0, le=1, description="1: keep all")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_genes > self.max_genes:
            raise ValueError("min_genes is above max_genes: no term is left")
        return self


class KnowledgeConfig(Strict):
    """Prior knowledge files; all optional, merged into one graph."""

    graph: Path | None = Field(default=None, description="hand-written graph (TOML)")
    genes: Path | None = Field(default=None, description="GFF3, GTF or table of genes")
    ontology: Path | None = Field(default=None, description="OBO, or GO edge table")
    annotation: Path | None = Field(default=None, description="GAF, or gene,term table")
    namespaces: tuple[str, ...] = Field(
        default=(), description="biological_process, ...; empty: all"
    )
    exclude_evidence: tuple[str, ...] = Field(default=("ND",), description="GAF codes")
    gene_sets: tuple[Path, ...] = Field(default=(), description="GMT files")
    match: tuple[Literal["case", "transcript"], ...] = Field(
        default=(),
        description="match genes of the files in spite of: case; transcript (_T001, "
        ".1, or the name of a transcript of the gene file)",
    )
    edges: tuple[Path, ...] = Field(default=(), description="SIF or source,target")
    feedback: Literal["refuse", "break"] = Field(
        default="refuse",
        description="edges to the node itself and edges that close a cycle; break: "
        "dropped, and named by `check`",
    )
    edge_weights: Literal["refuse", "sign"] = Field(
        default="refuse",
        description="weights other than 1 and -1; sign: their sign alone is used",
    )
    labels: Path | None = Field(
        default=None, description="table id,label: readable names of terms and nodes"
    )
    contigs: dict[str, str] = Field(
        default_factory=dict,
        description="contig of the gene file = its name among the variants, where "
        'these differ by more than chr: {"NC_016131.3" = "1"}',
    )
    assign: AssignConfig = AssignConfig()
    prune: PruneConfig = PruneConfig()


class NetworkFileConfig(Strict):
    """An undirected network of genes (interactions, say): a table of pairs."""

    path: Path
    first: str = Field(default="", description="column; empty: the first")
    second: str = Field(default="", description="column; empty: the second")
    score: str = Field(default="", description="column of confidences; empty: all 1")
    min_score: float = Field(default=0.0, description="pairs below are dropped")
