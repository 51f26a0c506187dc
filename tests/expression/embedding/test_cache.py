import numpy as np
import pytest

from meristem.expression.embedding import cache
from meristem.expression.embedding.cache import embed_distinct
from meristem.expression.embedding.motif import MotifEmbedder

RNG = np.random.default_rng(4)
TEXTS = ["".join(RNG.choice(list("ACGT"), 20)) for _ in range(11)]
EMBEDDER = MotifEmbedder(20, 2, (), (2,), 5.0)


class Counting:
    """Counts what it is given."""

    def __init__(self, inner=EMBEDDER, stop_after=None):
        self.seen, self.key, self._inner, self._left = [], inner.key, inner, stop_after

    def embed(self, sequences):
        if self._left is not None:
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
        self.seen += sequences
        return self._inner.embed(sequences)


def run(embedder, texts, folder):
    out = np.full((len(texts), 20), np.nan, np.float32)
    new = embed_distinct(embedder, texts, out, folder=folder)
    np.testing.assert_array_equal(out, EMBEDDER.embed(texts))
    return new


def test_each_sequence_is_embedded_once_whatever_the_panel(tmp_path) -> None:
    first = Counting()
    assert run(first, TEXTS[:8], tmp_path) == 8
    assert sorted(first.seen) == sorted(TEXTS[:8])
    again = Counting()
    assert run(again, TEXTS[7::-1], tmp_path) == 0
    assert again.seen == []
    wider = Counting()
    assert run(wider, TEXTS, tmp_path) == 3
    assert sorted(wider.seen) == sorted(TEXTS[8:])


def test_a_run_that_was_stopped_continues(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cache, "AT_ONCE", 4)
    with pytest.raises(KeyboardInterrupt):
        run(Counting(stop_after=2), TEXTS, tmp_path)
    rest = Counting()
    assert run(rest, TEXTS, tmp_path) == 3
    assert len(rest.seen) == 3


def test_another_embedder_and_damaged_files_start_anew(tmp_path) -> None:
    run(Counting(), TEXTS, tmp_path)
    other = Counting()
    other.key = "other"
    assert run(other, TEXTS, tmp_path) == 11
    (path,) = (tmp_path / EMBEDDER.key).glob("*.task")
    path.write_bytes(path.read_bytes()[:-5])
    assert run(Counting(), TEXTS, tmp_path) == 11
