"""The command `predict`: numbers for new sequences."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError, DataError
from meristem.runs.folder import RunFolder
from meristem.runs.outputs import refuse_overwriting
from meristem.runs.progress import Notify
from meristem.sequence.commands.report import read_note
from meristem.sequence.inputs.measured import read_sequences
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import restore_model
from meristem.sequence.models.protocol import SequenceModel
from meristem.text.files import replacing

_LOG = logging.getLogger(__name__)

_BATCH = 2048


def open_model(folder: str | Path, label: str = "") -> SequenceModel:
    """Return a model of a run: the best of its folds unless one is named.

    Raises
    ------
    ConfigError
        If the folder holds no such model.
    """
    run = RunFolder.open(folder)
    of_sequences = run.record().get("kind") == "sequence"
    summary = read_note(run, "summary.json") if of_sequences else {}
    known = summary.get("models", {})
    if not known:
        raise ConfigError(
            "holds no models of DNA",
            where=folder,
            remedy="give a run folder of `meristem sequence train`",
        )
    name = label or str(summary["best"])
    if name not in known:
        raise ConfigError(
            f"there is no model {name!r} in the run",
            where=folder,
            remedy=f"use one of {', '.join(known)}",
        )
    run.refuse_lost([f"models/{name}"])
    run.refuse_damaged([f"models/{name}"])
    return restore_model(run.file(f"models/{name}"))


def predict_sequences(
    folder: str | Path,
    sequences: Path,
    out: Path,
    *,
    label: str = "",
    column: str = "",
    force: bool = False,
    notify: Notify | None = None,
) -> int:
    """Write predictions of sequences, with the spread over the ensemble.

    Parameters
    ----------
    folder
        Run folder.
    sequences
        FASTA, or a table with a column of sequences.
    out
        Table to write (CSV; TSV by its name).
    label
        Model of the run; "" takes the best.
    column
        Column of the sequences; "" takes the usual names.
    force
        Replace the table.
    notify
        Called with sequences done and in all.

    Returns
    -------
    int
        Number of sequences.
    """
    refuse_overwriting(out, inputs=[sequences], force=force)
    model = open_model(folder, label)
    found = read_sequences(sequences, column)
    refuse_long(found, model.window)
    if model.window is None:
        _caution_long(found, trained_length(folder))
    names, texts = list(found), list(found.values())
    parts = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        parts.append(_rows(model, names[start : start + _BATCH], batch))
        if notify is not None:
            notify("sequences", start + len(batch), len(texts))
    table = pd.concat(parts, ignore_index=True)
    separator = "\t" if out.suffix in (".tsv", ".txt") else ","
    with replacing(out) as temporary:
        table.to_csv(temporary, sep=separator, index=False)
    return len(table)


def refuse_long(found: dict[str, str], window: int | None) -> None:
    """Refuse sequences that a model could not read whole; None: it reads any length.

    Raises
    ------
    DataError
        If a sequence is longer than the window.
    """
    for name, text in found.items():
        if window is not None and len(text) > window:
            raise DataError(
                f"is {len(text)} bp long, and the model reads {window}",
                where=f"sequence {name!r}",
                remedy="cut it to windows of that length",
            )


def trained_length(folder: str | Path) -> int:
    """Return the length of the longest sequence of a run, bp; 0 if it is not known."""
    return int(read_note(RunFolder.open(folder), "summary.json").get("length", 0))


def _caution_long(found: dict[str, str], known: int) -> None:
    """Say where counts of sites and words are larger than any seen in training."""
    longer = sum(len(text) > known for text in found.values())
    if known and longer:
        _LOG.warning(
            "%d of %d sequences are longer than any the model was trained on (%d bp): "
            "its counts grow with the length, and what it predicts of them means "
            "little; cut them to windows of that length",
            longer,
            len(found),
            known,
        )


def _rows(model: SequenceModel, names: list[str], texts: list[str]) -> pd.DataFrame:
    onehot = encode(texts, model.window, model.pad)
    members = model.ensemble(onehot)  # (n_member, n, n_task)
    table = pd.DataFrame({"sequence_id": names})
    for number, task in enumerate(model.tasks):
        table[task] = members[:, :, number].mean(axis=0)
        if len(members) > 1:
            table[f"{task}_sd"] = members[:, :, number].std(axis=0, ddof=1)
    unknown = onehot.sum(axis=1) < 1
    size = np.array([len(text) for text in texts])
    padded = onehot.shape[2] - np.minimum(size, onehot.shape[2])
    table["unknown_bases"] = unknown.sum(axis=1) - padded
    return table
