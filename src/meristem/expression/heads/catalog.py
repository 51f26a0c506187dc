"""Every kind of head: what it is, and how it is fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from meristem.config.expression.heads import (
    ElasticNetHeadOptions,
    HeadOptions,
    RidgeHeadOptions,
    SharedRidgeOptions,
    TransformerOptions,
)
from meristem.errors import ConfigError
from meristem.expression.heads.elastic_net import fit_elastic_net
from meristem.expression.heads.protocol import FittedHead
from meristem.expression.heads.ridge import fit_ridge
from meristem.expression.heads.shared_ridge import fit_shared_ridge
from meristem.expression.heads.transformer import fit_transformer
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class Head:
    """One entry of the catalogue."""

    label: str  # for reports
    options: type[HeadOptions]
    fit: Callable[..., Any]
    new_genes: bool  # predicts genes that were not measured


HEADS: dict[str, Head] = {
    "ridge": Head("ridge on deltas", RidgeHeadOptions, fit_ridge, False),
    "elastic_net": Head(
        "elastic net on deltas", ElasticNetHeadOptions, fit_elastic_net, False
    ),
    "shared_ridge": Head(
        "ridge shared by all genes", SharedRidgeOptions, fit_shared_ridge, True
    ),
    "transformer": Head("transformer", TransformerOptions, fit_transformer, True),
}


def default_options(kind: str) -> HeadOptions:
    """Return the options of a head at their defaults.

    Raises
    ------
    ConfigError
        If there is none of the name.
    """
    if kind not in HEADS:
        raise ConfigError(
            f"there is no head {kind!r}",
            where="--head",
            remedy=f"use {', '.join(HEADS)}",
        )
    return HEADS[kind].options()


def fit_head(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene) NaN where not measured
    rows: IntArray,
    options: HeadOptions,
    rng: np.random.Generator,
) -> FittedHead:
    """Fit a head on training lines; values of other lines are not read.

    Parameters
    ----------
    panel
        Embeddings.
    expression
        Values of all lines and genes of the panel, in its order.
    rows
        Training lines, places within the panel.
    options
        Which head, and its settings.
    rng
        Source of randomness.
    """
    head: FittedHead = HEADS[options.kind].fit(panel, expression, rows, options, rng)
    return head
