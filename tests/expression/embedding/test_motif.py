import numpy as np

from meristem.expression.embedding.motif import MotifEmbedder
from meristem.expression.embedding.protocol import bin_edges, bin_middles
from meristem.sequence.features.occupancy import log_odds
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.motifs.motif import Motif

RNG = np.random.default_rng(4)
SHAPE = np.full((4, 6), 0.02)
SHAPE[[0, 1, 2, 3, 0, 2], np.arange(6)] = 0.94  # ACGTAG
MOTIF = Motif("m1", "one", SHAPE)
EMBEDDER = MotifEmbedder(40, 4, (MOTIF,), (2,), 5.0)


def random_text(n=40):
    return "".join(RNG.choice(list("ACGT"), n))


def test_a_planted_site_shows_in_its_bin_alone() -> None:
    text = "T" * 40
    planted = text[:22] + "ACGTAG" + text[28:]
    pair = EMBEDDER.embed([text, planted]).reshape(2, 4, -1)
    own = (pair[1] - pair[0])[:, :2]  # all sites, best site
    best = float(np.log1p(np.exp(log_odds(SHAPE).max(axis=0).sum() - 5)))
    assert own[2].min() > 0.9 * best
    assert np.abs(own[[0, 3]]).max() < 0.01
    assert EMBEDDER.channels[:2].tolist() == ["m1 one, all sites", "m1 one, best site"]


def test_both_strands_give_the_same_with_bins_turned_round() -> None:
    whole = MotifEmbedder(40, 1, (MOTIF,), (2, 3), 5.0)
    text = random_text()
    pair = whole.embed([text, complement_strand(text)])
    np.testing.assert_allclose(pair[0], pair[1], atol=1e-4)


def test_kmers_are_counted_by_bin() -> None:
    text = "AA" * 5 + "C" * 30
    found = EMBEDDER.embed([text]).reshape(4, -1)
    column = EMBEDDER.channels.tolist().index("AA")
    assert found[:, column].tolist() == [9, 0, 0, 0]


def test_the_key_changes_with_what_decides() -> None:
    keys = {
        EMBEDDER.key,
        MotifEmbedder(40, 2, (MOTIF,), (2,), 5.0).key,
        MotifEmbedder(40, 4, (MOTIF,), (2,), 4.0).key,
        MotifEmbedder(40, 4, (Motif("m1", "one", SHAPE[::-1]),), (2,), 5.0).key,
    }
    assert len(keys) == 4
    assert EMBEDDER.key == MotifEmbedder(40, 4, (MOTIF,), (2,), 5.0).key


def test_bins_cover_the_window() -> None:
    assert bin_edges(10, 3).tolist() == [0, 3, 7, 10]
    assert bin_middles(600, 6, 500).tolist() == [
        -450.5,
        -350.5,
        -250.5,
        -150.5,
        -50.5,
        49.5,
    ]
