import numpy as np

from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.interpretation.seqlets import base_frequencies, find_patterns


def _planted_maps(n: int = 60):
    """Return maps in which two words, on either strand, say everything."""
    rng = np.random.default_rng(1)
    texts, marks = [], []
    for row in range(n):
        letters = rng.choice(list("ACGT"), 60)
        word = ("TGACTCAT", "GGGACTTTCC")[row % 2]
        shown = word if rng.random() < 0.5 else complement_strand(word)
        start = int(rng.integers(10, 40))
        letters[start : start + len(word)] = list(shown)
        texts.append("".join(letters))
        marks.append((start, len(word), 1.0 if row % 2 == 0 else -0.8))
    x = encode(texts)
    value = 0.02 * rng.normal(size=x.shape) * x
    for row, (start, width, size) in enumerate(marks):
        value[row, :, start : start + width] += size * x[row, :, start : start + width]
    return value, x


def test_planted_words_are_found_with_their_direction() -> None:
    found = find_patterns(*_planted_maps())
    assert len(found) == 2
    signs = sorted(np.sign(pattern.mean) for pattern in found)
    assert signs == [-1, 1]
    for pattern in found:
        word = "".join("ACGT"[b] for b in pattern.motif.probability.argmax(axis=0))
        target = "TGACTCAT" if pattern.mean > 0 else "GGGACTTTCC"
        assert target[1:-1] in word or complement_strand(target)[1:-1] in word
        assert pattern.n >= 25


def test_nothing_is_found_in_flat_or_short_maps() -> None:
    x = encode(["ACGT" * 15])
    assert find_patterns(np.zeros(x.shape), x) == []
    short = encode(["ACGTACGT"])
    assert find_patterns(short.astype(float), short) == []


def test_counts_become_probabilities() -> None:
    p = base_frequencies(np.array([[10.0], [0.0], [0.0], [0.0]]))
    assert np.isclose(p.sum(), 1)
    assert p[0, 0] > 0.85
