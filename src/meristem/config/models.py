"""Options of every model, one frozen class each, chosen by `kind`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict

Width = Annotated[int, Field(ge=1, le=10_000)]
"""Units of a layer: two layers of the widest still fit in memory."""

Widths = Annotated[tuple[Width, ...], Field(max_length=20)]
Rate = Annotated[float, Field(gt=0, le=10)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Label = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name that stands in tables, figures and names of files."""


class ModelOptions(Strict):
    """What all models share."""

    name: Label = Field(default="", description="Label in tables; default: the kind")

    @property
    def label(self) -> str:
        """Name in tables and figures."""
        return self.name or str(getattr(self, "kind", ""))

    @property
    def loads_torch(self) -> bool:
        """Whether a fit loads the library of networks."""
        return False

    @property
    def members(self) -> tuple[ModelOptions, ...]:
        """The models that are fitted: this one, unless it averages others."""
        return (self,)

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that a fit reads beside the data."""
        return ()

    def resolved(self, models: tuple[ModelOptions, ...]) -> Self:
        """Return the options with labels of other models replaced by their options."""
        del models
        return self

    def changed(self, **update: Any) -> Self:
        """Return a copy with those of the fields changed that this kind has."""
        known = {k: v for k, v in update.items() if k in type(self).model_fields}
        return self.model_copy(update=known)


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


class ForestOptions(ModelOptions):
    """Random forest."""

    kind: Literal["random_forest"] = "random_forest"
    trees: int = Field(default=300, ge=1, le=100_000)
    max_features: float = Field(default=0.1, gt=0, le=1)
    min_leaf: Count = 3


class BoostingOptions(ModelOptions):
    """Histogram gradient boosting."""

    kind: Literal["boosting"] = "boosting"
    rounds: int = Field(default=300, ge=1, le=100_000)
    learning_rate: Rate = 0.05
    leaves: int = Field(default=15, ge=2, le=100_000)
    max_features: float = Field(default=0.2, gt=0, le=1)


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
        "(markers where a line has calls, pedigree elsewhere); table",
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
    def files(self) -> tuple[Path, ...]:
        """The pedigree and the table of relationships, where they are read."""
        return tuple(path for path in (self.pedigree, self.table) if path is not None)

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

    @property
    def reads_covariates(self) -> bool:
        """Whether the structure asks for covariates of environments."""
        return self.structure == "reaction_norm"

    @property
    def label(self) -> str:
        """Name in tables and figures: gxe_fa, say."""
        return self.name or f"gxe_{self.structure.removesuffix('_gxe')}"


class BayesOptions(ModelOptions):
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

    @property
    def label(self) -> str:
        """Name in tables and figures: bayes_c, say."""
        return self.name or f"bayes_{self.prior}"


class KernelAverageOptions(ModelOptions):
    """Several kernels of the markers in one REML: additive, products, Gaussian."""

    kind: Literal["kernel_average"] = "kernel_average"
    bandwidths: tuple[Positive, ...] = Field(
        default=(0.5, 2.0, 5.0), description="of the Gaussian kernels of lines"
    )
    hybrid_bandwidths: tuple[Positive, ...] = Field(
        default=(0.5, 2.0), description="of the Gaussian kernels of crosses"
    )


class NetworkOptions(ModelOptions):
    """Training options shared by all neural networks."""

    learning_rate: Rate = 3e-3
    weight_decay: float = Field(default=1e-4, ge=0)
    epochs: Count = 1000
    patience: Count = Field(default=100, description="epochs without gain")
    batch_size: int = Field(default=0, ge=0, description="0: all rows at once")
    seeds: int = Field(default=3, ge=1, le=1000, description="networks per inner fold")
    inner_folds: int = Field(default=5, ge=2, le=1000)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def loads_torch(self) -> bool:
        """Whether a fit loads the library of networks."""
        return True


class DenseOptions(NetworkOptions):
    """Fully connected network on dosages."""

    kind: Literal["dense"] = "dense"
    hidden: Widths = (64, 64, 64)
    dropout: float = Field(default=0.0, ge=0, lt=1)


class CNNOptions(NetworkOptions):
    """1-D convolutional network on one-hot genotypes."""

    kind: Literal["cnn"] = "cnn"
    channels: Width = 8
    kernel: Width = 9
    stride: Width = 4
    hidden: Width = 32
    dropout: float = Field(default=0.2, ge=0, lt=1)


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
    min_genes_per_term: int = Field(
        default=2, ge=1, description="of curated terms above the learned genes"
    )
    null: Literal["none", "shuffled", "random"] = Field(
        default="none",
        description="control: the learned graph rewired, degrees kept, or drawn anew",
    )


class PlanOptions(ModelOptions):
    """A model that reads a graph, of the knowledge or learned."""

    graph: Literal["knowledge", "learned", "both", "shuffled", "random", "none"] = (
        Field(default="knowledge", description="none: auto has no network")
    )
    learn: LearnOptions = LearnOptions()

    @property
    def reads_graph(self) -> bool:
        """Whether the model looks at genes or sets at all."""
        return True

    @property
    def files(self) -> tuple[Path, ...]:
        """The table of eQTL, where the graph is learned from one."""
        table = self.learn.table if self.reads_graph else None
        return () if table is None else (table,)


class GraphNetworkOptions(PlanOptions):
    """A network whose nodes are those of a graph."""

    omics: Literal["none", "soft", "hard", "correlation"] = "none"
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


class MeasuredOmicsOptions(ModelOptions):
    """Upper reference that sees measured omics of test rows: not deployable."""

    kind: Literal["measured_omics"] = "measured_omics"


SingleModelOptions = Annotated[
    GBLUPOptions
    | DominanceOptions
    | CombiningOptions
    | RidgeOptions
    | ElasticNetOptions
    | ForestOptions
    | BoostingOptions
    | KernelOptions
    | BayesOptions
    | TrialOptions
    | KernelsOptions
    | KernelAverageOptions
    | DenseOptions
    | CNNOptions
    | BINNOptions
    | CoreOptions
    | AutoOptions
    | MediatedOptions
    | FeatureBLUPOptions
    | WeightedGBLUPOptions
    | PriorOptions
    | MeasuredOmicsOptions,
    Field(discriminator="kind"),
]


class StackOptions(ModelOptions):
    """Average of listed models, weighted by their predictions of rows left out.

    `models` lists labels of other models of the analysis, or options of models that
    are in the average alone. The first one is the one to fall back to: all have
    weights where rows left out gain clearly by them, at least 0 and at most 1 in all.
    """

    kind: Literal["stack"] = "stack"
    models: tuple[str | SingleModelOptions, ...] = Field(min_length=2)
    inner_folds: int = Field(
        default=5, ge=2, description="where a model is fitted without inner splits"
    )
    standard_errors: float = Field(
        default=1.0,
        ge=0,
        description="by which rows left out have to gain before the first model shares",
    )

    @property
    def members(self) -> tuple[ModelOptions, ...]:
        """The models that are averaged."""
        return tuple(model for model in self.models if not isinstance(model, str))

    def resolved(self, models: tuple[ModelOptions, ...]) -> Self:
        """Return the options with labels of other models replaced by their options."""
        known = {m.label: m for m in models if not isinstance(m, StackOptions)}
        for label in self.models:
            if isinstance(label, str) and label not in known:
                names = ", ".join(known)
                raise ValueError(f"{label!r} is no model to average: use {names}")
            if self.models.count(label) > 1:
                raise ValueError(f"{label!r} is averaged twice: name it once")
        found = tuple(known[m] if isinstance(m, str) else m for m in self.models)
        return self.model_copy(update={"models": found})


AnyModelOptions = Annotated[
    SingleModelOptions | StackOptions, Field(discriminator="kind")
]
