"""What a motif does when it is put into sequences, alone and near another.

References
----------
Koo, Majdandzic, Ploenzke, Anand & Paul 2021, PLoS Comput Biol 17:e1008925 (global
importance analysis).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.motif import Motif


def embed(
    onehot: OneHot,  # (n, 4, length)
    motif: Motif,
    start: int,
) -> OneHot:
    """Return sequences with the likeliest word of a motif written in.

    Examples
    --------
    >>> p = np.eye(4)[:, [0, 1]]
    >>> x = embed(np.zeros((1, 4, 4), np.float32), Motif("m", "", p), 1)
    >>> x[0].argmax(axis=0).tolist(), float(x.sum())
    ([0, 0, 1, 0], 2.0)
    """
    word = motif.probability.argmax(axis=0)
    made = onehot.copy()
    made[:, :, start : start + word.size] = 0
    made[:, word, np.arange(start, start + word.size)] = 1
    return made


def marginal_effect(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length) backgrounds, such as shuffles
    motif: Motif,
    start: int | None = None,
) -> FloatArray:  # (n, n_task)
    """Return prediction with the motif minus prediction without, by background."""
    if start is None:
        start = (onehot.shape[2] - motif.width) // 2
    return model.predict(embed(onehot, motif, start)) - model.predict(onehot)


def spacing_effect(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length)
    first: Motif,
    second: Motif,
    task: int = 0,
) -> pd.DataFrame:
    """Return what two motifs together do beyond the sum of each, by distance.

    Parameters
    ----------
    model, onehot
        Model and backgrounds.
    first, second
        Motifs; the first stays at a third of the sequence, the second moves.
    task
        Number of the task.

    Returns
    -------
    DataFrame
        distance (bp between the motifs), together, interaction, interaction_se.
    """
    length = onehot.shape[2]
    home = length // 3
    base = model.predict(onehot)[:, task]
    with_first = embed(onehot, first, home)
    alone = model.predict(with_first)[:, task] - base
    rows = []
    for start in range(home + first.width, length - second.width + 1):
        other = model.predict(embed(onehot, second, start))[:, task] - base
        both = model.predict(embed(with_first, second, start))[:, task] - base
        beyond = both - alone - other
        rows.append(
            {
                "distance": start - home - first.width,
                "together": float(both.mean()),
                "interaction": float(beyond.mean()),
                "interaction_se": float(beyond.std(ddof=1) / np.sqrt(len(beyond))),
            }
        )
    return pd.DataFrame(rows)
