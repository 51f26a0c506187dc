"""A search with a budget of trials or minutes, in generations of six."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meristem.config.tune import SearchBudget
from meristem.tune.optimisers import Reward, Trial, make_optimiser, run_search
from meristem.tune.space import Point, Space

SIZE = 6
"""Points of a generation."""


def search_within(
    budget: SearchBudget,
    space: Space,
    rewards: Reward,
    *,
    start: Sequence[Point],
    rng: np.random.Generator,
    about: str,
    seconds: float = 0.0,
    folder: Path | None = None,
) -> list[Trial]:
    """Return everything that was tried, of earlier starts too.

    Parameters
    ----------
    budget
        Method, journal, and trials or minutes.
    space, rewards
        As of `run_search`.
    start
        Points of the first generation: the options as they are set.
    rng
        Source of proposals.
    about
        Digest of what the rewards rest on; it names the files.
    seconds
        CPU time of this search, where minutes are the budget.
    folder
        Where the search is kept, to be continued; None keeps none.
    """
    journal = None if budget.journal is None else budget.journal / f"{about}.journal"
    optimiser = make_optimiser(budget.method, space, rng, journal=journal)
    begun, further = time.process_time(), (budget.trials or 0) - len(start)
    return run_search(
        optimiser,
        space,
        rewards,
        generations=10**6 if budget.trials is None else 1 - (-max(further, 0) // SIZE),
        size=SIZE if budget.trials is None else min(SIZE, max(further, 1)),
        state=None if folder is None else folder / f"{about}.json",
        about=about,
        start=start,
        until=None
        if budget.minutes is None
        else lambda: time.process_time() - begun >= seconds,
    )
