"""Effects of motifs of a model whose answer is known."""

import numpy as np

from meristem.sequence.commands.motif_effects import (
    FARTHEST,
    SHUFFLES,
    effect_tables,
    site_table,
)
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.motifs.motif import Motif

RNG = np.random.default_rng(3)
TEXTS = ["".join(RNG.choice(list("AT"), 60)) for _ in range(5)]


def _motif(name: str, word: str) -> Motif:
    return Motif(name, "", np.eye(4)[["ACGT".index(letter) for letter in word]].T)


class _Spaced:
    """Task 1: +2 per CCGCC, -1 per GCG, +4 where they lie 5 bp apart in this order."""

    def predict(self, onehot):
        letters = np.array(list("ACGTN"))
        code = np.where(onehot.any(axis=1), onehot.argmax(axis=1), 4)
        texts = ["".join(row) for row in letters[code]]
        y = [
            2 * text.count("CCGCC")
            - text.count("GCG")
            + 4 * any(text[i : i + 5] == "CCGCC" and text[i + 10 : i + 13] == "GCG"
                      for i in range(len(text)))
            for text in texts
        ]  # fmt: skip
        return np.column_stack([np.zeros(len(y)), np.array(y, float)])


def test_effects_and_the_liked_spacing_are_found():
    onehot = encode(TEXTS)
    one, two, wide = _motif("one", "CCGCC"), _motif("two", "GCG"), _motif("w", "A" * 61)
    single, pairs = effect_tables(_Spaced(), onehot, 1, [], [two, one, wide])
    assert single["motif"].tolist() == ["one", "two"]  # too wide a motif is left out
    assert single["effect"].tolist() == [2.0, -1.0]
    assert single["site"].tolist() == ["CCGCC", "GCG"]
    assert np.allclose(single["sd"], 0)
    assert set(pairs["strands"]) == {"++", "+-", "-+", "--"}
    assert pairs["distance"].max() == FARTHEST
    liked = pairs[(pairs["strands"] == "++") & (pairs["distance"] == 5)]
    assert liked["interaction"].tolist() == [4.0]
    assert SHUFFLES > len(TEXTS)  # sequences are shuffled in turn


def test_pairs_are_of_the_found_motifs():
    found = [_motif("pattern1", "CCGCC"), _motif("pattern2", "GCG")]
    known = [_motif("K", "CCGCC")]
    single, pairs = effect_tables(_Spaced(), encode(TEXTS), 1, found, known)
    assert set(single["motif"]) == {"pattern1", "pattern2", "K"}
    assert set(pairs["first"]) | set(pairs["second"]) == {"pattern1", "pattern2"}
    assert not len(effect_tables(_Spaced(), encode(TEXTS), 1, [], known)[1])


def test_sites_carry_what_their_bases_add():
    onehot = encode(["AAAAACCGCCTCTTAT", "AAGAGGCGGAAAAAAA"])
    value = np.zeros(onehot.shape)
    value[0, 1, 5] = -3.0
    value[1, 2, 4] = 1.0
    table = site_table(["a", "b"], onehot, value, [_motif("m", "CCGCCTCT")])
    assert table["sequence"].tolist() == ["a", "b"]
    assert table["strand"].tolist() == ["+", "-"]
    assert table["start"].tolist() == [6, 2]
    assert table["end"].tolist() == [13, 9]
    assert table["attribution"].tolist() == [-3.0, 1.0]
