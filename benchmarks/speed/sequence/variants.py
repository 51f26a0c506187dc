"""Motif occupancy of SNPs in 110-bp windows: the changed places, or every place twice.

A million SNPs over 12 Mb (as dense as in yeast) and 10,000 far apart, 193 motifs of
JASPAR widths; the goal for the million is five minutes on two cores below 1.5 GB. The
alternative scores both whole windows, as a model without this short cut does. The same
for the closed-form motif model (`motif`) with one and with nine windows around a SNP.

    python benchmarks/speed/sequence/variants.py --json variants.json
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from pathlib import Path

import numpy as np

from meristem.sequence.models.closed_form import ClosedForm, feature_names
from meristem.sequence.models.options import MotifOptions
from meristem.sequence.models.ridge import Ridge
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import MotifBank, score_windows
from meristem.sequence.variants.model_effects import ModelScorer
from meristem.sequence.variants.occupancy import Change, occupancy, occupancy_changes

WINDOW, AT_ONCE = 110, 128
WIDTHS = (6, 7, 7, 8, 8, 8, 9, 10, 11, 12, 15, 19)


def motif_bank(n, rng):
    """Return motifs of the widths of JASPAR's fungi."""
    motifs = []
    for number in range(n):
        width = WIDTHS[number % len(WIDTHS)]
        probability = rng.dirichlet(np.full(4, 0.3), width).T
        motifs.append(Motif(f"M{number}", "", probability))
    return MotifBank(tuple(motifs))


def whole_windows(contig, changes, bank):
    """Return the same differences by scoring both windows in full."""
    half = WINDOW // 2
    windows = np.stack([contig[c.start - half : c.end + half] for c in changes])
    changed = windows.copy()
    changed[:, half] = ["ACGT".index(c.alt) for c in changes]
    sums = [np.empty((len(changes), len(bank.motifs))) for _ in range(2)]
    for codes, total in zip((windows, changed), sums, strict=True):
        for group in bank.groups:
            padded = np.pad(codes, ((0, 0), (0, group.width - 1)), constant_values=4)
            score = np.exp2(score_windows(padded, group)).sum(axis=2)
            n_place = score.shape[1]
            place = np.arange(n_place)[:, None]
            inside = place + bank.width[group.member] <= codes.shape[1]
            total[:, group.member] = (score * inside).sum(axis=1)
    return occupancy(sums[1], bank) - occupancy(sums[0], bank)


def timed(function, contig, changes, bank):
    """Return CPU seconds and the largest differences, block by block."""
    start = time.process_time()
    parts = [
        function(contig, changes[i : i + AT_ONCE], bank)
        for i in range(0, len(changes), AT_ONCE)
    ]
    return time.process_time() - start, np.concatenate(parts)


def changed_places(contig, changes, bank):
    """Return the differences by the places that the changes touch."""
    return occupancy_changes(contig, changes, bank, WINDOW)


def snps(contig, n, rng):
    """Return SNPs in order, evenly spaced."""
    place = np.linspace(WINDOW, contig.size - WINDOW, n).astype(int)
    alt = (contig[place] + rng.integers(1, 4, n)) % 4
    return [
        Change(p, p + 1, "ACGT"[a])
        for p, a in zip(place.tolist(), alt.tolist(), strict=True)
    ]


def model_ratios(contig, changes, bank, rng):
    """Return CPU seconds for a million SNPs, and the ratio to predicting windows."""
    size = len(feature_names(MotifOptions(), bank.motifs))
    zero, one = np.zeros(size), np.ones(size)
    ridge = Ridge(zero, one, rng.normal(size=(size, 1)), np.zeros(1), np.zeros(1))
    model = ClosedForm(MotifOptions(), ("y",), None, "both", ridge, bank.motifs)
    bases = np.frombuffer(b"ACGT", np.uint8)[contig]
    found = {}
    for placements in (1, 9):
        scorer = ModelScorer(model, "motif", WINDOW, placements)
        some = changes[:48]
        times, scores = [], []
        for own, score in ((changes, scorer.effects), (some, scorer._by_windows)):
            score(bases, some[:8])
            start = time.process_time()
            blocks = [score(bases, own[i : i + 1024]) for i in range(0, len(own), 1024)]
            times.append((time.process_time() - start) / len(own))
            scores.append([row[0].score for block in blocks for row in block][:48])
        assert np.allclose(*scores, atol=1e-3)
        found[f"{placements} windows"] = {
            "cpu_seconds_per_million": 1e6 * times[0],
            "times_whole_windows": times[1] / times[0],
        }
    return found


def main() -> None:
    """Print seconds for a million SNPs and the ratio to whole windows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--snps", type=int, default=20_000, help="timed of a million")
    words = parser.parse_args()
    rng = np.random.default_rng(1)
    bank = motif_bank(193, rng)
    _ = bank.groups, bank.threshold
    found = {"python": platform.python_version(), "snps": words.snps}
    for name, gap in (("dense", 12), ("sparse", 1000)):
        contig = rng.integers(0, 4, words.snps * gap + 500).astype(np.uint8)
        changes = snps(contig, words.snps, rng)
        ours, fast = timed(changed_places, contig, changes, bank)
        some = changes[: max(words.snps // 10, 1)]
        theirs, slow = timed(whole_windows, contig, some, bank)
        each = theirs / len(some)
        assert np.abs(fast[: len(some)] - slow).max() < 1e-4
        found[name] = {
            "cpu_seconds_per_million": 1e6 * ours / len(changes),
            "times_whole_windows": each / (ours / len(changes)),
            "model": model_ratios(contig, changes, bank, rng),
        }
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found, indent=1))
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
