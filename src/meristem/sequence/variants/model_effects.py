"""Effects of variants by a trained model: with the allele minus without, in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.genome.bases import BaseArray, CodeArray, encode
from meristem.sequence.inputs.onehot import OneHot, one_hot
from meristem.sequence.models.substitutions import substitution_effects, substitutions
from meristem.sequence.variants.effects import Effect
from meristem.sequence.variants.occupancy import Change

_BATCH = 4096  # sequences given to the model at once


class Model(Protocol):
    """What is asked of a fitted model of DNA."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """What is predicted."""
        ...

    @property
    def window(self) -> int | None:
        """Length it reads, bp; None: any."""
        ...

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        """Return the predictions of every member, averaged over both strands."""
        ...


@dataclass(frozen=True)
class ModelScorer:
    """Effects predicted by a fitted model.

    Parameters
    ----------
    model
        The model; it averages over both strands.
    source
        Name for the table.
    window
        Length of the windows, bp; 0: that of the model.
    placements
        Windows around every change, evenly spaced; 0: all that hold it.
    """

    model: Model
    source: str
    window: int = 0
    placements: int = 0

    def __post_init__(self) -> None:
        if self.window == 0 and self.model.window is None:
            raise ConfigError(
                "the model reads sequences of any length",
                where="--window",
                remedy="say how long a window is, in bp",
            )
        if self.window and self.model.window not in (None, self.window):
            raise ConfigError(
                f"is {self.window} bp, and the model reads {self.model.window}",
                where="--window",
                remedy="leave it out: windows are as long as the model reads",
            )

    @property
    def length(self) -> int:
        """Length of a window, bp."""
        return self.window or self.model.window or 0

    def effects(
        self, bases: BaseArray, changes: Sequence[Change]
    ) -> list[list[Effect]]:
        """Return the mean difference over the windows, task by task."""
        single = [c.end - c.start == 1 == len(c.alt) for c in changes]
        others = [c for c, s in zip(changes, single, strict=True) if not s]
        found = iter(self._by_substitution(bases, changes, single))
        rest = iter(self._by_windows(bases, others))
        return [next(found) if s else next(rest) for s in single]

    def _by_substitution(
        self, bases: BaseArray, changes: Sequence[Change], single: Sequence[bool]
    ) -> list[list[Effect]]:
        """Return the effects of changes of single bases, by what they touch."""
        place = np.array([c.start for c, s in zip(changes, single, strict=True) if s])
        if not place.size:
            return []
        letters = "".join(c.alt for c, s in zip(changes, single, strict=True) if s)
        alt = encode(np.frombuffer(letters.encode(), np.uint8))
        known = (encode(bases[place]) < 4) & (alt < 4)
        starts = _spread(np.arange(1 - self.length, 1), self.placements)
        asked = place[known], alt[known], starts
        linear = getattr(self.model, "linear", None)
        if linear is None:
            found = self._substituted(bases, *asked)
        else:
            found = substitution_effects(linear, bases, *asked, self.length)[None]
        value = np.zeros((len(found), place.size, len(self.model.tasks)))
        value[:, known] = found
        return self._effects(value)

    def _substituted(
        self,
        bases: BaseArray,
        place: NDArray[np.int64],  # (n,)
        alt: CodeArray,  # (n,)
        starts: NDArray[np.int64],  # (n_window,) from the changed base
    ) -> FloatArray:  # (n_member, n, n_task)
        """Return the mean over windows; each is predicted once as it is."""
        step = max(1, _BATCH // starts.size)
        parts = [
            self._some_substituted(
                bases, place[i : i + step], alt[i : i + step], starts
            )
            for i in range(0, place.size, step)
        ]
        return np.concatenate(parts, axis=1) if parts else np.zeros((1, 0, 1))

    def _some_substituted(
        self,
        bases: BaseArray,
        place: NDArray[np.int64],
        alt: CodeArray,
        starts: NDArray[np.int64],
    ) -> FloatArray:
        begin, row = np.unique(place[:, None] + starts, return_inverse=True)
        at = begin[:, None] + np.arange(self.length)
        codes = encode(bases[np.clip(at, 0, bases.size - 1)])
        codes[(at < 0) | (at >= bases.size)] = 4
        where = np.tile(-starts, place.size)
        letter = np.repeat(alt, starts.size).astype(np.int64)
        found = substitutions(self.model, codes, row.ravel(), where, letter)
        mean = found.reshape(len(found), place.size, starts.size, -1).mean(axis=2)
        return np.asarray(mean)

    def _by_windows(
        self, bases: BaseArray, changes: Sequence[Change]
    ) -> list[list[Effect]]:
        """Return the effects by predicting every window twice."""
        length = self.length
        found: list[list[Effect]] = []
        for batch in self._batches(changes):
            pairs = [
                window_pairs(bases, change, length, self.placements) for change in batch
            ]
            members = self.model.ensemble(_unique_windows(pairs, length))
            n_pair = sum(map(len, pairs))
            place: dict[int, int] = {}
            ref = [
                place.setdefault(pair.start, n_pair + len(place))
                for several in pairs
                for pair in several
            ]
            difference = members[:, :n_pair] - members[:, ref]
            owner = np.repeat(np.arange(len(batch)), [len(p) for p in pairs])
            mean = _mean_by(difference, owner, len(batch))
            found += self._effects(mean)
        return found

    def _batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        each = 2 * (self.placements or self.length + 16)
        step = max(1, _BATCH // each)
        for start in range(0, len(changes), step):
            yield changes[start : start + step]

    def _effects(self, value: FloatArray) -> list[list[Effect]]:
        """Return values (n_member, n, n_task) as effects."""
        score = value.mean(axis=0)
        if len(value) > 1:
            spread = value.std(axis=0, ddof=1)
        else:
            spread = np.full(score.shape, np.nan)
        return [
            [Effect(*one) for one in zip(own, self.model.tasks, about, strict=True)]
            for own, about in zip(score.tolist(), spread.tolist(), strict=True)
        ]


def _unique_windows(pairs: Sequence[Sequence[Pair]], length: int) -> OneHot:
    """Return changed windows, then the unchanged ones, each of these once."""
    changed = [pair.changed for several in pairs for pair in several]
    plain = {pair.start: pair.plain for several in pairs for pair in several}
    codes = np.stack([*changed, *plain.values()]).reshape(-1, length)
    return one_hot(codes)


def _mean_by(
    value: FloatArray,  # (n_member, n, n_task)
    owner: NDArray[np.int64],  # (n,) ascending
    n: int,
) -> FloatArray:  # (n_member, n_owner, n_task)
    starts = np.searchsorted(owner, np.arange(n))
    total = np.add.reduceat(value.astype(np.float64), starts, axis=1)
    return total / np.bincount(owner, minlength=n)[None, :, None]


def _spread(starts: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return some starts, evenly spaced; 0: all."""
    if not 0 < n < starts.size:
        return starts
    pick = np.linspace(0, starts.size - 1, n + 2)[1:-1]
    return starts[np.rint(pick).astype(np.int64)]


class Pair(NamedTuple):
    """A window of a contig without and with a change; codes, see `encode`."""

    start: int  # of the window without it, 0-based; may lie before the contig
    plain: CodeArray  # (length,)
    changed: CodeArray  # (length,)


def window_pairs(
    bases: BaseArray, change: Change, length: int, placements: int = 0
) -> list[Pair]:
    """Return windows of a contig, each without and with a change.

    A change of length moves what follows it: such windows are taken once with the
    same first and once with the same last base. Beyond the contig, bases are unknown.

    Parameters
    ----------
    bases
        The contig.
    change
        Bases replaced by others.
    length
        Of the windows, bp.
    placements
        Windows, evenly spaced; 0: all that hold a base of the change.

    Returns
    -------
    list of Pair
        From left to right.

    Examples
    --------
    >>> bases = np.frombuffer(b"AAAACAAAA", np.uint8)
    >>> pairs = window_pairs(bases, Change(4, 5, "G"), 3)
    >>> [pair.changed.tolist() for pair in pairs]
    [[0, 0, 2], [0, 2, 0], [2, 0, 0]]
    """
    reach = max(change.end - change.start, len(change.alt), 1)
    left, right = change.start - length, change.end + length + reach
    inside = encode(bases[max(left, 0) : min(right, bases.size)])
    around = np.full(right - left, 4, np.uint8)
    around[max(-left, 0) : max(-left, 0) + inside.size] = inside
    first, last = length, length + change.end - change.start
    new = encode(np.frombuffer(change.alt.encode(), np.uint8))
    changed = np.concatenate([around[:first], new, around[last:]])
    grown = changed.size - around.size
    # Starts of windows that hold at least one base of the longer allele.
    starts = np.arange(first - length + 1, first + max(change.end - change.start, 1))
    pairs = []
    for start in _spread(starts, placements):
        ref = around[start : start + length]
        at = int(start) + left
        pairs.append(Pair(at, ref, changed[start : start + length]))
        if grown and 0 <= start + grown and start + grown + length <= changed.size:
            moved = changed[start + grown : start + grown + length]
            pairs.append(Pair(at, ref, moved))
    return pairs
