"""What a model makes of a motif put into random sequence, alone and beside another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.motifs.motif import Motif

_AT_ONCE = 64  # placements that are predicted together

Predict = Callable[[NDArray[np.float32]], FloatArray]
"""One-hot sequences (n, 4, length) to predictions (n, n_task)."""


class Planted:
    """Predictions of sequences with sites of motifs put in, each made once.

    Parameters
    ----------
    predict
        The model.
    background
        Sequences without the motifs, such as shuffled ones.
    """

    def __init__(self, predict: Predict, background: NDArray[np.float32]) -> None:
        self.predict = predict
        self.background = background
        self._known: dict[tuple[tuple[bytes, int], ...], FloatArray] = {}

    def of(
        self, asked: Sequence[Sequence[tuple[Motif, int]]]
    ) -> FloatArray:  # (n_asked, n, n_task)
        """Return predictions with motifs put in from a start each, in that order.

        Raises
        ------
        ConfigError
            If a site does not fit.
        """
        keys = [tuple((_bases(motif), start) for motif, start in own) for own in asked]
        wanted = dict(zip(keys, asked, strict=True))
        new = [(k, own) for k, own in wanted.items() if k not in self._known]
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]
            found = self.predict(np.concatenate([self._with(own) for _, own in some]))
            parts = found.reshape(len(some), len(self.background), -1)
            self._known |= {k: part for (k, _), part in zip(some, parts, strict=True)}
        return np.array([self._known[key] for key in keys])

    def _with(self, sites: Sequence[tuple[Motif, int]]) -> NDArray[np.float32]:
        made = self.background
        for motif, start in sites:
            made = put_site(made, motif, start)
        return made


def _bases(motif: Motif) -> bytes:
    """Return the codes of the most probable site."""
    return motif.probability.argmax(axis=0).astype(np.uint8).tobytes()


def marginal_effects(
    planted: Planted, motifs: Sequence[Motif]
) -> FloatArray:  # (n_motif, n, n_task)
    """Return the change of every prediction when a motif's best site is put in.

    Parameters
    ----------
    planted
        The model, and sequences without the motifs.
    motifs
        What is put into the middle, one at a time.

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
    >>> planted = Planted(count_g, background)
    >>> marginal_effects(planted, [Motif("GG", "", sure)]).tolist()
    [[[2.0], [2.0], [2.0]]]
    """
    length = planted.background.shape[2]
    none, *each = planted.of([(), *([(m, (length - m.width) // 2)] for m in motifs)])
    return np.array(each) - none


def spacing_effect(
    planted: Planted,
    pair: tuple[Motif, Motif],
    distances: Sequence[int],
) -> FloatArray:  # (n_distance, n, n_task)
    """Return what two motifs do together beyond the sum of each alone.

    Parameters
    ----------
    planted
        The model, and sequences without the motifs.
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
    length = planted.background.shape[2]
    ends = []
    for distance in distances:
        left = (length - first.width - distance - second.width) // 2
        ends.append(((first, left), (second, left + first.width + distance)))
    none = planted.of([()])[0]
    one, other = (planted.of([[pair[side]] for pair in ends]) for side in (0, 1))
    return planted.of(ends) - one - other + none


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
