"""`meristem.select.index.covariance`: what was simulated is found again."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.index.covariance import error_correlation, trait_covariance

N = 200
G = np.array([[2.0, 0.9], [0.9, 1.0]])
R = np.array([[1.0, -0.4], [-0.4, 1.5]])


def simulated(rng, n=N):
    x = rng.integers(0, 2, (n, 60)) * 2.0 - 1
    x -= x.mean(axis=0)
    kernel = x @ x.T
    kernel /= np.diag(kernel).mean()
    values, vectors = np.linalg.eigh(kernel)
    root = vectors * np.sqrt(np.maximum(values, 0))
    u = root @ rng.normal(size=(n, 2)) @ np.linalg.cholesky(G).T
    return kernel, u, u + rng.normal(size=(n, 2)) @ np.linalg.cholesky(R).T


def test_covariances_are_recovered_over_replicates():
    rng = np.random.default_rng(1)
    found = [trait_covariance(*simulated(rng)[::2]) for _ in range(10)]
    for name, truth in (("genetic", G), ("residual", R)):
        each = np.array([getattr(one, name) for one in found])
        error = each.std(axis=0, ddof=1) / np.sqrt(len(found))
        assert (np.abs(each.mean(axis=0) - truth) < 4 * error + 0.02).all()
    said = np.mean([one.error for one in found], axis=0)
    spread = np.std([one.genetic for one in found], axis=0, ddof=1)
    assert (said > spread / 2).all()
    assert (said < spread * 2).all()
    assert found[0].phenotypic == pytest.approx(found[0].genetic + found[0].residual)


def test_missing_values_leave_the_pair_out_and_few_pairs_are_refused():
    kernel, _, y = simulated(np.random.default_rng(2), 100)
    y[::3, 1] = np.nan
    found = trait_covariance(kernel, y)
    whole = trait_covariance(kernel, y[:, :1])
    assert found.genetic[0, 0] == pytest.approx(whole.genetic[0, 0])
    y[10:, 1] = np.nan
    with pytest.raises(DataError, match="on 6 lines"):
        trait_covariance(kernel, y)


def test_errors_of_two_traits_go_together_as_the_formula_says():
    """BLUPs of unrelated lines, each trait by itself."""
    rng = np.random.default_rng(3)
    u = rng.multivariate_normal([0, 0], G, 100_000)
    y = u + rng.multivariate_normal([0, 0], R, 100_000)
    reliability = np.diag(G) / np.diag(G + R)
    error = u - reliability * y
    truth = np.corrcoef(error.T)[0, 1]
    found = error_correlation(G, R, reliability)
    assert found[0, 1] == pytest.approx(truth, abs=0.01)
    assert np.diag(found) == pytest.approx(1)
