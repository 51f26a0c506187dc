"""Scores of variants in the nodes of genes."""

from dataclasses import replace

import numpy as np
import pytest

from meristem.config.models import KnownScoreOptions
from meristem.mixed.groups import gather
from meristem.models.core.core import CoreProblem
from meristem.models.core.genes import cis_leave_one_out
from meristem.models.core.known import chosen_strength, with_scores
from meristem.stats.folds import random_splits

N, G, K = 90, 25, 8
OPTIONS = KnownScoreOptions(scores="scores.tsv")


@pytest.fixture
def problem():
    """The first of the eight variants of every gene acts; one gene is measured less."""
    rng = np.random.default_rng(4)
    markers = rng.normal(size=(N, G * K)).astype(np.float32)
    own = [np.arange(g * K, (g + 1) * K) for g in range(G)]
    genes = gather([f"g{g}" for g in range(G)], own)
    value = 0.6 * markers[:, ::K] + rng.normal(size=(N, G))
    value[::3, 2] = np.nan
    none = gather([], [])
    return CoreProblem(None, markers, genes, none, value)


def test_weights_are_those_of_the_prior_variances(problem):
    size = np.random.default_rng(1).exponential(size=G * K)
    known = with_scores(problem, size, 0.9).known
    weight, left_out = cis_leave_one_out(
        problem.markers, problem.genes, problem.expression, np.full(G, 3.0), known
    )
    own, rows = problem.genes.of(2), np.flatnonzero(~np.isnan(problem.expression[:, 2]))
    x = problem.markers[rows][:, own].astype(float)
    x -= x.mean(axis=0)
    y = problem.expression[rows, 2] - problem.expression[rows, 2].mean()
    variance = np.diag(known[2 * K : 3 * K])  # of the effects, noise 3
    slow = variance @ x.T @ np.linalg.solve(x @ variance @ x.T + 3 * np.eye(len(y)), y)
    assert weight[2 * K : 3 * K] == pytest.approx(slow)
    assert left_out.shape == (N, G)


def test_true_scores_are_followed_and_permuted_ones_are_not(problem):
    splits = random_splits(N, 4, np.random.default_rng(2))
    size = np.zeros(G * K)
    size[::K] = 1.0
    assert chosen_strength(problem, size, OPTIONS, splits) == 0.9
    moved = np.random.default_rng(5).permutation(size)
    assert chosen_strength(problem, moved, OPTIONS, splits) == 0.0


def test_no_strength_leaves_the_problem_as_it_was(problem):
    known = with_scores(problem, np.ones(G * K), 0.9)
    assert known.known == pytest.approx(np.ones(G * K))
    assert with_scores(known, np.ones(G * K), 0.0).known is None


def test_test_rows_teach_nothing(problem):
    splits = random_splits(N, 4, np.random.default_rng(2))[:1]
    changed = problem.expression.copy()
    changed[splits[0].test] = 7.0 + np.arange(G)
    other = replace(problem, expression=changed)
    size = np.zeros(G * K)
    size[::K] = 1.0
    # constants of test rows cannot be predicted better by any scores
    assert chosen_strength(other, size, OPTIONS, splits) == 0.0
