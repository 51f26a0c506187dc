"""`meristem.train.memory`: blocks are kept while training, and handed back after."""

import ctypes
import resource
import sys

import numpy as np
import pytest

from meristem.train.memory import reused_memory

ROUNDS, BYTES = 20, 40 << 20


def _faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def _make_and_drop():
    start = _faults()
    for _ in range(ROUNDS):
        np.ones(BYTES // 8)
    return _faults() - start


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="needs the allocator of glibc",
)
def test_dropped_blocks_are_used_again():
    fresh = _make_and_drop()
    with reused_memory():
        np.ones(BYTES // 8)
        kept = _make_and_drop()
    assert kept < fresh / 5
    assert _make_and_drop() > fresh / 2


def test_an_error_inside_comes_out():
    with pytest.raises(KeyError), reused_memory():
        raise KeyError("x")
