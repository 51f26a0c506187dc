"""The importance nodes get where there is nothing to find: shuffled labels.

Trained on shuffled labels a network still finds some nodes important: those with many
inputs, or close to the output. What counts is the importance beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.records import Dataset, FloatArray, IntArray, StrArray
from meristem.stats.discoveries import q_within

SHRINK = 10.0
"""Null networks' worth of weight that the pooled spread of all nodes gets."""


@dataclass(frozen=True)
class Corrected:
    """Importance of each node beyond what shuffled labels give it."""

    node_name: StrArray  # (n_node,)
    p: FloatArray  # (n_node,)
    q: FloatArray  # (n_node,) false discovery rate
    high: FloatArray  # (n_node,) the largest importance of a null network


def shuffle_labels(dataset: Dataset, rng: np.random.Generator) -> Dataset:
    """Return the data with the phenotypes of its phenotyped rows permuted.

    Whole rows move, weights with them: the correlation between traits stays, and the
    pattern of missing values moves along. Omics stay with their line.
    """
    phenotypes = dataset.phenotypes
    rows = np.flatnonzero(~np.isnan(phenotypes.value).all(axis=1))
    order = rng.permutation(rows)
    value, weight = phenotypes.value.copy(), phenotypes.weight.copy()
    value[rows], weight[rows] = phenotypes.value[order], phenotypes.weight[order]
    errors = tuple(one and one.exchanged(rows, order) for one in phenotypes.errors)
    moved = replace(
        phenotypes, value=value, weight=weight, measurements=None, errors=errors
    )
    return replace(dataset, phenotypes=moved)


def correct_importance(
    node_name: StrArray,  # (n_node,)
    importance: FloatArray,  # (n_network, n_node)
    null: FloatArray,  # (n_null, n_node)
    *,
    chance: FloatArray | None = None,  # (n_node,)
    family: IntArray | None = None,  # (n_node,)
) -> Corrected:
    """Return importances corrected for what size and place alone give a node.

    The null asks whether the trait depends on the node's inputs at all. p comes from
    `null_tail`, node by node.

    Parameters
    ----------
    node_name
        Names of the nodes.
    importance
        Of networks trained on the true labels.
    null
        Of networks trained on shuffled labels; at least 3.
    chance
        Importance that a fit to noise has at least (`chance_importance`), added to
        the spread in the tail of p. Networks that learn their own penalty ignore most
        shuffled labels altogether: a few of them can all be near 0.
    family
        Nodes of one number share a false discovery rate; default: all nodes.

    Raises
    ------
    ValueError
        With fewer than 3 null networks.

    References
    ----------
    Esser-Skala & Fortelny 2023, npj Syst Biol Appl 9:50 (nulls of shuffled labels).
    """
    n_null = null.shape[0]
    if n_null < 3:
        raise ValueError(f"{n_null} null networks are too few: give at least 3")
    spread = shrunk_spread(null)
    scale = spread if chance is None else np.hypot(spread, chance)
    p = null_tail(importance.mean(axis=0), null, scale)
    return Corrected(
        node_name=node_name,
        p=p,
        q=q_within(p, family),
        high=null.max(axis=0),
    )


def chance_importance(
    null: FloatArray,  # (n_null, n_node)
    predicted_sd: FloatArray,  # (n_null,) of the null networks, over lines
    observed_sd: float,  # of the trait
    n_line: int,
) -> FloatArray:  # (n_node,)
    """Return the importance each node has if the network fits one direction of noise.

    A regression of noise on one predictor has fitted values with an sd of that of the
    trait over sqrt(n) on average. Of a network that predicts with that sd, each node
    has its usual part: its importance over the predicted sd, as in the null networks.
    """
    known = predicted_sd > 0
    if not known.any():
        return np.zeros(null.shape[1])
    part = (null[known] / predicted_sd[known, None]).mean(axis=0)
    return part * observed_sd / np.sqrt(n_line)


def null_tail(
    value: FloatArray,  # (n_node,)
    null: FloatArray,  # (n_null, n_node)
    spread: FloatArray,  # (n_node,) scale of the null
) -> FloatArray:  # (n_node,)
    """Return p values that few null networks can carry.

    Up to the largest of the B null values p is the rank, (1 + as large) / (1 + B),
    which is exact. Beyond, the excess e is taken to have an exponential tail of a
    scale known from B values: p = (1 + e / (B s))^-B / (1 + B), with s the spread and
    one standard error of it, (1 + sqrt(2 / B)) times the spread. Null importances are
    bounded by what chance can explain, and so have no heavier tails than that.

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39 (the rank); Knijnenburg et al.
    2009, Bioinformatics 25:i161 (tails beyond the permutations).

    Examples
    --------
    >>> import numpy as np
    >>> null = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> null_tail(np.array([2.5]), null, np.array([1.0])).round(3)
    array([0.4])
    >>> null_tail(np.array([9.0]), null, np.array([1.0])).round(3)
    array([0.016])
    """
    n_null = null.shape[0]
    as_large = (null >= value * (1 - 1e-12)).sum(axis=0)
    excess = np.maximum(value - null.max(axis=0), 0.0)
    scale = n_null * (1 + np.sqrt(2 / n_null)) * spread
    ratio = np.divide(excess, scale, out=np.zeros_like(excess), where=scale > 0)
    tail: FloatArray = (1 + as_large) / (1 + n_null) * (1 + ratio) ** -float(n_null)
    return tail


def shrunk_spread(null: FloatArray) -> FloatArray:  # (n_null, n_node) -> (n_node,)
    """Return the sd of every node over null networks, drawn towards that of all.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3 (moderated variances).
    """
    n_null = null.shape[0]
    variance = null.var(axis=0, ddof=1)
    pooled = variance.mean()
    weight = n_null - 1
    return np.sqrt((weight * variance + SHRINK * pooled) / (weight + SHRINK))
