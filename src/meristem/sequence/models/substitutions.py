"""Effects of single-base changes without predicting every window twice.

Under a closed-form model a change touches the placements of motifs and k-mers that
overlap it. The rest of a window is scanned once for the reference, which neighbouring
changes share: exp(s - t) is pooled over stretches of 1, 2, 4, ... starts, of which
every window is made, so that nothing is subtracted from a sum it dominates. Networks
compute what the base reaches (see `networks.local`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.records import FloatArray, IntArray
from meristem.sequence.features.kmers import canonical
from meristem.sequence.features.occupancy import Bank, known_scores
from meristem.sequence.genome.bases import ONE_HOT, BaseArray, encode
from meristem.sequence.inputs.onehot import OneHot, one_hot, substitute

_MOST, _SPAN = 512, 16_384  # changes and bases at once: what fits into a cache


class Predictor(Protocol):
    """What is asked of a model that knows no short cut."""

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        """Return the predictions of every member."""
        ...


def substitutions(
    model: Predictor,
    codes: NDArray[np.uint8],  # (n, length)
    row: IntArray,  # (m,) of the sequences
    place: IntArray,  # (m,) of known bases
    base: IntArray,  # (m,) 0 to 3
) -> FloatArray:  # (n_member, m, n_task)
    """Return predictions with one base replaced minus without.

    Networks compute anew what the base reaches (`substituted`); of other models whole
    sequences are predicted.
    """
    short: Callable[..., FloatArray] | None = getattr(model, "substituted", None)
    if short is not None:
        return short(codes, row, place, base)
    onehot = one_hot(codes)
    changed = model.ensemble(substitute(onehot, row, place, base))
    return changed - model.ensemble(onehot)[:, row]


@dataclass(frozen=True)
class Linear:
    """What a model adds per unit of every feature, pooled over the whole window."""

    bank: Bank
    threshold: float  # nats
    all_sites: FloatArray  # (n_motif, n_task)
    best_site: FloatArray  # (n_motif, n_task)
    k: tuple[int, ...]
    words: tuple[FloatArray, ...]  # per k (n_kmer, n_task)


def substitution_effects(
    linear: Linear,
    bases: BaseArray,  # (size,) letters of a contig
    place: IntArray,  # (n,) ascending, of known bases
    alt: NDArray[np.uint8],  # (n,) codes of other bases
    starts: IntArray,  # (n_window,) -(length - 1) to 0, from the changed base
    length: int,
) -> FloatArray:  # (n, n_task)
    """Return the prediction with another base minus without, mean over windows.

    Beyond the contig, bases are unknown.
    """
    total = np.zeros((len(place), linear.all_sites.shape[1]))
    first, last = int(starts.min()), int(starts.max()) + length
    of = (-first, length)
    span = np.cumsum(np.minimum(np.diff(place, prepend=place[:1]), last - first))
    begin = 0
    while begin < len(place):
        most = np.searchsorted(span, span[begin] + _SPAN)
        cut = slice(begin, min(begin + _MOST, max(int(most), begin + 1)))
        begin = cut.stop
        codes, row = _joined(bases, place[cut] + first, last - first)
        around = codes[row[:, None] + np.arange(last - first)]
        total[cut] = _words(linear, around, alt[cut], starts - first, of)
        if linear.bank.n_motif:
            total[cut] += _sites(linear, (codes, row), alt[cut], starts - first, of)
    return total


def _joined(
    bases: BaseArray, left: IntArray, width: int
) -> tuple[NDArray[np.uint8], IntArray]:
    """Return the union of stretches of a contig, and where each begins in it."""
    gap = np.diff(left, prepend=left[0])
    new = np.minimum(gap, width)  # what a stretch adds to the one before it
    row = np.cumsum(new)
    at = np.empty(int(row[-1]) + width, dtype=np.int64)
    for begin, place in zip(row.tolist(), left.tolist(), strict=True):
        at[begin : begin + width] = np.arange(place, place + width)
    codes = encode(bases[np.clip(at, 0, bases.size - 1)])
    codes[(at < 0) | (at >= bases.size)] = 4
    return codes, row


def _words(
    linear: Linear,
    codes: NDArray[np.uint8],  # (n, width)
    alt: NDArray[np.uint8],
    starts: IntArray,
    of: tuple[int, int],
) -> FloatArray:  # (n, n_task)
    """Return what the k-mers over the change add, mean over windows."""
    place, length = of
    total = np.zeros((len(codes), linear.all_sites.shape[1]))
    for k, weight in zip(linear.k, linear.words, strict=True):
        by_word = weight[canonical(k)[0]]  # (4^k, n_task)
        for begin in range(place - k + 1, place + 1):
            inside = (starts <= begin) & (begin + k <= starts + length)
            share = float(inside.mean())
            if share == 0 or begin < 0 or begin + k > codes.shape[1]:
                continue
            word = codes[:, begin : begin + k].astype(np.int64)
            known = np.asarray(word.max(axis=1) < 4)
            power = 4 ** np.arange(k - 1, -1, -1)
            number = np.where(known, word @ power, 0)
            step = alt.astype(np.int64) - word[:, place - begin]
            other = np.where(known, number + step * power[place - begin], 0)
            total += share * known[:, None] * (by_word[other] - by_word[number])
    return total


@torch.no_grad()
def _sites(
    linear: Linear,
    joined: tuple[NDArray[np.uint8], IntArray],
    alt: NDArray[np.uint8],
    starts: IntArray,
    of: tuple[int, int],
) -> FloatArray:  # (n, n_task)
    """Return what the sites over the change add, mean over windows."""
    place, length = of
    codes, row = joined
    hot = torch.from_numpy(ONE_HOT[codes])[None]
    total = torch.zeros(len(row), linear.all_sites.shape[1], dtype=torch.float64)
    at = torch.from_numpy(row)
    ref = torch.from_numpy(codes[row + place].astype(np.int64))
    new = torch.from_numpy(alt.astype(np.int64))
    for weight, member in zip(linear.bank.weight, linear.bank.place, strict=True):
        width = len(weight) // 4
        if width > length:
            continue
        score = known_scores(hot, weight)[0]  # (n_joined, 2, m)
        score -= linear.threshold
        low = max(place - width + 1, 0)
        high = min(place + 1, int(starts.max()) + length - width + 1)
        # at start i the change stands at position place - i of the motif
        by_base = torch.from_numpy(weight).view(width, 4, 2, -1).transpose(0, 1).flip(1)
        over = by_base[:, width - 1 - place + low :][:, : high - low]
        near = (at[:, None] + torch.arange(low, high)).flatten()
        changed = score.index_select(0, near).view(len(row), high - low, 2, -1)
        changed += (over[new] - over[ref]).view_as(changed)
        score.exp_()
        changed.exp_()
        ends = starts + length - width + 1  # behind the last start of every window
        for weights, join in (
            (linear.all_sites, torch.add),
            (linear.best_site, torch.maximum),
        ):
            pooled = _Pooled(join(score[:, 0], score[:, 1]), at, join)
            touched = join(changed[:, :, 0], changed[:, :, 1])
            change = pooled.change(touched, low, list(zip(starts, ends, strict=True)))
            total += change.double() @ torch.from_numpy(weights[member])
    found: FloatArray = total.numpy()
    return found


class _Pooled:
    """Sums or maxima over stretches of starts, by doubling.

    Parameters
    ----------
    value
        (n_start, m) exp(s - t) of the joined stretches.
    at
        (n,) where the stretch of every change begins.
    join
        Sum or maximum of two.
    """

    def __init__(
        self, value: Tensor, at: Tensor, join: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        self.levels = [value]  # level k: pooled over 2^k starts
        self.at = at
        self.join = join

    def over(self, first: int, end: int) -> Tensor:  # (n, m)
        """Return what is pooled over starts `first` to `end` of every stretch."""
        found = torch.zeros(len(self.at), self.levels[0].shape[1])
        while first < end:
            level = int(end - first).bit_length() - 1
            while len(self.levels) <= level:
                last, step = self.levels[-1], 1 << (len(self.levels) - 1)
                self.levels.append(self.join(last[:-step], last[step:]))
            part = self.levels[level].index_select(0, self.at + first)
            found = self.join(found, part)
            first += 1 << level
        return found

    def change(
        self,
        touched: Tensor,  # (n, n_touched, m) with the change
        low: int,
        windows: Sequence[tuple[int, int]],
    ) -> Tensor:  # (n, m)
        """Return log(1 + pooled) with the change minus without, mean over windows."""
        high = low + touched.shape[1]
        known: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        total = torch.zeros(len(touched), touched.shape[2])
        for first, end in windows:
            cut = max(first, low), min(end, high)
            if cut not in known:
                rows = touched[:, cut[0] - low : max(cut[1] - low, 0)].unbind(1)
                new = reduce(self.join, rows, torch.zeros_like(total))
                known[cut] = self.over(*cut), new
            outside = self.join(self.over(first, cut[0]), self.over(cut[1], end))
            was, now = (self.join(outside, near) for near in known[cut])
            total += torch.log((1 + now) / (1 + was))
        return total / len(windows)
