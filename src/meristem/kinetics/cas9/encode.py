"""Guide-target pairs as arrays of edits, from the PAM outwards.

One rule for every table: a gap in the guide (an extra base in the target) takes no
position and is marked on the position before it; a gap in the target (a lost base) is
a deletion at its position. `-` and `_` mean the same; a column with a gap on both sides
is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.align import (
    BASES,
    CODE_OF,
    GAP,
    PAD,
    UNKNOWN,
    Codes,
    GapScores,
    align_codes,
)

N_POSITION = 25
REFERENCE = slice(0, 4)
SUBSTITUTED = slice(4, 8)
INSERTED = slice(8, 12)
DELETED = 12
N_CHANNEL = 13
EDITS = slice(4, 13)
EDIT_NAMES = (
    *(f"sub_{base}" for base in BASES),
    *(f"ins_{base}" for base in BASES),
    "del",
)

Encoding = NDArray[np.uint8]
Strings = Sequence[str] | NDArray[np.str_]


@dataclass(frozen=True)
class PairCodes:
    """Aligned pairs as integer codes, PAM first, padded at the end."""

    guide: Codes  # (n_pair, n_column)
    target: Codes  # (n_pair, n_column)


def _codes(
    strings: Strings,
    what: str,
    *,
    width: int | None = None,
) -> tuple[Codes, NDArray[np.int64]]:
    """Return codes of equal width (padded at the end) and the string lengths."""
    joined = np.asarray(strings, dtype=np.str_)
    longest = max(joined.dtype.itemsize // 4, 1)
    points = np.ascontiguousarray(joined).view(np.uint32)
    points = points.reshape(len(joined), longest)
    if points.size and int(points.max()) > 255:
        _refuse_symbol(strings, what)
    filled = np.where(points == 0, ord(" "), points).astype(np.uint8)
    codes = CODE_OF[filled]
    if (codes == 255).any():
        _refuse_symbol(strings, what)
    length = (points != 0).sum(axis=1)
    if width is not None and width > longest:
        padding = np.full((len(joined), width - longest), PAD, dtype=np.uint8)
        codes = np.concatenate([codes, padding], axis=1)
    return codes, length


def _refuse_symbol(strings: Strings, what: str) -> None:
    for row, text in enumerate(strings):
        odd = [c for c in str(text) if ord(c) > 255 or CODE_OF[ord(c)] > GAP]
        if odd:
            raise DataError(
                f"{what} {str(text)!r} holds the symbol {odd[0]!r}",
                where=f"pair {row + 1}",
                remedy="use A, C, G, T, N and the gap symbols - or _",
            )
    raise DataError(f"a {what} holds an unknown symbol", remedy="use A, C, G, T, N")


def _outwards(codes: Codes) -> Codes:
    """Turn 5'->3' rows round to start at the PAM; padding stays at the end."""
    turned = codes[:, ::-1]
    if not (turned == PAD).any():
        return turned
    order = np.argsort(turned == PAD, axis=1, kind="stable")
    return np.take_along_axis(turned, order, axis=1)


def pair_codes(
    guides: Strings,
    targets: Strings,
    *,
    realign: bool = False,
    scores: GapScores = GapScores(),  # noqa: B008 (frozen)
) -> PairCodes:
    """Return aligned codes of guide-target pairs, PAM first.

    Parameters
    ----------
    guides, targets
        Strings 5' to 3', spacer then PAM, `N` where the PAM is free. Pairs of equal
        length are taken as aligned, with `-` or `_` as gaps; others are aligned.
    realign
        Take the gaps out and align every pair anew.
    scores
        Scores of the alignment.

    Raises
    ------
    DataError
        If the lists differ in length, a string is empty, or holds another symbol.
    """
    if len(guides) != len(targets):
        raise DataError(
            f"there are {len(guides)} guides and {len(targets)} targets",
            remedy="give one guide per target",
        )
    if realign:
        guides, targets = _strip(guides), _strip(targets)
    guide, guide_length = _codes(guides, "guide")
    target, target_length = _codes(targets, "target")
    for length, what in ((guide_length, "guide"), (target_length, "target")):
        if (length == 0).any():
            row = int((length == 0).argmax())
            raise DataError(
                f"the {what} is empty", where=f"pair {row + 1}", remedy="remove it"
            )
    width = max(guide.shape[1], target.shape[1])
    guide, target = _pad_to(guide, width), _pad_to(target, width)
    aligned = (guide_length == target_length) & (not realign)
    if aligned.all():
        return PairCodes(_outwards(guide), _outwards(target))
    moved_guide, moved_target, _ = align_codes(
        _outwards(guide[~aligned]), _outwards(target[~aligned]), scores
    )
    width = max(width, moved_guide.shape[1])
    both_guide = np.full((len(guide), width), PAD, dtype=np.uint8)
    both_target = both_guide.copy()
    both_guide[aligned, : guide.shape[1]] = _outwards(guide[aligned])
    both_target[aligned, : target.shape[1]] = _outwards(target[aligned])
    both_guide[~aligned] = _pad_to(moved_guide, width)
    both_target[~aligned] = _pad_to(moved_target, width)
    return PairCodes(both_guide, both_target)


def _strip(strings: Strings) -> list[str]:
    return [text.replace("-", "").replace("_", "") for text in strings]


def _pad_to(codes: Codes, width: int) -> Codes:
    if codes.shape[1] >= width:
        return codes
    extra = width - codes.shape[1]
    return np.pad(codes, ((0, 0), (0, extra)), constant_values=PAD)


def encode_codes(
    pairs: PairCodes,
) -> Encoding:  # (n_pair, 25, 13)
    """Return the edits of aligned pairs.

    Bases beyond position 25 are left out. Pairs without any gap take a shorter way.
    """
    guide, target = pairs.guide, pairs.target
    guide_gap = (guide == GAP) & (target < GAP)
    both = (guide == GAP) & (target == GAP)
    if not (guide_gap.any() or both.any()):
        return _encode_plain(guide, target)
    return _encode_gapped(guide, target, guide_gap, both)


def _encode_plain(
    guide: Codes,  # (n_pair, n_column)
    target: Codes,  # (n_pair, n_column)
) -> Encoding:  # (n_pair, 25, 13)
    n_pair = len(guide)
    n = min(guide.shape[1], N_POSITION)
    guide, target = guide[:, :n], target[:, :n]
    array = np.zeros((n_pair, N_POSITION, N_CHANNEL), dtype=np.uint8)
    differs = (guide != target) & (guide < UNKNOWN) & (target < UNKNOWN)
    for code in range(4):
        array[:, :n, code] = guide == code
        array[:, :n, 4 + code] = differs & (target == code)
    array[:, :n, DELETED] = (guide < GAP) & (target == GAP)
    return array


def _encode_gapped(
    guide: Codes,
    target: Codes,
    inserted: NDArray[np.bool_],
    both: NDArray[np.bool_],
) -> Encoding:  # (n_pair, 25, 13)
    n_pair, n_column = guide.shape
    array = np.zeros((n_pair, N_POSITION, N_CHANNEL), dtype=np.uint8)
    rows = np.arange(n_pair)
    takes = (guide < GAP) & ~both
    # position of the column itself, or of the next one that takes a position
    position: NDArray[np.int64] = np.cumsum(takes, axis=1) - takes
    for column in range(n_column):
        g, t = guide[:, column], target[:, column]
        here = position[:, column]
        fits = here < N_POSITION
        place = np.minimum(here, N_POSITION - 1)
        base = takes[:, column] & fits & (g < UNKNOWN)
        array[rows[base], place[base], g[base]] = 1
        change = base & (t < UNKNOWN) & (t != g)
        array[rows[change], place[change], 4 + t[change]] = 1
        lost = takes[:, column] & fits & (t == GAP)
        array[rows[lost], place[lost], DELETED] = 1
        before = np.clip(here - 1, 0, N_POSITION - 1)
        extra = inserted[:, column] & (t < UNKNOWN)
        array[rows[extra], before[extra], 8 + t[extra]] = 1
    return array


def encode_pairs(
    guides: Strings,
    targets: Strings,
    *,
    realign: bool = False,
    scores: GapScores = GapScores(),  # noqa: B008 (frozen)
) -> Encoding:  # (n_pair, 25, 13) 0 or 1
    """Encode guide-target pairs as edits by position, PAM first.

    Position 0 is the last base of the PAM, 3 the base next to it. Channels: 0-3 base
    of the guide, 4-7 base it changed to, 8-11 base inserted after the position, 12
    deleted; bases in the order A, C, G, T. The last nine channels of a perfect match
    are zero.

    Parameters
    ----------
    guides, targets
        Strings 5' to 3' of equal length (aligned, gaps `-` or `_`) or not (they are
        aligned with affine gaps).
    realign
        Align every pair anew, whatever gaps it has.
    scores
        Scores of the alignment.

    Returns
    -------
    Encoding

    Raises
    ------
    DataError
        If a string is empty or holds another symbol.

    References
    ----------
    Zhang et al. 2023, Nat Comput Sci 3:1056 (25 x 13 alignment encoding).

    Examples
    --------
    >>> x = encode_pairs(["GACTTGG"], ["GATTTGG"])
    >>> [tuple(int(i) for i in row) for row in x[0, :, 4:].nonzero()]
    [(4,), (3,)]
    """
    pairs = pair_codes(guides, targets, realign=realign, scores=scores)
    return encode_codes(pairs)


def count_edits(
    encoding: Encoding,  # (n_pair, 25, 13)
) -> NDArray[np.int64]:  # (n_pair,)
    """Return the number of edits of each pair, PAM included."""
    return encoding[:, :, EDITS].sum(axis=(1, 2), dtype=np.int64)
