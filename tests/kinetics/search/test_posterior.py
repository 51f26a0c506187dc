"""Window posteriors: inclusion, intervals, distance, coverage of the truth."""

import numpy as np
import pytest

from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.search.posterior import (
    covers_truth,
    window_posterior,
)
from meristem.kinetics.search.space import simulated_space
from meristem.tune.optimisers import Trial

STARTS = (5, 10, 15, 20, 25, 30, 35)
SPACE = simulated_space(cas9(4), STARTS, optional=("off",))


def trials(shift: int, n: int = 30) -> list[Trial]:
    rng = np.random.default_rng(0)
    out = []
    for i in range(n):
        point = {}
        for name, start in zip(SPACE.scheme.reaction_names, STARTS, strict=True):
            point[f"{name}.start"] = start + shift + int(rng.integers(-1, 2))
            point[f"{name}.length"] = 5 + int(rng.integers(-1, 2))
        point["off.edge"] = int(i % 3 != 0)
        out.append(Trial(0, point, float(i)))
    return out


def test_inclusion_is_the_share_of_covering_windows() -> None:
    posterior = window_posterior(SPACE, trials(0), top=10)
    best = trials(0)[-10:]
    share = np.mean(
        [
            t.point["on.start"] <= 6 < t.point["on.start"] + t.point["on.length"]
            for t in best
        ]
    )
    assert posterior.inclusion[0, 6] == pytest.approx(share)
    assert posterior.start.shape == (10, 7)
    table = posterior.intervals().set_index("reaction")
    assert table.loc["off", "present"] == pytest.approx(0.7)
    assert table.loc["IO", "start"] == pytest.approx(20, abs=1)


def test_truth_is_covered_or_not() -> None:
    windows = [(start, start + 5) for start in STARTS]
    near = covers_truth(window_posterior(SPACE, trials(0)), windows)
    assert near["covered"].all()
    far = covers_truth(window_posterior(SPACE, trials(4)), windows)
    assert not far["covered"].any()
