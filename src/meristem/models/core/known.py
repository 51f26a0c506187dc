"""Scores of variants in the nodes of genes, as far as they predict expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from meristem.config.models import KnownScoreOptions
from meristem.models.core.core import CoreProblem
from meristem.models.core.genes import cis_leave_one_out
from meristem.models.core.heritability import cis_heritability
from meristem.models.omics.expression import predict_cis
from meristem.plan.known_scores import (
    candidate_strengths,
    choose_strength,
    variant_weights,
)
from meristem.records import FloatArray, IntArray, Split


def with_scores(
    problem: CoreProblem,
    size: FloatArray,  # (n_variant,) see `known_scores.known_sizes`
    strength: float,
) -> CoreProblem:
    """Return the problem with the variants of every gene weighted by their scores."""
    if strength == 0:
        return replace(problem, known=None)
    genes = problem.genes
    gene = np.repeat(np.arange(genes.n_group), np.diff(genes.start))
    known = variant_weights(size, gene, genes.member, strength)
    return replace(problem, known=known)


def chosen_strength(
    problem: CoreProblem,
    size: FloatArray,  # (n_variant,)
    options: KnownScoreOptions,
    inner: Sequence[Split],
) -> float:
    """Return how far scores are followed: what predicts expression of test rows best.

    Every inner split fits the own variants of all genes on its training rows, with
    each candidate strength. No scores win ties, see `known_scores.choose_strength`.
    """
    strengths = candidate_strengths(options)
    error = np.stack(
        [
            np.sum(
                [
                    _errors(with_scores(problem, size, strength), split)
                    for split in inner
                ],
                axis=0,
            )
            for strength in strengths
        ]
    )
    count = np.sum([_measured(problem, s.test).sum(axis=0) for s in inner], axis=0)
    mean = np.where(count > 0, error / np.maximum(count, 1), np.nan)
    return choose_strength(mean, strengths, options.caution)


def _measured(problem: CoreProblem, rows: IntArray) -> FloatArray:
    return (~np.isnan(problem.expression[rows])).astype(np.float64)


def _errors(problem: CoreProblem, split: Split) -> FloatArray:  # (n_gene,)
    """Return every gene's summed squared error on the test rows of a split."""
    markers, genes = problem.markers[split.train], problem.genes
    expression = problem.expression[split.train]
    known = problem.known
    penalty = cis_heritability(markers, genes, expression, problem.reliability, known)
    cis, _ = cis_leave_one_out(markers, genes, expression, penalty[1], known)
    there = _measured(problem, split.train)
    count = np.maximum(there.sum(axis=0), 1)
    centre = predict_cis(markers, genes, cis)
    shift = np.where(there > 0, expression - centre, 0.0).sum(axis=0) / count
    test = problem.expression[split.test]
    value = predict_cis(problem.markers[split.test], genes, cis) + shift
    return np.nansum((test - value) ** 2, axis=0)
