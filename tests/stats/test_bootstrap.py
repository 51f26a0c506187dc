from __future__ import annotations

import numpy as np
import pytest

from meristem.stats.bootstrap import draw_counts, mean_fold_pearson, weighted_pearson
from meristem.stats.metrics import pearson

RNG = np.random.default_rng(3)
N_LINE = 29
Y = RNG.standard_normal(N_LINE) + 100
Y_HAT = 0.1 * Y + RNG.standard_normal(N_LINE)


def test_draws_of_lines_keep_their_number():
    names = np.array([f"l{k}" for k in range(N_LINE)])
    counts = draw_counts((names,), 50, RNG)
    assert counts.shape == (50, N_LINE)
    assert (counts.sum(axis=1) == N_LINE).all()


def test_hybrids_occur_as_the_product_of_their_parents():
    one, two = np.array(["a", "a", "b", "c"]), np.array(["x", "y", "x", "y"])
    counts = draw_counts((one, two), 40, np.random.default_rng(1))
    # a*y * b*x = a*x * b*y-like identity: a-x times c-y equals a-y times c-x times..
    again = np.random.default_rng(1)
    first = again.multinomial(3, np.full(3, 1 / 3), 40)
    second = again.multinomial(2, np.full(2, 1 / 2), 40)
    expected = first[:, [0, 0, 1, 2]] * second[:, [0, 1, 0, 1]]
    np.testing.assert_array_equal(counts, expected)


def test_counts_are_repetitions():
    counts = RNG.integers(0, 4, (7, N_LINE)).astype(float)
    r = weighted_pearson(counts, Y, Y_HAT)
    for draw, value in zip(counts.astype(int), r, strict=True):
        expected = pearson(np.repeat(Y, draw), np.repeat(Y_HAT, draw))
        assert value == pytest.approx(expected)


def test_draws_in_which_nothing_varies():
    counts = np.zeros((2, N_LINE))
    counts[0, 4] = 9
    counts[1] = 1
    r = weighted_pearson(counts, Y, Y_HAT)
    assert np.isnan(r[0])
    assert r[1] == pytest.approx(pearson(Y, Y_HAT))
    assert (weighted_pearson(np.ones((1, N_LINE)), Y, np.full(N_LINE, 3.0)) == 0).all()


def test_mean_over_folds_equals_the_slow_twin():
    n_row = 2 * N_LINE  # two replicates
    line = np.concatenate([np.arange(N_LINE), RNG.permutation(N_LINE)])
    fold = np.concatenate([np.arange(N_LINE) % 3, 3 + np.arange(N_LINE) % 4])
    y = Y[line]
    y_hat = y + RNG.standard_normal(n_row)
    counts = draw_counts((np.arange(N_LINE).astype(str),), 11, RNG)
    fast = mean_fold_pearson(counts, line, fold, y, y_hat)
    for draw, value in zip(counts.astype(int), fast, strict=True):
        per_fold = []
        for number in range(7):
            rows = np.flatnonzero(fold == number)
            repeated = np.repeat(rows, draw[line[rows]])
            if np.unique(y[repeated]).size > 1:
                a, b = y[repeated], y_hat[repeated]
                per_fold.append(np.corrcoef(a, b)[0, 1])
        assert value == pytest.approx(np.mean(per_fold))
