"""How fast one core of this machine is now, beside the one that costs stand for."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits

_SIZE = 400
"""Rows of the matrices."""
_ROUNDS = 5
"""Repeats; the median counts."""
_PRODUCT, _DECOMPOSITION = 0.028, 0.0145
"""Seconds of 20 products and of one decomposition on the machine of the costs."""


@cache
def slowness() -> float:
    """Return the CPU time of fixed linear algebra, over that of the costs' machine.

    Products of float32 matrices and the eigendecomposition of a float64 matrix, on
    one thread: about half a second in all, once per process. The mean of their two
    ratios.

    Examples
    --------
    >>> 0.01 < slowness() < 100
    True
    """
    rng = np.random.default_rng(0)
    half = rng.standard_normal((_SIZE, _SIZE))
    square, narrow = half @ half.T, half.astype(np.float32)

    def products() -> None:
        for _ in range(20):
            narrow @ half32

    half32 = np.ascontiguousarray(narrow.T[::-1])
    with threadpool_limits(limits=1):
        product = _seconds(products)
        decomposition = _seconds(lambda: scipy.linalg.eigh(square, driver="evd"))
    return (product / _PRODUCT + decomposition / _DECOMPOSITION) / 2


def _seconds(work: Callable[[], object]) -> float:
    """Return the median CPU seconds of a call, the first one left out."""
    found = []
    for _ in range(_ROUNDS + 1):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return float(np.median(found[1:]))
