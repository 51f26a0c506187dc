from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from tests.toys import rng

import meristem.interpret.importance.held_out as module
from meristem.genetics.relationship import relationship_matrix
from meristem.interpret.importance.held_out import (
    HELD_OUT_COLUMNS,
    HeldOut,
    held_out_scan,
)
from meristem.records import Dataset


def held_out(plan, contribution: np.ndarray, fold: np.ndarray) -> HeldOut:
    n_node = plan.n_node
    return HeldOut(
        plan.node_name,
        fold,
        contribution,
        np.zeros(contribution.shape[:2]),
        np.zeros((3, n_node, contribution.shape[2])),
    )


def with_phenotypes(data: Dataset, y: np.ndarray) -> Dataset:
    value = np.column_stack([y, np.full(y.size, np.nan)])
    return replace(data, phenotypes=replace(data.phenotypes, value=value))


@pytest.fixture
def case(plan, data_factory):
    """Contributions of g1 follow the trait; those of g3 run against it."""
    data = data_factory(n_sample=90)
    y = rng(5).standard_normal(90)
    contribution = rng(6).standard_normal((90, 4, 2))
    contribution[:, 0, 0] = 0.5 * (y + 0.5 * rng(7).standard_normal(90))
    contribution[:, 2, 0] = -y
    contribution[:, 3, 0] = 0.0
    return with_phenotypes(data, y), held_out(plan, contribution, np.arange(90) % 3)


def test_evidence_is_one_sided_and_a_silent_node_has_none(plan, case):
    table = held_out_scan(*case, plan)
    assert list(table.columns) == list(HELD_OUT_COLUMNS)
    # nobody measured the second trait
    assert table["trait"].tolist() == ["yield"] * 4
    rows = table.set_index("node")
    assert rows.loc["g1", "held_p"] < 1e-10
    assert rows.loc["g1", "held_q"] < 1e-9
    assert 1 < rows.loc["g1", "held_slope"] < 2
    assert rows.loc["g3", "held_p"] > 0.999
    assert rows.loc["term", "held_p"] == 1
    assert np.isnan(rows.loc["term", "held_slope"])


def test_the_test_is_a_regression_within_folds_under_the_other_variants(plan, case):
    """Generalised least squares written out, with the variance ratio of REML."""
    data, found = case
    table = held_out_scan(data, found, plan).set_index("node")
    fold = np.eye(3)[found.fold]
    y = data.phenotypes.value[:, 0]
    for node, below in ((1, [2, 3, 4]), (2, [5])):
        others = np.setdiff1d(np.arange(9), below)
        kernel = relationship_matrix(data.genotypes.call_dosage[:, others], ploidy=2)
        c = found.contribution[:, node, 0]

        def loss(h2, kernel=kernel):
            v = h2 * kernel + (1 - h2) * np.eye(90)
            inverse = np.linalg.inv(v)
            xvx = fold.T @ inverse @ fold
            p = inverse - inverse @ fold @ np.linalg.inv(xvx) @ fold.T @ inverse
            s = y @ p @ y / 87
            return np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1] + 87 * np.log(s)

        grid = np.linspace(0, 0.99, 100)
        best = scipy.optimize.minimize_scalar(
            loss, bounds=(0, 0.999), method="bounded", options={"xatol": 1e-8}
        )
        h2 = 0.0 if loss(0.0) <= min(best.fun, min(map(loss, grid))) else best.x
        inverse = np.linalg.inv(h2 * kernel + (1 - h2) * np.eye(90))
        x = np.column_stack([fold, c])
        xvx = np.linalg.inv(x.T @ inverse @ x)
        beta = xvx @ x.T @ inverse @ y
        residual = y - x @ beta
        s = residual @ inverse @ residual / 86
        t = beta[3] / np.sqrt(s * xvx[3, 3])
        row = table.iloc[node]
        assert row["held_slope"] == pytest.approx(beta[3], rel=1e-3)
        # each pair of folds speaks twice
        expected = scipy.stats.t.sf(t / 2**0.5, 86)
        assert row["held_p"] == pytest.approx(expected, rel=0.01)


def test_lines_that_no_network_left_out_do_not_count(plan, case):
    data, found = case
    fold = found.fold.copy()
    fold[:30] = -1
    part = HeldOut(
        found.node_name,
        fold[30:],
        found.contribution[30:],
        found.latent[30:],
        found.importance,
    )
    # the relationship, and with it the test, is of the lines that count
    expected = held_out_scan(data.take(np.arange(30, 90)), part, plan)
    got = held_out_scan(data, replace(found, fold=fold), plan)
    np.testing.assert_allclose(got["held_p"], expected["held_p"])


def test_too_few_lines_are_no_test(plan, case):
    data, found = case
    few = np.where(np.arange(90) < 7, found.fold, -1)
    assert held_out_scan(data, replace(found, fold=few), plan).empty


def cross_fitted(data: Dataset, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Contributions of four ridge regressions, each on variants of its own."""
    out = np.zeros((y.size, 4, 2))
    x = data.genotypes.call_dosage.astype(float)
    for node in range(4):
        own = x[:, node * 10 : node * 10 + 10]
        for k in range(5):
            train, test = fold != k, fold == k
            mean = own[train].mean(axis=0)
            z, target = own[train] - mean, y[train] - y[train].mean()
            weight = np.linalg.solve(z.T @ z + 20 * np.eye(10), z.T @ target)
            out[test, node, 0] = (own[test] - mean) @ weight
    return out


def test_folds_that_learn_from_each_other_are_no_evidence(
    plan, data_factory, monkeypatch
):
    """Ridge regressions of a random trait, lines unrelated."""
    monkeypatch.setattr(
        module, "relationship_matrix", lambda dosage, ploidy: 0 * (dosage @ dosage.T)
    )
    fold = np.arange(60) % 5
    p = {1.0: [], 2.0: []}
    for seed in range(100):
        data = data_factory(n_sample=60, n_variant=45, seed=seed)
        y = rng(seed + 500).standard_normal(60)
        own = replace(plan, variants=data.genotypes.variants)
        found = held_out(own, cross_fitted(data, y, fold), fold)
        for factor, values in p.items():
            monkeypatch.setattr(module, "SPOKEN_TWICE", factor)
            table = held_out_scan(with_phenotypes(data, y), found, own)
            values.append(table["held_p"])
    naive, corrected = (np.concatenate(values) for values in p.values())
    assert (naive < 0.05).mean() > 0.075
    assert (naive < 0.01).mean() > 0.02
    assert 0.02 < (corrected < 0.05).mean() < 0.06
    assert (corrected < 0.01).mean() < 0.015
