from __future__ import annotations

import numpy as np
import pytest
from sklearn import decomposition
from tests.representation.toys import low_rank

from meristem.representation.pca import PCA, LinearAutoEncoder, LinearCode, fit_pca
from meristem.representation.protocol import Values


def standard(value: np.ndarray) -> np.ndarray:
    return (value - value.mean(axis=0)) / value.std(axis=0)


def span(loading: np.ndarray) -> np.ndarray:
    return np.linalg.qr(loading)[0]


@pytest.mark.parametrize(("n", "p"), [(60, 45), (30, 80)])
def test_components_are_those_of_scikit_learn(n: int, p: int) -> None:
    x = standard(low_rank(n, p)[0])
    code = fit_pca(x, 4)
    known = decomposition.PCA(4).fit(x)
    assert np.abs(span(code.loading).T @ known.components_.T) == pytest.approx(
        np.eye(4), abs=1e-8
    )
    z = code.encode(x)[0]
    r = np.corrcoef(z.T, known.transform(x).T)[:4, 4:]
    assert np.abs(np.diag(r)) == pytest.approx(1)
    # of Tipping & Bishop: the rest is spread over all directions, empty ones too
    rest = known.noise_variance_ * (min(n, p) - 4) / (p - 4) * (n - 1) / n
    assert code.noise[0] == pytest.approx(rest, rel=1e-6)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_linear_auto_encoder_learns_the_space_of_pca(k: int) -> None:
    x = standard(low_rank(50, 70, k=5)[0])
    learned = LinearAutoEncoder(k).fit(Values(x), rng=np.random.default_rng(7))
    known = span(decomposition.PCA(k).fit(x).components_.T)
    mine = span(learned.loading)
    assert np.linalg.norm(mine - known @ (known.T @ mine), 2) < 1e-3
    said = learned.decode(learned.encode(x))[0]
    assert said == pytest.approx(x @ known @ known.T, abs=1e-3)


def test_a_row_with_gaps_has_the_posterior_mean() -> None:
    rng = np.random.default_rng(1)
    loading, noise = rng.normal(size=(6, 2)), rng.uniform(0.5, 1, 6)
    x = rng.normal(size=(3, 6))
    x[0, 2] = x[1, 4:] = np.nan
    z = LinearCode(loading, noise).encode(x)[0]
    for row in range(3):
        seen = ~np.isnan(x[row])
        covariance = loading @ loading.T + np.diag(noise)
        own = covariance[np.ix_(seen, seen)]
        expected = loading[seen].T @ np.linalg.solve(own, x[row, seen])
        assert z[row] == pytest.approx(expected)


def test_gaps_do_not_move_the_space_much() -> None:
    value, _ = low_rank(80, 40, noise=0.1)
    x = standard(value)
    holed = np.where(np.random.default_rng(2).random(x.shape) < 0.2, np.nan, x)
    one = span(fit_pca(x, 3).loading)
    two = span(PCA(3).fit(Values(holed), rng=np.random.default_rng(1)).loading)
    assert np.linalg.svd(one.T @ two)[1].min() > 0.99
