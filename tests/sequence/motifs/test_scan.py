import numpy as np
import pytest
from tests.sequence.shared_data import MOTIFS, needs_data

from meristem.sequence.genome.bases import encode
from meristem.sequence.motifs.motif import Motif, read_meme
from meristem.sequence.motifs.scan import (
    MotifBank,
    find_hits,
    log_odds,
    scan,
    score_threshold,
)


def _random_motifs(rng, widths):
    return tuple(
        Motif(f"M{i}", "", rng.dirichlet(np.full(4, 0.3), width).T)
        for i, width in enumerate(widths)
    )


def _codes(rng, n):
    return rng.integers(0, 4, n).astype(np.int8)


def test_scores_are_those_of_a_plain_loop():
    rng = np.random.default_rng(1)
    bank = MotifBank(_random_motifs(rng, (5, 9, 14, 30)))
    codes = _codes(rng, 60)
    codes[17] = 4
    found = dict(scan(codes, bank))
    for index, motif in enumerate(bank.motifs):
        forward = log_odds(motif)
        for strand, score in enumerate((forward, forward[::-1, ::-1])):
            slow = [
                sum(
                    score[codes[s + j], j]
                    for j in range(motif.width)
                    if codes[s + j] < 4
                )
                for s in range(60 - motif.width + 1)
            ]
            assert np.allclose(found[index][strand], slow, atol=1e-4)


def test_the_threshold_is_as_rare_as_it_says():
    rng = np.random.default_rng(4)
    (motif,) = _random_motifs(rng, (6,))
    score = log_odds(motif)
    every = np.stack(np.meshgrid(*[range(4)] * 6, indexing="ij"), -1).reshape(-1, 6)
    total = score[every, np.arange(6)].sum(axis=1)
    for p in (0.3, 0.05, 0.004):
        limit = score_threshold(score, p)
        share = (total >= limit + 0.2).mean(), (total >= limit - 0.2).mean()
        assert share[0] <= p <= share[1] + 0.01


@pytest.mark.slow  # compiles for half a minute
@needs_data
def test_hits_are_those_of_fimo():
    fimo = pytest.importorskip("memelite").fimo
    motifs = read_meme(MOTIFS / "fungi.meme.gz")[:40]
    rng = np.random.default_rng(0)
    codes = _codes(rng, 3000)
    hot = np.eye(4, dtype=np.int8)[codes].T[None]
    tables = fimo({m.name: m.probability for m in motifs}, hot, threshold=1e-4)
    theirs = {}
    for motif, table in zip(motifs, tables, strict=True):
        for row in table.itertuples():
            theirs[motif.name, int(row.start), row.strand] = row.score
    ours = {
        (h.motif, h.start, h.strand): h.score
        for h in find_hits("s", codes, MotifBank(tuple(motifs)))
    }
    shared = theirs.keys() & ours.keys()
    assert len(shared) > 0.95 * max(len(theirs), len(ours))  # bins of 0.1 bits there
    assert max(abs(theirs[key] - ours[key]) for key in shared) < 1e-4


def test_unknown_bases_have_a_code():
    assert encode(np.frombuffer(b"RN-A", np.uint8)).tolist() == [4, 4, 4, 0]
