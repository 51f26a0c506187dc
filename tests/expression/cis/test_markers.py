import numpy as np
import pytest

from meristem.errors import DataError
from meristem.expression.cis.markers import (
    choose_power,
    marker_shares,
    weighted_kernel,
)
from meristem.stats.folds import random_splits


def _hotspot(rng, n=90, p=60, genes=40):
    x = rng.choice([-1.0, 1.0], (n, p))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = x[:, [3]] * rng.normal(size=(1, genes)) + 1.5 * rng.normal(size=(n, genes))
    return x, y


def test_a_hotspot_stands_out_and_copies_share_its_value() -> None:
    x, y = _hotspot(np.random.default_rng(1))
    x[:, 20] = x[:, 3]
    share = marker_shares(x, y)
    assert share.argmax() == 3
    assert share[20] == share[3]
    assert np.median(share) < 0.1 * share[3]


def test_the_kernel_has_mean_diagonal_one_and_heavier_hotspots() -> None:
    x, y = _hotspot(np.random.default_rng(2))
    share = marker_shares(x, y)
    for power in (0.0, 1.0):
        kernel = weighted_kernel(x, share, power)
        assert np.trace(kernel.gram(x, x)) / 90 == pytest.approx(1)
    assert kernel.factor[3] > 3 * np.median(kernel.factor)
    even = weighted_kernel(x)
    assert even.gram(x, x) == pytest.approx(x @ x.T / 60)


def test_a_power_is_chosen_where_there_are_hotspots() -> None:
    rng = np.random.default_rng(3)
    x, y = _hotspot(rng)
    power, reached = choose_power(x, y, random_splits(90, 4, rng))
    assert power > 0
    assert reached[power] > reached[0.0] + 0.05


def test_held_out_rows_teach_no_power() -> None:
    rng = np.random.default_rng(4)
    x, y = _hotspot(rng)
    splits = random_splits(90, 3, rng)[:1]
    before = choose_power(x, y, splits)[1]
    kernel = marker_shares(x[splits[0].train], y[splits[0].train])
    y[splits[0].test] = rng.normal(size=y[splits[0].test].shape)
    after = marker_shares(x[splits[0].train], y[splits[0].train])
    assert after == pytest.approx(kernel)
    assert set(before) == {0.0, 0.5, 1.0, 1.5}


def test_markers_that_do_not_vary_are_refused() -> None:
    with pytest.raises(DataError, match="no variant varies"):
        weighted_kernel(np.zeros((5, 3)))
