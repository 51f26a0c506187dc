from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import GBLUPOptions
from meristem.errors import DataError
from meristem.mixed.noise import Noise
from meristem.mixed.reml import H2_MIN, decompose, estimate
from meristem.mixed.several import estimate_multi
from meristem.models.linear.gblup import GBLUP, restore_gblup
from meristem.prepare.error_covariance import with_error_weights
from meristem.records import ErrorCovariance, Split

N, N_NEW, P = 60, 13, 150


def make(dosage, y, weight=None, groups=None):
    return toys.dataset(
        dosage, y, weight=1.0 if weight is None else weight, groups=groups
    )


@pytest.fixture
def population():
    rng = np.random.default_rng(21)
    dosage = rng.binomial(2, rng.uniform(0.1, 0.9, P), (N + N_NEW, P)).astype(np.int8)
    signal = dosage @ rng.normal(size=P)
    signal = (signal - signal.mean()) / signal.std()
    y = np.column_stack([signal, -signal]) + rng.normal(size=(N + N_NEW, 2))
    y[:5, 1] = np.nan
    return dosage, y, rng.uniform(0.4, 2.5, (N + N_NEW, 2))


def fit(dataset, inner=(), **options):
    model = GBLUP(GBLUPOptions(**options))
    return model.fit(dataset, rng=np.random.default_rng(0), inner=inner)


def test_agrees_with_the_marker_mixed_model_equations(population):
    dosage, y, weight = population
    train = make(dosage[:N], y[:N], weight[:N])
    fitted = fit(train)
    new = make(dosage[N:], y[N:]).genotypes
    predicted = fitted.predict(new)
    mean = dosage[:N].mean(axis=0)
    for column in range(2):
        rows = np.flatnonzero(~np.isnan(y[:N, column]))
        w = weight[rows, column] / weight[rows, column].mean()
        z = dosage[rows] - mean
        genetic = fitted.solved.genetic[column] * fitted.factor  # per marker
        design = np.column_stack([np.ones(rows.size), z])
        r_inverse = w / fitted.solved.residual[column]
        coefficients = design.T @ (r_inverse[:, None] * design)
        coefficients[1:, 1:] += np.eye(P) / genetic
        inverse = np.linalg.inv(coefficients)
        solution = inverse @ design.T @ (r_inverse * y[rows, column])
        z_new = dosage[N:] - mean
        assert predicted.value[:, column] == pytest.approx(
            solution[0] + z_new @ solution[1:], abs=1e-6
        )
        assert fitted.marker_effect[:, column] == pytest.approx(solution[1:], abs=1e-6)
        pev = np.einsum("ij,jk,ik->i", z_new, inverse[1:, 1:], z_new)
        assert predicted.spread[:, column] ** 2 == pytest.approx(pev, abs=1e-5)
        prior = genetic * (z_new**2).sum(axis=1)
        assert fitted.reliability(new)[:, column] == pytest.approx(
            1 - pev / prior, abs=1e-5
        )


def test_variance_components_are_those_of_reml_on_the_scaled_matrix(population):
    dosage, y, _ = population
    fitted = fit(make(dosage[:N], y[:N, 0]))
    z = dosage[:N] - dosage[:N].mean(axis=0)
    kernel = z @ z.T
    kernel *= N / np.trace(kernel)
    expected = estimate(decompose(kernel), y[:N, 0], np.ones((N, 1)))
    assert fitted.h2[0] == pytest.approx(expected.h2, abs=1e-5)
    assert 0.1 < fitted.h2[0] < 0.95
    assert fitted.solved.genetic[0] == pytest.approx(expected.genetic, rel=1e-4)


def test_a_trait_without_signal_is_nearly_constant_but_still_ranked(population):
    dosage, _, _ = population
    y = np.tile([1.0, -1.0], N // 2)
    z = dosage[:N] - dosage[:N].mean(axis=0)
    left = np.linalg.svd(z)[0]
    y = left[:, N - 2] * 5  # along the least informative direction
    fitted = fit(make(dosage[:N], y))
    assert fitted.h2[0] == H2_MIN
    genotypes = make(dosage[:N], y).genotypes
    assert fitted.reliability(genotypes).max() < 0.01
    value = fitted.predict(genotypes).value
    assert value == pytest.approx(y.mean(), abs=0.01)
    assert np.unique(value).size == N


def test_a_target_without_values_is_refused_by_name(population):
    dosage, y, _ = population
    y = y[:N].copy()
    y[:, 1] = np.nan
    with pytest.raises(DataError, match="t1 has 0 values"):
        fit(make(dosage[:N], y))


def test_state_restores_every_number(population):
    dosage, y, weight = population
    fitted = fit(make(dosage[:N], y[:N], weight[:N]))
    new = make(dosage[N:], y[N:]).genotypes
    again = restore_gblup(fitted.state())
    assert np.array_equal(again.predict(new).value, fitted.predict(new).value)
    assert np.array_equal(again.predict(new).spread, fitted.predict(new).spread)
    assert np.array_equal(again.h2, fitted.h2)


def hybrids(rng, n_parent=16, n_variant=200):
    """Return hybrids with strong parent effects that the markers do not explain."""
    lines = 2 * rng.binomial(1, 0.5, (2 * n_parent, n_variant)).astype(np.int8)
    first, second = np.divmod(np.arange(n_parent * n_parent), n_parent)
    second = second + n_parent
    dosage = ((lines[first] + lines[second]) // 2).astype(np.int8)
    effect = rng.normal(size=n_variant)
    marker = dosage @ effect
    marker = (marker - marker.mean()) / marker.std()
    own = 1.5 * rng.normal(size=2 * n_parent)
    y = marker + own[first] + own[second] + 0.2 * rng.normal(size=first.size)
    return dosage, y, first, second


def unseen_parents(first, second, held, n_all):
    out_first, out_second = held
    test = np.isin(first, out_first) & np.isin(second, out_second)
    train = ~np.isin(first, out_first) & ~np.isin(second, out_second)
    return Split("parents", 0, 0, np.flatnonzero(train), np.flatnonzero(test))


def parent_folds(first, second):
    a, b = np.unique(first), np.unique(second)
    return tuple(
        unseen_parents(first, second, (a[i::4], b[j::4]), first.size)
        for i in range(4)
        for j in range(4)
    )


def test_inner_splits_that_mimic_unseen_parents_shrink_more_than_reml():
    dosage, y, first, second = hybrids(np.random.default_rng(4))
    train = make(dosage, y)
    by_reml = fit(train)
    at_random = fit(train, variance="inner")
    by_parents = fit(train, inner=parent_folds(first, second), variance="inner")
    # random folds see the parents' own effects through the markers
    assert at_random.h2[0] > 0.9
    assert by_reml.h2[0] > 0.9
    assert by_parents.h2[0] < 0.8


def test_tuning_for_unseen_parents_predicts_them_better():
    error = {"reml": [], "inner": [], "identity": []}
    for seed in range(6):
        dosage, y, first, second = hybrids(np.random.default_rng(seed))
        outer = parent_folds(first, second)[0]
        groups = {
            "parent_1": np.array([f"a{i}" for i in first]),
            "parent_2": np.array([f"b{i}" for i in second]),
        }
        dataset = make(dosage, y, groups=groups)
        train, test = dataset.take(outer.train), dataset.take(outer.test)
        inner = parent_folds(first[outer.train], second[outer.train])
        fits = {
            "reml": fit(train),
            "inner": fit(train, inner=inner, variance="inner"),
            "identity": fit(train, identity="parents"),
        }
        for name, fitted in fits.items():
            value = fitted.predict(test.genotypes).value[:, 0]
            error[name].append(np.mean((value - y[outer.test]) ** 2))
    mean = {name: np.mean(values) for name, values in error.items()}
    assert mean["inner"] < 0.9 * mean["reml"]
    assert mean["identity"] < 0.95 * mean["reml"]


def test_identity_of_parents_takes_variance_out_of_the_markers():
    dosage, y, first, second = hybrids(np.random.default_rng(4))
    groups = {
        "parent_1": np.array([f"a{i}" for i in first]),
        "parent_2": np.array([f"b{i}" for i in second]),
    }
    dataset = make(dosage, y, groups=groups)
    assert fit(dataset, identity="parents").h2[0] < 0.7 * fit(dataset).h2[0]
    with pytest.raises(DataError, match="parent_1"):
        fit(make(dosage, y), identity="parents")


def with_errors(data, matrix, known=True):
    errors = ErrorCovariance(matrix, np.arange(data.n_sample), known)
    table = replace(data.phenotypes, errors=(errors,) * data.phenotypes.n_target)
    return replace(data, phenotypes=with_error_weights(table))


@pytest.mark.parametrize("identity", ["none", "sample"])
@pytest.mark.parametrize("known", [True, False])
def test_correlated_errors_are_in_the_mixed_model_equations(
    population, known, identity
):
    dosage, y, _ = population
    root = np.random.default_rng(3).normal(size=(N, 20))
    matrix = root @ root.T / 40 + 0.1 * np.eye(N)
    train = with_errors(make(dosage[:N], y[:N]), matrix, known)
    fitted = fit(train, identity=identity)
    rows = np.arange(5, N)  # of the second target
    error = matrix[np.ix_(rows, rows)]
    genetic, level = fitted.solved.genetic[1], fitted.solved.residual[1]
    z = dosage[:N] - dosage[:N].mean(axis=0)
    kernel = fitted.factor * z @ z.T
    if known:
        nugget = estimate_multi(
            [kernel[np.ix_(rows, rows)]],
            y[rows, 1],
            np.ones((rows.size, 1)),
            weight=Noise(np.ones(rows.size), error),
        ).residual
        error = error + nugget * np.eye(rows.size)
    elif identity == "none":
        error = error * level * np.mean(1 / np.diag(error))
    else:
        return  # two residuals, of which the model keeps the sum
    inverse = np.linalg.inv(genetic * kernel[np.ix_(rows, rows)] + error)
    ones = np.ones(rows.size)
    mean = ones @ inverse @ y[rows, 1] / (ones @ inverse @ ones)
    new = dosage[N:] - dosage[:N].mean(axis=0)
    cross = fitted.factor * new @ z[rows].T
    expected = mean + genetic * cross @ inverse @ (y[rows, 1] - mean)
    found = fitted.predict(make(dosage[N:], y[N:]).genotypes).value[:, 1]
    assert found == pytest.approx(expected, abs=2e-3 if identity == "sample" else 1e-5)


def test_inner_splits_read_the_diagonal_as_weights(population):
    dosage, y, _ = population
    matrix = 0.2 * np.eye(N) + 0.1 + np.diag(np.linspace(0, 2, N))
    weight = np.diag(np.linalg.inv(np.diag(np.diag(matrix))))
    given = with_errors(make(dosage[:N], y[:N]), matrix)
    weighed = make(dosage[:N], y[:N], weight)
    for options in ({"variance": "inner"}, {}):
        one, two = fit(given, **options), fit(weighed, **options)
        same = np.allclose(one.marker_effect, two.marker_effect, rtol=1e-6)
        assert same == bool(options)


def test_correlated_errors_of_partial_replication_cost_less_than_by_weights():
    """The gain in r with the breeding values of new lines is above 0 by an interval."""
    rng = np.random.default_rng(31)
    gain = []
    for _ in range(16):
        dosage, value, means, errors = first_stage(rng)
        train, test = np.arange(96), np.arange(96, 120)
        own = errors[np.ix_(train, train)]
        r = []
        for matrix in (np.diag(np.diag(own)), own):
            data = with_errors(make(dosage[train], means[train]), matrix)
            found = fit(data).predict(make(dosage[test], means[test]).genotypes)
            r.append(np.corrcoef(found.value[:, 0], value[test])[0, 1])
        gain.append(r[1] - r[0])
    assert np.mean(gain) > 2.1 * np.std(gain, ddof=1) / np.sqrt(len(gain))


def first_stage(rng, n=120, n_block=40):
    """Return markers, breeding values, and means of lines with their covariance.

    A fifth of the lines stands in two of the blocks, the others in one.
    """
    dosage = rng.binomial(2, 0.5, (n, 150)).astype(np.int8)
    value = (dosage - 1.0) @ rng.normal(size=150) / np.sqrt(75)
    line = np.concatenate([np.arange(n), rng.choice(n, n // 5, replace=False)])
    block = np.concatenate([np.arange(n) % n_block, rng.integers(0, n_block, n // 5)])
    z, b = np.eye(n)[line], np.eye(n_block)[block]
    plots = b @ b.T + 0.3 * np.eye(line.size)
    y = value[line] + np.linalg.cholesky(plots) @ rng.normal(size=line.size)
    inverse = np.linalg.inv(plots)
    errors = np.linalg.inv(z.T @ inverse @ z)
    return dosage, value, errors @ z.T @ inverse @ y, errors
