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
    "gblup": ("gblup:GBLUP", "gblup:restore_gblup"),
    "dominance": ("dominance:DominanceBLUP", "dominance:restore_dominance"),
    "combining": ("combining:CombiningBLUP", "combining:restore_combining"),
    "ridge": ("ridge:Ridge", "linear:restore_linear"),
    "elastic_net": ("elastic_net:ElasticNet", "linear:restore_linear"),
    "random_forest": ("trees:RandomForest", "trees:restore_trees"),
    "boosting": ("trees:Boosting", "trees:restore_trees"),
    "rkhs": ("kernel:GaussianKernel", "kernel:restore_gaussian_kernel"),
    "dense": ("dense:Dense", "dense:restore_dense"),
    "cnn": ("cnn:CNN", "cnn:restore_cnn"),
    "binn": ("binn:BINN", "binn:restore_binn"),
    "mediated": ("mediated:Mediated", "linear:restore_linear"),
    "gfblup": ("feature_blup:FeatureBLUP", "linear:restore_linear"),
    "gwablup": ("weighted_gblup:WeightedGBLUP", "linear:restore_linear"),
    "measured_omics": (
        "measured_omics:MeasuredOmics",
        "measured_omics:restore_measured_omics",
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
