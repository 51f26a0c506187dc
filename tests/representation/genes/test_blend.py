from __future__ import annotations

import numpy as np

from meristem.representation.genes.blend import SHARES, blended_ridge


def kernels(x: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    return x[:n] @ x[:n].T / x.shape[1], x[n:] @ x[:n].T / x.shape[1]


def test_one_kernel_is_ridge_regression() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 7))
    y = x @ rng.normal(size=7) + rng.normal(size=50)
    said, share = blended_ridge(y[:35], kernels(x, 35))
    assert share == 0
    # the naive twin: the penalty that leaves the same predictions
    train, mean = x[:35], y[:35].mean()
    errors = []
    for penalty in np.geomspace(1e-3, 10, 15):
        slope = np.linalg.solve(
            train.T @ train + 7 * penalty * np.eye(7), train.T @ (y[:35] - mean)
        )
        errors.append(np.abs(mean + x[35:] @ slope - said).max())
    assert min(errors) < 1e-9


def test_a_kernel_of_the_causes_gets_its_share_and_one_of_noise_does_not() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(90, 60))
    y = x[:, :4].sum(axis=1) + 0.5 * rng.normal(size=90)
    own = kernels(x, 60)
    told, share = blended_ridge(y[:60], own, kernels(x[:, :4], 60))
    assert share >= 0.5
    plain, _ = blended_ridge(y[:60], own)
    noise = rng.normal(size=(90, 4))
    _, none = blended_ridge(y[:60], own, kernels(noise, 60))
    assert none <= SHARES[2]
    r = [np.corrcoef(said, y[60:])[0, 1] for said in (told, plain)]
    assert r[0] > r[1] + 0.05
