import numpy as np
import pytest
from sklearn.linear_model import Ridge as Oracle

from meristem.errors import DataError
from meristem.sequence.models.ridge import PENALTIES, _gcv, _spectrum, fit_ridge


def _drawn(n: int = 90, p: int = 12):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, p)) * rng.uniform(0.5, 3, p)
    y = np.stack([x[:, 0] + rng.normal(size=n), x[:, 1] - x[:, 2]], axis=1)
    return x, y, rng


def test_weights_equal_an_independent_ridge() -> None:
    x, y, rng = _drawn()
    ridge = fit_ridge(x, y, np.arange(90), rng)
    z = (x - ridge.centre) / ridge.scale
    for task in range(2):
        oracle = Oracle(alpha=ridge.penalty[task] * (z * z).sum())
        guess = oracle.fit(z, y[:, task]).predict(z)
        assert np.allclose(ridge.predict(x)[:, task], guess)


@pytest.mark.parametrize("n", [90, 9])
def test_generalised_cross_validation_equals_its_definition(n: int) -> None:
    x, y, _ = _drawn(n)
    z, y0 = x - x.mean(axis=0), y[:, 0] - y[:, 0].mean()
    grid = PENALTIES[4:10] * (z * z).sum()
    found = _gcv(z, y0, *_spectrum(z), grid)
    for value, penalty in zip(found, grid, strict=True):
        hat = z @ np.linalg.solve(z.T @ z + penalty * np.eye(12), z.T)
        gap = y0 - hat @ y0
        assert np.isclose(value, n * gap @ gap / (n - 1 - np.trace(hat)) ** 2)


def test_copies_need_groups_for_an_honest_penalty() -> None:
    rng = np.random.default_rng(4)
    x = np.repeat(rng.normal(size=(40, 60)), 5, axis=0)
    y = np.repeat(rng.normal(size=(40, 1)), 5, axis=0)  # nothing to learn but copies
    alone = fit_ridge(x, y, np.arange(200), rng).penalty[0]
    grouped = fit_ridge(x, y, np.repeat(np.arange(40), 5), rng).penalty[0]
    assert grouped > 100 * alone


def test_missing_values_drop_out_by_task() -> None:
    x, y, _ = _drawn()
    y[:30, 1] = np.nan
    whole = fit_ridge(x, y, np.arange(90), np.random.default_rng(1))
    part = fit_ridge(x, y[:, :1], np.arange(90), np.random.default_rng(1))
    assert np.allclose(whole.predict(x)[:, 0], part.predict(x)[:, 0])
    assert np.isfinite(whole.predict(x)).all()


def test_a_task_of_one_value_is_refused() -> None:
    x, _, rng = _drawn()
    with pytest.raises(DataError, match="90 measured rows with 1 values"):
        fit_ridge(x, np.ones((90, 1)), np.arange(90), rng)
