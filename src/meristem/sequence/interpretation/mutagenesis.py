"""In-silico mutagenesis: what every other base would change, position by position."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot, base_codes
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.substitutions import substitutions

_BATCH = 4096  # sequences at once


def saturate(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length)
) -> FloatArray:  # (n, 4, length, n_task)
    """Return prediction with a base put in minus prediction as it is.

    Zero at the base that is there, and at unknown bases and padding.

    Parameters
    ----------
    model
        Any fitted model.
    onehot
        Sequences in the window of the model.
    """
    n, _, length = onehot.shape
    change = np.zeros((n, 4, length, len(model.tasks)))
    known = onehot.sum(axis=1, keepdims=True) > 0.5
    row, base, place = np.nonzero((onehot < 0.5) & known)
    codes = base_codes(onehot)
    for start in range(0, len(row), _BATCH):
        cut = slice(start, start + _BATCH)
        first, last = row[cut][0], row[cut][-1] + 1
        own, where, letter = row[cut] - first, place[cut], base[cut]
        found = substitutions(model, codes[first:last], own, where, letter)
        change[row[cut], letter, where] = found.mean(axis=0)
    return change


def importance(
    change: FloatArray,  # (n, 4, length)
    onehot: OneHot,  # (n, 4, length)
) -> FloatArray:  # (n, length)
    """Return how much the base that is there adds, against the mean of all four.

    Examples
    --------
    >>> change = np.zeros((1, 4, 1))
    >>> change[0, 1:, 0] = -1.0
    >>> float(importance(change, np.eye(4, dtype=np.float32)[None, :, :1])[0, 0])
    0.75
    """
    centred = change - change.mean(axis=1, keepdims=True)
    total: FloatArray = (centred * onehot).sum(axis=1)
    return total
