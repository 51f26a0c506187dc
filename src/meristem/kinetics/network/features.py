"""From a window of the edit array to the features of one log rate.

Every form is a linear map over positions: a basis of shape (n_position, n_tap) turns
the edit array (n, n_position, n_channel) into n_tap x n_channel features. A convolution
summed over its outputs, a position weight matrix and a smooth profile differ in that
basis alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from meristem.errors import ConfigError
from meristem.kinetics.cas9.encode import N_POSITION
from meristem.records import FloatArray

Form = Literal["conv", "pwm", "smooth"]
Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Window:
    """What part of the sequence one rate reads, and how.

    Attributes
    ----------
    start, stop
        First position and the one after the last, from the PAM outwards.
    kernel
        Width of the convolution (odd under ``same``), or for ``smooth`` the number of
        smooth profiles; not used by ``pwm``.
    filters
        Number of equal filters. Under Adam they only multiply the step of this rate.
    padding
        ``same``: one output per position; ``valid``: only where the kernel fits.
    form
        ``conv``: convolution, summed over outputs; ``pwm``: one weight per position
        and edit; ``smooth``: cosine profiles over the window.
    rank
        0 for free weights; otherwise weights are a product of this inner size.
    hidden
        Number of hidden units added to the linear part; 0 for none.
    """

    start: int
    stop: int
    kernel: int = 1
    filters: int = 1
    padding: Padding = "same"
    form: Form = "conv"
    rank: int = 0
    hidden: int = 0

    def __post_init__(self) -> None:
        _check(self)

    @property
    def length(self) -> int:
        """Number of positions."""
        return self.stop - self.start

    @property
    def n_output(self) -> int:
        """Number of outputs of the convolution (the multiple of its bias)."""
        if self.form != "conv":
            return 1
        if self.padding == "valid":
            return self.length - self.kernel + 1
        return self.length

    @property
    def n_tap(self) -> int:
        """Number of rows of weights."""
        return self.length if self.form == "pwm" else self.kernel


def _check(window: Window) -> None:
    where = f"window [{window.start}, {window.stop})"
    if not 0 <= window.start < window.stop:
        raise ConfigError("is empty or negative", where=where, remedy="start < stop")
    if window.form not in get_args(Form) or window.padding not in get_args(Padding):
        raise ConfigError(
            f"unknown form {window.form!r} or padding {window.padding!r}",
            where=where,
            remedy="use conv, pwm or smooth; same or valid",
        )
    if window.kernel < 1 or window.filters < 1 or min(window.rank, window.hidden) < 0:
        raise ConfigError(
            "kernel and filters must be at least 1, rank and hidden at least 0",
            where=where,
        )
    if window.form != "conv":
        return
    if window.padding == "same" and window.kernel % 2 == 0:
        raise ConfigError(
            f"kernel {window.kernel} is even", where=where, remedy="use an odd one"
        )
    if window.padding == "valid" and window.kernel > window.length:
        raise ConfigError(
            f"kernel {window.kernel} is wider than the window", where=where
        )


def position_basis(
    window: Window, n_position: int = N_POSITION
) -> FloatArray:  # (n_position, n_tap)
    """Return how often each tap of the window's weights meets each position.

    Positions beyond `n_position` are cut off.

    Examples
    --------
    >>> position_basis(Window(0, 3, kernel=3), 3).astype(int)
    array([[1, 1, 0],
           [1, 1, 1],
           [0, 1, 1]])
    """
    stop = min(window.stop, n_position)
    if window.start >= stop:
        raise ConfigError(
            f"the window starts at {window.start}, beyond the sequence",
            where=f"window [{window.start}, {window.stop})",
            remedy=f"use a start below {n_position}",
        )
    basis = np.zeros((n_position, window.n_tap))
    inside = np.arange(window.start, stop)
    offset = inside - window.start
    if window.form == "pwm":
        basis[inside, offset] = 1.0
        return basis
    if window.form == "smooth":
        middle = (offset + 0.5) / (stop - window.start)
        for order in range(window.kernel):
            basis[inside, order] = np.cos(np.pi * order * middle)
        return basis
    pad = (window.kernel - 1) // 2 if window.padding == "same" else 0
    n_output = window.n_output - (window.stop - stop)
    for tap in range(window.kernel):
        output = offset - tap + pad
        met = (output >= 0) & (output < n_output)
        basis[inside[met], tap] = 1.0
    return basis


def count_parameters(
    windows: Sequence[Window],
    n_channel: int = 9,
    *,
    effective: bool = False,
) -> int:
    """Return the number of weights and biases, or of those that are not redundant."""
    total = 0
    for window in windows:
        one = window.n_tap * n_channel + 1
        total += one if effective else one * window.filters
    return total
