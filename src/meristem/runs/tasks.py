"""Resumable parallel tasks: one mechanism for folds, refits and benchmark cells.

A result is written as it arrives under the key of its task, whole or not at all: a
SHA-256, then a NumPy archive of exact numbers. A damaged file is noticed, and its task
is done again. Tasks run in this process, in processes of this machine, or on a Dask
cluster (see `meristem.runs.cluster`).
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError
from meristem.text.files import replacing

Arrays = dict[str, NDArray]
"""A result: named arrays of numbers or text; no pickle."""

Progress = Callable[[int, int], None]

_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Task:
    """One call whose result is kept under a key.

    Attributes
    ----------
    name
        For people: the start of the file's name.
    key
        Digest of everything the result depends on (see `meristem.runs.keys.digest`
        and `meristem.runs.revision.revision_of`).
    call
        A function that other processes can import.
    arguments
        Handed to `call`; whatever it draws comes from a generator among them.
    """

    name: str
    key: str
    call: Callable[..., Arrays]
    arguments: tuple[object, ...]


def run_tasks(
    tasks: Sequence[Task],
    *,
    jobs: int = 1,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[int, Arrays]]:
    """Yield number and result of every task: kept ones first, others as they arrive.

    Parameters
    ----------
    tasks
        With keys that are unique under their names.
    jobs
        Processes of this machine, one thread each; inside `runs.cluster.on_cluster`
        the fits at once on the cluster.
    folder
        Where results are kept; None keeps none.
    progress
        Called as `progress(done, total)`.

    Yields
    ------
    tuple
        Place within `tasks`, and the arrays that its call returned.
    """
    pending, done = [], 0
    for number, task in enumerate(tasks):
        kept = None if folder is None else load_result(result_path(folder, task))
        if kept is None:
            pending.append(number)
            continue
        done += 1
        yield number, kept
    if progress is not None:
        progress(done, len(tasks))
    for number, arrays in _computed(tasks, pending, jobs):
        if folder is not None:
            save_result(result_path(folder, tasks[number]), arrays)
        done += 1
        if progress is not None:
            progress(done, len(tasks))
        yield number, arrays


def _computed(
    tasks: Sequence[Task], pending: list[int], jobs: int
) -> Iterator[tuple[int, Arrays]]:
    if jobs == 1 or len(pending) == 1:
        for number in pending:
            yield _call(number, tasks[number])
        return
    # one process alone has no use for them
    from joblib import Parallel, delayed  # noqa: PLC0415
    from joblib.externals.loky.process_executor import (  # noqa: PLC0415
        TerminatedWorkerError,
    )

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    calls = (delayed(_call)(number, tasks[number]) for number in pending)
    with warnings.catch_warnings():
        # a worker that has grown is replaced, and its tasks are done: no news
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        try:
            yield from parallel(calls)
        except TerminatedWorkerError as error:
            raise ConfigError(
                "a process at work was ended, most likely for want of memory",
                where="run.jobs",
                remedy="start the same command again with fewer processes (--jobs); "
                "what is done is kept",
            ) from error


def _call(number: int, task: Task) -> tuple[int, Arrays]:
    """Call with one thread: processes share the cores, and load changes no number."""
    with threadpool_limits(limits=1):
        return number, task.call(*task.arguments)


def result_path(folder: Path, task: Task) -> Path:
    """Return the file of one task."""
    plain = (sign if sign.isalnum() or sign in "-_." else "_" for sign in task.name)
    return folder / f"{''.join(plain)[:100]}-{task.key}.task"


def save_result(path: Path, arrays: Arrays) -> None:
    """Write a result with its checksum, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    content = buffer.getvalue()
    with replacing(path) as temporary:
        temporary.write_bytes(hashlib.sha256(content).digest() + content)


def load_result(path: Path) -> Arrays | None:
    """Return a result of `save_result`; None if it is absent or damaged."""
    if not path.is_file():
        return None
    raw = path.read_bytes()
    content = raw[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != raw[:_DIGEST_BYTES]:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
