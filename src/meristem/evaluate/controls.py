"""Controls that ship with a network: what of its gain is structure, omics, capacity.

Every control is a model like any other, fitted on the same folds. Models are made by
a callback, so that no network library is needed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from meristem.config.models import (
    AutoOptions,
    DenseOptions,
    GraphNetworkOptions,
    TrainedNetworkOptions,
)
from meristem.evaluate.compare import judge
from meristem.evaluate.table import PredictionTable
from meristem.models.protocol import Fitted, Predictor
from meristem.plan.learned.of_options import is_learned, learned_network
from meristem.plan.network_size import network_parameters
from meristem.records import Dataset, NetworkPlan, OmicsTable, SampleGroups, Splits

Builder = Callable[..., Predictor]
"""`build(options, plan) -> Predictor`, as the catalogue of the models has it."""


@dataclass(frozen=True)
class ShuffledOmics:
    """A model whose omics belong to other lines: right values, wrong owners.

    Within the training rows handed to `fit`, the measured rows of each omics table
    are permuted; everything else stays.
    """

    predictor: Predictor

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Permute, then fit."""
        omics = tuple(_permute_rows(table, rng) for table in dataset.omics)
        return self.predictor.fit(replace(dataset, omics=omics), rng=rng, inner=inner)


@dataclass(frozen=True)
class WithoutOmics:
    """A model that is given no omics. Rows with omics alone have nothing left."""

    predictor: Predictor

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Take the omics away, then fit."""
        return self.predictor.fit(replace(dataset, omics=()), rng=rng, inner=inner)


@dataclass(frozen=True)
class DenseOfLearned:
    """A dense network as large as the network whose graph the same rows teach."""

    options: TrainedNetworkOptions
    plan: NetworkPlan | None
    build: Builder
    name: str

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Learn the graph for its size alone, then fit the dense network."""
        learned = learned_network(dataset, self.options, self.plan, inner, rng)
        dense = self.build(equal_dense(self.options, learned, self.name), None)
        return dense.fit(dataset, rng=rng, inner=inner)


@dataclass(frozen=True)
class Contribution:
    """What one ingredient of a network adds to its predictive ability."""

    ingredient: str  # of `ARMS`, or "capacity"
    control: str  # label of what it was compared with
    trait: str
    environment: str
    difference: float  # network - control
    interval: tuple[float, float]
    line: str


ARMS = {
    "no-network": "biology",
    "shuffled-graph": "structure",
    "random-graph": "structure",
    "dense-equal": "structure and sparsity",
    "shuffled-omics": "omics",
    "no-omics": "omics",
    "no-omics-loss": "omics in training, beyond the graph",
}
"""Suffix of a control's label -> the ingredient it lacks."""

CAPACITY = "capacity"
"""What the dense network adds to the reference: flexibility without a graph."""


def control_arms(
    options: GraphNetworkOptions,
    plan: NetworkPlan | None,
    build: Builder,
) -> tuple[tuple[str, Predictor], ...]:
    """Return the controls of a network with a graph.

    Parameters
    ----------
    options
        Of the network; without a plan it learns its graph.
    plan
        The compiled knowledge graph.
    build
        Makes a predictor of options and plan.

    Returns
    -------
    tuple
        Label and predictor of each control: the mixture without its network, which
        says what biology adds; degree-preserving shuffled graph,
        size-matched random graph, dense network with as many parameters. A learned
        graph is learned in the fold as ever, and then rewired, drawn anew or counted.
        Where the network uses omics, for its loss or to learn its graph: shuffled
        omics; no omics, where a curated graph is left without them; and where the
        graph is learned and the loss uses omics too, the same graph without that
        loss. What a core has no options for is asked of the trained network of the
        same graph.
    """
    label, learns = options.label, is_learned(options)

    def rewired(how: str) -> dict[str, object]:
        if not learns:
            return {"graph": how}
        return {"learn": options.learn.model_copy(update={"null": how})}

    arms: list[tuple[str, Predictor]] = []
    if options.polygenic == "stack":
        none = without_network(options)
        arms.append((none.label, build(none, None)))
    for how in ("shuffled", "random"):
        wired = _variant(options, label, f"{how}-graph", **rewired(how))
        arms.append((wired.label, build(wired, plan)))
    name = f"{label}-dense-equal"
    trained = options.trained()
    if learns:
        arms.append((name, DenseOfLearned(trained, plan, build, name)))
    elif plan is not None:
        arms.append((name, build(equal_dense(trained, plan, name), plan)))
    return tuple(arms) + _omics_arms(options, plan, build)


def without_network(options: GraphNetworkOptions) -> AutoOptions:
    """Return the mixture that a network stands beside, without any network."""
    name = f"{options.label}-no-network"
    folds = getattr(options, "inner_folds", AutoOptions().inner_folds)
    return AutoOptions(name=name, graph="none", omics=options.omics, inner_folds=folds)


def _variant(
    options: GraphNetworkOptions, label: str, name: str, **update: object
) -> GraphNetworkOptions:
    return options.model_copy(update={"name": f"{label}-{name}", **update})


def _omics_arms(
    options: GraphNetworkOptions, plan: NetworkPlan | None, build: Builder
) -> tuple[tuple[str, Predictor], ...]:
    """Return the controls that tell what omics are worth to a network."""
    learns, supervised = is_learned(options), options.omics != "none"
    label, trained = options.label, options.trained()
    arms: list[tuple[str, Predictor]] = []
    if supervised or learns:
        shuffled = _variant(options, label, "shuffled-omics")
        arms.append((shuffled.label, ShuffledOmics(build(shuffled, plan))))
    if supervised and learns:
        free = _variant(trained, label, "no-omics-loss", omics="none")
        arms.append((free.label, build(free, plan)))
    if arms and options.graph != "learned":
        graph = "knowledge" if learns else options.graph
        none = _variant(trained, label, "no-omics", omics="none", graph=graph)
        arms.append((none.label, WithoutOmics(build(none, plan))))
    return tuple(arms)


def equal_dense(
    options: TrainedNetworkOptions,
    plan: NetworkPlan,
    name: str,
) -> DenseOptions:
    """Return a dense network of three equal layers with a network's parameters.

    The width w solves v w + 2 w^2 + 4 w + 1 = parameters, v being the variants; it
    is 1 where even that has more parameters than that.
    """
    total = network_parameters(options, plan)
    linear = plan.variants.n_variant + 4
    root = (-linear + np.sqrt(linear**2 + 8.0 * max(total - 1, 0))) / 4
    width = max(1, round(float(root)))
    shared = {
        field: getattr(options, field)
        for field in DenseOptions.model_fields
        if field in type(options).model_fields and field not in ("kind", "hidden")
    }
    return DenseOptions(**shared | {"name": name, "hidden": (width, width, width)})


def decompose(
    predictions: PredictionTable,
    label: str,
    groups: SampleGroups | None = None,
    *,
    reference: str = "",
    seed: int = 0,
) -> tuple[Contribution, ...]:
    """Return how much of a network's predictive ability each ingredient gives.

    Parameters
    ----------
    predictions
        Of the network and its controls on shared folds.
    label
        Of the network; its controls are `<label>-<suffix>`, see `ARMS`.
    groups
        Labels of the lines; see `compare`.
    reference
        Label of the reference model, for what capacity alone gives; empty: not said.
    seed
        Of the bootstrap.

    Returns
    -------
    tuple of Contribution
        Network minus control with its paired interval, per target and control; then
        the dense control minus the reference, as the ingredient "capacity".
    """
    controls = {f"{label}-{suffix}": what for suffix, what in ARMS.items()}
    wanted = np.isin(predictions.model, [label, *controls])
    verdicts = judge(predictions.take(wanted), label, groups, seed=seed)
    found = tuple(
        Contribution(
            ingredient=controls[verdict.model],
            control=verdict.model,
            trait=verdict.trait,
            environment=verdict.environment,
            difference=-verdict.difference,
            interval=(-verdict.interval[1], -verdict.interval[0]),
            line=_sentence(controls[verdict.model], verdict.model, verdict.trait)
            + f" {-verdict.difference:+.3f} (95 % interval "
            f"{-verdict.interval[1]:+.3f} to {-verdict.interval[0]:+.3f}).",
        )
        for verdict in verdicts
    )
    return found + _capacity(predictions, label, reference, groups, seed)


def _capacity(
    predictions: PredictionTable,
    label: str,
    reference: str,
    groups: SampleGroups | None,
    seed: int,
) -> tuple[Contribution, ...]:
    """Return what the dense control adds to the reference."""
    dense = f"{label}-dense-equal"
    known = set(predictions.model.tolist())
    if reference not in known or dense not in known:
        return ()
    both = predictions.take(np.isin(predictions.model, [reference, dense]))
    return tuple(
        Contribution(
            ingredient=CAPACITY,
            control=reference,
            trait=verdict.trait,
            environment=verdict.environment,
            difference=verdict.difference,
            interval=verdict.interval,
            line=f"{verdict.trait}: capacity alone ({dense} against {reference}) adds "
            f"{verdict.difference:+.3f} (95 % interval {verdict.interval[0]:+.3f} to "
            f"{verdict.interval[1]:+.3f}).",
        )
        for verdict in judge(both, reference, groups, seed=seed)
    )


def _sentence(ingredient: str, control: str, trait: str) -> str:
    return f"{trait}: {ingredient} (against {control}) adds"


def _permute_rows(table: OmicsTable, rng: np.random.Generator) -> OmicsTable:
    measured = ~np.isnan(table.value).all(axis=1)
    derived = np.zeros_like(measured) if table.derived is None else table.derived
    value = table.value.copy()
    for kind in (measured & ~derived, measured & derived):
        rows = np.flatnonzero(kind)
        value[rows] = table.value[rng.permutation(rows)]
    return replace(table, value=value)
