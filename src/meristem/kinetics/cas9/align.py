"""Affine-gap alignment of many guide-target pairs at once.

The three-layer recursion of Gotoh over integer codes, run for all pairs side by side:
the loops go over the (short) positions, the arrays over the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray

Codes = NDArray[np.uint8]

BASES = "ACGT"
UNKNOWN = 4  # N and the other ambiguous bases: agree with every base
GAP = 5
PAD = 6

GAP_SYMBOLS = "-_"

_MATCH, _DELETE, _INSERT = 0, 1, 2
_WORST = np.float32(-1e9)


@dataclass(frozen=True)
class GapScores:
    """Scores of an alignment: the rule that the kinetic training tables follow."""

    match: float = 1.0
    mismatch: float = 0.0
    open_gap: float = -1.0
    extend_gap: float = -0.1


def _table() -> Codes:
    table = np.full(256, 255, dtype=np.uint8)
    for code, base in enumerate(BASES):
        table[ord(base)] = code
        table[ord(base.lower())] = code
    table[ord("U")] = table[ord("u")] = BASES.index("T")
    for symbol in "NRYSWKMBDHV":  # a PAM may be written with ambiguous bases
        table[ord(symbol)] = table[ord(symbol.lower())] = UNKNOWN
    for symbol in GAP_SYMBOLS:
        table[ord(symbol)] = GAP
    table[ord(" ")] = PAD
    return table


CODE_OF = _table()


def _agree(
    guide: Codes,  # (n_pair,)
    target: Codes,  # (n_pair,)
) -> NDArray[np.bool_]:
    return (guide == target) | (guide == UNKNOWN) | (target == UNKNOWN)


def _fill(
    guide: Codes,  # (n_pair, n_guide)
    target: Codes,  # (n_pair, n_target)
    scores: GapScores,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the three score layers and where each cell came from."""
    n_pair, n_guide = guide.shape
    n_target = target.shape[1]
    shape = (3, n_guide + 1, n_target + 1, n_pair)
    best = np.full(shape, _WORST, dtype=np.float32)
    origin = np.zeros(shape, dtype=np.uint8)
    opening, extending = np.float32(scores.open_gap), np.float32(scores.extend_gap)
    best[_MATCH, 0, 0] = 0.0
    for i in range(n_guide + 1):
        for j in range(n_target + 1):
            if i > 0 and j > 0:
                before = best[:, i - 1, j - 1]
                step = np.where(
                    _agree(guide[:, i - 1], target[:, j - 1]),
                    np.float32(scores.match),
                    np.float32(scores.mismatch),
                )
                source = before.argmax(axis=0)
                best[_MATCH, i, j] = before.max(axis=0) + step
                origin[_MATCH, i, j] = source
            if i > 0:
                _extend(best, origin, _DELETE, (i, j), (i - 1, j), opening, extending)
            if j > 0:
                _extend(best, origin, _INSERT, (i, j), (i, j - 1), opening, extending)
    return best, origin


def _extend(
    best: NDArray[np.float32],
    origin: NDArray[np.uint8],
    layer: int,
    here: tuple[int, int],
    there: tuple[int, int],
    opening: np.float32,
    extending: np.float32,
) -> None:
    opened = best[_MATCH, *there] + opening
    extended = best[layer, *there] + extending
    keep = extended > opened
    best[layer, *here] = np.where(keep, extended, opened)
    origin[layer, *here] = np.where(keep, layer, _MATCH)


def align_codes(
    guide: Codes,  # (n_pair, n_guide) padded with PAD at the end
    target: Codes,  # (n_pair, n_target) padded with PAD at the end
    scores: GapScores = GapScores(),
    *,
    block: int = 4096,
) -> tuple[Codes, Codes, FloatArray]:  # (n_pair, n_column) x 2, (n_pair,)
    """Return aligned codes (padded with PAD at the end) and alignment scores.

    Global alignment with affine gaps; among equal scores a base pair is preferred to
    a gap, so that gaps sit as far as possible towards the beginning (the PAM, when the
    strings are reversed).

    References
    ----------
    Gotoh 1982, J Mol Biol 162:705.
    """
    parts = [
        _align_block(guide[i : i + block], target[i : i + block], scores)
        for i in range(0, len(guide), block)
    ]
    if not parts:
        empty = np.zeros((0, 0), dtype=np.uint8)
        return empty, empty, np.zeros(0)
    width = max(part[0].shape[1] for part in parts)
    guides = [_widen(part[0], width) for part in parts]
    targets = [_widen(part[1], width) for part in parts]
    score = np.concatenate([part[2] for part in parts])
    return np.concatenate(guides), np.concatenate(targets), score


def _widen(codes: Codes, width: int) -> Codes:
    extra = width - codes.shape[1]
    return np.pad(codes, ((0, 0), (0, extra)), constant_values=PAD)


def _align_block(
    guide: Codes, target: Codes, scores: GapScores
) -> tuple[Codes, Codes, FloatArray]:
    best, origin = _fill(guide, target, scores)
    n_pair = len(guide)
    rows = np.arange(n_pair)
    i = (guide != PAD).sum(axis=1)
    j = (target != PAD).sum(axis=1)
    final = best[:, i, j, rows]  # (3, n_pair)
    layer = final.argmax(axis=0)
    score = final.max(axis=0).astype(np.float64)
    columns_g: list[Codes] = []
    columns_t: list[Codes] = []
    while ((i > 0) | (j > 0)).any():
        active = (i > 0) | (j > 0)
        take_guide = active & (layer != _INSERT)
        take_target = active & (layer != _DELETE)
        base_g = np.where(take_guide, guide[rows, np.maximum(i - 1, 0)], GAP)
        base_t = np.where(take_target, target[rows, np.maximum(j - 1, 0)], GAP)
        columns_g.append(np.where(active, base_g, PAD).astype(np.uint8))
        columns_t.append(np.where(active, base_t, PAD).astype(np.uint8))
        source = origin[layer, i, j, rows]
        i = i - take_guide
        j = j - take_target
        layer = np.where(active, source, layer)
    if not columns_g:
        empty = np.zeros((n_pair, 0), dtype=np.uint8)
        return empty, empty, score
    backwards_g = np.stack(columns_g, axis=1)
    backwards_t = np.stack(columns_t, axis=1)
    return _flip(backwards_g), _flip(backwards_t), score


def _flip(codes: Codes) -> Codes:
    """Reverse every row and bring the padding back to the end."""
    flipped = codes[:, ::-1]
    order = np.argsort(flipped == PAD, axis=1, kind="stable")
    return np.take_along_axis(flipped, order, axis=1)
