"""Labelled sites and short settings for tests of the transfer."""

import numpy as np
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets

from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.scoring.score import Scorer
from meristem.kinetics.transfer.rows import LabelledSites
from meristem.kinetics.transfer.train import TransferOptions
from meristem.kinetics.transfer.trunk import Trunk

QUICK = TransferOptions(steps=15, epochs=1, batch=32, learning_rate=0.01)
SMALL = Trunk(first_width=8, dense=8)


def labelled(n: int = 400, n_guide: int = 5) -> LabelledSites:
    """Sites whose activity the kinetics get wrong: edits far from the PAM help."""
    targets = draw_targets(n)
    x = encode_pairs([GUIDE] * n, targets)
    label = (x[:, 13:, 4:8].sum(axis=(1, 2)) >= 2).astype(int)
    guide = np.array([f"g{i % n_guide}" for i in range(n)])
    none = np.zeros(n, dtype=int)
    return LabelledSites(
        x, label, guide, none > 0, none, np.arange(n), np.full(n, np.nan)
    )


def rates(data: LabelledSites) -> np.ndarray:
    return Scorer([draw_kinn(0)]).score(data.x).log10_rate
