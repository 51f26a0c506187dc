"""`meristem.prepare.covariates.effects`: dense equations, truth, leaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import toys
from tests.prepare.covariates.toys import covariates

from meristem.config.models import GBLUPOptions
from meristem.mixed.reml import decompose, estimate
from meristem.models.linear.gblup import GBLUP
from meristem.prepare.covariates.effects import fit_effects
from meristem.prepare.training import training_set
from meristem.records import Dataset

N = 90


def panel(random: str = "", n_axis: int = 0, n: int = N) -> Dataset:
    rng = np.random.default_rng(8)
    dosage = rng.integers(0, 3, (n, 60))
    genetic = dosage @ rng.normal(0, 0.25, 60)
    sex = rng.choice(["F", "M"], n)
    age = rng.normal(50, 5, n)
    cage = rng.choice([f"c{k}" for k in range(15)], n)
    rise = dict(zip(np.unique(cage), rng.normal(0, 1.5, 15), strict=True))
    y = genetic + 3.0 * (sex == "M") + 0.2 * age + [rise[c] for c in cage]
    y = np.column_stack([y + rng.normal(0, 0.5, n), -y + rng.normal(0, 0.5, n)])
    y[3, 0] = np.nan
    columns = {"sex": sex.tolist(), "age": age.tolist()}
    columns |= {"cage": cage.tolist()} if random else {}
    data = toys.dataset(dosage, y, traits=["up", "down"])
    return replace(data, covariates=covariates(columns, random, n_axis))


def test_effects_are_those_of_the_dense_equations() -> None:
    data = panel()
    found = fit_effects(data)
    calls = data.genotypes.call_dosage
    z = calls - calls.mean(axis=0)
    kernel = z @ z.T
    kernel = kernel / np.diag(kernel).mean()
    rows = np.flatnonzero(~np.isnan(data.phenotypes.value[:, 0]))
    assert data.covariates is not None
    male = data.covariates.label[rows, 0] == "M"
    x = np.column_stack([np.ones(rows.size), male, data.covariates.number[rows, 1]])
    y = data.phenotypes.value[rows, 0]
    some = kernel[np.ix_(rows, rows)]
    part = estimate(decompose(some), y, x)
    v = np.linalg.inv(part.genetic * some + part.residual * np.eye(rows.size))
    covariance = np.linalg.inv(x.T @ v @ x)
    beta = covariance @ x.T @ v @ y
    effects = {(e.covariate, e.level): e for e in found.rows(0)}
    slope = effects["age", ""]
    assert slope.value == pytest.approx(beta[2], rel=1e-4)
    assert slope.se == pytest.approx(np.sqrt(covariance[2, 2]), rel=1e-4)
    difference = effects["sex", "M"].value - effects["sex", "F"].value
    assert difference == pytest.approx(beta[1], rel=1e-4)
    assert effects["sex", "M"].n + effects["sex", "F"].n == N
    assert 2 < difference < 4


def test_values_lose_the_effects_and_gblup_is_the_joint_fit() -> None:
    data = panel()
    train, taken = training_set(data, np.arange(N))
    assert train.covariates is None
    assert train.phenotypes.fixed is not None
    lost = data.phenotypes.value - train.phenotypes.value
    np.testing.assert_allclose(taken.offset(data)[4:], lost[4:])
    again, nothing = training_set(train, np.arange(N))
    np.testing.assert_array_equal(again.phenotypes.value, train.phenotypes.value)
    assert nothing.covariates is None
    fit = GBLUP(GBLUPOptions()).fit(train, rng=toys.rng())
    components = fit.variance_components()
    calls = data.genotypes.call_dosage
    z = calls - calls.mean(axis=0)
    kernel = z @ z.T / np.mean(np.sum(z**2, axis=1))
    assert data.covariates is not None
    male = data.covariates.label[:, 0] == "M"
    x = np.column_stack([np.ones(N), male, data.covariates.number[:, 1]])
    joint = estimate(decompose(kernel), data.phenotypes.value[:, 1], x)
    assert components.genetic[1] == pytest.approx(joint.genetic, rel=1e-3)
    assert components.residual[1] == pytest.approx(joint.residual, rel=1e-3)
    error = fit.predict(data.genotypes).spread[:, 1] ** 2
    v = joint.genetic * kernel + joint.residual * np.eye(N)
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    pev = joint.genetic * kernel - joint.genetic**2 * kernel @ p @ kernel
    np.testing.assert_allclose(error, np.diag(pev), rtol=2e-3)


def test_levels_of_a_random_class_are_shrunk() -> None:
    data = panel(random="cage")
    found = fit_effects(data)
    assert data.covariates is not None
    rows = [e for e in found.rows(0) if e.covariate == "cage"]
    assert len(rows) == 15
    assert all(np.isnan(e.se) for e in rows)
    assert 0.3 < np.std([e.value for e in rows]) < 2.5
    other = replace(
        data.covariates.take(np.array([0])), label=np.array([["F", "", "new"]])
    )
    known = replace(other, label=np.array([["F", "", rows[0].level]]))
    assert (found.of(known) - found.of(other))[0, 0] == pytest.approx(rows[0].value)


def test_axes_are_part_of_what_genotypes_predict() -> None:
    data = panel(n_axis=2)
    train, taken = training_set(data, np.arange(60))
    assert taken.covariates is not None
    assert taken.covariates.beta.shape == (4, 2)
    test = data.take(np.arange(60, N))
    part = taken.level(test)
    assert part.std() > 0
    shuffled = replace(test, covariates=None)
    np.testing.assert_array_equal(taken.level(shuffled), part)
    assert (taken.offset(shuffled) == 0).all()
    before = data.phenotypes.value[4:60]
    now = train.phenotypes.value[4:] + taken.offset(data)[4:60]
    lost = taken.level(data.take(np.arange(4, 60)))
    np.testing.assert_allclose(before - now, lost)


def test_nothing_of_other_rows_is_learned() -> None:
    rows = np.arange(60)
    found = []
    for spoilt in (False, True):
        data = panel(random="cage", n_axis=2)
        assert data.covariates is not None
        if spoilt:
            number = data.covariates.number.copy()
            label = data.covariates.label.copy()
            value = data.phenotypes.value.copy()
            calls = data.genotypes.call_dosage.copy()
            number[60:] *= 1000
            label[60:, [0, 2]] = "spoilt"
            value[60:] = -1e6 * value[60:]
            calls[60:] = 2 - calls[60:]
            data = replace(
                data,
                covariates=replace(data.covariates, number=number, label=label),
                phenotypes=replace(data.phenotypes, value=value),
                genotypes=replace(data.genotypes, call_dosage=calls),
            )
        train, taken = training_set(data, rows)
        assert taken.covariates is not None
        assert train.phenotypes.fixed is not None
        arrays = [train.phenotypes.value, train.phenotypes.fixed]
        arrays += [taken.covariates.beta, taken.covariates.random]
        found.append([array.tobytes() for array in arrays])
    assert found[0] == found[1]


def test_environments_are_fitted_beside_covariates() -> None:
    """Lines in two places, older lines in the better one: the slope is not fooled."""
    rng = np.random.default_rng(2)
    line = np.repeat(np.arange(40), 2)
    place = np.tile([0, 1], 40)
    keep = rng.random(80) < 0.8
    line, place = line[keep], place[keep]
    age = rng.normal(0, 1, line.size) + 2.0 * place
    y = 5.0 * place + 1.0 * age + rng.normal(0, 0.2, line.size)
    names = [f"L{i}@{j}" for i, j in zip(line, place, strict=True)]
    groups = {
        "line": [f"L{i}" for i in line],
        "environment": [f"E{j}" for j in place],
    }
    dosage = rng.integers(0, 3, (40, 30))[line]
    data = toys.dataset(dosage, y, lines=names, groups=groups)
    data = replace(data, covariates=covariates({"age": age.tolist()}))
    train, taken = training_set(data, np.arange(line.size))
    assert taken.covariates is not None
    assert next(taken.covariates.rows(0)).value == pytest.approx(1.0, abs=0.1)
    assert taken.environments is not None
    gap = np.diff(taken.environments.mean[:, 0])[0]
    assert gap == pytest.approx(5.0, abs=0.3)
    assert abs(train.phenotypes.value).max() < 2
