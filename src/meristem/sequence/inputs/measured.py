"""Sequences with what was measured of them, from tables and FASTA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, StrArray
from meristem.sequence.inputs.fasta import is_fasta, read_fasta
from meristem.sequence.inputs.onehot import clean_sequence
from meristem.text.column_names import named_column
from meristem.text.columns import Table, read_table

_SEQUENCE = ("sequence", "seq", "dna", "insert", "oligo", "promoter")
_IDS = ("id", "sequence_id", "seq_id", "name")


@dataclass(frozen=True)
class MeasuredSequences:
    """Sequences and values of tasks; the rows of all sources below one another."""

    sequence_id: StrArray  # (n,)
    sequence: tuple[str, ...]  # (n,) of A, C, G, T, N
    tasks: tuple[str, ...]  # (n_task,)
    value: FloatArray  # (n, n_task) NaN missing
    group: StrArray  # (n,) "" where none is named
    source: StrArray  # (n,) name of the source
    n_unmeasured: int = 0  # rows left out when read: they had no value of any task

    @property
    def n(self) -> int:
        """Number of sequences."""
        return len(self.sequence)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> MeasuredSequences:
        """Return some of the rows."""
        picked = np.arange(self.n)[rows]
        return MeasuredSequences(
            self.sequence_id[picked],
            tuple(self.sequence[row] for row in picked),
            self.tasks,
            self.value[picked],
            self.group[picked],
            self.source[picked],
        )


@dataclass(frozen=True)
class Source:
    """Where sequences and their measurements stand.

    Attributes
    ----------
    path
        Table with a column of sequences; or of values alone, with `fasta`.
    tasks
        Task by column: `{"expression": "measured"}`.
    sequence, sequence_id, group
        Columns; "" takes the usual names, and no group.
    fasta
        Sequences by the ids of the table.
    name
        For messages and for the means of sources.
    """

    path: Path
    tasks: dict[str, str]
    sequence: str = ""
    sequence_id: str = ""
    group: str = ""
    fasta: Path | None = None
    name: str = ""


def read_measured(sources: Sequence[Source]) -> MeasuredSequences:
    """Read and join sources; a task that a source does not measure is missing there.

    Raises
    ------
    DataError
        If a file, a sequence or a value cannot be used (with the line), an id has no
        sequence, or nothing was measured.
    ConfigError
        If a column is not there.
    """
    tasks = tuple(dict.fromkeys(task for source in sources for task in source.tasks))
    read = [_read_one(source, tasks) for source in sources]
    joined = MeasuredSequences(
        np.concatenate([part.sequence_id for part in read]),
        tuple(text for part in read for text in part.sequence),
        tasks,
        np.concatenate([part.value for part in read]),
        np.concatenate([part.group for part in read]),
        np.concatenate([part.source for part in read]),
    )
    kept = np.flatnonzero((~np.isnan(joined.value)).any(axis=1))
    if kept.size == 0:
        raise DataError(
            "no sequence has a value of any task",
            where=sources[0].path,
            remedy="check the names of the columns in data.tasks",
        )
    return replace(joined.take(kept), n_unmeasured=joined.n - kept.size)


def _read_one(source: Source, tasks: tuple[str, ...]) -> MeasuredSequences:
    table = read_table(source.path)
    value = np.full((table.n_row, len(tasks)), np.nan)
    for task, column in source.tasks.items():
        name = named_column(table, column, f"data.tasks.{task}")
        value[:, tasks.index(task)] = table.numbers(name, largest=1e12)
    ids = _ids(table, source)
    if source.fasta is not None:
        sequence = _from_fasta(source.fasta, table, ids)
    else:
        sequence = read_sequence_column(table, source.sequence)
    _refuse_two(table, ids, sequence)
    for row, text in enumerate(sequence):
        if not text.strip("N"):
            raise DataError(
                f"the sequence of {str(ids[row])!r} holds no known base",
                where=table.place(row),
                remedy="delete the row: there is nothing to learn from it",
            )
    group = np.full(table.n_row, "", dtype=np.str_)
    if source.group:
        group = table.labels(named_column(table, source.group, "data.group"))
    name = source.name or source.path.name.split(".")[0]
    return MeasuredSequences(
        ids, sequence, tasks, value, group, np.full(table.n_row, name)
    )


def _refuse_two(table: Table, ids: StrArray, sequence: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for row, name in enumerate(ids.tolist()):
        if sequence[first.setdefault(name, row)] != sequence[row]:
            raise DataError(
                f"{name!r} stands for two sequences",
                where=table.place(row),
                remedy="give every sequence an id of its own",
            )


def _ids(table: Table, source: Source) -> StrArray:
    if source.sequence_id:
        return table.identifiers(
            named_column(table, source.sequence_id, "data.sequence_id")
        )
    for name in _IDS:
        if name in table.column_name:
            return table.identifiers(name)
    return np.array([f"row{row + 1}" for row in range(table.n_row)])


def read_sequence_column(table: Table, name: str = "") -> tuple[str, ...]:
    """Return the sequences of a table, clean.

    Parameters
    ----------
    table
        The table.
    name
        Column; "" takes the first with a usual name.
    """
    if name:
        name = named_column(table, name, "data.sequence")
    else:
        usual = [c for c in table.column_name if c.lower() in _SEQUENCE]
        if not usual:
            raise ConfigError(
                "no column of sequences was found",
                where=table.path,
                remedy="call it `sequence`, or name it (data.sequence, --column)",
            )
        name = usual[0]
    words = table.words(name)
    return tuple(
        clean_sequence(word, table.place(row, name)) for row, word in enumerate(words)
    )


def _from_fasta(fasta: Path, table: Table, ids: StrArray) -> tuple[str, ...]:
    known = read_fasta(fasta)
    missing = [name for name in ids.tolist() if name not in known]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(ids)} ids have no sequence in {fasta}, the first "
            f"is {missing[0]!r}",
            where=table.path,
            remedy="check that data.sequence_id names the column of the ids",
        )
    return tuple(known[name] for name in ids.tolist())


def read_sequences(path: Path, column: str = "") -> dict[str, str]:
    """Return sequences by id from FASTA or a table; an id that is there twice, once.

    Parameters
    ----------
    path
        FASTA, or a table with a column of sequences and perhaps one of ids.
    column
        Column of the sequences; "" takes the usual names.
    """
    if is_fasta(path):
        return read_fasta(path)
    table = read_table(path)
    ids = _ids(table, Source(path, {}))
    sequence = read_sequence_column(table, column)
    _refuse_two(table, ids, sequence)
    return dict(zip(ids.tolist(), sequence, strict=True))
