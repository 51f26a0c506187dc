"""From data to px: scales, ticks at round numbers, tick labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meristem.pages.numbers import MINUS


@dataclass(frozen=True)
class Scale:
    """A linear map from data to px.

    Examples
    --------
    >>> float(Scale(0, 10, 100, 200)(5))
    150.0
    """

    low: float  # data
    high: float
    start: float  # px
    end: float

    def __call__(self, value: ArrayLike) -> NDArray[np.float64]:
        """Return the place of values in px."""
        share = (np.asarray(value, dtype=float) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the scale, about one every 70 px, 3 to 8 in all."""
        wanted = min(max(3, round(abs(self.end - self.start) / 70)), 8)
        return nice_ticks(self.low, self.high, wanted)


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round numbers within [low, high], about `wanted` of them.

    Examples
    --------
    >>> nice_ticks(0.03, 1.02, 5)
    [0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    raw = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def limits(
    values: Sequence[ArrayLike], pad: float = 0.05, include: Sequence[float] = ()
) -> tuple[float, float]:
    """Return the range of all finite values, widened by `pad` on each side.

    Examples
    --------
    >>> limits([[1.0, 2.0], [float("nan")]], pad=0.0, include=[0.0])
    (0.0, 2.0)
    >>> limits([[3.0]])
    (2.5, 3.5)
    """
    flat = [np.asarray(part, dtype=float).ravel() for part in values]
    joined = np.concatenate([*flat, np.asarray(include, dtype=float)])
    joined = joined[np.isfinite(joined)]
    if joined.size == 0:
        return 0.0, 1.0
    low, high = float(joined.min()), float(joined.max())
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        half = abs(low) / 6 if low else 0.5
        return low - half, high + half
    margin = pad * (high - low)
    return low - margin, high + margin


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Return the labels of ticks, all with the same number of decimals.

    Examples
    --------
    >>> tick_labels([-0.5, 0.0, 0.5]), tick_labels([0, 20000, 40000])
    (['−0.5', '0.0', '0.5'], ['0', '20,000', '40,000'])
    """
    if not ticks:
        return []
    size = max(abs(tick) for tick in ticks)
    step = min(np.diff(ticks), default=size) or 1.0
    if size >= 1e6 or (0 < size < 1e-3):
        made = ["0" if tick == 0 else f"{tick:.3g}" for tick in ticks]
    else:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        texts = (f"{tick:.{decimals + 2}f}" for tick in ticks)
        if any(text[-2:] != "00" for text in texts):
            decimals += 1
        made = [f"{tick:,.{decimals}f}" for tick in ticks]
    return [label.replace("-", MINUS) for label in made]


def thin(size: int, most: int) -> NDArray[np.int64]:
    """Return at most `most` positions, evenly spread over `size`.

    Examples
    --------
    >>> thin(10, 4).tolist()
    [0, 3, 6, 9]
    """
    if size <= most:
        return np.arange(size)
    return np.unique(np.round(np.linspace(0, size - 1, most)).astype(np.int64))
