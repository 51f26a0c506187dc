from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import KNNImputer
from tests.representation.toys import low_rank, table_of

from meristem.representation.gene_network import make_network
from meristem.representation.impute.methods import (
    _RATIOS,
    Sources,
    _settle,
    fill_methods,
    nearest_rows,
    neighbour_ridge,
    omics_kernel,
    ridge_rows,
    smooth,
    soft_impute,
)


def holed() -> tuple[np.ndarray, np.ndarray]:
    value, _ = low_rank(40, 25, noise=0.4)
    x = (value - value.mean(axis=0)) / value.std(axis=0)
    gaps = np.random.default_rng(2).random(x.shape) < 0.2
    return x, np.where(gaps, np.nan, x)


def test_every_method_keeps_what_is_known_and_beats_the_mean() -> None:
    x, gaps = holed()
    pairs = np.arange(25)
    network = make_network(
        pairs.astype(str), np.repeat(pairs, 25), np.tile(pairs, 25), np.ones(625)
    )
    other = Sources(x @ x.T, x @ x.T, network)
    missing = np.isnan(gaps)
    base = (x[missing] ** 2).mean()
    for name, fill in fill_methods(other).items():
        said = fill(gaps)
        assert np.array_equal(said[~missing], x[~missing]), name
        if name != "mean":
            assert ((said - x)[missing] ** 2).mean() < 0.75 * base, name


def test_neighbours_of_rows_are_those_of_scikit_learn() -> None:
    _, gaps = holed()
    known = KNNImputer(n_neighbors=5, weights=lambda d: 1 / d**2).fit_transform(gaps)
    assert nearest_rows(gaps, 5) == pytest.approx(known)


def test_smoothing_is_the_best_linear_prediction() -> None:
    """With one column it is kernel regression on the known rows, solved at once."""
    rng = np.random.default_rng(1)
    root = rng.normal(size=(12, 3))
    kernel = root @ root.T
    x = np.repeat((root[:, :1] * 2), 3, axis=1) + 0.5 * rng.normal(size=(12, 3))
    x[[2, 5], 0] = np.nan
    said = smooth(x, kernel)
    scaled = kernel / np.trace(kernel) * 12
    known = ~np.isnan(x[:, 0])
    best = min(
        np.abs(
            scaled[np.ix_(~known, known)]
            @ np.linalg.solve(
                scaled[np.ix_(known, known)] + ratio * np.eye(10), x[known, 0]
            )
            - said[~known, 0]
        ).max()
        for ratio in np.geomspace(1e-2, 1e2, 17)
    )
    assert best < 0.02


def test_soft_impute_finds_a_low_rank() -> None:
    value, _ = low_rank(60, 40, k=2, noise=0.05)
    x = (value - value.mean(axis=0)) / value.std(axis=0)
    missing = np.random.default_rng(3).random(x.shape) < 0.3
    said = soft_impute(np.where(missing, np.nan, x))
    assert np.corrcoef(said[missing], x[missing])[0, 1] > 0.97


def test_features_without_neighbours_stay_at_their_mean() -> None:
    _, gaps = holed()
    none = make_network(
        np.arange(25).astype(str), np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    )
    assert (neighbour_ridge(gaps, none)[np.isnan(gaps)] == 0).all()


def test_the_kernel_of_other_omics_is_a_mean() -> None:
    value, _ = low_rank(10, 6)
    one = omics_kernel([(table_of(value), False)], 10)
    assert omics_kernel([(table_of(value), False)] * 2, 10) == pytest.approx(one)
    assert np.trace(one) == pytest.approx(10)


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_the_penalty_of_a_ridge_is_near_the_best_there_is(seed: int) -> None:
    """Cross-validation of features that make the kernel takes the weakest."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 100))
    x[:, :50] = rng.normal(size=(60, 1)) + 0.5 * rng.normal(size=(60, 50))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    gaps = np.where(rng.random(x.shape) < 0.2, np.nan, x)
    missing = np.isnan(gaps)

    def error(said: np.ndarray) -> float:
        return float(((said - x)[missing] ** 2).mean())

    fixed = [error(_settle(gaps, np.zeros(x.shape), None, r)) for r in _RATIOS]
    chosen = error(ridge_rows(gaps))
    assert chosen < 1.02 * min(fixed)
    assert chosen < 0.9 * fixed[-1]
