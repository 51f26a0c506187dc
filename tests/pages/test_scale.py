from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.pages.scale import Scale, limits, nice_ticks, thin, tick_labels

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


@given(FINITE, st.floats(1e-6, 1e9), st.integers(2, 10))
def test_ticks_lie_inside_at_equal_distances(
    low: float, span: float, wanted: int
) -> None:
    high = low + span
    ticks = nice_ticks(low, high, wanted)
    slack = 1e-6 * max(span, abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    assert len(ticks) <= 2 * wanted + 1
    if len(ticks) > 2 and span > 1e-4 * abs(low):
        steps = np.diff(ticks)
        assert np.allclose(steps, steps[0], rtol=1e-4)


@given(st.floats(-1e5, 1e5), st.floats(1e-2, 1e5))
def test_labels_of_ticks_differ(low: float, span: float) -> None:
    if span < 1e-3 * abs(low):
        return
    ticks = nice_ticks(low, low + span, 5)
    labels = tick_labels(ticks)
    assert len(set(labels)) == len(ticks)
    for tick, label in zip(ticks, labels, strict=True):
        shown = float(label.replace(",", "").replace("−", "-"))
        assert shown == pytest.approx(tick, abs=0.011 * span, rel=0.01)


def test_scale_reverses_for_vertical_axes() -> None:
    scale = Scale(0, 1, 200, 100)
    assert scale([0, 0.5, 1]).tolist() == [200, 150, 100]


def test_limits_ignore_what_is_missing_and_never_collapse() -> None:
    assert limits([[math.nan, math.inf]]) == (0.0, 1.0)
    low, high = limits([[0.0, 0.0]])
    assert low < 0 < high
    assert limits([[1.0, 3.0]], pad=0.5) == (0.0, 4.0)


def test_no_range_gives_one_tick_and_no_number_none() -> None:
    assert nice_ticks(2, 2) == [2]
    assert nice_ticks(math.nan, 1) == []
    assert tick_labels([]) == []


@given(st.integers(0, 5000), st.integers(2, 300))
def test_thin_keeps_the_ends_and_the_bound(size: int, most: int) -> None:
    kept = thin(size, most)
    assert kept.size == min(size, most)
    if size:
        assert kept[0] == 0
        assert kept[-1] == size - 1
