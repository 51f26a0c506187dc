"""Traits on expression predicted from each gene's own variants, pathway by pathway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.groups import Members
from meristem.mixed.sets import (
    KernelStack,
    StackFit,
    assess_sets,
    best_sets,
    count_predictions,
    feature_weights,
    fit_stack,
    make_stack,
    score_sets,
    unit_diagonal,
    weigh_sets,
    weighted_stack,
)
from meristem.mixed.targets import Target, target_splits
from meristem.models.omics.expression import fit_cis, predict_cis
from meristem.models.panel import MarkerPanel
from meristem.records import FloatArray, IntArray, Splits


@dataclass(frozen=True)
class CisProblem:
    """Everything known of the training rows, phenotypes apart."""

    panel: MarkerPanel
    markers: NDArray[np.float32]  # (n_train, n_variant) standardised
    genes: Members  # variants of every gene
    sets: Members  # genes of every pathway
    expression: FloatArray  # (n_train, n_gene) standardised, NaN missing
    penalty: float | FloatArray  # (n_gene,) ridge penalty of a gene's own variants
    equal_variance: bool = False  # scale every predicted gene to variance 1
    share: FloatArray | None = None  # (n_gene,) root of its reliability, where known


@dataclass(frozen=True)
class CisFeatures:
    """Predicted expression of all training rows, and how it was predicted."""

    value: FloatArray  # (n_train, n_gene)
    weight: FloatArray  # (n_member,) per variant of every gene
    stack: KernelStack  # base kernels: markers, predicted expression
    factor: float  # expression kernel = factor * value value'


@dataclass(frozen=True)
class CisFit:
    """A fitted target: intercept, dual weights of markers, weights of genes."""

    intercept: float
    polygenic_dual: FloatArray  # (n_train,) on the marker kernel
    gene_weight: FloatArray  # (n_gene,) trait = ... + predicted expression @ weight
    variance: list[float]  # markers, expression, pathways kept, residual
    set_name: list[str]  # pathways kept, best first


def predict_features(problem: CisProblem, rows: IntArray) -> CisFeatures:
    """Predict expression of all rows with weights learned on `rows` alone."""
    weight = fit_cis(
        problem.markers[rows], problem.genes, problem.expression[rows], problem.penalty
    )
    value = predict_cis(problem.markers, problem.genes, weight)
    if problem.equal_variance:
        sd = value[rows].std(axis=0)
        scale = np.where(sd > 1e-12, 1 / np.maximum(sd, 1e-12), 0.0)
        sizes = np.diff(problem.genes.start)
        weight = weight * np.repeat(scale, sizes)
        value = value * scale
    if problem.share is not None:
        weight = weight * np.repeat(problem.share, np.diff(problem.genes.start))
        value = value * problem.share
    kernel, factor = unit_diagonal(value @ value.T)
    stack = make_stack([problem.panel.kernel, kernel], value, problem.sets)
    return CisFeatures(value, weight, stack, factor)


def choose_counts(
    problem: CisProblem, targets: Sequence[Target], inner: Splits, counts: Sequence[int]
) -> list[int]:  # one per target
    """Return the number of pathways kept that predicts held-out rows best.

    Expression is predicted and pathways are screened anew within the training rows
    of every inner split. Ties go to fewer pathways.
    """
    if len(counts) == 1:
        return [counts[0]] * len(targets)
    loss = np.zeros((len(targets), len(counts)))
    for split in inner:
        features = predict_features(problem, split.train)
        for row, target in enumerate(targets):
            usable = np.isin(target.rows, split.train).sum() >= 2
            if not usable or not np.isin(target.rows, split.test).any():
                continue
            ((train, test),) = target_splits((split,), target.rows)
            held = count_predictions(features.stack, target, train, test, counts)
            loss[row] += (held - target.y[test]) ** 2 @ target.weight[test]
    return [counts[int(best)] for best in np.argmin(loss, axis=1)]


def fit_cis_target(
    problem: CisProblem,
    features: CisFeatures,
    target: Target,
    count: int,
) -> CisFit:
    """Fit one target with the `count` pathways of the highest scores."""
    stack = features.stack
    score = score_sets(stack, target) if count > 0 else np.empty(0)
    fit = fit_stack(stack, target, best_sets(score, count))
    weight = feature_weights(features.value, stack, problem.sets, fit, target)
    image = features.value[target.rows].T @ fit.dual
    weight += fit.genetic[1] * features.factor * image
    names = problem.sets.name[fit.kept].tolist()
    return _cis_fit(features, target, fit, weight, names)


def average_cis_target(
    problem: CisProblem,
    features: CisFeatures,
    target: Target,
    counts: Sequence[int],
) -> CisFit:
    """Return pathway models of several sizes and a soft one, shrunk to none.

    Hard selection of pathways fits noise, and inner folds of small data cannot tell
    how many to keep. With L the probability that any pathway acts, the result is

        (1 - L) (GBLUP + expression) / 2 + L (sized + soft) / 2:

    `expression` has the kernels of markers and of predicted expression; `sized` is
    the mean over the `counts` pathways of the highest scores; in `soft` one kernel
    sums all pathways, each by its probability to act. The variance is that of
    `soft`: markers, expression, pathways, residual.

    References
    ----------
    Own experiments on the recovery panel: no single number of pathways comes near
    the average, at any size of the training set.
    """
    evidence = assess_sets(features.stack, target)
    belief = weigh_sets(evidence.p_value)
    usable = np.isfinite(evidence.score)
    order = best_sets(evidence.score, max(counts))
    nothing = np.empty(0, dtype=np.int64)
    none = np.zeros(features.value.shape[1])
    markers_alone = KernelStack(features.stack.base[:1], (), np.empty(0))
    gblup = fit_stack(markers_alone, target, nothing)
    soft_stack, prior = weighted_stack(
        features.value, features.stack, problem.sets, belief.inclusion * usable
    )
    fit = fit_stack(soft_stack, target, nothing)
    image = features.value[target.rows].T @ fit.dual
    weight = (fit.genetic[1] * features.factor + fit.genetic[2] * prior) * image
    soft = _cis_fit(features, target, fit, weight, problem.sets.name[order].tolist())
    parts = [
        _cis_fit(features, target, gblup, none, []),
        fit_cis_target(problem, features, target, 0),
        soft,
        *(fit_cis_target(problem, features, target, count) for count in counts),
    ]
    some = belief.any_set
    shares = [1 - some, 1 - some, some, *(some / len(counts) for _ in counts)]
    share = np.array(shares) / 2
    return CisFit(
        float(share @ [part.intercept for part in parts]),
        share @ np.stack([part.polygenic_dual for part in parts]),
        share @ np.stack([part.gene_weight for part in parts]),
        soft.variance,
        soft.set_name,
    )


def _cis_fit(
    features: CisFeatures,
    target: Target,
    fit: StackFit,
    gene_weight: FloatArray,  # (n_gene,)
    names: list[str],
) -> CisFit:
    dual = np.zeros(features.value.shape[0])
    dual[target.rows] = fit.genetic[0] * fit.dual
    variance = [*fit.genetic.tolist(), fit.residual]
    return CisFit(fit.intercept, dual, gene_weight, variance, names)


def variant_effects(
    problem: CisProblem,
    features: CisFeatures,
    fits: Sequence[CisFit],
) -> FloatArray:  # (n_variant, n_target)
    """Return the effect of one allele copy, polygenic and through expression."""
    dual = np.stack([fit.polygenic_dual for fit in fits], axis=1)
    gene_weight = np.stack([fit.gene_weight for fit in fits], axis=1)
    cis = problem.genes.matrix(features.weight, problem.markers.shape[1])
    scale = problem.panel.scale
    through = np.asarray(cis @ gene_weight)
    through *= (scale.weight / scale.sd)[:, None]
    return problem.panel.effects(dual) + through
