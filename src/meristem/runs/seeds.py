"""Seeds that depend on names alone, not on the order in which tasks run."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np

from meristem.runs.keys import seed_words


def derived_rng(seed: int, *names: object) -> np.random.Generator:
    """Return a generator that depends on the seed and the names alone.

    The order in which tasks run, and on how many processes, does not matter.
    """
    return np.random.default_rng(np.random.SeedSequence(seed_words(seed, *names)))


def stage_rng(seed: int, *purpose: str) -> np.random.Generator:
    """Return a generator that depends on the seed of a run and a purpose alone.

    The words are those that the folds of published tables were drawn with:
    `derived_rng` would deal other folds.
    """
    words = [
        int.from_bytes(sha256(json.dumps([word]).encode()).digest()[4:8], "big")
        for word in purpose
    ]
    return np.random.default_rng([seed, *words])
