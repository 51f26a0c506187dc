from __future__ import annotations

import numpy as np
import pytest

from meristem.genetics.relationship import relationship_matrix
from meristem.mixed.best_columns import best_columns
from meristem.mixed.scan import associate_all, error_contrasts, restricted_h2


def problem(n=30, p=101, n_trait=7, seed=0):
    rng = np.random.default_rng(seed)
    dosage = rng.binomial(2, rng.uniform(0.2, 0.8, p), (n, p)).astype(np.int8)
    contrasts = error_contrasts(relationship_matrix(dosage))
    traits = rng.standard_normal((n, n_trait))
    traits += dosage[:, np.arange(n_trait) % p]
    return dosage, contrasts, traits


def blocks_of(dosage, width):
    for first in range(0, dosage.shape[1], width):
        block = dosage[:, first : first + width].astype(np.float32)
        yield first, block - block.mean(axis=0)


@pytest.mark.parametrize("width", [3, 40, 101, 500])
def test_the_best_are_those_of_a_test_one_by_one(width):
    dosage, contrasts, traits = problem()
    rotated = contrasts.rotate(traits)
    h2 = restricted_h2(contrasts.values, rotated)
    found = best_columns(contrasts, blocks_of(dosage, width), rotated, h2, 5)
    assert found.shape == (7, 5)
    for k in range(7):
        scan = associate_all(contrasts, dosage.astype(float), traits[:, k], h2[k])
        assert sorted(found[k]) == sorted(np.argsort(scan.p)[:5])


def test_more_traits_than_fit_at_once(monkeypatch):
    dosage, contrasts, traits = problem()
    rotated = contrasts.rotate(traits)
    h2 = np.full(7, 0.3)
    expected = best_columns(contrasts, blocks_of(dosage, 40), rotated, h2, 4)
    monkeypatch.setattr("meristem.mixed.best_columns.TRAITS_AT_ONCE", 2)
    found = best_columns(contrasts, blocks_of(dosage, 40), rotated, h2, 4)
    assert np.array_equal(np.sort(found), np.sort(expected))


def test_constant_columns_are_never_candidates():
    dosage, contrasts, traits = problem(p=6)
    dosage = dosage.copy()
    dosage[:, [1, 4]] = 2
    rotated = contrasts.rotate(traits)
    found = best_columns(contrasts, blocks_of(dosage, 4), rotated, np.zeros(7), 5)
    for row in found:
        assert sorted(row) == [-1, 0, 2, 3, 5]
