"""The one list of models: kind -> where its specification and its reader live.

The places are text, imported when asked for: a ridge regression does not pay for
torch, nor a network for scikit-learn's trees.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from meristem.config.models import ModelOptions
from meristem.errors import ConfigError
from meristem.models.protocol import Fitted, Predictor
from meristem.records import FittedState, NetworkPlan

CATALOG: dict[str, tuple[str, str]] = {
    # kind: (specification, reader of the fitted state)
    "gblup": ("linear.gblup:GBLUP", "linear.gblup:restore_gblup"),
    "dominance": (
        "linear.dominance:DominanceBLUP",
        "linear.dominance:restore_dominance",
    ),
    "combining": (
        "linear.combining:CombiningBLUP",
        "linear.combining:restore_combining",
    ),
    "ridge": ("linear.ridge:Ridge", "effects:restore_linear"),
    "elastic_net": ("linear.elastic_net:ElasticNet", "effects:restore_linear"),
    "random_forest": ("trees.forests:RandomForest", "trees.forests:restore_trees"),
    "boosting": ("trees.forests:Boosting", "trees.forests:restore_trees"),
    "rkhs": ("linear.rkhs:GaussianKernel", "linear.rkhs:restore_gaussian_kernel"),
    "dense": ("networks.dense:Dense", "networks.dense:restore_dense"),
    "cnn": ("networks.cnn:CNN", "networks.cnn:restore_cnn"),
    "binn": ("binn.spec:BINN", "binn.spec:restore_binn"),
    "mediated": ("omics.mediated:Mediated", "effects:restore_linear"),
    "gfblup": ("omics.gfblup:FeatureBLUP", "effects:restore_linear"),
    "gwablup": ("linear.gwablup:WeightedGBLUP", "effects:restore_linear"),
    "measured_omics": (
        "omics.reference:MeasuredOmics",
        "omics.reference:restore_measured_omics",
    ),
}

TAKES_PLAN: frozenset[str] = frozenset({"binn", "mediated", "gfblup"})
"""Kinds whose specification takes the compiled knowledge beside the options."""

NOT_DEPLOYABLE: frozenset[str] = frozenset({"measured_omics"})
"""Kinds that need more than genotypes to predict: reference only."""


def build(options: ModelOptions, plan: NetworkPlan | None = None) -> Predictor:
    """Return the specification that `options` describe.

    Parameters
    ----------
    options
        One of `config.models.AnyModelOptions`.
    plan
        Compiled knowledge, for the models that use it.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    """
    kind = str(getattr(options, "kind", ""))
    specification = _load(kind, 0)
    predictor: Predictor
    if kind in TAKES_PLAN:
        predictor = specification(options, plan)
    else:
        predictor = specification(options)
    return predictor


def restore(state: FittedState) -> Fitted:
    """Return the fitted model of a state.

    Raises
    ------
    ConfigError
        If the state's kind is unknown.
    """
    fitted: Fitted = _load(state.kind, 1)(state)
    return fitted


def is_deployable(kind: str) -> bool:
    """Tell whether models of this kind predict from genotypes alone."""
    return kind not in NOT_DEPLOYABLE


def _load(kind: str, which: int) -> Any:
    if kind not in CATALOG:
        known = ", ".join(sorted(CATALOG))
        raise ConfigError(
            f"there is no model of kind {kind!r}", remedy=f"use one of: {known}"
        )
    module, _, name = CATALOG[kind][which].partition(":")
    return getattr(import_module(f"meristem.models.{module}"), name)
