"""Controls that ship with a network: what of its gain is structure, omics, capacity.

Every control is a model like any other, fitted on the same folds. Models are made by
a callback, so that no network library is needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from meristem.config.models import BINNOptions, DenseOptions, ModelOptions
from meristem.evaluate.compare import judge
from meristem.evaluate.table import PredictionTable
from meristem.models.protocol import Fitted, Predictor
from meristem.records import Dataset, NetworkPlan, OmicsTable, SampleGroups, Split

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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> Fitted:
        """Permute, then fit."""
        omics = tuple(_permute_rows(table, rng) for table in dataset.omics)
        return self.predictor.fit(replace(dataset, omics=omics), rng=rng, inner=inner)


@dataclass(frozen=True)
class WithoutOmics:
    """A model that is given no omics. Rows with omics alone have nothing left."""

    predictor: Predictor

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> Fitted:
        """Take the omics away, then fit."""
        return self.predictor.fit(replace(dataset, omics=()), rng=rng, inner=inner)


@dataclass(frozen=True)
class Contribution:
    """What one ingredient of a network adds to its predictive ability."""

    ingredient: str  # "structure", "omics", "capacity"
    control: str  # label of the control it was compared with
    trait: str
    environment: str
    difference: float  # network - control
    interval: tuple[float, float]
    line: str


ARMS = {
    "shuffled-graph": "structure",
    "random-graph": "structure",
    "dense-equal": "structure and sparsity",
    "shuffled-omics": "omics",
    "no-omics": "omics",
}
"""Suffix of a control's label -> the ingredient it lacks."""


def control_arms(
    models: Iterable[ModelOptions],
    plan: NetworkPlan | None,
    build: Builder,
) -> tuple[tuple[str, Predictor], ...]:
    """Return the controls of the last BINN among the models.

    Parameters
    ----------
    models
        Options of the models of the run.
    plan
        The compiled knowledge graph.
    build
        Makes a predictor of options and plan.

    Returns
    -------
    tuple
        Label and predictor of each control. With a plan: degree-preserving shuffled
        graph, size-matched random graph, dense network with as many parameters.
        Where the BINN uses omics, for its loss or to learn its graph: shuffled omics
        and, with a plan, no omics (the curated graph alone). Empty without a BINN.
    """
    networks = [options for options in models if isinstance(options, BINNOptions)]
    if not networks:
        return ()
    options = networks[-1]
    label = options.label
    learns = options.graph in ("learned", "both")

    def variant(name: str, **update: object) -> BINNOptions:
        return options.model_copy(update={"name": f"{label}-{name}", **update})

    plain: list[ModelOptions] = []
    if plan is not None:
        plain = [
            variant("shuffled-graph", graph="shuffled"),
            variant("random-graph", graph="random"),
            equal_dense(options, plan, f"{label}-dense-equal"),
        ]
    arms: list[tuple[str, Predictor]] = [(arm.label, build(arm, plan)) for arm in plain]
    if options.omics != "none" or learns:
        shuffled = variant("shuffled-omics")
        arms.append((shuffled.label, ShuffledOmics(build(shuffled, plan))))
        if plan is not None:
            graph = "knowledge" if learns else options.graph
            none = variant("no-omics", omics="none", graph=graph)
            arms.append((none.label, WithoutOmics(build(none, plan))))
    return tuple(arms)


def equal_dense(
    options: BINNOptions,
    plan: NetworkPlan,
    name: str,
) -> DenseOptions:
    """Return a dense network of three equal layers with the BINN's parameters.

    The width w solves v w + 2 w^2 + 4 w + 1 = parameters, v being the variants; it
    is 1 where even that has more parameters than the BINN.
    """
    total = network_parameters(options, plan)
    linear = plan.variants.n_variant + 4
    root = (-linear + np.sqrt(linear**2 + 8.0 * max(total - 1, 0))) / 4
    width = max(1, round(float(root)))
    shared = {
        field: getattr(options, field)
        for field in DenseOptions.model_fields
        if field in BINNOptions.model_fields and field not in ("kind", "hidden")
    }
    return DenseOptions(**shared | {"name": name, "hidden": (width, width, width)})


def network_parameters(options: BINNOptions, plan: NetworkPlan) -> int:
    """Return the number of weights and biases of a BINN of one trait.

    A node has a linear part and, beside it, a hidden part over its variants and one
    over its parent nodes.
    """
    total = plan.head_node.size * options.width + 1
    for level in plan.levels:
        for row, hidden, units_in in (
            (level.variant_row, options.variant_hidden, 1),
            (level.node_row, options.hidden, options.width),
        ):
            n_reader = np.unique(row).size
            first = options.width + (hidden[0] if hidden else 0)
            total += row.size * units_in * first + n_reader * first
            for before, after in zip(hidden[:-1], hidden[1:], strict=True):
                total += n_reader * (before * after + after)
            if hidden:
                total += n_reader * hidden[-1] * options.width
    return total


def decompose(
    predictions: PredictionTable,
    label: str,
    groups: SampleGroups | None = None,
    *,
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
    seed
        Of the bootstrap.

    Returns
    -------
    tuple of Contribution
        Network minus control with its paired interval, per target and control.
    """
    controls = {f"{label}-{suffix}": what for suffix, what in ARMS.items()}
    wanted = np.isin(predictions.model, [label, *controls])
    verdicts = judge(predictions.take(wanted), label, groups, seed=seed)
    return tuple(
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


def _sentence(ingredient: str, control: str, trait: str) -> str:
    return f"{trait}: {ingredient} (against {control}) adds"


def _permute_rows(table: OmicsTable, rng: np.random.Generator) -> OmicsTable:
    measured = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    value = table.value.copy()
    value[measured] = table.value[rng.permutation(measured)]
    return replace(table, value=value)
