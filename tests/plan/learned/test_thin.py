from __future__ import annotations

import numpy as np
import pytest

from meristem.plan.learned.thin import keep_best


def slow_thin(dosage, feature, variant, n_keep, max_r2):
    kept = []
    for f in dict.fromkeys(feature.tolist()):
        chosen = []
        for pair in np.flatnonzero(feature == f).tolist():
            column = dosage[:, variant[pair]].astype(float)
            others = [dosage[:, variant[k]].astype(float) for k in chosen]
            r2 = [np.corrcoef(column, other)[0, 1] ** 2 for other in others]
            if len(chosen) < n_keep and all(value <= max_r2 for value in r2):
                chosen.append(pair)
        kept += chosen
    return kept


@pytest.mark.parametrize("max_r2", [0.12, 0.4, 0.9])
def test_thinning_equals_a_loop_over_pairs(max_r2):
    rng = np.random.default_rng(1)
    base = rng.integers(0, 3, (25, 6))
    dosage = np.repeat(base, 4, axis=1)
    flip = rng.random(dosage.shape) < 0.15
    dosage = np.where(flip, rng.integers(0, 3, dosage.shape), dosage).astype(np.int8)
    feature = np.array([0] * 9 + [2] * 1 + [5] * 14)
    variant = np.concatenate([rng.permutation(24)[:size] for size in (9, 1, 14)])
    found = keep_best(dosage, feature, variant, 5, max_r2)
    assert found.tolist() == slow_thin(dosage, feature, variant, 5, max_r2)


def test_without_thinning_the_first_of_each_feature_stay():
    feature = np.array([1, 1, 1, 4, 6, 6])
    variant = np.array([0, 0, 0, 0, 0, 0])
    dosage = np.zeros((3, 1), dtype=np.int8)
    assert keep_best(dosage, feature, variant, 2).tolist() == [0, 1, 3, 4, 5]
    assert keep_best(dosage, feature[:0], variant[:0], 2, 0.5).size == 0


def test_missing_calls_count_as_the_mean():
    dosage = np.array([[0, 0], [2, 2], [0, -1], [2, 2]], dtype=np.int8)
    r = np.corrcoef([0, 2, 0, 2], [0, 2, 4 / 3, 2])[0, 1] ** 2
    feature, variant = np.zeros(2, dtype=np.int64), np.arange(2)
    assert keep_best(dosage, feature, variant, 2, r + 1e-6).tolist() == [0, 1]
    assert keep_best(dosage, feature, variant, 2, r - 1e-6).tolist() == [0]
