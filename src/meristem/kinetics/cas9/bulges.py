"""Sites written without gaps although a bulge explains them.

Tables of sites often list as many bases as the guide has, whatever the site looks
like: a base too many or too few shifts all that follows, and the pair shows a dozen
mismatches that are none. Such pairs are aligned anew; all others stay as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.kinetics.cas9.align import (
    GAP,
    PAD,
    UNKNOWN,
    Codes,
    GapScores,
    align_codes,
)
from meristem.kinetics.cas9.encode import (
    Encoding,
    PairCodes,
    Strings,
    encode_codes,
    pair_codes,
)
from meristem.kinetics.cas9.pam import CAS9, Pam

_SCORES = GapScores()
FAR = 6
"""Pairs with more mismatches are aligned in any case: two bulges look like that."""


def hides_bulge(
    guide: Codes,  # (n_pair, n_column) PAM first
    target: Codes,  # (n_pair, n_column)
) -> NDArray[np.bool_]:  # (n_pair,)
    """Return True where a bulge may explain the pair better.

    Either one bulge would make more bases agree than its gaps cost (two gaps, the
    bulge and one at the far end, as the pair has equal lengths), or more than `FAR`
    bases disagree. Pairs that have gaps already are left alone.

    Examples
    --------
    >>> from meristem.kinetics.cas9.encode import pair_codes
    >>> pairs = pair_codes(["GACTTACGTAGG"] * 2, ["ACTTAACGTAGG", "GACTAACGTAGG"])
    >>> hides_bulge(pairs.guide, pairs.target).tolist()
    [True, False]
    """
    if guide.size == 0:
        return np.zeros(len(guide), dtype=bool)
    both = (guide < GAP) & (target < GAP)
    agree = _agree(guide, target)
    head = np.cumsum(agree, axis=1) - agree  # agreeing bases before each position
    gained = np.zeros(len(guide))
    for shifted in (_agree(guide[:, :-1], target[:, 1:]), _agree(guide[:, 1:], target)):
        tail = np.cumsum(shifted[:, ::-1], axis=1)[:, ::-1]
        best = (head[:, : tail.shape[1]] + tail).max(axis=1)
        gained = np.maximum(gained, best - agree.sum(axis=1))
    cost = -2 * _SCORES.open_gap / (_SCORES.match - _SCORES.mismatch)
    plain = (both | ((guide == PAD) & (target == PAD))).all(axis=1)
    length = (both & (guide != PAD)).sum(axis=1)
    return plain & ((gained > cost) | (length - agree.sum(axis=1) > FAR))


def _agree(guide: Codes, target: Codes) -> NDArray[np.int64]:
    n = min(guide.shape[1], target.shape[1])
    guide, target = guide[:, :n], target[:, :n]
    bases = (guide < GAP) & (target < GAP)
    same = (guide == target) | (guide == UNKNOWN) | (target == UNKNOWN)
    return (bases & same).astype(np.int64)


def encode_sites(
    guides: Strings,
    targets: Strings,
    pam: Pam = CAS9,
) -> Encoding:  # (n_pair, 25, 13)
    """Encode pairs as `encode.encode_pairs` does, those that hide a bulge aligned anew.

    Pairs with a PAM at the 5' end are turned round first.

    Examples
    --------
    >>> from meristem.kinetics.cas9.encode import count_edits, encode_pairs
    >>> pair = ["GACTTACGTAGG"], ["ACTTAACGTAGG"]  # an A too many, a G too few
    >>> [int(count_edits(encode(*pair))[0]) for encode in (encode_pairs, encode_sites)]
    [4, 2]
    """
    pairs = pair_codes(pam.last(guides), pam.last(targets))
    x = encode_codes(pairs)
    rows = np.flatnonzero(hides_bulge(pairs.guide, pairs.target))
    if rows.size:
        guide, target, _ = align_codes(pairs.guide[rows], pairs.target[rows], _SCORES)
        x[rows] = encode_codes(PairCodes(guide, target))
    return x
