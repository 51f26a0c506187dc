"""In-silico mutagenesis: what every other base would change, position by position."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.models.protocol import SequenceModel

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
    for row in range(n):
        base = onehot[row]
        where = np.argwhere((base < 0.5) & (base.sum(axis=0) > 0.5))
        present = model.predict(base[None])[0]
        for start in range(0, len(where), _BATCH):
            part = where[start : start + _BATCH]
            made = np.repeat(base[None], len(part), axis=0)
            made[np.arange(len(part)), :, part[:, 1]] = 0
            made[np.arange(len(part)), part[:, 0], part[:, 1]] = 1
            change[row, part[:, 0], part[:, 1]] = model.predict(made) - present
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
