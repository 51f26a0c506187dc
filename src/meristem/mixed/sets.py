"""REML over kernels of feature sets: screening, variance components, weights.

Pure functions over arrays. Features are anything linear in the markers (expression
predicted from genotype, or the markers themselves); sets are pathways. A wide hidden
layer over one pathway is a pathway kernel in the limit, so the components say how
much of the variance each pathway deserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.special import chdtrc, expit

from meristem.mixed.groups import Members
from meristem.mixed.several import fit_kernels
from meristem.mixed.targets import Target
from meristem.records import FloatArray, IntArray

SCREEN_BASE = 0.5
"""Variance of every base kernel in the screening model; the residual has 1."""


@dataclass(frozen=True)
class KernelStack:
    """Base kernels and set factors over the same rows, mean diagonals 1."""

    base: tuple[FloatArray, ...]  # each (n, n)
    factors: tuple[FloatArray, ...]  # each (n, n_member), kernel = factor factor'
    factor_scale: FloatArray  # (n_set,) factor = features[:, members] * scale

    def kernels(self, rows: IntArray, kept: IntArray) -> list[FloatArray]:
        """Return base kernels and those of the sets kept, over `rows`."""
        block = np.ix_(rows, rows)
        parts = [kernel[block] for kernel in self.base]
        for number in kept:
            factor = self.factors[number][rows]
            parts.append(factor @ factor.T)
        return parts


@dataclass(frozen=True)
class StackFit:
    """Variance components of one target over a stack."""

    kept: IntArray  # (n_kept,) sets, best first
    genetic: FloatArray  # (n_base + n_kept,)
    residual: float
    intercept: float
    dual: FloatArray  # (n_rows,) P y


def unit_diagonal(kernel: FloatArray) -> tuple[FloatArray, float]:
    """Return the kernel with a mean diagonal of 1, and the factor used (0 if null)."""
    trace = float(np.trace(kernel))
    factor = kernel.shape[0] / trace if trace > 1e-12 else 0.0
    return kernel * factor, factor


def make_stack(
    base: Sequence[FloatArray],  # each (n, n)
    features: FloatArray,  # (n, n_feature)
    sets: Members,
) -> KernelStack:
    """Return the stack of `base` and one linear kernel per set of features."""
    factors, scales = [], np.zeros(sets.n_group)
    for number in range(sets.n_group):
        factor = features[:, sets.of(number)]
        mean_square = float(np.mean(np.sum(factor**2, axis=1)))
        scales[number] = 1 / np.sqrt(mean_square) if mean_square > 1e-12 else 0.0
        factors.append(factor * scales[number])
    return KernelStack(tuple(base), tuple(factors), scales)


@dataclass(frozen=True)
class SetEvidence:
    """Score test of every set beside the base kernels."""

    score: FloatArray  # (n_set,) standardised; -inf for an empty set
    p_value: FloatArray  # (n_set,) 1 for an empty set


def assess_sets(
    stack: KernelStack,
    target: Target,
) -> SetEvidence:
    """Return score and p-value of every set beside the base kernels.

    With P of V = .5 sum base + W^-1, scaled to the variance of y, the statistic is
    Q = y'P K P y, of mean tr(P K) and variance 2 tr(P K P K). Its p-value is that of
    the scaled chi-square of the same two moments.

    References
    ----------
    Liu, Lin & Ghosh 2007, Biometrics 63:1079 (variance-component score test);
    Satterthwaite 1946, Biometrics Bull 2:110.
    """
    n_set = len(stack.factors)
    score, p_value = np.full(n_set, -np.inf), np.ones(n_set)
    rows = target.rows
    block = np.ix_(rows, rows)
    covariance = np.diag(1 / target.weight)
    for kernel in stack.base:
        covariance += SCREEN_BASE * kernel[block]
    inverse = scipy.linalg.inv(covariance)
    total = inverse.sum(axis=0)
    projection = inverse - np.outer(total, total) / total.sum()
    # the score compares with a unit variance: bring y to it
    quadratic = float(target.y @ projection @ target.y)
    variance = quadratic / (rows.size - 1)
    if variance <= 0:
        return SetEvidence(score, p_value)
    residual = projection @ target.y / np.sqrt(variance)
    for number, factor in enumerate(stack.factors):
        own = factor[rows]
        middle = own.T @ projection @ own  # (n_member, n_member)
        mean, spread = float(np.trace(middle)), float(2 * np.sum(middle**2))
        if spread > 1e-20:
            image = own.T @ residual
            statistic = float(image @ image)
            score[number] = (statistic - mean) / np.sqrt(spread)
            degrees = 2 * mean**2 / spread
            p_value[number] = chdtrc(degrees, 2 * mean * statistic / spread)
    return SetEvidence(score, p_value)


def score_sets(
    stack: KernelStack,
    target: Target,
) -> FloatArray:  # (n_set,)
    """Return the standardised score of every set; see `assess_sets`."""
    return assess_sets(stack, target).score


@dataclass(frozen=True)
class SetBelief:
    """What the p-values of all sets say together."""

    inclusion: FloatArray  # (n_set,) probability that a set acts, given that some do
    any_set: float  # probability that any set acts


PRIOR_SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Shares of acting sets considered, all as likely beforehand."""


def weigh_sets(
    p_value: FloatArray,  # (n_set,)
    shape: float = 0.3,
) -> SetBelief:
    """Return how probable it is that each set acts, and that any does.

    p-values are a mixture of a uniform and, for sets that act, the density
    shape * p^(shape - 1). Every prior share of acting sets counts by the likelihood
    it gives to all p-values together; beforehand no set acting is as likely as some.

    References
    ----------
    Pounds & Morris 2003, Bioinformatics 19:1236 (beta-uniform mixture).

    Examples
    --------
    >>> belief = weigh_sets(np.array([1e-9, 0.2, 0.9]))
    >>> belief.inclusion.round(1), round(belief.any_set, 2)
    (array([1. , 0.2, 0.1]), 1.0)
    """
    p = np.clip(p_value, 1e-300, 1.0)
    factor = shape * p ** (shape - 1)
    share = np.asarray(PRIOR_SHARES)[:, None]  # (n_prior, 1)
    mixed = 1 - share + share * factor  # (n_prior, n_set)
    log_likelihood = np.log(mixed).sum(axis=1)
    weight = np.exp(log_likelihood - log_likelihood.max())
    inclusion = (weight / weight.sum()) @ (share * factor / mixed)
    log_factor = log_likelihood.max() + np.log(weight.mean())
    return SetBelief(np.asarray(inclusion), float(expit(log_factor)))


def best_sets(score: FloatArray, count: int) -> IntArray:  # (<= count,)
    """Return the sets of the highest finite scores, best first."""
    order = np.argsort(-score, kind="stable")[:count]
    return order[np.isfinite(score[order])]


def fit_stack(stack: KernelStack, target: Target, kept: IntArray) -> StackFit:
    """Return REML variance components over base kernels and the sets kept."""
    fit = fit_kernels(stack.kernels(target.rows, kept), target)
    return StackFit(kept, fit.genetic, fit.residual, fit.intercept, fit.dual)


def predict_stack(
    stack: KernelStack,
    fit: StackFit,
    train: IntArray,  # (n_train,) rows that were fitted
    test: IntArray,  # (n_test,) rows to predict
) -> FloatArray:  # (n_test,)
    """Return predictions of other rows of the same stack."""
    n_base = len(stack.base)
    value = np.full(test.size, fit.intercept)
    for share, kernel in zip(fit.genetic[:n_base], stack.base, strict=True):
        value += share * (kernel[np.ix_(test, train)] @ fit.dual)
    for share, number in zip(fit.genetic[n_base:], fit.kept, strict=True):
        factor = stack.factors[number]
        value += share * (factor[test] @ (factor[train].T @ fit.dual))
    return value


def weighted_stack(
    features: FloatArray,  # (n, n_feature)
    stack: KernelStack,
    sets: Members,
    weight: FloatArray,  # (n_set,) >= 0
) -> tuple[KernelStack, FloatArray]:  # and the variance of every feature's weight
    """Return the base kernels and one more: the sets' kernels, summed by weight.

    The sum is a kernel of the features, each with a variance of its own.
    """
    prior = np.zeros(features.shape[1])
    for number in range(sets.n_group):
        members = sets.of(number)
        prior[members] += weight[number] * stack.factor_scale[number] ** 2
    factor = features * np.sqrt(prior)
    kernel, scale = unit_diagonal(factor @ factor.T)
    base = KernelStack((*stack.base, kernel), (), np.empty(0))
    return base, scale * prior


def feature_weights(
    features: FloatArray,  # (n, n_feature)
    stack: KernelStack,
    sets: Members,
    fit: StackFit,
    target: Target,
) -> FloatArray:  # (n_feature,)
    """Return what the set kernels make of each feature: value = features @ weights."""
    image = features[target.rows].T @ fit.dual
    weight = np.zeros(features.shape[1])
    for share, number in zip(fit.genetic[len(stack.base) :], fit.kept, strict=True):
        members = sets.of(number)
        weight[members] += share * stack.factor_scale[number] ** 2 * image[members]
    return weight


def count_predictions(
    stack: KernelStack,
    target: Target,
    train: IntArray,  # (n_train,) positions within the target's rows
    test: IntArray,  # (n_test,) positions within the target's rows
    counts: Sequence[int],
) -> FloatArray:  # (n_count, n_test)
    """Return predictions of held-out rows for each number of sets kept.

    Screening sees the training rows of the split alone.
    """
    part = target.take(train)
    score = score_sets(stack, part) if max(counts) > 0 else np.empty(0)
    value = np.empty((len(counts), test.size))
    fitted: dict[int, FloatArray] = {}
    for position, count in enumerate(counts):
        kept = best_sets(score, count)
        if kept.size not in fitted:
            fit = fit_stack(stack, part, kept)
            held = predict_stack(stack, fit, part.rows, target.rows[test])
            fitted[kept.size] = held
        value[position] = fitted[kept.size]
    return value
