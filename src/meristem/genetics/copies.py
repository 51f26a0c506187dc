"""Lines that carry the same genotypes under several names."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.relationship import dosage_blocks
from meristem.records import Genotypes, IntArray, StrArray
from meristem.records.streamed import CHUNK

_SCREENED = 2000  # variants on which pairs of lines are compared first
_MOST_LINES = 5000  # above, only lines with the same missing calls are found
_LEAST_SHARED = 0.5  # share of variants that both lines must have calls for


def copy_labels(genotypes: Genotypes) -> StrArray:  # (n_sample,)
    """Return for every line the name of the first line with the same genotypes.

    Two lines are copies if no variant that is called in both differs, and half of
    the variants or more are called in both.

    Examples
    --------
    >>> from meristem.records import VariantTable
    >>> name, blank = np.array(["m1", "m2"]), np.array(["", ""])
    >>> table = VariantTable(name, blank, np.zeros(2, dtype=int), blank, blank)
    >>> calls = np.array([[0, 2], [1, 1], [0, -1]], dtype=np.int8)
    >>> lines = Genotypes(np.array(["A", "B", "C"]), table, calls)
    >>> copy_labels(lines).tolist()
    ['A', 'B', 'A']
    """
    calls = genotypes.call_dosage
    first: dict[bytes, int] = {}
    keys, missing = _row_keys(calls)
    label = np.array(
        [first.setdefault(key, index) for index, key in enumerate(keys)],
        dtype=np.int64,
    )
    distinct = np.unique(label)
    if distinct.size <= _MOST_LINES and missing:
        for one, two in _same_where_called(calls[distinct]):
            ours, theirs = sorted((label[distinct[one]], label[distinct[two]]))
            label[label == theirs] = ours
    return genotypes.sample_id[label]


def _row_keys(calls: NDArray[np.int8]) -> tuple[list[bytes], bool]:
    """Return a digest of every row, and whether any call is missing, in one pass."""
    digests = [blake2b(digest_size=16) for _ in range(calls.shape[0])]
    missing = False
    for block in dosage_blocks(calls, CHUNK):
        missing = missing or int(block.min(initial=0)) < 0
        for digest, row in zip(digests, np.ascontiguousarray(block), strict=True):
            digest.update(row)
    return [digest.digest() for digest in digests], missing


def _same_where_called(
    calls: NDArray[np.int8],  # (n_sample, n_variant)
) -> IntArray:  # (n_pair, 2)
    n_variant = calls.shape[1]
    if n_variant == 0:
        return np.zeros((0, 2), dtype=np.int64)
    every = np.linspace(0, n_variant - 1, min(n_variant, _SCREENED)).astype(int)
    screened = np.asarray(calls[:, every])
    known = (screened >= 0).astype(np.float32)
    differ = known @ known.T
    for dosage in range(int(screened.max(initial=0)) + 1):
        carries = (screened == dosage).astype(np.float32)
        differ -= carries @ carries.T
    pairs = np.argwhere(np.triu(differ < 0.5, k=1))
    kept = []
    for one, two in pairs:
        ours, theirs = np.asarray(calls[[one, two]])
        both = (ours >= 0) & (theirs >= 0)
        same = bool((ours[both] == theirs[both]).all())
        kept.append(same and both.mean() >= _LEAST_SHARED)
    return pairs[np.array(kept, dtype=bool)]


def find_copies(genotypes: Genotypes) -> tuple[tuple[str, ...], ...]:
    """Return the names of every group of two or more lines that are copies."""
    groups: dict[str, list[str]] = {}
    for name, label in zip(
        genotypes.sample_id.tolist(), copy_labels(genotypes).tolist(), strict=True
    ):
        groups.setdefault(label, []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def describe_copies(groups: Sequence[Sequence[str]]) -> str:
    """Return in words how many lines are copies, with examples.

    Examples
    --------
    >>> describe_copies([("A", "C"), ("B", "D")])
    '2 pairs of lines are identical (A = C, B = D)'
    """
    shown = ", ".join(" = ".join(group[:4]) for group in groups[:3])
    n_line = sum(len(group) for group in groups)
    if n_line == 2 * len(groups):
        pairs = "pair of lines is" if len(groups) == 1 else "pairs of lines are"
        return f"{len(groups)} {pairs} identical ({shown})"
    return f"{n_line} lines are identical to others, in {len(groups)} groups ({shown})"
