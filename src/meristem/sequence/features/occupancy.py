"""Occupancy of a set of motifs: one fixed convolution, pooled over the sequence.

s(i) = sum_j log((p_j(b_(i+j)) + c) / (1/4 + c)) is the log-odds of a motif at i; its
pooled log-sum-exp is the logarithm of a sum of binding constants over all sites, and
the maximum the best site alone. Either counts above a threshold t alone,
log(1 + exp(s - t)): sites that are no better than chance are not bound, and would
drown the strong ones in a sum over a whole promoter.

References
----------
Stormo 2000, Bioinformatics 16:16 (log-odds of position weight matrices); Foat, Morozov
& Bussemaker 2006, Bioinformatics 22:e141 (sums of relative affinities).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import site_scores, strand_weights

PSEUDO = 0.001
"""Added to every probability, c above."""

FLOOR = -30.0
"""Log-odds where a sequence has no place for a motif."""

UNKNOWN = 0.5
"""Below this sum of its channels a base is unknown."""

_BATCH = 512


@dataclass(frozen=True)
class Bank:
    """Log-odds of motifs, those of one width together."""

    name: tuple[str, ...]  # (n_motif,)
    weight: tuple[NDArray[np.float32], ...]  # per width (4 * width, 2 * n_row)
    place: tuple[NDArray[np.int64], ...]  # per width (n,) motif of every row

    @property
    def n_motif(self) -> int:
        """Number of motifs."""
        return len(self.name)


def log_odds(probability: FloatArray) -> FloatArray:  # (4, width)
    """Return the log-odds of a motif against equal bases."""
    return np.log((probability + PSEUDO) / (0.25 + PSEUDO))


def make_bank(motifs: Sequence[Motif]) -> Bank:
    """Return the fixed convolution of a set of motifs."""
    widths = sorted({motif.probability.shape[1] for motif in motifs})
    weight, place = [], []
    for width in widths:
        rows = [i for i, m in enumerate(motifs) if m.probability.shape[1] == width]
        odds = [log_odds(motifs[i].probability) for i in rows]
        weight.append(strand_weights(odds, width))
        place.append(np.array(rows))
    return Bank(tuple(m.name for m in motifs), tuple(weight), tuple(place))


def occupancy(
    onehot: OneHot,  # (n, 4, length)
    bank: Bank,
    n_bin: int = 1,
    threshold: float = 5.0,
) -> NDArray[np.float32]:  # (n, 2, n_bin, n_motif)
    """Return log-sum-exp and maximum of the log-odds of every motif, both strands.

    Windows with an unknown base do not count.

    Parameters
    ----------
    onehot
        One-hot bases.
    bank
        Motifs.
    n_bin
        Equal parts of the sequence that are pooled apart.
    threshold
        Log-odds, in nats, at which a site begins to count; t above.

    Returns
    -------
    array
        First the log-sum-exp, then the maximum.
    """
    parts = [
        _pooled(torch.from_numpy(onehot[start : start + _BATCH]), bank, n_bin)
        for start in range(0, len(onehot), _BATCH)
    ]
    return np.logaddexp(0.0, np.concatenate(parts) - np.float32(threshold))


@torch.no_grad()
def _pooled(
    x: Tensor,  # (n, 4, length)
    bank: Bank,
    n_bin: int,
) -> NDArray[np.float32]:  # (n, 2, n_bin, n_motif)
    out = torch.full((len(x), 2, n_bin, bank.n_motif), FLOOR)
    hot = x.transpose(1, 2).contiguous()
    for weight, place in zip(bank.weight, bank.place, strict=True):
        if len(weight) > 4 * x.shape[2]:
            continue
        score = known_scores(hot, weight)
        edges = np.linspace(0, score.shape[1], n_bin + 1).astype(int)
        for part in range(n_bin):
            cut = score[:, edges[part] : edges[part + 1]]
            if cut.shape[1]:
                out[:, 0, part, place] = cut.logsumexp((1, 2))
                out[:, 1, part, place] = cut.amax((1, 2))
    return out.numpy()


def known_scores(
    hot: Tensor,  # (n, length, 4)
    weight: NDArray[np.float32],  # (4 * width, 2 * n_motif)
) -> Tensor:  # (n, n_start, 2, n_motif)
    """Return log-odds of both strands; `FLOOR` where a base of the site is unknown."""
    width = len(weight) // 4
    score = site_scores(hot, torch.from_numpy(weight))
    unknown = functional.pad((hot.sum(2) < UNKNOWN).float().cumsum(1), (1, 0))
    blocked = unknown[:, width:] - unknown[:, :-width] > 0
    if bool(blocked.any()):
        score.masked_fill_(blocked[:, :, None, None], FLOOR)
    return score
