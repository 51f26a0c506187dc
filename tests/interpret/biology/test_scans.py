from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from meristem.errors import DataError
from meristem.genetics.relationship import relationship_matrix
from meristem.interpret.biology.scans import (
    genomic_inflation,
    gwas,
    mixed_model_scan,
    null_model,
    twas,
)
from meristem.mixed.reml import decompose, estimate
from meristem.records import OmicsTable


def dense(data, rows, target):
    """Return kernel, phenotype and variances as plain matrices."""
    y = data.phenotypes.value[rows, target]
    weight = data.phenotypes.weight[rows, target]
    kernel = relationship_matrix(data.genotypes.call_dosage[rows])
    h2 = null_model(kernel, y, weight, rows).h2
    exact = estimate(decompose(kernel, weight), y, np.ones((rows.size, 1))).h2
    assert h2 == pytest.approx(exact, abs=0.02)
    return y, h2 * kernel + (1 - h2) * np.diag(1 / weight)


def test_every_marker_equals_generalised_least_squares(data_factory):
    data = data_factory(n_sample=40, n_variant=13)
    weight = np.random.default_rng(1).uniform(0.5, 2, data.phenotypes.weight.shape)
    value = data.phenotypes.value.copy()
    value[[3, 9], 0] = np.nan
    data = replace(
        data, phenotypes=replace(data.phenotypes, weight=weight, value=value)
    )
    frame = gwas(data, block=5)
    assert len(frame) == 26
    for target, trait in enumerate(("yield", "height")):
        rows = np.flatnonzero(~np.isnan(value[:, target]))
        y, v = dense(data, rows, target)
        found = frame[frame["trait"] == trait]
        for k in range(13):
            x = sm.add_constant(data.genotypes.call_dosage[rows, k].astype(float))
            fit = sm.GLS(y, x, sigma=v).fit()
            row = found.iloc[k]
            assert row["variant_id"] == f"v{k}"
            assert row["beta"] == pytest.approx(fit.params[1])
            assert row["se"] == pytest.approx(fit.bse[1])
            assert row["p"] == pytest.approx(fit.pvalues[1])


def test_the_causal_marker_has_the_smallest_p(data_factory):
    frame = gwas(data_factory(n_sample=120, n_variant=40))
    found = frame[frame["trait"] == "yield"].reset_index(drop=True)
    assert found["p"].idxmin() == 2
    assert found["beta"][2] == pytest.approx(1.5, abs=0.4)


def test_a_marker_that_does_not_vary_has_no_test(data_factory):
    data = data_factory()
    dosage = data.genotypes.call_dosage.copy()
    dosage[:, 4] = 1
    dosage[0, 4] = -1
    data = replace(data, genotypes=replace(data.genotypes, call_dosage=dosage))
    frame = gwas(data)
    assert frame.loc[frame["variant_id"] == "v4", "p"].isna().all()
    assert frame["p"].notna().sum() == 16


def test_p_values_without_signal_are_uniform():
    rng = np.random.default_rng(4)
    n, m = 150, 800
    x = rng.binomial(2, 0.3, (n, m)).astype(np.int8)
    kernel = relationship_matrix(x)
    y = np.linalg.cholesky(kernel + 1e-6 * np.eye(n)) @ rng.standard_normal(n)
    y += rng.standard_normal(n)
    scan = mixed_model_scan(x - x.mean(axis=0), y, kernel)
    assert np.mean(scan.p < 0.05) == pytest.approx(0.05, abs=0.03)
    assert 0.7 < genomic_inflation(scan.p) < 1.2


def test_inflation_of_uniform_p_is_one():
    p = (np.arange(2000) + 0.5) / 2000
    assert genomic_inflation(np.append(p, np.nan)) == pytest.approx(1, abs=0.01)


def test_twas_finds_the_feature_and_uses_measured_rows(data_factory):
    data = data_factory(n_sample=60)
    value = data.omics[0].value.copy()
    value[[1, 5]] = np.nan
    value[7, 1] = np.nan
    table = replace(data.omics[0], value=value)
    frame = twas(data, table)
    assert list(frame["feature_id"]) == ["f1", "f2", "f1", "f2"]
    assert list(frame["node"]) == ["g1", "", "g1", ""]
    # the feature is the trait: beta is its sd over the rows measured
    keep = ~np.isin(np.arange(60), [1, 5])
    assert frame["beta"][0] == pytest.approx(data.phenotypes.value[keep, 0].std())
    assert frame["p"][0] < 1e-20
    assert frame["p"][1] > 1e-4


def test_twas_equals_least_squares_with_known_missing_value(data_factory):
    data = data_factory(n_sample=45)
    value = np.random.default_rng(2).standard_normal((45, 1))
    value[4] = np.nan
    names = np.array(["f"])
    table = OmicsTable("e", data.sample_id, names, names, value)
    row = twas(data, table).iloc[1]
    rows = np.setdiff1d(np.arange(45), [4])
    y, v = dense(data, rows, 1)
    z = (value[rows, 0] - value[rows, 0].mean()) / value[rows, 0].std()
    fit = sm.GLS(y, sm.add_constant(z), sigma=v).fit()
    assert row["beta"] == pytest.approx(fit.params[1])
    assert row["p"] == pytest.approx(fit.pvalues[1])


def test_too_few_observations(data_factory):
    data = data_factory()
    value = data.phenotypes.value.copy()
    value[9:] = np.nan
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    with pytest.raises(DataError, match="10 observations"):
        gwas(data)


def test_what_values_have_lost_is_fitted_beside_every_marker():
    rng = np.random.default_rng(6)
    n = 80
    columns = rng.integers(0, 3, (n, 30)).astype(float)
    centred = columns - columns.mean(axis=0)
    kernel = centred @ centred.T / 30
    sex = rng.integers(0, 2, n) * 1.0
    y = columns[:, 0] + 5 * sex + rng.normal(size=n)
    ones, rows = np.ones(n), np.arange(n)
    found = null_model(kernel, y, ones, rows, sex[:, None]).scan(columns[:, :1])
    lost = null_model(kernel, y - 5 * sex, ones, rows, sex[:, None])
    np.testing.assert_allclose(lost.scan(columns[:, :1]).p, found.p)
    without = null_model(kernel, y, ones, rows).scan(columns[:, :1])
    assert found.se[0] < without.se[0]
