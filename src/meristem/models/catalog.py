"""The one table of models: what each kind is built from, needs and costs.

Places are text, imported when asked for: a ridge regression does not pay for torch,
nor a network for scikit-learn's trees. A further kind is a row here, its options, its
own file, and tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Any, TypeGuard

from meristem.config import models as options
from meristem.errors import ConfigError
from meristem.models.protocol import Cost, Fitted, Needs, Predictor
from meristem.records import Dataset, Environments, FittedState, NetworkPlan


@dataclass(frozen=True)
class Kind:
    """What is said once of a kind of model; places are below `meristem.models`."""

    options: type[options.ModelOptions]
    build: str  # place of the specification
    restore: str  # place of the reader of the fitted state
    cost: str = "costs.kinds:kernels"  # place of seconds and bytes of one fit
    needs: Needs = Needs()
    nodes: bool = False  # whether it has named nodes to explain
    shares: bool = False  # whether folds can share the products of their rows


GRAPH = Needs(plan=True, genes=True)

CATALOG: dict[str, Kind] = {
    "gblup": Kind(
        options.GBLUPOptions,
        "linear.gblup:GBLUP",
        "linear.gblup:restore_gblup",
        shares=True,
    ),
    "dominance": Kind(
        options.DominanceOptions,
        "linear.dominance:DominanceBLUP",
        "linear.dominance:restore_dominance",
    ),
    "combining": Kind(
        options.CombiningOptions,
        "linear.combining:CombiningBLUP",
        "linear.combining:restore_combining",
    ),
    "ridge": Kind(
        options.RidgeOptions,
        "linear.ridge:Ridge",
        "effects:restore_linear",
        shares=True,
    ),
    "elastic_net": Kind(
        options.ElasticNetOptions,
        "linear.elastic_net:ElasticNet",
        "effects:restore_linear",
        cost="costs.kinds:elastic_net",
    ),
    "random_forest": Kind(
        options.ForestOptions,
        "trees.forests:RandomForest",
        "trees.forests:restore_trees",
        cost="costs.kinds:random_forest",
    ),
    "boosting": Kind(
        options.BoostingOptions,
        "trees.forests:Boosting",
        "trees.forests:restore_trees",
        cost="costs.kinds:boosting",
    ),
    "rkhs": Kind(
        options.KernelOptions,
        "linear.rkhs:GaussianKernel",
        "linear.rkhs:restore_gaussian_kernel",
        cost="costs.kinds:gaussian",
    ),
    "bayes": Kind(
        options.BayesOptions,
        "bayes.spec:Bayes",
        "bayes.fitted:restore_bayes",
        cost="costs.kinds:bayes",
        needs=Needs(plan=True),  # to read where the annotation asks
    ),
    "gxe": Kind(
        options.TrialOptions,
        "trials.spec:LinesByEnvironments",
        "trials.fitted:restore_trials",
        cost="costs.kinds:trials",
        needs=Needs(environments=True),  # to read where the structure asks
    ),
    "reaction_network": Kind(
        options.ReactionOptions,
        "trials.reactions:ReactionNetwork",
        "trials.reacting:restore_reactions",
        cost="costs.networks:reactions",
        needs=Needs(plan=True, environments=True),  # a plan for a network that reads it
    ),
    "multi_trait": Kind(
        options.MultiTraitOptions,
        "trials.traits:MultiTrait",
        "trials.traits:restore_multi_trait",
        cost="costs.kinds:multi_trait",
    ),
    "kernels": Kind(
        options.KernelsOptions,
        "linear.kernels:SeveralKernels",
        "linear.kernels:restore_kernels",
        cost="costs.kinds:several",
    ),
    "kernel_average": Kind(
        options.KernelAverageOptions,
        "linear.kernel_average:KernelAverage",
        "linear.kernel_average:restore_kernel_average",
        cost="costs.kinds:kernel_average",
    ),
    "dense": Kind(
        options.DenseOptions,
        "networks.dense:Dense",
        "networks.dense:restore_dense",
        cost="costs.networks:dense",
    ),
    "cnn": Kind(
        options.CNNOptions,
        "networks.cnn:CNN",
        "networks.cnn:restore_cnn",
        cost="costs.networks:cnn",
    ),
    "binn": Kind(
        options.BINNOptions,
        "binn.spec:BINN",
        "binn.spec:restore_binn",
        cost="costs.networks:binn",
        needs=GRAPH,
        nodes=True,
    ),
    "core": Kind(
        options.CoreOptions,
        "core.spec:VarianceCore",
        "core.fitted:restore_core",
        cost="costs.networks:core",
        needs=GRAPH | Needs(omics=True),
        nodes=True,
    ),
    "auto": Kind(
        options.AutoOptions,
        "auto:Auto",
        "mixture.restore:restore_mixture",
        cost="costs.networks:auto",
        needs=Needs(plan=True),
        nodes=True,
    ),
    "mediated": Kind(
        options.MediatedOptions,
        "omics.mediated:Mediated",
        "effects:restore_linear",
        cost="costs.kinds:sets",
        needs=GRAPH | Needs(omics=True),
    ),
    "gfblup": Kind(
        options.FeatureBLUPOptions,
        "omics.gfblup:FeatureBLUP",
        "effects:restore_linear",
        cost="costs.kinds:sets",
        needs=GRAPH,
    ),
    "gwablup": Kind(
        options.WeightedGBLUPOptions,
        "linear.gwablup:WeightedGBLUP",
        "effects:restore_linear",
        cost="costs.kinds:weighted",
    ),
    "prior_gblup": Kind(
        options.PriorOptions,
        "linear.prior:PriorGBLUP",
        "effects:restore_linear",
        cost="costs.kinds:priors",
    ),
    "measured_omics": Kind(
        options.MeasuredOmicsOptions,
        "omics.reference:MeasuredOmics",
        "omics.reference:restore_measured_omics",
        needs=Needs(omics=True, measured_omics=True),
    ),
    "stack": Kind(
        options.StackOptions,
        "stack:Stack",
        "mixture.restore:restore_mixture",
        cost="stack:stack_cost",
        # to hand on; see `needs` for those of its models
        needs=Needs(plan=True, environments=True),
    ),
}


def build(
    chosen: options.ModelOptions,
    plan: NetworkPlan | None = None,
    environments: Environments | None = None,
) -> Predictor:
    """Return the specification that options describe.

    Parameters
    ----------
    chosen
        One of `config.models.AnyModelOptions`.
    plan
        Compiled knowledge, for the models that use it.
    environments
        Covariates of the environments, for the models that use them.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    """
    kind = kind_of(chosen)
    specification = _load(kind.build)
    predictor: Predictor
    if kind.needs.plan and kind.needs.environments:
        predictor = specification(chosen, plan, environments)
    elif kind.needs.plan:
        predictor = specification(chosen, plan)
    elif kind.needs.environments:
        predictor = specification(chosen, environments)
    else:
        predictor = specification(chosen)
    return predictor


def restore(state: FittedState) -> Fitted:
    """Return the fitted model of a state.

    Raises
    ------
    ConfigError
        If the state's kind is unknown.
    """
    fitted: Fitted = _load(_row(state.kind).restore)(state)
    return fitted


def cost(
    chosen: options.ModelOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return what one fit costs, by arithmetic on its sizes."""
    found: Cost = _load(kind_of(chosen).cost)(chosen, dataset, plan)
    return found


def kind_of(chosen: options.ModelOptions) -> Kind:
    """Return the row of the options' kind.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    """
    return _row(str(getattr(chosen, "kind", "")))


def needs(chosen: options.ModelOptions) -> Needs:
    """Return what a model needs, those that it averages included."""
    return reduce(or_, (_own_needs(member) for member in chosen.members))


def _own_needs(member: options.ModelOptions) -> Needs:
    """Return what a single model needs: that of its kind, and what its options add."""
    own = kind_of(member).needs
    if getattr(member, "needs_measured", False):
        return own | Needs(omics=True, measured_omics=True)
    return own


def reads_omics(chosen: options.ModelOptions) -> bool:
    """Tell whether a model, or one that it averages, learns from omics where given."""
    return any(
        _own_needs(member).omics
        or kind_of(member).nodes
        or getattr(member, "graph", "") in ("learned", "both")
        for member in chosen.members
    )


def has_nodes(
    chosen: options.ModelOptions,
) -> TypeGuard[options.GraphNetworkOptions]:
    """Tell whether a model has named nodes to explain."""
    return kind_of(chosen).nodes


def reads_graph(chosen: options.ModelOptions) -> TypeGuard[options.PlanOptions]:
    """Tell whether a single model reads genes or sets, as its options ask."""
    takes = kind_of(chosen).needs.plan
    return takes and bool(getattr(chosen, "reads_graph", False))


def graph_networks(
    models: Iterable[options.ModelOptions], *, knowledge: bool
) -> tuple[options.GraphNetworkOptions, ...]:
    """Return the models that have nodes, and a graph to take them from.

    Parameters
    ----------
    models
        Options.
    knowledge
        Whether there is a curated graph.
    """
    return tuple(
        chosen
        for chosen in models
        if has_nodes(chosen) and (knowledge or chosen.graph == "learned")
    )


def _row(kind: str) -> Kind:
    if kind not in CATALOG:
        known = ", ".join(sorted(CATALOG))
        raise ConfigError(
            f"there is no model of kind {kind!r}", remedy=f"use one of: {known}"
        )
    return CATALOG[kind]


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"meristem.models.{module}"), name)
