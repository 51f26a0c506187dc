"""Pairs with one mismatch more: none of them should score higher."""

from __future__ import annotations

import numpy as np

from meristem.kinetics.cas9.edit_sums import SPACER
from meristem.kinetics.cas9.encode import EDITS, REFERENCE, SUBSTITUTED, Encoding
from meristem.kinetics.cas9.pam import PAM_LENGTH


def one_more_mismatch(
    x: Encoding,  # (n, 25, 13)
    rng: np.random.Generator,
) -> Encoding:  # (n, 25, 13)
    """Return every pair with one more mismatch, at a random place of the spacer.

    A place without an edit is taken, and another base put there; a pair that has no
    such place stays as it is.

    Examples
    --------
    >>> from meristem.kinetics.cas9.encode import count_edits, encode_pairs
    >>> pair = encode_pairs(["GACTTNGG"], ["GACTATGG"])
    >>> more = one_more_mismatch(pair, np.random.default_rng(1))
    >>> count_edits(pair).tolist(), count_edits(more).tolist()
    ([1], [2])
    """
    spacer = slice(PAM_LENGTH, PAM_LENGTH + SPACER)
    base = x[:, spacer, REFERENCE]
    free = (base.sum(axis=2) > 0) & (x[:, spacer, EDITS].sum(axis=2) == 0)
    place = np.where(free, rng.random(free.shape), -1.0).argmax(axis=1)
    rows = np.flatnonzero(free.any(axis=1))
    place = place[rows]
    old = base[rows, place].argmax(axis=1)
    new = (old + rng.integers(1, 4, len(rows))) % 4
    out = x.copy()
    out[rows, PAM_LENGTH + place, SUBSTITUTED.start + new] = 1
    return out
