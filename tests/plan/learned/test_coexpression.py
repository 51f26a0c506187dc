from __future__ import annotations

import numpy as np
import pytest

from meristem.plan.learned.coexpression import coexpression_modules


def blocks(sizes, noise=0.3, seed=0, n=80):
    rng = np.random.default_rng(seed)
    columns = [
        rng.choice([-1, 1], size) * rng.standard_normal((n, 1)) for size in sizes
    ]
    value = np.hstack(columns)
    return value + noise * rng.standard_normal(value.shape)


def test_genes_that_go_together_form_a_module_whatever_their_sign():
    found = coexpression_modules(blocks([6, 9, 7]), size=7)
    assert found.tolist() == [0] * 6 + [1] * 9 + [2] * 7


def test_small_modules_are_none_and_the_rest_is_numbered_without_gaps():
    found = coexpression_modules(blocks([3, 8, 8]), size=6, smallest=5)
    assert found.tolist() == [-1] * 3 + [0] * 8 + [1] * 8


def test_missing_values_count_as_the_mean():
    value = blocks([6, 6])
    value[np.random.default_rng(1).random(value.shape) < 0.05] = np.nan
    assert coexpression_modules(value, size=6).tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize("n_gene", [0, 1, 4])
def test_too_few_genes_make_no_module(n_gene):
    found = coexpression_modules(np.ones((5, n_gene)))
    assert found.tolist() == [-1] * n_gene


def test_a_gene_that_does_not_vary_joins_none_of_the_real_modules():
    value = np.column_stack([blocks([6, 6]), np.full(80, 3.0)])
    found = coexpression_modules(value, size=4, smallest=2)
    assert found[-1] == -1
    assert found[:12].tolist() == [0] * 6 + [1] * 6
