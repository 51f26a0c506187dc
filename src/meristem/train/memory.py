"""Memory of a training loop: what one step frees is what the next one needs."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM, _MAP, _MAPS = -1, -3, -4  # names of `mallopt`
_USUAL = 32 << 20  # bytes; to which glibc raises its threshold by itself
_USUAL_MAPS = 65_536
_LARGE = 2**31 - 1


@contextmanager
def reused_memory() -> Iterator[None]:
    """Keep what is freed for the next allocation, and hand it back at the end.

    The allocator of Linux takes blocks above 32 MB from the system and returns each
    when it is freed; a step of training that makes and drops dozens of them can spend
    most of its time on fresh pages. No value changes; elsewhere nothing is done.

    References
    ----------
    mallopt(3), Linux manual (M_MMAP_MAX, M_TRIM_THRESHOLD).

    Examples
    --------
    >>> with reused_memory():
    ...     block = bytearray(1 << 20)
    """
    system = ctypes.CDLL(None)
    if not (hasattr(system, "mallopt") and hasattr(system, "malloc_trim")):
        yield
        return
    system.mallopt(_MAPS, 0)  # older versions refuse a larger threshold
    system.mallopt(_TRIM, _LARGE)
    try:
        yield
    finally:
        system.mallopt(_MAPS, _USUAL_MAPS)
        system.mallopt(_MAP, _USUAL)  # setting the trim stops it from adapting
        system.mallopt(_TRIM, 2 * _USUAL)
        system.malloc_trim(0)
