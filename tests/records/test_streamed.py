import pickle

import numpy as np
import pytest

from meristem.records import DosageSource, is_streamed, stream
from meristem.records.streamed import CHUNK

N, P = 7, 2 * CHUNK + 35


class Kept(DosageSource):
    def __init__(self, calls):
        super().__init__(*calls.shape)
        self.calls, self.fetched = calls, 0

    def fetch(self, start, stop):
        self.fetched += 1
        return self.calls[:, start:stop].copy()


@pytest.fixture
def calls():
    rng = np.random.default_rng(1)
    return rng.integers(-1, 3, (N, P), dtype=np.int8)


def test_reads_as_the_matrix(calls):
    ours = stream(Kept(calls))
    assert is_streamed(ours)
    assert not is_streamed(calls)
    rows = np.array([5, 0, 5])
    mask = np.arange(P) % 11 == 3
    some = np.array([P - 1, 2, CHUNK, 3])
    for part in (
        lambda x: x,
        lambda x: x[:, 10:CHUNK],
        lambda x: x[:, CHUNK - 3 : CHUNK + 9],
        lambda x: x[rows],
        lambda x: x[rows][:, 4:90],
        lambda x: x[:, mask],
        lambda x: x[:, some][1:4],
        lambda x: x[:, some][:, 1:3],
        lambda x: x[rows, 5:8],
        lambda x: x[np.ix_(rows, some)],
        lambda x: x[2],
        lambda x: x[:, 7],
        lambda x: x[::2],
    ):
        np.testing.assert_array_equal(np.asarray(part(ours)), part(calls))


def test_operators_and_methods_read_it_whole(calls):
    ours = stream(Kept(calls))
    np.testing.assert_array_equal(ours < 0, calls < 0)
    np.testing.assert_array_equal(2 - ours, 2 - calls)
    assert ours.max() == calls.max()
    assert (ours.shape, ours.size, len(ours)) == (calls.shape, calls.size, N)
    assert ours.dtype == np.int8


def test_blocks_read_each_chunk_once(calls):
    source = Kept(calls)
    ours = stream(source)
    for start in range(0, P, CHUNK // 2):
        _ = ours[:, start : start + CHUNK // 2]
    assert source.fetched == 3


def test_the_digest_is_that_of_the_dosages(calls):
    one, other = stream(Kept(calls)), stream(Kept(calls[::-1].copy()))
    assert one.hash == other[np.arange(N)[::-1]].hash
    assert one.hash != other.hash


def test_another_process_reads_the_same(calls):
    ours = stream(Kept(calls))
    _ = ours[:, :5]
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again[:, :5], calls[:, :5])
