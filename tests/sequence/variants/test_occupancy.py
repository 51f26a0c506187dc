import numpy as np

from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import MotifBank, log_odds
from meristem.sequence.variants.occupancy import (
    Change,
    occupancy,
    occupancy_changes,
)


def _slow(codes, bank):
    """Affinity of every motif over a stretch, by a plain loop."""
    z = np.zeros(len(bank.motifs))
    for index, motif in enumerate(bank.motifs):
        forward = log_odds(motif)
        for score in (forward, forward[::-1, ::-1]):
            for s in range(codes.size - motif.width + 1):
                window = codes[s : s + motif.width]
                value = sum(score[b, j] for j, b in enumerate(window) if b < 4)
                z[index] += 2**value
    return z


def test_the_changed_window_alone_says_what_the_whole_window_says():
    rng = np.random.default_rng(3)
    motifs = tuple(
        Motif(f"M{i}", "", rng.dirichlet(np.full(4, 0.4), width).T)
        for i, width in enumerate((4, 7, 11, 18))
    )
    bank, window = MotifBank(motifs), 30
    contig = rng.integers(0, 4, 240).astype(np.int8)
    contig[60] = 4
    changes = [
        Change(2, 3, "A"),
        Change(20, 21, "G"),
        Change(33, 33, "ACGTT"),
        Change(34, 39, ""),
        Change(59, 62, "CCC"),
        Change(120, 121, "T"),
        Change(130, 130, "C" * 40),
        Change(180, 200, "A"),
        Change(239, 240, "C"),
    ]
    found = occupancy_changes(contig, changes, bank, window)
    for change, row in zip(changes, found, strict=True):
        left, right = max(change.start - 15, 0), min(change.end + 15, 240)
        alt = np.array(["ACGT".index(b) for b in change.alt], np.int8)
        ref = contig[left:right]
        new = np.concatenate(
            [contig[left : change.start], alt, contig[change.end : right]]
        )
        expected = occupancy(_slow(new, bank), bank) - occupancy(_slow(ref, bank), bank)
        assert np.allclose(row, expected, atol=1e-5), change


def test_breaking_a_site_loses_its_occupancy():
    sure = np.eye(4)[[0, 1, 2, 3, 0, 0, 0, 1]].T
    bank = MotifBank((Motif("m", "", sure),))
    contig = np.full(100, 3, np.int8)
    contig[40:48] = [0, 1, 2, 3, 0, 0, 0, 1]
    lost, kept = occupancy_changes(
        contig, [Change(44, 45, "G"), Change(60, 61, "G")], bank, 80
    )[:, 0]
    assert lost < -0.45  # bound half of the time, then never
    assert abs(kept) < 1e-6
