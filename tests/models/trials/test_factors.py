import numpy as np
import pytest
from tests.models.trials.test_fitted import covariates

from meristem.models.trials.factors import environment_factors, line_slopes
from meristem.records import Environments


def test_factors_have_variance_one_over_training_and_reach_new_environments():
    rng = np.random.default_rng(3)
    names = np.array([f"e{k}" for k in range(11)])
    table = Environments(names, np.arange(5).astype(str), rng.normal(size=(11, 5)))
    found = environment_factors(table, names[:9], 4)
    assert found.score.shape == (11, 3)  # a third of nine
    own = found.of(names[:9])
    assert own.T @ own / 9 == pytest.approx(np.eye(4), abs=1e-12)
    assert found.of(np.array(["e10", "nowhere"]))[1].tolist() == [1, 0, 0, 0]


def test_no_table_or_few_environments_leave_the_mean_alone():
    names = np.array(["wet", "dry"])
    assert environment_factors(None, names, 2).of(names).tolist() == [[1], [1]]
    assert environment_factors(covariates(), names, 2).of(names).shape == (2, 1)


def test_slopes_are_the_conditional_expectation_given_a_lines_records():
    rng = np.random.default_rng(5)
    line = rng.integers(0, 4, 23)
    line[-1] = 3
    factor = np.column_stack([np.ones(23), rng.normal(size=(23, 2))])
    y, weight = rng.normal(size=23), rng.uniform(0.5, 2, 23)
    variance, noise = np.array([2.0, 0.7, 0.3]), 0.9
    found, total = line_slopes(y, weight, line, factor, variance, noise)
    for number in range(4):
        own = line == number
        x, s = factor[own], np.diag(variance)
        v = x @ s @ x.T + np.diag(noise / weight[own])
        assert found[number] == pytest.approx(s @ x.T @ np.linalg.solve(v, y[own]))
        assert total[number] == pytest.approx(weight[own].sum())
