"""Options of models over a graph of genes and sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.models.base import ModelOptions, Widths
from meristem.config.models.known_scores import KnownScoreOptions
from meristem.config.models.networks import NetworkOptions
from meristem.config.strict import Strict


class LearnOptions(Strict):
    """The graph learned from the training rows: genes, then each gene's variants."""

    omics: str = Field(default="", description="name of the omics table; empty: all")
    genes: Literal["elastic_net", "twas", "all"] = Field(
        default="elastic_net",
        description="measured features kept: elastic net of the trait on them, "
        "association with the trait, or all that vary",
    )
    l1_ratio: float = Field(default=0.1, gt=0, le=1)
    n_genes: int = Field(default=1000, ge=1, description="features kept per table")
    penalty: Literal["count", "inner"] = Field(
        default="count",
        description="elastic net: the penalty that keeps about n_genes, or the one "
        "with the smallest error on inner splits",
    )
    variants: Literal["eqtl", "cis", "table"] = Field(
        default="eqtl",
        description="a mixed-model scan, the nearest in the cis window, or a table",
    )
    variants_per_gene: int = Field(default=20, ge=1)
    cis_window_bp: int = Field(default=1_000_000, ge=0)
    trans: bool = Field(
        default=True, description="eqtl: variants outside the cis window as well"
    )
    max_p: float = Field(default=1.0, gt=0, le=1, description="of an eQTL")
    trans_max_p: float = Field(
        default=1e-5,
        gt=0,
        le=1,
        description="of an eQTL outside the cis window, for genes that have one; 1: "
        "as published",
    )
    max_ld_r2: float = Field(
        default=1.0, gt=0, le=1, description="between variants of a gene; 1: any"
    )
    table: Path | None = Field(default=None, description="eQTL table variant,gene")
    gene_edges: Literal["none", "modules", "regulators"] = Field(
        default="none",
        description="gene to gene: co-expression modules, or genes whose best cis "
        "variant also acts on others",
    )
    priors: KnownScoreOptions | None = Field(
        default=None,
        description="scores that rank the variants of a gene in its cis window: the "
        "p value of each over its weight",
    )
    min_genes_per_term: int = Field(
        default=2, ge=1, description="of curated terms above the learned genes"
    )
    null: Literal["none", "shuffled", "random"] = Field(
        default="none",
        description="control: the learned graph rewired, degrees kept, or drawn anew",
    )

    @model_validator(mode="after")
    def _read(self) -> Self:
        if self.priors is not None and self.variants == "table":
            raise ValueError(
                "priors: the variants of a table are ranked by it, and scores would "
                "not be used"
            )
        return self


class PlanOptions(ModelOptions):
    """A model that reads a graph, of the knowledge or learned."""

    graph: Literal["knowledge", "learned", "both", "shuffled", "random", "none"] = (
        Field(default="knowledge", description="none: auto has no network")
    )
    learn: LearnOptions = LearnOptions()

    @model_validator(mode="after")
    def _learned_as_asked(self) -> Self:
        if self.learn != LearnOptions() and self.graph not in ("learned", "both"):
            raise ValueError(
                f'learn is read with graph = "learned" or "both", not "{self.graph}": '
                "set graph, or leave learn out"
            )
        return self

    @property
    def reads_graph(self) -> bool:
        """Whether the model looks at genes or sets at all."""
        return True

    @property
    def files(self) -> tuple[Path, ...]:
        """The tables of eQTL and of scores that a learned graph reads."""
        if not self.reads_graph:
            return ()
        known = self.learn.priors
        named = (self.learn.table, None if known is None else known.scores)
        return tuple(path for path in named if path is not None)


class GraphNetworkOptions(PlanOptions):
    """A network whose nodes are those of a graph."""

    omics: Literal["none", "soft", "hard", "correlation"] = Field(
        default="none",
        description="how measurements teach the nodes they stand for; predicted omics "
        "beside the network do not ask for it",
    )
    polygenic: Literal["stack", "joint", "none"] = Field(
        default="stack", description="how the linear polygenic path joins the network"
    )

    @property
    def supervision(self) -> str:
        """How measurements of nodes teach the network; "none" where they do not."""
        return self.omics

    def trained(self) -> TrainedNetworkOptions:
        """Return the trained network of the same graph."""
        raise NotImplementedError


class TrainedNetworkOptions(NetworkOptions, GraphNetworkOptions):
    """Sparse network compiled from a graph."""

    hidden: Widths = Field(
        default=(16,), description="hidden widths of a node that reads nodes"
    )
    variant_hidden: Widths = Field(
        default=(), description="hidden widths of a node that reads variants; () linear"
    )
    width: int = Field(default=1, ge=1, le=1000, description="outputs per node")
    activation: Literal["silu", "relu", "tanh", "sigmoid"] = "tanh"
    fit: Literal["auto", "evidence", "descent"] = Field(
        default="auto",
        description="evidence: Gauss-Newton with learned variances, for networks of "
        "up to some thousand weights; descent: AdamW with early stopping",
    )
    rounds: int = Field(
        default=80, ge=1, le=100_000, description="Gauss-Newton steps at most"
    )
    omics_weight: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        default=1.0, description="weight of the omics loss; auto: inner folds"
    )
    omics_schedule: Literal["constant", "decay", "staged"] = Field(
        default="constant",
        description="decay: full weight at first, a tenth of it at the end; staged: "
        "variants to omics, then the trait from measured omics, then all jointly; "
        "both train by descent",
    )
    off_graph: Literal["auto", "none", "always"] = Field(
        default="auto",
        description="nodes beside the graph that read all variants; auto: where the "
        "network did not earn half of the prediction, Gauss-Newton with them is "
        "affordable, and unseen rows are predicted clearly better",
    )

    @property
    def supervision(self) -> str:
        """How measurements of nodes teach the network; "none" where they do not."""
        return "none" if self.omics_weight == 0 else self.omics

    def trained(self) -> TrainedNetworkOptions:
        """Return the options themselves."""
        return self


class BINNOptions(TrainedNetworkOptions):
    """Biologically informed network: a graph with trained weights."""

    kind: Literal["binn"] = "binn"


class CoreOptions(GraphNetworkOptions):
    """Variance components of genes and sets over a graph: an explicit network."""

    kind: Literal["core"] = "core"
    omics: Literal["soft"] = Field(
        default="soft", description="measurements teach the genes they stand for"
    )
    inner_folds: int = Field(default=5, ge=2)
    priors: KnownScoreOptions | None = Field(
        default=None,
        description="scores of variants that weigh those of each gene, as far as "
        "they predict its expression on inner splits",
    )

    @property
    def files(self) -> tuple[Path, ...]:
        """The tables of a learned graph, and that of scores."""
        own = () if self.priors is None else (self.priors.scores,)
        return (*super().files, *own)

    def trained(self) -> TrainedNetworkOptions:
        """Return the trained network of the same graph and measurements."""
        shared = ("name", "graph", "learn", "omics", "polygenic", "inner_folds")
        return BINNOptions(**{name: getattr(self, name) for name in shared})


class AutoOptions(TrainedNetworkOptions):
    """All that predicts a panel, each at the share that rows left out allow.

    Several kernels, a genome scan, a forest and omics predicted from genotypes, and
    beside them a network: `core` where soft omics of constant weight measure 30 genes
    or more below the graph's sets, `binn` on any other graph, none without one.
    """

    kind: Literal["auto"] = "auto"


class LinearPlanOptions(PlanOptions):
    """A linear model that reads a graph."""

    graph: Literal["knowledge", "learned", "both"] = Field(
        default="knowledge",
        description="genes and sets of the knowledge, or of the graph that a network "
        "learns from the same training rows",
    )


class MediatedOptions(LinearPlanOptions):
    """Omics-mediated linear models: omics from genotype, trait from those."""

    kind: Literal["mediated"] = "mediated"
    method: Literal[
        "goblup",
        "one_kernel",
        "predicted_expression",
        "pathway_reml",
        "pathway_average",
    ] = "goblup"
    penalty: float = Field(
        default=20.0, gt=0, description="ridge penalty of a gene's own variants"
    )
    set_counts: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 4, 8, 16),
        min_length=1,
        description="pathways kept: pathway_reml chooses one number on inner splits, "
        "pathway_average takes the mean over all",
    )

    @property
    def reads_graph(self) -> bool:
        """Whether the method looks at genes: two of them do not."""
        return self.method not in ("goblup", "one_kernel")


class FeatureBLUPOptions(LinearPlanOptions):
    """GBLUP with one variance component per gene set."""

    kind: Literal["gfblup"] = "gfblup"
    max_sets: int = Field(default=8, ge=1)


class MeasuredOmicsOptions(ModelOptions):
    """Upper reference that sees measured omics of test rows: not deployable."""

    kind: Literal["measured_omics"] = "measured_omics"
