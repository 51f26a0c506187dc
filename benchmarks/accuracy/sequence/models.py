"""The models that are compared, and how one is fitted and timed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.accuracy.cells import refuse_unknown
from meristem.runs.seeds import derived_rng
from meristem.sequence.models.catalog import Specification, fit_model
from meristem.sequence.models.options import (
    CurvedOptions,
    KmerOptions,
    ModelOptions,
    MotifOptions,
    NetworkOptions,
    StackOptions,
)
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions

TRAIN = TrainOptions(members=2, epochs=16, patience=6)

OPTIONS: dict[str, ModelOptions] = {
    "kmer": KmerOptions(),
    "motif": MotifOptions(),
    "curved": CurvedOptions(),
    "cnn": NetworkOptions(),
    "stack": StackOptions(),
}
"""All at their defaults."""


def chosen(models: Sequence[str]) -> tuple[str, ...]:
    """Return the models named, all without any."""
    refuse_unknown(models, tuple(OPTIONS), "models")
    return tuple(models) or tuple(OPTIONS)


def fit_timed(
    name: str,
    rows: Rows,
    tasks: tuple[str, ...],
    motifs: Sequence[Motif],
    seed: int,
    pad: str = "both",
) -> tuple[SequenceModel, float]:
    """Return a fitted model and the CPU seconds it took.

    `kmer 5` is the ridge on words of five bases alone.
    """
    begin = time.process_time()
    kind, _, k = name.partition(" ")
    options = KmerOptions(k=(int(k),)) if k else OPTIONS[name]
    specification = Specification(kind, options, TRAIN, tuple(motifs))
    model = fit_model(
        specification,
        rows,
        tasks=tasks,
        rng=derived_rng(seed, name),
        pad="left" if pad == "left" else "both",
    )
    return model, time.process_time() - begin


def r(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's r."""
    return float(np.corrcoef(one, other)[0, 1])
