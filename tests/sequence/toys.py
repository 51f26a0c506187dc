"""Small sequence data shared by tests: planted motifs, and models of them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import (
    KINDS,
    Specification,
    fit_model,
    needs_motifs,
)
from meristem.sequence.models.options import KmerOptions, MotifOptions, NetworkOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions
from meristem.simulate.sequences import PlantedSequences, simulate_sequences
from meristem.train.descent import limited_threads

LENGTH = 48
TASKS = ("activity", "stress")


@lru_cache(maxsize=4)
def planted(families: int = 60, seed: int = 1) -> PlantedSequences:
    return simulate_sequences(
        families=families,
        mutants=1,
        length=LENGTH,
        noise=0.2,
        missing=0.2,
        rng=np.random.default_rng(seed),
    )


def motifs() -> tuple[Motif, ...]:
    drawn = planted()
    return tuple(
        Motif(name, "", p)
        for name, p in zip(drawn.motif_name, drawn.motif, strict=True)
    )


def rows(families: int = 60) -> Rows:
    drawn = planted(families)
    group = np.unique(drawn.family, return_inverse=True)[1]
    return Rows(encode(drawn.sequence), drawn.value, group)


def small_options(kind: str):
    kinds = {"kmer": KmerOptions(k=(3,)), "motif": MotifOptions(k=(3,))}
    if kind in kinds:
        return kinds[kind]
    if kind == "stack":
        small = small_options("cnn").model_dump()
        return KINDS[kind].options(
            members=(
                {"kind": "motif", "options": {"k": (3,)}, "weight": 2},
                {"kind": "cnn", "options": small},
            )
        )
    if KINDS[kind].space is None:
        return KINDS[kind].options(k=(3,))
    return NetworkOptions(
        channels=8, first_kernel=9, depth=1, kernel=3, hidden=8, heads=2, dropout=0.1
    )


def specify(kind: str, **train: object) -> Specification:
    options = small_options(kind)
    settings = {"members": 2, "epochs": 2, "batch": 32, **train}
    used = motifs() if needs_motifs(options) else ()
    return Specification(kind, options, TrainOptions(**settings), used)


@lru_cache(maxsize=32)
def fitted(kind: str) -> SequenceModel:
    # sums of floats depend on the number of threads, which other tests may have set
    with limited_threads(1):
        return fit_model(
            specify(kind), rows(), tasks=TASKS, rng=np.random.default_rng(1)
        )
