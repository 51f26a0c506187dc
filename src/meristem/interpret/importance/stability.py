"""How well importances agree: between networks that differ by chance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray, Phenotypes

STABILITY_COLUMNS = (
    "trait",
    "environment",
    "between",
    "agreement",
    "low",
    "high",
    "n_networks",
    "n_nodes",
)


@dataclass(frozen=True)
class Agreement:
    """Rank agreement of importances between members, seeds or folds."""

    mean: float  # mean Spearman correlation of two members
    low: float
    high: float
    n_member: int


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
    r = spearman_matrix(importance)
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


def stability_table(
    importance: Mapping[str, FloatArray],  # each (n_network, n_node, n_target)
    phenotypes: Phenotypes,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return `stability.csv`: the rank agreement within each kind of networks.

    Parameters
    ----------
    importance
        What the networks differ by ("seeds", "folds") -> their importances, NaN for
        nodes that a network of a learned graph does not have. Networks
        of shuffled labels ("null") say how much agreement the wiring alone gives.
    phenotypes
        Names of the targets.
    rng
        Source of the bootstrap.

    Returns
    -------
    DataFrame
        One row per target and kind with two networks or more.
    """
    records = []
    for target in range(phenotypes.n_target):
        for between, values in importance.items():
            own = values[:, :, target]
            found = rank_agreement(own, rng)
            # networks that depend on no node have no order to agree on
            known = own[~np.isnan(own)]
            if np.isnan(found.mean) or known.size == 0 or np.ptp(known) == 0:
                continue
            records.append(
                (
                    str(phenotypes.trait_name[target]),
                    str(phenotypes.environment_name[target]),
                    between,
                    found.mean,
                    found.low,
                    found.high,
                    found.n_member,
                    values.shape[1],
                )
            )
    return pd.DataFrame.from_records(records, columns=list(STABILITY_COLUMNS))


def spearman_matrix(importance: FloatArray) -> FloatArray:
    """Return rank correlations between rows; 0 with a row that does not vary.

    NaN marks nodes that a network does not have: two rows are compared where both
    have a value.
    """
    absent = np.isnan(importance)
    if absent.any():
        return _pairwise(importance, ~absent)
    ranks = scipy.stats.rankdata(importance, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(norm > 0, norm, 1.0)[:, None]
    return unit @ unit.T


def _pairwise(importance: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    r = np.eye(importance.shape[0])
    for i, j in combinations(range(importance.shape[0]), 2):
        both = known[i] & known[j]
        if both.sum() > 1:
            r[i, j] = r[j, i] = spearman_matrix(importance[[i, j]][:, both])[0, 1]
    return r
