"""Numbers as people read them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Concatenate, ParamSpec

MINUS = "\u2212"
DASH = "\u2013"

_Rest = ParamSpec("_Rest")


def _dash_if_missing(
    write: Callable[Concatenate[float, _Rest], str],
) -> Callable[Concatenate[float, _Rest], str]:
    """Return the function with a dash for what is missing or infinite."""

    @functools.wraps(write)
    def writes(value: float, *args: _Rest.args, **kwargs: _Rest.kwargs) -> str:
        if value is None or not math.isfinite(value):
            return DASH
        return write(value, *args, **kwargs)

    return writes


@_dash_if_missing
def number(value: float, digits: int = 3) -> str:
    """Return a value with about `digits` significant digits; a dash when missing.

    Examples
    --------
    >>> number(0.51234), number(1234567.0), number(0.0000123), number(float("nan"))
    ('0.512', '1,234,567', '1.23e−05', '–')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 10.0 ** (-digits - 1) or size >= 1e9:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{min(decimals, digits)}f}".replace("-", MINUS)


@_dash_if_missing
def significant(value: float, digits: int = 2) -> str:
    """Return a value with `digits` significant digits, however small.

    Examples
    --------
    >>> significant(-0.00412), significant(12.4), significant(0.0), significant(3e-7)
    ('−0.0041', '12', '0', '3.0e−07')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e6:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}".replace("-", MINUS)


@_dash_if_missing
def fixed(value: float, decimals: int = 2) -> str:
    """Return a value with `decimals` decimals and a real minus sign.

    Examples
    --------
    >>> fixed(-0.314159), fixed(-0.0001)
    ('−0.31', '0.00')
    """
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, decimals: int = 3) -> str:
    """Return a value with its sign.

    Examples
    --------
    >>> signed(0.05), signed(-0.05), signed(0.0)
    ('+0.050', '−0.050', '0.000')
    """
    text = fixed(value, decimals)
    positive = text[0] not in (MINUS, DASH) and any(c in "123456789" for c in text)
    return f"+{text}" if positive else text


def interval(low: float, high: float, decimals: int = 3) -> str:
    """Return `low to high`, or a dash.

    Examples
    --------
    >>> interval(-0.012, 0.034)
    '−0.012 to 0.034'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return DASH
    return f"{fixed(low, decimals)} to {fixed(high, decimals)}"


@_dash_if_missing
def count(value: float) -> str:
    """Return a whole number with thousands separators.

    Examples
    --------
    >>> count(51234)
    '51,234'
    """
    return f"{round(value):,}"


def plural(amount: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "edge"), plural(2500, "edge")
    ('1 edge', '2,500 edges')
    """
    return f"{amount:,} {word}" + ("" if amount == 1 else "s")


@_dash_if_missing
def percent(value: float, decimals: int = 1) -> str:
    """Return a share as per cent.

    Examples
    --------
    >>> percent(0.1234), percent(0)
    ('12.3 %', '0 %')
    """
    if value == 0:
        return "0 %"
    return f"{fixed(100 * value, decimals)} %"


@_dash_if_missing
def p_value(value: float) -> str:
    """Return a p value.

    Examples
    --------
    >>> p_value(0.0412), p_value(0.00001)
    ('0.041', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


@_dash_if_missing
def seconds(value: float) -> str:
    """Return a duration.

    Examples
    --------
    >>> seconds(0.2), seconds(75), seconds(7300)
    ('0.2 s', '1 min 15 s', '2 h 1 min')
    """
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@_dash_if_missing
def byte_size(value: float) -> str:
    """Return a file size.

    Examples
    --------
    >>> byte_size(512), byte_size(2_500_000)
    ('512 B', '2.5 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
