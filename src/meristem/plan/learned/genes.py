"""Measured features that go with the trait, chosen on the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import LearnOptions
from meristem.errors import DataError
from meristem.genetics.relationship import relationship_matrix
from meristem.mixed.scan import associate_all, error_contrasts, restricted_h2
from meristem.plan.learned.feature_net import counted_net, judged_net
from meristem.records import Dataset, FloatArray, IntArray, Splits
from meristem.stats.folds import random_splits
from meristem.stats.ranks import ordinal_ranks

MIN_ROWS = 10
INNER_FOLDS = 5


@dataclass(frozen=True)
class ChosenFeatures:
    """Features kept, the strongest first."""

    feature: IntArray  # (n_kept,) positions among the columns
    score: FloatArray  # (n_kept,) |coefficient|, -log10 p, or NaN when all are kept


@dataclass(frozen=True)
class _Trait:
    """One trait on the rows where it and the features are known."""

    rows: IntArray  # (n,) in the dataset
    y: FloatArray  # (n,)
    weight: FloatArray  # (n,) mean 1


def choose_features(
    dataset: Dataset,
    value: FloatArray,  # (n_sample, n_feature) NaN missing
    options: LearnOptions,
    *,
    rng: np.random.Generator,
    inner: Splits = (),
) -> ChosenFeatures:
    """Choose the features that a network's first level will stand for.

    Parameters
    ----------
    dataset
        The training rows.
    value
        Measured features of the same rows. Rows without any value are left out, a
        single missing value counts as the feature's mean. Features that do not vary
        are never chosen.
    options
        `genes` is the method, `n_genes` the number. Of several targets each ranks
        the features; a feature counts by its best rank.
    rng
        Draws the splits where `inner` is empty.
    inner
        Splits that judge the penalty when `penalty` is "inner".

    Raises
    ------
    DataError
        If fewer than 10 rows carry values, no feature varies on them, or no target is
        known on 10 of them.

    References
    ----------
    Zou & Hastie 2005, J R Stat Soc B 67:301 (elastic net); Kontolati et al. 2025,
    arXiv 2510.14970 (genes of the trait by an elastic net of l1_ratio 0.1).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import Genotypes, Phenotypes, VariantTable
    >>> rng = np.random.default_rng(1)
    >>> names = np.array([f"l{k}" for k in range(40)])
    >>> value = rng.normal(size=(40, 5))
    >>> traits = Phenotypes(names, np.array(["t"]), np.array([""]),
    ...     value[:, [3]] + 0.1 * rng.normal(size=(40, 1)), np.ones((40, 1)))
    >>> v = np.array(["v"])
    >>> lines = Genotypes(names, VariantTable(v, v, np.array([1]), v, v),
    ...     rng.integers(0, 3, (40, 1)).astype(np.int8))
    >>> chosen = choose_features(Dataset(lines, traits), value,
    ...     LearnOptions(n_genes=1), rng=rng)
    >>> chosen.feature.tolist()
    [3]
    """
    measured = np.asarray(~np.isnan(value).all(axis=1))
    if measured.sum() < MIN_ROWS:
        raise DataError(
            f"{int(measured.sum())} training rows have omics; a graph cannot be "
            "learned from them",
            remedy=f"measure at least {MIN_ROWS} lines, or use curated knowledge",
        )
    columns, varies = _standardised(value[measured])
    usable = np.flatnonzero(varies)
    if usable.size == 0:
        raise DataError(
            f"none of the {varies.size} omics features varies on the training rows",
            remedy="check the omics table: are its values what they should be?",
        )
    if options.genes == "all":
        return ChosenFeatures(usable, np.full(usable.size, np.nan))
    z = np.zeros((measured.size, usable.size))
    z[measured] = columns[:, usable]
    splits = inner or random_splits(measured.size, INNER_FOLDS, rng)
    scores = [
        _scores(dataset, z[trait.rows], trait, options, splits)
        for trait in _traits(dataset, measured)
    ]
    limit = usable.size
    if options.genes == "twas" or options.penalty == "count":
        limit = min(options.n_genes, limit)
    chosen, score = _merge_ranks(scores, limit)
    return ChosenFeatures(usable[chosen], score)


def _scores(
    dataset: Dataset,
    columns: FloatArray,  # (n, n_feature)
    trait: _Trait,
    options: LearnOptions,
    splits: Splits,
) -> FloatArray:  # (n_feature,) > 0 where chosen
    if options.genes == "twas":
        return _twas(dataset, columns, trait)
    if options.penalty == "count":
        return counted_net(
            columns, trait.y, trait.weight, options.n_genes, options.l1_ratio
        )
    own = _own_splits(splits, trait.rows)
    return judged_net(columns, trait.y, trait.weight, own, options.l1_ratio)


def _own_splits(
    splits: Splits,
    rows: IntArray,  # (n,)
) -> list[tuple[IntArray, IntArray]]:
    """Return the splits as positions within `rows`, empty ones left out."""
    own = []
    for split in splits:
        train = np.flatnonzero(np.isin(rows, split.train))
        test = np.flatnonzero(np.isin(rows, split.test))
        if train.size >= 3 and test.size > 0:
            own.append((train, test))
    return own


def _traits(dataset: Dataset, measured: NDArray[np.bool_]) -> list[_Trait]:
    phenotypes = dataset.phenotypes
    traits = []
    for target in range(phenotypes.n_target):
        known = measured & ~np.isnan(phenotypes.value[:, target])
        y = phenotypes.value[known, target]
        if y.size < MIN_ROWS or np.ptp(y) == 0:
            continue
        weight = phenotypes.weight[known, target]
        traits.append(_Trait(np.flatnonzero(known), y, weight / weight.mean()))
    if not traits:
        raise DataError(
            f"no target varies on {MIN_ROWS} training rows with omics",
            remedy="check the match between phenotypes and omics, or set genes = "
            '"all" in the learn options',
        )
    return traits


def _standardised(value: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return columns of mean 0 and sd 1, 0 where missing, and which of them vary."""
    known = ~np.isnan(value)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, value, 0.0).sum(axis=0) / count
    centred = np.where(known, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    varies = sd > 1e-10 * np.maximum(np.abs(mean), 1e-300)
    return centred / np.where(varies, sd, 1.0), varies


def _merge_ranks(
    scores: list[FloatArray],  # each (n_feature,) > 0 where chosen
    limit: int,
) -> tuple[IntArray, FloatArray]:
    """Return the features that any target chose, by their best rank.

    Of two features with the same rank the one closer to its target's best is first.
    """
    best_rank = np.full(scores[0].size, np.inf)
    best_score = np.zeros(scores[0].size)
    best_share = np.zeros(scores[0].size)
    for score in scores:
        rank = ordinal_ranks(-score).astype(float)
        rank[score <= 0] = np.inf
        better = rank < best_rank
        best_score[better] = score[better]
        best_share[better] = score[better] / score.max()
        best_rank[better] = rank[better]
    order = np.lexsort((-best_share, best_rank))
    order = order[np.isfinite(best_rank[order])][:limit]
    return order, best_score[order]


def _twas(dataset: Dataset, columns: FloatArray, trait: _Trait) -> FloatArray:
    """Return -log10 p of every feature, relationship accounted for."""
    genotypes = dataset.genotypes
    kernel = relationship_matrix(
        genotypes.call_dosage[trait.rows], ploidy=genotypes.ploidy
    )
    contrasts = error_contrasts(kernel, weight=trait.weight)
    rotated = contrasts.rotate(trait.y[:, None])
    h2 = float(restricted_h2(contrasts.values, rotated)[0])
    found = associate_all(contrasts, columns, trait.y, h2)
    smallest = np.finfo(float).tiny
    p = np.where(np.isnan(found.p), 1.0, np.maximum(found.p, smallest))
    return -np.log10(p)
