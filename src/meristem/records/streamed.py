"""Dosages that stay on disk: an array-like read in blocks of variants.

It stands wherever an int8 matrix of dosages does. What goes through it block by block
(`calls[:, start:stop]`) holds one block; anything else that NumPy can do with a matrix
reads it whole, and gives the same numbers.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

CHUNK = 4096
"""Variants read from disk at once."""


class DosageSource(ABC):
    """A file that gives the dosages of all its samples, some variants at a time."""

    def __init__(self, n_sample: int, n_variant: int) -> None:
        self.n_sample, self.n_variant = n_sample, n_variant
        self._start, self._chunk = -1, np.empty((0, 0), dtype=np.int8)

    @abstractmethod
    def fetch(self, start: int, stop: int) -> NDArray[np.int8]:  # (n_sample, width)
        """Read the dosages of variants `start` to `stop` from disk."""

    def read(self, start: int, stop: int) -> NDArray[np.int8]:  # (n_sample, width)
        """Return the dosages of variants `start` to `stop`; the last chunk is kept."""
        parts = []
        for first in range(start - start % CHUNK, stop, CHUNK):
            if self._start != first:
                self._chunk = self.fetch(first, min(first + CHUNK, self.n_variant))
                self._start = first
            inside = slice(max(start - first, 0), stop - first)
            parts.append(self._chunk[:, inside])
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def __getstate__(self) -> dict:
        """Return what another process opens the file again with."""
        empty = np.empty((0, 0), dtype=np.int8)
        return {**self.__dict__, "_start": -1, "_chunk": empty}


class StreamedDosage(NDArrayOperatorsMixin):
    """Some rows and columns of a source, as a matrix of dosages.

    Parameters
    ----------
    source
        Where the dosages are.
    rows, columns
        Samples and variants, in this order; default: all.

    Examples
    --------
    >>> class Ones(DosageSource):
    ...     def fetch(self, start, stop):
    ...         return np.ones((self.n_sample, stop - start), dtype=np.int8)
    >>> calls = StreamedDosage(Ones(3, 5))
    >>> calls[np.array([0, 2])].shape, int(calls[:, 1:3].sum()), int((calls == 1).sum())
    ((2, 5), 6, 15)
    """

    dtype = np.dtype(np.int8)
    ndim = 2

    def __init__(
        self,
        source: DosageSource,
        rows: NDArray[np.int64] | None = None,
        columns: NDArray[np.int64] | None = None,
    ) -> None:
        self.source, self.rows, self.columns = source, rows, columns
        self._hash = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of variants."""
        n_row = self.source.n_sample if self.rows is None else self.rows.size
        n_column = self.source.n_variant if self.columns is None else self.columns.size
        return int(n_row), int(n_column)

    @property
    def size(self) -> int:
        """Number of dosages."""
        return self.shape[0] * self.shape[1]

    @property
    def hash(self) -> str:
        """Digest of the dosages, wherever they lie."""
        if not self._hash:
            digest = hashlib.sha256(str(self.shape).encode())
            for start in range(0, self.shape[1], CHUNK):
                block = np.ascontiguousarray(self._block(start, start + CHUNK))
                digest.update(block.data)
            self._hash = digest.hexdigest()
        return self._hash

    def _block(self, start: int, stop: int) -> NDArray[np.int8]:
        stop = min(stop, self.shape[1])
        if self.columns is None:
            calls = self.source.read(start, stop)
        else:
            calls = self._scattered(self.columns[start:stop])
        return calls if self.rows is None else calls[self.rows]

    def _scattered(self, columns: NDArray[np.int64]) -> NDArray[np.int8]:
        out = np.empty((self.source.n_sample, columns.size), dtype=np.int8)
        chunk = columns // CHUNK
        for number in np.unique(chunk):
            here = np.flatnonzero(chunk == number)
            first = int(number) * CHUNK
            last = min(first + CHUNK, self.source.n_variant)
            out[:, here] = self.source.read(first, last)[:, columns[here] - first]
        return out

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Return a block of variants, read; samples or scattered variants, unread."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(columns, slice) and columns != slice(None):
            start, stop, step = columns.indices(self.shape[1])
            if step == 1:
                block = self._block(start, max(start, stop))
                return block if _is_all(rows) else block[rows]
        one, other = _places(rows, self.shape[0]), _places(columns, self.shape[1])
        if one is None or other is None or not (_is_all(rows) or _is_all(columns)):
            return np.asarray(self)[key]
        return StreamedDosage(
            self.source,
            self.rows if _is_all(rows) else _of(self.rows, one),
            self.columns if _is_all(columns) else _of(self.columns, other),
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        """Read everything."""
        if copy is False:
            raise ValueError("dosages on disk are read into a new array")
        out = np.empty(self.shape, dtype=np.int8)
        for start in range(0, self.shape[1], CHUNK):
            out[:, start : start + CHUNK] = self._block(start, start + CHUNK)
        return out if dtype is None else out.astype(dtype)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        read = [
            np.asarray(one) if isinstance(one, StreamedDosage) else one
            for one in inputs
        ]
        return getattr(ufunc, method)(*read, **options)

    def __getattr__(self, name: str) -> Any:
        """Return a method of the matrix, read whole."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)


def stream(source: DosageSource) -> NDArray[np.int8]:
    """Return the dosages of a source, to stand for a matrix of them."""
    return cast("NDArray[np.int8]", StreamedDosage(source))


def is_streamed(call_dosage: object) -> bool:
    """Tell whether dosages stay on disk."""
    return isinstance(call_dosage, StreamedDosage)


def _is_all(index: Any) -> bool:
    return isinstance(index, slice) and index == slice(None)


def _places(index: Any, size: int) -> NDArray[np.int64] | None:
    """Return positions of a slice, a mask or a list; None for anything else."""
    if isinstance(index, slice):
        return np.arange(size)[index]
    array = np.asarray(index)
    if array.ndim != 1 or array.dtype.kind not in "biu":
        return None
    return np.arange(size)[array]


def _of(
    known: NDArray[np.int64] | None, places: NDArray[np.int64]
) -> NDArray[np.int64]:
    return places if known is None else known[places]
