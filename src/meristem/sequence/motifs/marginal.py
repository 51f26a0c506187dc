"""What a model makes of a motif put into random sequence, alone and beside another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.motifs.motif import Motif

Predict = Callable[[NDArray[np.float32]], FloatArray]
"""One-hot sequences (n, 4, length) to predictions (n, n_task)."""


def marginal_effect(
    predict: Predict,
    background: NDArray[np.float32],  # (n, 4, length)
    motif: Motif,
    start: int | None = None,
) -> FloatArray:  # (n, n_task)
    """Return the change of every prediction when a motif's best site is put in.

    Parameters
    ----------
    predict
        The model.
    background
        Sequences without the motif, such as shuffled ones.
    motif
        What is put in.
    start
        Where, from 0; in the middle by default.

    Raises
    ------
    ConfigError
        If the site does not fit.

    Examples
    --------
    >>> count_g = lambda x: x[:, 2].sum(axis=1, keepdims=True)
    >>> background = np.zeros((3, 4, 9), np.float32)
    >>> background[:, 0] = 1  # all A
    >>> sure = np.zeros((4, 2))
    >>> sure[2] = 1.0  # GG
    >>> marginal_effect(count_g, background, Motif("GG", "", sure)).tolist()
    [[2.0], [2.0], [2.0]]
    """
    if start is None:
        start = (background.shape[2] - motif.width) // 2
    return predict(put_site(background, motif, start)) - predict(background)


def spacing_effect(
    predict: Predict,
    background: NDArray[np.float32],  # (n, 4, length)
    pair: tuple[Motif, Motif],
    distances: Sequence[int],
) -> FloatArray:  # (n_distance, n, n_task)
    """Return what two motifs do together beyond the sum of each alone.

    Parameters
    ----------
    predict
        The model.
    background
        Sequences without the motifs.
    pair
        The motifs; the first stands left of the second.
    distances
        Bases between them.

    Returns
    -------
    numpy.ndarray
        f(both) - f(first) - f(second) + f(none), by distance, sequence and task.

    Raises
    ------
    ConfigError
        If a pair does not fit.
    """
    first, second = pair
    none = predict(background)
    found = []
    for distance in distances:
        size = first.width + distance + second.width
        left = (background.shape[2] - size) // 2
        right = left + first.width + distance
        one = put_site(background, first, left)
        both = put_site(one, second, right)
        other = put_site(background, second, right)
        found.append(predict(both) - predict(one) - predict(other) + none)
    return np.array(found)


def shuffled(
    onehot: NDArray[np.float32],  # (n, 4, length)
    n: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:  # (n, 4, length)
    """Return shuffles of sequences in turn; padding and unknown bases stay in place."""
    made = onehot[np.arange(n) % len(onehot)].copy()
    for sequence in made:
        known = np.flatnonzero(sequence.any(axis=0))
        sequence[:, known] = sequence[:, rng.permutation(known)]
    return made


def put_site(
    onehot: NDArray[np.float32],  # (n, 4, length)
    motif: Motif,
    start: int,
) -> NDArray[np.float32]:  # (n, 4, length)
    """Return sequences with the most probable site of a motif written over them."""
    if start < 0 or start + motif.width > onehot.shape[2]:
        raise ConfigError(
            f"{motif.title} ({motif.width} bp from {start}) does not fit into "
            f"{onehot.shape[2]} bp",
            remedy="give longer sequences, or shorter distances",
        )
    changed = onehot.copy()
    best = motif.probability.argmax(axis=0)
    changed[:, :, start : start + motif.width] = np.eye(4, dtype=np.float32)[best].T
    return changed
