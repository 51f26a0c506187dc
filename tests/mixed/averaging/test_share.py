"""A share within a share, against draws of both."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.averaging.share import Share


def of(value, low, high):
    return Share("part", *(np.array([one]) for one in (value, low, high)))


def test_a_part_is_as_unsure_as_the_whole_that_it_is_part_of():
    """Twin: products of normal draws, whose 95 % interval is that of the product."""
    rng = np.random.default_rng(0)
    own, whole = rng.normal(0.5, 0.05, 10**5), rng.normal(0.4, 0.1, 10**5)
    found = of(0.5, 0.402, 0.598).within(of(0.4, 0.204, 0.596))
    low, high = np.percentile(own * whole, (2.5, 97.5))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=0.01)
    assert found.value[0] == pytest.approx(0.2)
    assert found.part == "part"


def test_of_a_whole_that_is_sure_it_is_the_part():
    found = of(0.5, 0.25, 1.0).within(of(0.5, 0.5, 0.5))
    assert (found.value, found.low, found.high) == (0.25, 0.125, 0.5)


def test_what_a_share_leaves_has_its_interval_turned_round():
    rest = of(0.82, 0.62, 1.0).rest()
    assert [*rest.value, *rest.low, *rest.high] == pytest.approx([0.18, 0.0, 0.38])
    kernels = of(0.66, 0.5, 0.8).within(rest)
    assert kernels.low[0] == 0  # the network may have all
    assert kernels.high[0] > 0.66 * 0.38
