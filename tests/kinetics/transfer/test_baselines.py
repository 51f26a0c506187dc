"""The plain CNN: it reads the whole encoding and learns a rate from it."""

import numpy as np
from tests.kinetics.toys import GUIDE, draw_targets

from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.transfer.baselines import fit_cnn
from meristem.stats.metrics import pearson


def test_the_cnn_learns_a_rate_of_the_edits() -> None:
    targets = draw_targets(300)
    x = encode_pairs([GUIDE] * 300, targets)
    rate = -1.0 - x[:, 3:13, 4:].sum(axis=(1, 2)) - 0.1 * count_edits(x)
    first, second = (
        fit_cnn(
            x[:240], rate[:240], rng=np.random.default_rng(0), limit=-5.0, epochs=15
        )
        for _ in range(2)
    )
    assert pearson(first.predict(x[240:]), rate[240:]) > 0.5
    assert np.array_equal(first.predict(x), second.predict(x))
