"""How far importances can be believed: agreement of members, and a null for bias.

Trained on shuffled labels a network still finds some nodes important: those with many
inputs, or close to the output. What counts is the importance beyond that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from meristem.interpret.enrichment import benjamini_hochberg
from meristem.models.protocol import FittedNetwork
from meristem.records import Dataset, FloatArray, IntArray, StrArray

Refit = Callable[[Dataset, np.random.Generator], FittedNetwork]
Importance = Callable[[FittedNetwork], FloatArray]
Progress = Callable[[int, int], None]

SHRINK = 10.0
"""Null networks' worth of weight that the pooled spread of all nodes gets."""


@dataclass(frozen=True)
class Agreement:
    """Rank agreement of importances between members, seeds or folds."""

    mean: float  # mean Spearman correlation of two members
    low: float
    high: float
    n_member: int


@dataclass(frozen=True)
class Corrected:
    """Importance of each node beyond what shuffled labels give it."""

    node_name: StrArray  # (n_node,)
    score: FloatArray  # (n_node,) mean over networks minus mean over null networks
    z: FloatArray  # (n_node,) score in units of the null's spread
    p: FloatArray  # (n_node,) pooled over nodes
    q: FloatArray  # (n_node,) false discovery rate
    bias_before: float  # Spearman correlation of importance with node size
    bias_after: float  # of the score with node size


def rank_agreement(
    importance: FloatArray,  # (n_member, n_node)
    rng: np.random.Generator,
    *,
    n_bootstrap: int = 500,
    level: float = 0.95,
) -> Agreement:
    """Return the mean rank correlation between members, with an interval.

    Parameters
    ----------
    importance
        One row per member, seed or fold.
    rng
        Source of the bootstrap, which draws members.
    n_bootstrap
        Draws; pairs of a member with itself are left out of each.
    level
        Of the interval.

    Returns
    -------
    Agreement
        NaN with fewer than two members or nodes.
    """
    n_member, n_node = importance.shape
    if n_member < 2 or n_node < 2:
        nothing = float("nan")
        return Agreement(nothing, nothing, nothing, n_member)
    r = _spearman_matrix(importance)
    first, second = np.triu_indices(n_member, 1)
    draws = []
    for _ in range(n_bootstrap):
        chosen: IntArray = rng.integers(0, n_member, size=(n_member,))
        one, two = chosen[first], chosen[second]
        apart = one != two
        if apart.any():
            draws.append(r[one[apart], two[apart]].mean())
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Agreement(float(r[first, second].mean()), float(low), float(high), n_member)


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
    return replace(dataset, phenotypes=replace(phenotypes, value=value, weight=weight))


def null_importance(
    refit: Refit,
    importance: Importance,
    dataset: Dataset,
    rng: np.random.Generator,
    *,
    n_null: int = 20,
    progress: Progress | None = None,
) -> FloatArray:  # (n_null, ...)
    """Return the importances of networks trained on shuffled labels.

    Parameters
    ----------
    refit
        Fits the same specification on other labels.
    importance
        What is measured of a fitted network, for example
        `lambda fitted: clamping_sensitivity(fitted, genotypes).mean()`.
    dataset
        The training rows.
    rng
        Source of permutations and fits.
    n_null
        Networks to fit.
    progress
        Called as `progress(done, total)`.
    """
    values = []
    for number in range(n_null):
        shuffled = shuffle_labels(dataset, rng)
        values.append(importance(refit(shuffled, rng)))
        if progress is not None:
            progress(number + 1, n_null)
    return np.array(values)


def correct_importance(
    node_name: StrArray,  # (n_node,)
    importance: FloatArray,  # (n_network, n_node)
    null: FloatArray,  # (n_null, n_node)
    size: IntArray,  # (n_node,)
    *,
    normalise: bool = True,
) -> Corrected:
    """Return importances corrected for what size and place alone give a node.

    Networks of true and of shuffled labels are quantile-normalised together; the score
    is the difference of their means, node by node. Its null distribution is made of
    the null networks, each against the others, in units of a per-node spread shrunk
    towards that of all nodes, pooled over nodes. q values are Benjamini-Hochberg's.

    Parameters
    ----------
    node_name
        Names of the nodes.
    importance
        Of networks trained on the true labels.
    null
        Of networks trained on shuffled labels; at least 3.
    size
        Number of inputs or of variants below each node, for the bias reported.
    normalise
        Whether to compare relative importances (the published correction) or values.

    Raises
    ------
    ValueError
        With fewer than 3 null networks.

    References
    ----------
    Esser-Skala & Fortelny 2023, npj Syst Biol Appl 9:50.
    """
    n_null, n_node = null.shape
    if n_null < 3:
        raise ValueError(f"{n_null} null networks are too few: give at least 3")
    raw = importance.mean(axis=0)
    if normalise:
        both = quantile_normalise(np.concatenate([importance, null]))
        importance, null = both[: len(importance)], both[len(importance) :]
    mean = null.mean(axis=0)
    score = importance.mean(axis=0) - mean
    # each null network against the mean of the others
    null_score = (null - mean) * n_null / (n_null - 1)
    spread = _shrunk_spread(null_score)
    z, null_z = score / spread, np.sort((null_score / spread).ravel())
    larger = null_z.size - np.searchsorted(null_z, z - 1e-12, side="left")
    p = (1 + larger) / (1 + null_z.size)
    return Corrected(
        node_name=node_name,
        score=score,
        z=z,
        p=p,
        q=benjamini_hochberg(p),
        bias_before=_spearman(raw, size),
        bias_after=_spearman(score, size),
    )


def quantile_normalise(
    value: FloatArray,  # (n_network, n_node)
) -> FloatArray:  # (n_network, n_node)
    """Return the rows with their ranks kept and one common distribution.

    Ties get the mean of the places they span.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_normalise(np.array([[1.0, 3.0, 2.0], [20.0, 10.0, 60.0]]))
    array([[ 5.5, 31.5, 11. ],
           [11. ,  5.5, 31.5]])
    """
    common = np.sort(value, axis=1).mean(axis=0)
    total = np.concatenate([[0.0], np.cumsum(common)])
    low = rankdata(value, method="min", axis=1).astype(int) - 1
    high = rankdata(value, method="max", axis=1).astype(int)
    return (total[high] - total[low]) / (high - low)


def _shrunk_spread(null_score: FloatArray) -> FloatArray:
    n_null = null_score.shape[0]
    variance = (null_score**2).sum(axis=0) / (n_null - 1)
    pooled = variance.mean()
    shrunk = ((n_null - 1) * variance + SHRINK * pooled) / (n_null - 1 + SHRINK)
    return np.sqrt(np.maximum(shrunk, np.finfo(float).tiny))


def _spearman_matrix(importance: FloatArray) -> FloatArray:
    """Return rank correlations between rows; 0 with a row that does not vary."""
    ranks = rankdata(importance, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(norm > 0, norm, 1.0)[:, None]
    return unit @ unit.T


def _spearman(a: FloatArray, b: FloatArray | IntArray) -> float:
    return float(_spearman_matrix(np.stack([a, b.astype(float)]))[0, 1])
