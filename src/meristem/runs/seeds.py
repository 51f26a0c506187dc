"""Seeds that depend on names alone, not on the order in which tasks run."""

from __future__ import annotations

import numpy as np

from meristem.runs.keys import seed_words


def derived_rng(seed: int, *names: object) -> np.random.Generator:
    """Return a generator that depends on the seed and the names alone.

    The order in which tasks run, and on how many processes, does not matter.
    """
    return np.random.default_rng(np.random.SeedSequence(seed_words(seed, *names)))
