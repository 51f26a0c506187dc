"""A fitted model on disk: what it is as JSON, its numbers as safetensors; no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from meristem.errors import ConfigError
from meristem.sequence.models.options import ModelOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.motif import Motif
from meristem.text.files import replacing, write_text

FORMAT = 1
RECORD, WEIGHTS = "model.json", "weights.safetensors"


def write_model(
    folder: Path, record: Mapping[str, Any], arrays: Mapping[str, NDArray]
) -> None:
    """Write a model into a folder; the record last, so that half a model is none."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / WEIGHTS) as temporary:
        save_file(
            {name: np.ascontiguousarray(a) for name, a in arrays.items()}, temporary
        )
    content = {"format": FORMAT, **record}
    write_text(folder / RECORD, json.dumps(content, indent=1) + "\n")


def write_motif_model(
    folder: Path,
    model: SequenceModel,
    options: ModelOptions,
    motifs: tuple[Motif, ...],
    arrays: Mapping[str, NDArray],
) -> None:
    """Write options, tasks, reading and motifs of a model beside its numbers."""
    record = {
        "kind": model.kind,
        "options": options.model_dump(mode="json"),
        "tasks": list(model.tasks),
        "window": model.window,
        "pad": model.pad,
        "motifs": [[motif.name, motif.label] for motif in motifs],
    }
    matrices = {f"motif{n}": motif.probability for n, motif in enumerate(motifs)}
    write_model(folder, record, {**arrays, **matrices})


def restore_motifs(
    record: Mapping[str, Any], arrays: Mapping[str, NDArray]
) -> tuple[Motif, ...]:
    """Return the motifs of a model that `write_motif_model` wrote."""
    return tuple(
        Motif(name, label, arrays[f"motif{number}"])
        for number, (name, label) in enumerate(record["motifs"])
    )


def read_model(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Return record and numbers of a model.

    Raises
    ------
    ConfigError
        If the folder holds no model, or another version's.
    """
    path = folder / RECORD
    if not path.is_file():
        raise ConfigError(
            "holds no model of DNA (no model.json)",
            where=folder,
            remedy="give a run folder of `meristem sequence train`",
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        arrays = load_file(folder / WEIGHTS)
    except (ValueError, OSError, SafetensorError) as error:
        raise ConfigError(
            f"is damaged: {error}",
            where=folder,
            remedy="train the model again",
        ) from error
    if record.get("format") != FORMAT:
        raise ConfigError(
            f"is a model of format {record.get('format')}, and {FORMAT} is read",
            where=path,
            remedy="train the model again with this version",
        )
    return record, arrays
