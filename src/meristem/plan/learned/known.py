"""What is known of variants, in the choice of those of a gene within its cis window.

A p value is divided by the weight of its variant, which has mean 1 over the window:
the family-wise error of a gene stays as it was.

References
----------
Genovese, Roeder & Wasserman 2006, Biometrika 93:509 (weighted p values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from meristem.config.models import KnownScoreOptions
from meristem.plan.known_scores import (
    candidate_strengths,
    choose_strength,
    variant_weights,
)
from meristem.plan.learned.cis import Pairs
from meristem.plan.learned.eqtl import EqtlTable
from meristem.records import FloatArray, Genotypes, IntArray, Split

HERITABILITY = 0.3
"""By the variants of a gene, where strengths are compared."""

Kept = Callable[[FloatArray], tuple[IntArray, IntArray]]
"""From weights of the cis pairs to the features and variants that are kept."""

Keeper = Callable[[IntArray], Kept]
"""From rows to what keeps variants by them."""


def chosen_cis_weights(
    genotypes: Genotypes,
    value: FloatArray,  # (n_sample, n_feature) NaN missing
    cis: Pairs,
    size: FloatArray,  # (n_variant,) see `known_scores.known_sizes`
    options: KnownScoreOptions,
    splits: Sequence[Split],
    keeper: Keeper,
) -> FloatArray:  # (n_pair,)
    """Return the weights of cis pairs that predict features of inner test rows best.

    Parameters
    ----------
    genotypes, value
        Training rows with measured features.
    cis
        Pairs within the windows, by feature.
    size
        Scores of the variants.
    options
        Strengths, 0 among them, and the caution with which one is taken.
    splits
        Of these rows.
    keeper
        How variants are chosen on some of the rows.
    """
    strengths = candidate_strengths(options)
    weights = [variant_weights(size, cis.feature, cis.variant, s) for s in strengths]
    error = np.zeros((len(strengths), value.shape[1]))
    for split in splits:
        keep = keeper(split.train)
        for place, weight in enumerate(weights):
            error[place] += _errors(genotypes, value, split, keep(weight))
    measured = ~np.isnan(value)
    count = np.sum([measured[split.test].sum(axis=0) for split in splits], axis=0)
    spread = np.nanvar(np.where(measured, value, np.nan), axis=0)
    scale = np.maximum(count, 1) * np.where(spread > 0, spread, 1.0)
    chosen = choose_strength(error / scale, strengths, options.caution)
    return weights[strengths.index(chosen)]


def nearest(cis: Pairs, distance: FloatArray) -> Pairs:  # (n_pair,)
    """Return cis pairs by feature, then by a distance."""
    order = np.lexsort((cis.variant, distance, cis.feature))
    return Pairs(cis.feature[order], cis.variant[order])


def pair_weights(
    table: EqtlTable,
    cis: Pairs,
    weight: FloatArray,  # (n_cis_pair,)
) -> FloatArray:  # (n_pair,) 1 outside the cis windows
    """Return the weights of tested pairs.

    Examples
    --------
    >>> one, none = np.array([0, 0]), np.zeros(2)
    >>> table = EqtlTable(one, np.array([4, 7]), none, none, none, none, none)
    >>> pair_weights(table, Pairs(np.array([0]), np.array([7])), np.array([3.0]))
    array([1., 3.])
    """
    n_variant = int(max(table.variant.max(initial=0), cis.variant.max(initial=0))) + 1
    known = cis.feature * n_variant + cis.variant
    order = np.argsort(known, kind="stable")
    asked = table.feature * n_variant + table.variant
    place = np.searchsorted(known[order], asked)
    place = np.minimum(place, max(known.size - 1, 0))
    found = np.ones(asked.size)
    if known.size:
        there = known[order][place] == asked
        found[there] = weight[order][place[there]]
    return found


def _errors(
    genotypes: Genotypes,
    value: FloatArray,
    split: Split,
    kept: tuple[IntArray, IntArray],
) -> FloatArray:  # (n_feature,)
    """Return summed squared errors of ridge regressions on the variants kept."""
    feature, variant = kept
    total = np.zeros(value.shape[1])
    for column in range(value.shape[1]):
        own = variant[feature == column]
        y, test = value[split.train, column], value[split.test, column]
        seen = ~np.isnan(y)
        if not seen.any():
            continue
        centre = y[seen].mean()
        predicted = np.full(test.size, centre)
        if own.size:
            calls = genotypes.call_dosage[:, own].astype(np.float64)
            calls[calls < 0] = np.nan
            rows = calls[split.train][seen]
            mean = np.nan_to_num(np.nanmean(rows, axis=0, where=~np.isnan(rows)))
            x = np.nan_to_num(rows - mean)
            sd = x.std(axis=0)
            x /= np.where(sd > 0, sd, np.inf)
            penalty = seen.sum() * own.size * (1 - HERITABILITY) / HERITABILITY
            normal = x.T @ x * own.size + penalty * np.eye(own.size)
            slope = np.linalg.solve(normal, own.size * (x.T @ (y[seen] - centre)))
            new = np.nan_to_num(calls[split.test] - mean)
            predicted += new / np.where(sd > 0, sd, np.inf) @ slope
        total[column] = np.nansum((test - predicted) ** 2)
    return total
