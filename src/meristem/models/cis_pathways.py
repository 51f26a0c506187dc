"""Traits on expression predicted from each gene's own variants, pathway by pathway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.models.marker_panel import MarkerPanel
from meristem.models.omics_prediction import fit_cis, predict_cis
from meristem.models.pathway_kernels import (
    KernelStack,
    StackFit,
    best_sets,
    count_losses,
    feature_weights,
    fit_stack,
    make_stack,
    score_sets,
    unit_diagonal,
)
from meristem.models.plan_sets import Members
from meristem.models.targets import Target, target_splits
from meristem.records import FloatArray, IntArray, Split


@dataclass(frozen=True)
class CisProblem:
    """Everything known of the training rows, phenotypes apart."""

    panel: MarkerPanel
    markers: NDArray[np.float32]  # (n_train, n_variant) standardised
    genes: Members  # variants of every gene
    sets: Members  # genes of every pathway
    expression: FloatArray  # (n_train, n_gene) standardised, NaN missing
    penalty: float  # ridge penalty of a gene's own variants
    equal_variance: bool = False  # scale every predicted gene to variance 1


@dataclass(frozen=True)
class CisFeatures:
    """Predicted expression of all training rows, and how it was predicted."""

    value: FloatArray  # (n_train, n_gene)
    weight: FloatArray  # (n_member,) per variant of every gene
    stack: KernelStack  # base kernels: markers, predicted expression
    factor: float  # expression kernel = factor * value value'


@dataclass(frozen=True)
class CisFit:
    """A fitted target: variance components, gene weights, dual weights."""

    stack: StackFit
    gene_weight: FloatArray  # (n_gene,) trait = ... + predicted expression @ weight
    polygenic_dual: FloatArray  # (n_train,) on the marker kernel
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
    kernel, factor = unit_diagonal(value @ value.T)
    stack = make_stack([problem.panel.kernel, kernel], value, problem.sets)
    return CisFeatures(value, weight, stack, factor)


def choose_counts(
    problem: CisProblem,
    targets: Sequence[Target],
    inner: tuple[Split, ...],
    counts: Sequence[int],
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
            loss[row] += count_losses(features.stack, target, train, test, counts)
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
    dual = np.zeros(problem.markers.shape[0])
    dual[target.rows] = fit.genetic[0] * fit.dual
    return CisFit(fit, weight, dual, problem.sets.name[fit.kept].tolist())


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
