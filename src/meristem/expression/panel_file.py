"""The embedded panel as two artefacts of a run folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np

from meristem.expression.panel import EmbeddedPanel, Embedding
from meristem.runs.folder import RunFolder

EMBEDDING, REST = "embedding.npy", "panel.npz"
_RAGGED = "haplotype_row"


def write_embedding(
    folder: RunFolder, shape: tuple[int, int], fill: Callable[[Embedding], None]
) -> Embedding:
    """Write the numbers of all sequences without holding them in memory.

    Parameters
    ----------
    folder
        Run folder.
    shape
        Sequences, and numbers of each.
    fill
        Told the array on disk that it has to fill.
    """
    with folder.writing(EMBEDDING) as temporary:
        array = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
        fill(array)
        array.flush()
        del array
    return read_embedding(folder)


def read_embedding(folder: RunFolder) -> Embedding:
    """Return the numbers of all sequences, mapped into memory."""
    return np.load(folder.file(EMBEDDING), mmap_mode="r")


def write_panel(folder: RunFolder, panel: EmbeddedPanel) -> None:
    """Write everything but the numbers of the sequences."""
    arrays = {
        field.name: np.asarray(getattr(panel, field.name))
        for field in fields(panel)
        if field.name not in ("embedding", _RAGGED)
    }
    rows = panel.haplotype_row
    arrays["row_count"] = np.array([one.size for one in rows], np.int64)
    arrays[_RAGGED] = np.concatenate(rows)
    with folder.writing(REST) as temporary, temporary.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)


def read_panel(folder: RunFolder) -> EmbeddedPanel:
    """Return the panel that `embed` wrote.

    Raises
    ------
    DataError
        If a file is not as it was written.
    ConfigError
        If the folder holds none.
    """
    folder.refuse_lost([EMBEDDING, REST])
    folder.refuse_damaged([EMBEDDING, REST])
    with np.load(folder.file(REST), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    ends = np.cumsum(arrays.pop("row_count"))[:-1]
    rows = tuple(np.split(arrays.pop(_RAGGED), ends))
    for name in ("embedder", "key"):
        arrays[name] = str(arrays[name])
    return EmbeddedPanel(embedding=read_embedding(folder), haplotype_row=rows, **arrays)
