"""Fitted models on disk: arrays as safetensors, plain values as JSON; no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from meristem._version import __version__
from meristem.errors import DataError
from meristem.records import FittedState
from meristem.text.files import (
    hash_file,
    read_text,
    replacing,
    require_file,
    write_text,
)

FORMAT_VERSION = 1
_KINDS = "biuf"  # bool, integers and floats; text is packed into bytes


def write_state(state: FittedState, folder: str | Path, label: str) -> None:
    """Write a fitted model as `<label>.safetensors` and `<label>.json`.

    Parameters
    ----------
    state
        Arrays of numbers, truth values or text, and values that JSON can hold.
    folder
        Made if absent.
    label
        Name of the model; characters a file name cannot hold are written `%XX`.

    Raises
    ------
    DataError
        If a value is of another type, or a file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> state = FittedState("ridge", {"beta": np.arange(3.0)}, {"penalty": 2})
    >>> with TemporaryDirectory() as folder:
    ...     write_state(state, folder, "ridge")
    ...     read_state(folder, "ridge").arrays["beta"].tolist()
    [0.0, 1.0, 2.0]
    """
    weights, description = state_paths(folder, label)
    text_shape: dict[str, list[int]] = {}
    packed: dict[str, NDArray] = {}
    for name, array in state.arrays.items():
        if array.dtype.kind == "U":
            text_shape[name] = list(array.shape)
            cells = json.dumps(array.ravel().tolist()).encode()
            packed[name] = np.frombuffer(cells, dtype=np.uint8)
        elif array.dtype.kind in _KINDS:
            # safetensors writes the buffer as it lies, whatever the strides.
            packed[name] = np.asarray(array, order="C")
        else:
            raise DataError(
                f"array {name!r} of {state.kind} has type {array.dtype}",
                where=weights,
                remedy="keep numbers, truth values or text in a FittedState",
            )
    with replacing(weights) as temporary:
        save_file(packed, temporary)
    content = {
        "format_version": FORMAT_VERSION,
        "written_by": f"meristem {__version__}",
        "label": label,
        "kind": state.kind,
        "weights_sha256": hash_file(weights),
        "text_arrays": text_shape,
        "meta": state.meta,
    }
    try:
        text = json.dumps(content, indent=1, default=_plain)
    except TypeError as error:
        raise DataError(
            f"a value of {state.kind} cannot be written as JSON ({error})",
            where=description,
            remedy="keep plain values in the meta of a FittedState",
        ) from error
    write_text(description, text + "\n")


def read_state(folder: str | Path, label: str) -> FittedState:
    """Read a fitted model of `write_state`.

    Parameters
    ----------
    folder, label
        As they were given to `write_state`.

    Returns
    -------
    FittedState
        Arrays with the shapes and types they had; tuples of `meta` come as lists.

    Raises
    ------
    DataError
        If a file is absent or damaged, of another format version, or the two do not
        belong together.
    """
    weights, description = state_paths(folder, label)
    remedy = "start `meristem run` in its folder again: it fits the model anew"
    no_model = DataError(
        "is no description of a fitted model", where=description, remedy=remedy
    )
    try:
        content = json.loads(read_text(description))
        version, checksum = content["format_version"], content["weights_sha256"]
        kind, meta, texts = (content[n] for n in ("kind", "meta", "text_arrays"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise no_model from error
    if type(version) is not int or version != FORMAT_VERSION:
        raise DataError(
            f"has format version {version}, this meristem reads {FORMAT_VERSION}",
            where=description,
            remedy=remedy,
        )
    if hash_file(require_file(weights)) != checksum:
        raise DataError(
            f"is damaged, or does not belong to {description.name}",
            where=weights,
            remedy=remedy,
        )
    try:
        arrays = dict(load_file(weights))
    except SafetensorError as error:
        raise DataError("is damaged", where=weights, remedy=remedy) from error
    try:
        for name, shape in texts.items():
            cells = json.loads(arrays[name].tobytes())
            arrays[name] = np.array(cells, dtype=np.str_).reshape(shape)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise no_model from error
    return FittedState(kind, arrays, meta)


def state_paths(folder: str | Path, label: str) -> tuple[Path, Path]:
    """Return the files of a fitted model: its arrays, its description."""
    name = quote(label, safe=" +,=@()")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    return Path(folder) / f"{name}.safetensors", Path(folder) / f"{name}.json"


def _plain(value: object) -> object:
    """Return numpy values and paths as JSON knows them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")
