"""What every model offers; no torch here, so that evaluation needs none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from meristem.mixed.averaging.share import Share
from meristem.prepare.scale import MarkerScale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Latents,
    NetworkPlan,
    OmicsTable,
    Posterior,
    Predictions,
    Splits,
    StrArray,
    VariantTable,
)

Rule = Literal["integrated", "deeplift"]
"""How a prediction is shared out: integrated gradients, or DeepLIFT's rescale rule."""

Hold = Callable[
    [
        tuple[str, ...],  # nodes
        FloatArray,  # (n_member, n_held) values of their latents
    ],
    FloatArray,  # (n_member, n_sample, n_target) held minus plain prediction
]


@dataclass(frozen=True)
class Needs:
    """What a model reads beside genotypes and phenotypes."""

    plan: bool = False  # its specification takes the compiled knowledge
    genes: bool = False  # it cannot be fitted without a graph
    omics: bool = False  # it cannot be fitted without omics of training lines
    environments: bool = False  # it reads covariates of environments
    measured_omics: bool = False  # it predicts with measured omics of the same lines

    @property
    def deployable(self) -> bool:
        """Whether it predicts lines that are genotyped and not measured."""
        return not self.measured_omics

    def __or__(self, other: Needs) -> Needs:
        """Return what two models need together."""
        mine, theirs = vars(self), vars(other)
        return Needs(**{name: mine[name] or theirs[name] for name in mine})


@dataclass(frozen=True)
class Cost:
    """What one fit takes, by arithmetic on sizes."""

    seconds: float
    memory: float = 0.0  # bytes beyond those of the data and its kernels

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of two fits, one after the other."""
        return Cost(self.seconds + other.seconds, max(self.memory, other.memory))


@runtime_checkable
class Mixed(Protocol):
    """A fitted model that is made of several parts."""

    def shares(self) -> tuple[Share, ...]:
        """Return the share of every part in the prediction."""
        ...


@runtime_checkable
class Fitted(Protocol):
    """Weights and everything else learned on the training rows; never changes."""

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target from genotypes alone.

        Variants are matched by name to those of the training data
        (`prepare.match.match_variants`), missing ones are imputed with training
        statistics.
        """
        ...

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the lines' genetic values, its mean `predict`.

        Its width is that of the prediction error: from the mixed-model equations for
        kernel models, scaled to the error of held-out rows for the others.
        """
        ...

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        ...


@runtime_checkable
class Marginal(Protocol):
    """A fitted model that knows mean and error of lines for less than jointly."""

    def marginal(self, genotypes: Genotypes) -> Predictions:
        """Return mean and standard deviation of the posterior, lines one by one."""
        ...


@runtime_checkable
class FittedTrials(Fitted, Protocol):
    """A fitted model whose predictions differ between environments."""

    @property
    def environments(self) -> StrArray:  # (n_environment,)
        """Environments of the training rows."""
        ...

    @property
    def foreseen(self) -> StrArray:  # (n,)
        """Environments that no training row is from, but whose covariates are known."""
        ...

    def posterior_at(
        self,
        genotypes: Genotypes,
        line: StrArray,  # (n_sample,)
        environment: StrArray,  # (n_sample,)
    ) -> Posterior:
        """Return the joint posterior of samples, each in an environment of its own.

        Names of lines of the training rows tell what markers do not; an environment
        that was not in training has what is common to all, or what its covariates
        say.
        """
        ...

    def seen(self, line: StrArray) -> FloatArray:  # (n_sample, n_target)
        """Return in how many environments each line was trained on."""
        ...


@runtime_checkable
class FittedWithNeeds(Protocol):
    """A fitted model that may predict with more than genotypes."""

    @property
    def needs(self) -> Needs:
        """What it needs."""
        ...

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict from genotypes and the omics measured on the same samples."""
        ...

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        ...


def predict_measured(
    fitted: Fitted, genotypes: Genotypes, omics: tuple[OmicsTable, ...]
) -> Predictions:
    """Predict lines; only a model that declares to need their omics is handed them."""
    if isinstance(fitted, FittedWithNeeds) and fitted.needs.measured_omics:
        return fitted.predict(genotypes, omics)
    return fitted.predict(genotypes)


def needs_measured_omics(fitted: Fitted) -> bool:
    """Tell whether genotypes are not enough to predict."""
    return isinstance(fitted, FittedWithNeeds) and fitted.needs.measured_omics


class Predictor(Protocol):
    """A model specification: frozen, cheap to make, holds nothing learned."""

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Learn from the training rows.

        Parameters
        ----------
        dataset
            The training rows and nothing else. Rows without any phenotype may be
            present (lines with omics alone).
        rng
            The only source of randomness.
        inner
            Splits of these rows that mimic the outer question (positions within
            `dataset`). Every choice made inside training uses them; empty means
            random 5-fold.
        """
        ...


@dataclass(frozen=True)
class Tried:
    """One point of a search of options."""

    generation: int  # -1: compared at the end
    options: dict[str, object]
    reward: float  # mean correlation on inner rows left out
    splits: int | None  # inner splits of the comparison; None: one
    chosen: bool
    of: str = ""  # the omics table whose representation was searched; "" the model


@runtime_checkable
class Searching(Protocol):
    """A specification that chooses its options on the training rows first."""

    def choose(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> tuple[Predictor, tuple[Tried, ...]]:
        """Return the model with its options, and everything that was tried."""
        ...


@dataclass(frozen=True)
class Handed:
    """What a model is handed of an omics table in place of its features."""

    omics: str  # name of the table
    kind: str  # of the representation
    gives: str  # factors, cleaned or both
    factors: int
    confounders: str  # that are removed, "; " between them
    deconfound: str  # how; "" nothing is removed
    rows: int  # training rows with values


@runtime_checkable
class Handing(Protocol):
    """A specification whose model is handed omics otherwise than they were measured."""

    def handed(self, dataset: Dataset) -> tuple[Handed, ...]:
        """Return what the model is handed of every table that is represented."""
        ...


@dataclass(frozen=True)
class Contributions:
    """Shares of the predictions of a set of samples, averaged over members.

    `variant` and `node` are each a complete account of what the network adds where
    the nodes are a cut through the graph (all nodes of one level, say); shares of
    nodes on one path overlap.
    """

    variant_id: StrArray  # (n_variant,)
    node_name: StrArray  # (n_node,)
    variant: FloatArray  # (n_sample, n_variant, n_target) units of the trait
    node: FloatArray  # (n_sample, n_node, n_target) units of the trait
    difference: FloatArray  # (n_sample, n_target) network minus that of the baseline
    gap: FloatArray  # (n_sample, n_target) sum of the variants' shares - difference


@dataclass(frozen=True)
class Inclusion:
    """Posterior probabilities that nodes act on the targets."""

    node_name: StrArray  # (n_group,)
    probability: FloatArray  # (n_group, n_target)


@dataclass(frozen=True)
class Composition:
    """What the prediction of every target is made of."""

    fit: Literal["core", "evidence", "descent"]
    network_share: FloatArray  # (n_target,) the rest: a path from all variants alone
    scan_share: FloatArray | None = None  # (n_target,) of that path, by a scan
    products_share: FloatArray | None = None  # (n_target,) of products of nodes
    off_graph: bool = False  # whether nodes beside the graph were taken


@runtime_checkable
class FittedNetwork(Fitted, Protocol):
    """A fitted network whose named nodes can be read and held.

    Members are the networks of the ensemble (seeds x inner folds).
    """

    @property
    def plan(self) -> NetworkPlan:
        """The graph, compiled for the variants of the training rows."""
        ...

    @property
    def nodes(self) -> StrArray:  # (n_node,)
        """Names of the nodes, in the order of every `n_node` axis."""
        ...

    @property
    def trait_name(self) -> StrArray:  # (n_target,)
        """Trait of every target."""
        ...

    @property
    def environment_name(self) -> StrArray:  # (n_target,)
        """Environment of every target."""
        ...

    @property
    def share(self) -> FloatArray:  # (n_target,)
        """Share of the network in the prediction; 1 where its weights hold it."""
        ...

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member."""
        ...

    def member_latents(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_node)
        """Return every latent of every member, in the members' own sign and scale."""
        ...

    def latents(self, genotypes: Genotypes) -> Latents:
        """Return the latents averaged over members, sign-aligned between members."""
        ...

    def hold(self, genotypes: Genotypes) -> Hold:
        """Return a function of nodes and values: what holding latents changes.

        Called with node names and the values of their latents, one row per member,
        the same for all samples, it returns the predictions with the latents held
        minus the plain ones.
        """
        ...

    def contributions(
        self, genotypes: Genotypes, *, rule: Rule = "integrated", steps: int = 32
    ) -> Contributions:
        """Share out what the network adds to each prediction.

        Parameters
        ----------
        genotypes
            Samples to explain, relative to the average line of the training rows.
            The result has a number for each sample and variant.
        rule
            How; an explicit network answers both exactly, and equally.
        steps
            Points on the path of integrated gradients.
        """
        ...

    def network_value(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_target)
        """Return what nodes add to the predictions, without the path beside them."""
        ...

    def dosage_gradient(
        self,
        genotypes: Genotypes,
    ) -> tuple[FloatArray, FloatArray]:  # each (n_variant, n_target)
        """Return mean d prediction / d dosage: through the network, and polygenic."""
        ...

    def node_gradient(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_node, n_target)
        """Return mean d prediction / d latent, one member each."""
        ...

    def alone(self) -> FittedNetwork:
        """Return the same network without a share that it earned beside a path.

        What a network does with its nodes can then be compared between fits in which
        it earned a large and a small share of the prediction, or none.
        """
        ...

    def inclusion(self) -> Inclusion | None:
        """Return how probable it is that sets act; None where the fit does not say."""
        ...

    def multiplied(self, target: int) -> tuple[tuple[str, str], ...]:
        """Return the pairs of nodes known to be multiplied; none where not known."""
        ...

    def composition(self) -> Composition:
        """Return how it was fitted, and what its predictions are made of."""
        ...


@runtime_checkable
class MarkerSum(Protocol):
    """A fitted model whose predictions are sums over markers.

    `intercept + sum_j weight_j (x_j - mean_j) effect_j`, with mean and weight of its
    scale, a missing call at the mean.
    """

    @property
    def variants(self) -> VariantTable:
        """The variants it was trained on."""
        ...

    @property
    def scale(self) -> MarkerScale:
        """Mean and weight of every variant."""
        ...

    @property
    def marker_effect(self) -> FloatArray:  # (n_variant, n_target)
        """Effects of one unit."""
        ...

    @property
    def intercept(self) -> FloatArray:  # (n_target,)
        """Value at the means."""
        ...

    def effect_draws(
        self, target: int, n: int, rng: np.random.Generator
    ) -> FloatArray | None:  # (n, n_variant)
        """Return effects drawn from their posterior; None where it is not known."""
        ...

    def effect_sd(self, target: int) -> FloatArray | None:  # (n_variant,)
        """Return the standard errors of the effects; None where they are not known."""
        ...


@runtime_checkable
class DominanceSum(Protocol):
    """A fitted model that adds sums over dosages and over heterozygosities."""

    @property
    def additive(self) -> MarkerSum:
        """The sum over dosages."""
        ...

    @property
    def dominance(self) -> MarkerSum:
        """The sum over 1 where both alleles are carried, 0 elsewhere."""
        ...


def as_network(fitted: Fitted) -> FittedNetwork | None:
    """Return the model as a network; None if it has no nodes."""
    return fitted if isinstance(fitted, FittedNetwork) else None


def as_mixed(fitted: Fitted) -> Mixed | None:
    """Return the model as a mixture; None if it has no parts."""
    return fitted if isinstance(fitted, Mixed) else None


def as_trials(fitted: Fitted) -> FittedTrials | None:
    """Return the model as one of lines in environments; None if these are all alike."""
    return fitted if isinstance(fitted, FittedTrials) else None
