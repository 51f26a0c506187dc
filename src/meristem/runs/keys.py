"""One digest for everything a result depends on: equal inputs, equal digest."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pydantic import BaseModel

from meristem.text.files import hash_file


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


def digest(*values: object) -> str:
    """Return a digest of nested records, arrays and plain values.

    Configuration models, dataclasses and objects with attributes are read field by
    field under their class name, but for fields that equality ignores; arrays by type,
    shape and content; files by content, wherever they lie; and whatever has a string
    attribute `hash` (a network plan) by that alone.

    Parameters
    ----------
    *values
        What the result depends on.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    TypeError
        If a value has neither fields nor a plain content.

    Examples
    --------
    >>> digest(1, "a") == digest(1, "a"), digest(1, "a") == digest("1", "a")
    (True, False)
    """
    running = hashlib.sha256()
    for value in values:
        _feed(running, value)
    return running.hexdigest()[:16]


def seed_words(*values: object) -> list[int]:
    """Return four 32-bit words drawn from the values, to seed a generator with."""
    running = hashlib.sha256()
    for value in values:
        _feed(running, value)
    return np.frombuffer(running.digest()[:16], dtype="<u4").tolist()


def hash_content(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder; "" without either."""
    if not path.exists():
        return ""
    if path.is_file():
        return hash_file(path)
    inside = sorted(item for item in path.rglob("*") if item.is_file())
    joined = "".join(f"{item.relative_to(path)}{hash_file(item)}" for item in inside)
    return hashlib.sha256(joined.encode()).hexdigest()


def hash_input(path: Path) -> str:
    """Return `hash_content`; an input that stays as it is is read once."""
    stat = path.stat() if path.is_file() else None
    if stat is None:
        return hash_content(path)
    return _hash_known(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _hash_known(path: Path, changed: int, size: int) -> str:
    return hash_content(path)


def _feed(running: _Hash, value: Any) -> None:
    running.update(type(value).__name__.encode() + b"\0")
    if value is None or isinstance(value, bool | int | float | complex | str):
        running.update(repr(value).encode())
    elif isinstance(value, Path):
        running.update(hash_input(value).encode())
    elif isinstance(value, np.ndarray | np.generic):
        _feed_array(running, np.asarray(value))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            running.update(name.encode())
            _feed(running, getattr(value, name))
    elif isinstance(value, Mapping):
        for key in value:
            _feed(running, key)
            _feed(running, value[key])
    elif isinstance(value, list | tuple):
        for item in value:
            _feed(running, item)
    else:
        _feed_object(running, value)
    running.update(b"\0")


def _feed_array(running: _Hash, array: np.ndarray) -> None:
    if array.dtype.kind not in "OU":
        running.update(f"{array.dtype.str}{array.shape}".encode())
        running.update(np.ascontiguousarray(array).view(np.uint8).data)
    else:
        # the width of a text array says nothing about its content
        running.update(f"text{array.shape}".encode())
        running.update("\0".join(map(str, array.ravel())).encode())


def _feed_object(running: _Hash, value: Any) -> None:
    known = getattr(value, "hash", None)
    if isinstance(known, str):
        running.update(known.encode())
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.compare:
                running.update(field.name.encode())
                _feed(running, getattr(value, field.name))
    elif callable(value) and hasattr(value, "__qualname__"):
        running.update(f"{value.__module__}.{value.__qualname__}".encode())
    elif hasattr(value, "__dict__"):
        for name in sorted(vars(value)):
            running.update(name.encode())
            _feed(running, vars(value)[name])
    else:
        raise TypeError(f"a {type(value).__name__} cannot be digested")
