"""Every distinct sequence embedded once: results lie on disk under their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.expression.embedding.protocol import Embedder, Embedding
from meristem.runs.keys import digest
from meristem.runs.tasks import Arrays, Task, load_result, run_tasks

AT_ONCE = 256
"""Sequences of one task; a run that is stopped loses no finished one."""

Hash = NDArray[np.bytes_]


def hash_sequences(sequences: Sequence[str]) -> Hash:  # (n,)
    """Return a digest of every sequence."""
    return np.array(
        [hashlib.sha256(text.encode()).hexdigest()[:32] for text in sequences],
        dtype="S32",
    )


def _embed_batch(embedder: Embedder, sequences: tuple[str, ...]) -> Arrays:
    return {"hash": hash_sequences(sequences), "value": embedder.embed(sequences)}


def embed_distinct(
    embedder: Embedder,
    sequences: Sequence[str],
    out: Embedding,  # (n, d)
    *,
    folder: Path,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Fill in the numbers of distinct sequences, computing those not known yet.

    Parameters
    ----------
    embedder
        What makes the numbers.
    sequences
        Distinct sequences of one length.
    out
        Where the numbers go.
    folder
        Where results are kept, whatever the panel.
    jobs
        Processes.
    progress
        Called with sequences done and in all.

    Returns
    -------
    int
        Sequences that were computed.
    """
    home = folder / embedder.key
    place = {key: row for row, key in enumerate(hash_sequences(sequences).tolist())}
    waiting = dict(place)
    for path in sorted(home.glob("*.task")):
        kept = load_result(path)
        if kept is not None:
            _enter(kept, place, waiting, out)
    progress(len(place) - len(waiting), len(place))
    rows = sorted(waiting.values())
    tasks = []
    for first in range(0, len(rows), AT_ONCE):
        texts = tuple(sequences[row] for row in rows[first : first + AT_ONCE])
        key = digest(embedder.key, texts)
        tasks.append(Task("sequences", key, _embed_batch, (embedder, texts)))
    for _, arrays in run_tasks(tasks, jobs=jobs, folder=home):
        _enter(arrays, place, waiting, out)
        progress(len(place) - len(waiting), len(place))
    return len(rows)


def _enter(
    arrays: Arrays, place: dict[bytes, int], waiting: dict[bytes, int], out: Embedding
) -> None:
    for key, value in zip(arrays["hash"].tolist(), arrays["value"], strict=True):
        if waiting.pop(key, None) is not None:
            out[place[key]] = value
