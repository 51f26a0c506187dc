from __future__ import annotations

import math

import pytest

from meristem.pages import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.05, "0.050"),
        (-12.345, "−12.3"),
        (99999.4, "99,999"),
        (2.5e12, "2.50e+12"),
        (math.inf, "–"),
        (None, "–"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert numbers.number(value) == text


def test_every_format_writes_a_dash_for_what_is_missing() -> None:
    formats = ("number", "fixed", "count", "percent", "p_value", "seconds", "byte_size")
    for name in formats:
        assert getattr(numbers, name)(math.nan) == "–", name
    assert numbers.interval(math.nan, 1) == "–"
    assert numbers.signed(math.nan) == "–"


def test_a_sign_is_shown_only_where_a_digit_is() -> None:
    assert numbers.signed(0.0004) == "0.000"
    assert numbers.signed(0.0006) == "+0.001"
    assert numbers.fixed(-0.004) == "0.00"


def test_durations_and_sizes() -> None:
    assert numbers.seconds(59.94) == "59.9 s"
    assert numbers.seconds(3600) == "1 h 0 min"
    assert numbers.byte_size(999) == "999 B"
    assert numbers.byte_size(3.2e13) == "32.0 TB"


def test_small_values_keep_their_digits() -> None:
    assert numbers.significant(0.00123) == "0.0012"
    assert numbers.significant(-0.00123, 3) == "−0.00123"
    assert numbers.significant(1234.5) == "1,234"
    assert numbers.significant(2.5e-5) == "2.5e−05"
    assert numbers.significant(float("nan")) == "–"
