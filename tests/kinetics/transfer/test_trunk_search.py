"""The search of trunks: equal seeds give equal trunks."""

from dataclasses import replace

import numpy as np
from tests.kinetics.toys import draw_kinn
from tests.kinetics.transfer_toys import QUICK, labelled, rates

from meristem.kinetics.transfer.trunk_search import (
    TRUNK_SPACE,
    build_trunk,
    search_trunks,
)


def test_trunk_search_is_deterministic() -> None:
    data = labelled(120)
    options = replace(QUICK, steps=2, epochs=1, batch=64, negatives=2)
    found = [
        search_trunks(
            [draw_kinn(0)],
            data,
            rates(data),
            n_trial=3,
            rng=np.random.default_rng(seed),
            options=options,
            size=2,
        )
        for seed in (0, 0)
    ]
    assert found[0][0] == found[1][0]
    assert found[0][1].equals(found[1][1])
    assert len(found[0][1]) == 3
    best = found[0][1].iloc[int(found[0][1]["reward"].argmax())]
    point = {name: int(best[name]) for name in TRUNK_SPACE}
    assert build_trunk(point) == found[0][0]
