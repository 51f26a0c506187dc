"""The analysis configuration: one frozen class per stage, read from one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from meristem.config.models import (
    AnyModelOptions,
    GBLUPOptions,
    Label,
    PriorOptions,
)
from meristem.config.represent import RepresentKind, RepresentOptions
from meristem.config.run import RunConfig
from meristem.config.strict import Strict
from meristem.config.tune import TuneOptions

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
    standard_error: str = Field(default="", description="column; weight = 1/SE^2")
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
    transform: Literal["none", "log1p"] = "none"
    min_measured: float = Field(default=0.0, ge=0, le=1)


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
    assign: AssignConfig = AssignConfig()
    prune: PruneConfig = PruneConfig()


class EvaluateConfig(Strict):
    """How the models are compared."""

    scheme: Literal[
        "kfold",
        "group",
        "cluster",
        "parents",
        "cv0",
        "cv1",
        "cv2",
        "cv00",
        "year",
        "forward",
        "file",
    ] = Field(
        default="kfold",
        description="what is left out: lines, groups, clusters, parents; cv0 a new "
        "environment, cv1 new lines, cv2 lines tested elsewhere, cv00 new lines in a "
        "new environment; year: all environments of a year; forward: those of a year, "
        "from earlier years alone (the year stands in the environment's name)",
    )
    folds: int = Field(default=5, ge=2)
    replicates: int = Field(default=1, ge=1, le=1000)
    group: str = Field(
        default="",
        description="grouping for scheme = group; beside a split file, what inner "
        "folds leave out: a grouping, or parents",
    )
    clusters: int = Field(default=5, ge=2, description="for scheme = cluster")
    splits: Path | None = Field(
        default=None, description="split file for scheme = file"
    )
    train_sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), description="learning curve: subsamples of the training rows"
    )
    marker_numbers: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="learning curve: random subsets of the variants, the larger "
        "holding the smaller",
    )
    top_share: float = Field(default=0.1, gt=0, lt=1, description="k of NDCG and top-k")
    reference: str = Field(default="gblup", description="label of the reference model")
    controls: bool = Field(default=False, description="run the controls of the BINN")
    inner_folds: int = Field(default=5, ge=2, le=1000)
    copies: Literal["anywhere", "together"] = Field(
        default="anywhere",
        description="together: lines with identical genotypes stay in one fold, and "
        "no copy of a tested line trains",
    )


class PriorConfig(Strict):
    """What is known of variants before the trait is looked at.

    Adds two models: GBLUP with weighted variants, and its control with the scores
    permuted among variants of like allele frequency.
    """

    scores: Path = Field(
        description="table variant,score, such as that of `meristem sequence effects`"
    )
    column: str = Field(default="score", description="the column of scores")
    kind: str = Field(default="", description="rows of this `kind` alone; empty: all")
    control: bool = Field(default=True, description="fit the permuted control too")


class ExplainConfig(Strict):
    """What is explained, on which model."""

    model: str = Field(default="", description="label; empty: the last network")
    permutations: int = Field(default=200, ge=0, le=1_000_000)
    null_fits: int = Field(
        default=10,
        ge=0,
        le=10_000,
        description="networks on permuted phenotypes; 0, or 3 and more",
    )
    folds: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="networks without a fold of lines, which test the nodes; 0 or 2+",
    )
    clamp_sd: float = Field(default=1.0, gt=0, description="sds a latent is moved by")

    @field_validator("null_fits")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < 3:
            raise ValueError("give 0, or 3 and more: fewer make no distribution")
        return value

    @field_validator("folds")
    @classmethod
    def _two(cls, value: int) -> int:
        if value == 1:
            raise ValueError("give 0, or 2 and more: one fold is no partition")
        return value

    top: int = Field(default=30, ge=1, description="rows shown in the report")


class PredictConfig(Strict):
    """Prediction of new lines."""

    genotypes: Path | None = Field(
        default=None, description="file of new lines, predicted at the end of a run"
    )
    hybrids: Path | None = Field(
        default=None,
        description="table sample,parent_1,parent_2: predict these crosses, of the "
        "inbred lines in `genotypes` or, without it, of those of the run",
    )
    min_overlap: float = Field(
        default=0.8, ge=0, le=1, description="share of training variants required"
    )


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
    def _with_priors(self) -> Self:
        """Add the models of `priors`, unless there are models of scores already."""
        priors = self.priors
        if priors is None or any(isinstance(m, PriorOptions) for m in self.models):
            return self
        added = [
            PriorOptions(
                name=name,
                scores=priors.scores,
                column=priors.column,
                score_kind=priors.kind,
                permuted=permuted,
            )
            for name, permuted in (("priors", False), ("permuted priors", True))
            if priors.control or not permuted
        ]
        object.__setattr__(self, "models", (*self.models, *added))
        return self

    @field_validator("models")
    @classmethod
    def _resolve(
        cls, models: tuple[AnyModelOptions, ...]
    ) -> tuple[AnyModelOptions, ...]:
        return tuple(options.resolved(models) for options in models)


class NetworkFileConfig(Strict):
    """An undirected network of genes (interactions, say): a table of pairs."""

    path: Path
    first: str = Field(default="", description="column; empty: the first")
    second: str = Field(default="", description="column; empty: the second")
    score: str = Field(default="", description="column of confidences; empty: all 1")
    min_score: float = Field(default=0.0, description="pairs below are dropped")


class StackConfig(RepresentOptions):
    """Several tables of the same features (studies, platforms, years) as one.

    Rows are `sample@table`; features that a table lacks are left out. The table is a
    label like those of the groups table, called `table`.
    """

    name: Label = "stack"
    represent: RepresentKind = "pca"
    confounders: tuple[str, ...] = ("table",)


class RepresentConfig(Strict):
    """What `meristem represent` reads: the omics part of an analysis."""

    run: RunConfig = RunConfig()
    omics: tuple[OmicsConfig, ...] = Field(min_length=1)
    genotypes: GenotypeConfig | None = None
    phenotypes: PhenotypeConfig | None = None
    groups: GroupConfig | None = None
    knowledge: KnowledgeConfig | None = None
    network: NetworkFileConfig | None = None
    stack: StackConfig | None = Field(
        default=None, description="align the tables and represent them as one"
    )
    fold_ids: tuple[IdRule, ...] = ()
    samples: int = Field(
        default=0, ge=0, le=100_000, description="rows drawn anew, for power studies"
    )

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
