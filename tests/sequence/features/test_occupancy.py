import numpy as np

from meristem.sequence.features.occupancy import log_odds, make_bank, occupancy
from meristem.sequence.inputs.onehot import encode, flip
from meristem.sequence.motifs.motif import Motif


def _motifs(rng: np.random.Generator) -> list[Motif]:
    return [
        Motif(f"m{w}", "", rng.dirichlet(np.ones(4), size=w).T) for w in (5, 3, 5, 20)
    ]


def test_pooled_log_odds_equal_a_naive_scan() -> None:
    rng = np.random.default_rng(1)
    motifs = _motifs(rng)
    texts = ["ACGTTGCANTGCATT", "GGGTACCATTACGAN", "ACG"]
    x = encode(texts, 15, "right")
    found = occupancy(x, make_bank(motifs), threshold=1.0)
    for row in range(len(texts)):
        for number, motif in enumerate(motifs):
            odds = log_odds(motif.probability)
            scores = []
            for weight in (odds, odds[::-1, ::-1]):
                for start in range(15 - motif.width + 1):
                    cut = x[row, :, start : start + motif.width]
                    if cut.sum() == motif.width:
                        scores.append(float((cut * weight).sum()))
            pooled = [np.logaddexp.reduce(scores), max(scores)] if scores else [-30] * 2
            wanted = np.logaddexp(0, np.array(pooled) - 1.0)
            assert np.allclose(found[row, :, 0, number], wanted, atol=1e-4)


def test_both_strands_give_the_same() -> None:
    rng = np.random.default_rng(2)
    x = encode(["".join(rng.choice(list("ACGT"), 60)) for _ in range(5)])
    bank = make_bank(_motifs(rng))
    assert np.allclose(occupancy(x, bank), occupancy(flip(x), bank), atol=1e-4)


def test_bins_pool_parts_of_the_sequence() -> None:
    motif = Motif("m", "", np.eye(4)[:, [0, 1, 2, 3, 0, 1]] * 0.97 + 0.0075)
    x = encode(["ACGTAC" + "T" * 54])
    found = occupancy(x, make_bank([motif]), n_bin=3, threshold=0.0)[0, 1, :, 0]
    assert found[0] > 6
    assert found[1] < 4
