from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from tests import toys

from meristem.config.models import LearnOptions
from meristem.genetics.relationship import relationship_matrix
from meristem.plan.learned.cis import Pairs
from meristem.plan.learned.eqtl import prepare_features, scan_eqtl

NOTHING = Pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def panel(n=34, p=61, n_feature=5, seed=0):
    """Return lines with missing calls and features with one or two causal variants."""
    rng = np.random.default_rng(seed)
    dosage = rng.binomial(2, rng.uniform(0.2, 0.8, p), (n, p)).astype(np.int8)
    value = rng.standard_normal((n, n_feature))
    value += dosage[:, :n_feature] + 0.5 * dosage[:, 40 : 40 + n_feature]
    dosage[rng.random((n, p)) < 0.03] = -1
    dosage[:, 7] = 1
    return toys.genotypes(dosage), value


def slow_scan(dosage, y):
    """Test one gene with one variant after the other: inverses, no rotation."""
    n = y.size
    kernel = relationship_matrix(dosage)
    ones = np.ones((n, 1))

    def loss(h2):
        inverse = np.linalg.inv(h2 * kernel + (1 - h2) * np.eye(n))
        xvx = float((ones.T @ inverse @ ones)[0, 0])
        residual = y - (ones.T @ inverse @ y) / xvx
        log_det = -np.linalg.slogdet(inverse)[1] + np.log(xvx)
        return (n - 1) * np.log(residual @ inverse @ residual) + log_det

    grid = np.linspace(0, 0.999, 200)
    start = grid[np.argmin([loss(h2) for h2 in grid])]
    bounds = (max(start - 0.01, 0), min(start + 0.01, 1 - 1e-6))
    h2 = scipy.optimize.minimize_scalar(
        loss, bounds=bounds, method="bounded", options={"xatol": 1e-10}
    ).x
    inverse = np.linalg.inv(h2 * kernel + (1 - h2) * np.eye(n))
    rows = []
    for column in dosage.T:
        called = column >= 0
        z = np.where(called, column, column[called].mean()).astype(float)
        if np.ptp(z) == 0:
            rows.append((np.nan, np.nan, np.nan))
            continue
        x = np.column_stack([np.ones(n), z])
        covariance = np.linalg.inv(x.T @ inverse @ x)
        beta = covariance @ x.T @ inverse @ y
        residual = y - x @ beta
        se = np.sqrt(covariance[1, 1] * (residual @ inverse @ residual) / (n - 2))
        rows.append((beta[1], se, 2 * scipy.stats.t.sf(abs(beta[1]) / se, n - 2)))
    return np.array(rows), h2


def test_the_scan_equals_one_gene_and_one_variant_at_a_time():
    genotypes, value = panel()
    found = scan_eqtl(genotypes, value, LearnOptions(variants_per_gene=6), NOTHING)
    assert found.feature.tolist() == np.repeat(np.arange(5), 6).tolist()
    for k in range(5):
        expected, h2 = slow_scan(genotypes.call_dosage, value[:, k])
        here = found.feature == k
        best = np.argsort(np.where(np.isnan(expected[:, 2]), 2, expected[:, 2]))[:6]
        assert found.variant[here].tolist() == best.tolist()
        assert found.h2[k] == pytest.approx(h2, abs=2e-4)
        for column, name in enumerate(("beta", "se", "p")):
            assert getattr(found, name)[here] == pytest.approx(
                expected[best, column], rel=2e-3
            )


def test_all_variants_of_every_gene_can_be_asked_for():
    genotypes, value = panel()
    found = scan_eqtl(genotypes, value, LearnOptions(variants_per_gene=100), NOTHING)
    # one of the 61 does not vary
    assert np.bincount(found.feature).tolist() == [60] * 5
    assert 7 not in found.variant


def test_cis_alone_tests_the_cis_pairs():
    genotypes, value = panel()
    cis = Pairs(np.array([0, 0, 3, 3, 3]), np.array([0, 9, 20, 3, 43]))
    both = scan_eqtl(genotypes, value, LearnOptions(), cis)
    options = LearnOptions(trans=False, variants_per_gene=2)
    found = scan_eqtl(genotypes, value, options, cis)
    assert found.feature.tolist() == [0, 0, 3, 3]
    assert found.variant[:2].tolist() == [0, 9]
    assert set(found.variant[2:]) == {3, 43}
    assert found.cis.all()
    for feature, variant, p in zip(found.feature, found.variant, found.p, strict=True):
        same = (both.feature == feature) & (both.variant == variant)
        assert both.p[same] == pytest.approx(p)
        assert both.cis[same].all()
    assert both.cis.sum() <= 5


def test_limits_of_p_differ_inside_and_outside_the_window():
    genotypes, value = panel()
    cis = Pairs(np.array([0, 1]), np.array([0, 11]))
    options = LearnOptions(trans_max_p=1e-3, max_p=1.0, variants_per_gene=3)
    found = scan_eqtl(genotypes, value, options, cis)
    everything = scan_eqtl(
        genotypes, value, LearnOptions(variants_per_gene=61), NOTHING
    )
    windowed = np.isin(found.feature, [0, 1])
    assert np.all((found.p <= 1e-3) | found.cis | ~windowed)
    # the weak cis variant of gene 1 is in, its weak trans variants are not
    assert 11 in found.variant[found.feature == 1]
    for k in range(5):
        here = everything.feature == k
        kept = found.variant[found.feature == k]
        if k in (0, 1):
            here &= everything.p <= 1e-3
            assert set(everything.variant[here][:3]) <= set(kept)
        else:
            # a gene without a window takes what is best
            assert kept.tolist() == everything.variant[here][:3].tolist()
    none = scan_eqtl(genotypes, value, LearnOptions(max_p=1e-300), NOTHING)
    assert none.feature.size == 0


def test_copies_of_a_variant_are_thinned():
    genotypes, value = panel()
    dosage = genotypes.call_dosage.copy()
    dosage[:, [13, 14, 15]] = dosage[:, [0]]
    genotypes = toys.genotypes(dosage)
    whole = scan_eqtl(genotypes, value, LearnOptions(variants_per_gene=4), NOTHING)
    assert set(whole.variant[whole.feature == 0]) == {0, 13, 14, 15}
    options = LearnOptions(variants_per_gene=4, max_ld_r2=0.95)
    thinned = scan_eqtl(genotypes, value, options, NOTHING)
    first = thinned.variant[thinned.feature == 0]
    assert first[0] == 0
    assert not set(first) & {13, 14, 15}
    assert first.size == 4


def test_a_missing_value_counts_as_the_mean():
    genotypes, value = panel()
    value[4, 2] = np.nan
    filled = value.copy()
    filled[4, 2] = np.nanmean(value[:, 2])
    options = LearnOptions(variants_per_gene=3)
    one = scan_eqtl(genotypes, value, options, NOTHING)
    other = scan_eqtl(genotypes, filled, options, NOTHING)
    assert np.array_equal(one.variant, other.variant)
    assert one.p == pytest.approx(other.p)


def test_order_of_lines_and_units_of_features_do_not_matter():
    genotypes, value = panel()
    rng = np.random.default_rng(3)
    order = rng.permutation(34)
    options = LearnOptions(variants_per_gene=3)
    one = scan_eqtl(genotypes, value, options, NOTHING)
    other = scan_eqtl(
        genotypes.take_samples(order), 1000 * value[order] + 5e4, options, NOTHING
    )
    assert np.array_equal(one.variant, other.variant)
    assert 1000 * one.beta == pytest.approx(other.beta, rel=1e-4)


def test_variants_in_several_blocks(monkeypatch):
    genotypes, value = panel()
    options = LearnOptions(variants_per_gene=5)
    one = scan_eqtl(genotypes, value, options, NOTHING)
    monkeypatch.setattr("meristem.plan.learned.eqtl.BLOCK", 8)
    monkeypatch.setattr("meristem.plan.learned.eqtl._PAIRS_AT_ONCE", 2)
    other = scan_eqtl(genotypes, value, options, NOTHING)
    assert np.array_equal(one.variant, other.variant)
    assert one.p == pytest.approx(other.p)


def test_prepared_features_are_free_of_the_mean():
    genotypes, value = panel()
    one = prepare_features(genotypes, value)
    other = prepare_features(genotypes, value + 7)
    assert one.features == pytest.approx(other.features, abs=1e-9)
    assert one.features.shape == (33, 5)
    assert replace(one, mean=one.mean).mean[7] == 1
