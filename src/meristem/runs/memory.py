"""Memory that a run may use."""

from __future__ import annotations

import os
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup/memory.max")


def memory_limit(asked: int | None = None) -> int:
    """Return the bytes asked for, else those of the machine or of its container.

    Examples
    --------
    >>> memory_limit(4_000_000_000)
    4000000000
    """
    if asked is not None:
        return asked
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # no such figure on this system
        whole = 8 * 2**30
    group = _GROUP.read_text().strip() if _GROUP.is_file() else ""
    return min(whole, int(group)) if group.isdigit() else whole
