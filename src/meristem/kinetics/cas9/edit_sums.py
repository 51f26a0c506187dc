"""Edits summed up along the guide: few numbers, which many guides share.

A correction that is linear in them says how much a kind of edit at a place weighs more
or less than the kinetics hold. The places blend into one another along the spacer; each
base of the PAM stands for itself.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from meristem.kinetics.cas9.channels import (
    CHANNEL_SETS,
    MISMATCH_KINDS,
    N_PAIR,
    channel_map,
)
from meristem.kinetics.cas9.encode import (
    DELETED,
    INSERTED,
    N_POSITION,
    REFERENCE,
    SUBSTITUTED,
)
from meristem.kinetics.cas9.sites import PAM_LENGTH
from meristem.records import FloatArray

KINDS = (*MISMATCH_KINDS, "edit", "ins", "del")
"""The last two are what a bulge adds to an edit of any kind."""

TOTALS = ("edit", "ins", "del")
SPACER = 20
ORDER = 6
"""Places along the spacer that have a weight of their own."""


def edit_tensor(
    x: Tensor,  # (n, 25, 13)
) -> Tensor:  # (n, 25, 21)
    """Return which base became which, insertions and deletions, differentiably.

    The same as `channels.pair_features`.
    """
    changed = x[:, :, REFERENCE, None] * x[:, :, None, SUBSTITUTED]
    return torch.cat(
        [changed.flatten(2), x[:, :, INSERTED], x[:, :, DELETED, None]], dim=2
    )


def edit_sum_map(order: int = ORDER) -> FloatArray:  # (25 * 21, n_sum)
    """Return the weight of every pair feature in every sum.

    By kind of edit (four of mismatches, any edit, insertions, deletions): `order`
    overlapping stretches of the spacer (hat functions that add up to one) and the
    three bases of the PAM; for all edits, insertions and deletions their number.

    Examples
    --------
    >>> edit_sum_map(6).shape  # 7 kinds x (6 + 3) and three totals
    (525, 66)
    """
    names = CHANNEL_SETS["chemistry"]
    chemistry = channel_map("chemistry")
    each = {kind: chemistry[names.index(kind)] for kind in names}
    # bulges are edits too: where no table has any, they count as a mismatch would
    each["edit"] = each["sub"] + each["ins"] + each["del"]
    kinds = np.stack([each[kind] for kind in KINDS])
    knots = np.linspace(0, SPACER - 1, order)
    step = (SPACER - 1) / (order - 1)
    distance = np.abs(np.arange(SPACER)[:, None] - knots)
    places = np.zeros((N_POSITION, PAM_LENGTH + order))
    places[:PAM_LENGTH, :PAM_LENGTH] = np.eye(PAM_LENGTH)
    places[PAM_LENGTH : PAM_LENGTH + SPACER, PAM_LENGTH:] = np.maximum(
        0.0, 1.0 - distance / step
    )
    local = np.einsum("po,kf->pfko", places, kinds).reshape(N_POSITION * N_PAIR, -1)
    counted = kinds[[KINDS.index(kind) for kind in TOTALS]]
    total = np.tile(counted.T, (N_POSITION, 1))
    return np.concatenate([local, total], axis=1)
