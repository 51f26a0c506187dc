"""What a designed sequence must keep to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.onehot import BASES, code_matrix

Codes = NDArray[np.uint8]

_ORDER = 3  # bases that the Markov model of realism looks back
_MOTIF = re.compile("[ACGTN]+")


@dataclass(frozen=True)
class Realism:
    """A Markov model of real sequences, and how unlikely a sequence may be.

    Attributes
    ----------
    cost
        (4^order, 4) -log2 probability of a base after the last three.
    most
        Largest mean cost in bits per base.
    """

    cost: FloatArray
    most: float

    def bits(self, code: Codes) -> FloatArray:  # (n, length) -> (n,)
        """Return the mean cost of sequences; unknown bases are skipped."""
        context, known = _contexts(code)
        cost = self.cost[context, np.minimum(code[:, _ORDER:], 3)] * known
        mean: FloatArray = cost.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return mean


def _contexts(code: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the bases before each base as a number, and whether all are known."""
    context = np.zeros(code[:, _ORDER:].shape, dtype=np.int64)
    known = code[:, _ORDER:] < 4
    for back in range(_ORDER):
        base = code[:, back : code.shape[1] - _ORDER + back]
        known &= base < 4
        context = context * 4 + np.minimum(base, 3)
    return context, known


def learn_realism(sequences: Sequence[str], quantile: float = 0.99) -> Realism:
    """Return a Markov model of order 3 of real sequences.

    Parameters
    ----------
    sequences
        Real sequences, such as the training rows.
    quantile
        Share of them that are likely enough: the bound is theirs.
    """
    code = code_matrix(sequences)
    count = np.full((4**_ORDER, 4), 0.5)
    context, known = _contexts(code)
    np.add.at(count, (context[known], code[:, _ORDER:][known]), 1)
    cost = -np.log2(count / count.sum(axis=1, keepdims=True))
    model = Realism(cost, np.inf)
    return Realism(cost, float(np.quantile(model.bits(code), quantile)))


@dataclass(frozen=True)
class Constraints:
    """What every design must keep to.

    Attributes
    ----------
    edits
        Most bases that may differ from the start.
    forbidden
        Words that no design may hold, on either strand; N stands for any base.
    gc
        Smallest and largest share of G and C.
    positions
        (length,) where edits may be made; None: anywhere a base is known.
    realism
        How unlikely a design may be; None: no bound. A start beyond it must not get
        worse.
    clean
        Whether no forbidden word may be left of those that the start holds.
    """

    edits: int
    forbidden: tuple[str, ...] = ()
    gc: tuple[float, float] = (0.0, 1.0)
    positions: NDArray[np.bool_] | None = None
    realism: Realism | None = None
    clean: bool = False

    def editable(self, start: Codes) -> NDArray[np.bool_]:  # (length,)
        """Return where the start may be edited."""
        known = start < 4
        return known if self.positions is None else known & self.positions

    def kept(self, code: Codes, start: Codes) -> NDArray[np.bool_]:  # (n, length)
        """Return which sequences keep to everything.

        A start that breaks a bound itself binds its designs to be no worse.
        """
        both = np.vstack([start[None], code])
        fine = (code != start).sum(axis=1) <= self.edits
        blocked = ~self.editable(start)
        fine &= ~((code != start) & blocked).any(axis=1)
        count = self.words(both)
        fine &= count[1:] <= (0 if self.clean else max(count[0] - 1, 0))
        share = _gc(both)
        low, high = min(self.gc[0], share[0]), max(self.gc[1], share[0])
        fine &= (share[1:] >= low - 1e-9) & (share[1:] <= high + 1e-9)
        if self.realism is not None:
            bits = self.realism.bits(both)
            fine &= bits[1:] <= max(self.realism.most, bits[0]) + 1e-9
        return fine

    def held(self, code: Codes, start: Codes) -> bool:  # (length,)
        """Return whether a design is all that was asked for, whatever the start was."""
        return not self.broken(code, start)

    def broken(self, code: Codes, start: Codes) -> list[str]:  # (length,)
        """Say what a design is not of what was asked for, whatever the start was."""
        found = []
        share = float(_gc(code[None])[0])
        if not self.gc[0] - 1e-9 <= share <= self.gc[1] + 1e-9:
            found.append("the share of G and C is outside the bounds")
        if self.words(code[None])[0]:
            found.append("a forbidden word is left")
        if not np.array_equal(code, start) and not self.kept(code[None], start)[0]:
            found.append("edits are more, elsewhere or less likely than allowed")
        return found

    def words(self, code: Codes) -> NDArray[np.int64]:  # (n, length) -> (n,)
        """Return how often forbidden words occur."""
        total = np.zeros(len(code), dtype=np.int64)
        words = {w for word in self.forbidden for w in (word, complement_strand(word))}
        for word in sorted(words):
            n_start = code.shape[1] - len(word) + 1
            if n_start < 1:
                continue
            hit = np.ones((len(code), n_start), dtype=bool)
            for offset, base in enumerate(word):
                if base != "N":
                    part = code[:, offset : offset + n_start]
                    hit &= part == BASES.index(base)
            total += hit.sum(axis=1)
        return total


def _gc(code: Codes) -> FloatArray:
    known = np.maximum((code < 4).sum(axis=1), 1)
    share: FloatArray = ((code == 1) | (code == 2)).sum(axis=1) / known
    return share


def check_words(words: Sequence[str], where: str = "--forbid") -> tuple[str, ...]:
    """Return words of bases in capitals; `where` they were given, for messages.

    Raises
    ------
    ConfigError
        If a word holds anything but A, C, G, T and N.
    """
    made = tuple(word.strip().upper() for word in words)
    for word in made:
        if not _MOTIF.fullmatch(word) or set(word) == {"N"}:
            raise ConfigError(
                f"{word!r} is no word of A, C, G, T and N",
                where=where,
                remedy="write it out, such as GGTCTC for BsaI, or NGG for a PAM",
            )
    return made


def near_pam(
    start: Codes,  # (length,)
    pam: str = "NGG",
    window: tuple[int, int] = (-17, -12),
) -> NDArray[np.bool_]:  # (length,)
    """Return positions that an editor reaches from a PAM on either strand.

    Parameters
    ----------
    start
        Codes of the sequence.
    pam
        Motif behind the protospacer, 5' to 3'; N stands for any base.
    window
        First and last position of the editing window, counted from the first base of
        the PAM (-20 is the far end of a protospacer of 20).
    """
    length = start.size
    reach = np.zeros(length, dtype=bool)
    for strand in (False, True):
        code = start if not strand else np.where(start < 4, 3 - start, 4)[::-1]
        for place in range(length - len(pam) + 1):
            fits = all(
                base == "N" or code[place + offset] == BASES.index(base)
                for offset, base in enumerate(pam)
            )
            if not fits:
                continue
            for back in range(window[0], window[1] + 1):
                at = place + back
                if 0 <= at < length:
                    reach[length - 1 - at if strand else at] = True
    return reach
