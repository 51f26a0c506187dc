"""What the kinetic network sees of an edit: sets of channels, all zero if matched.

Every set is a linear map of the pair features: which base became which, which base was
inserted, whether the base was lost. ``edits`` is the published difference encoding.
``chemistry`` adds what edits have in common: any substitution, the four kinds of
RNA-DNA mismatch, any insertion. A rate can then learn the common part from all bases,
which is what a new guide shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.kinetics.cas9.align import BASES
from meristem.kinetics.cas9.encode import (
    DELETED,
    EDIT_NAMES,
    INSERTED,
    REFERENCE,
    SUBSTITUTED,
    Encoding,
)
from meristem.records import FloatArray

PAIR_NAMES = (
    *(f"{old}>{new}" for old in BASES for new in BASES),
    *(f"ins_{base}" for base in BASES),
    "del",
)
N_PAIR = len(PAIR_NAMES)

MISMATCH_KINDS: dict[str, tuple[str, ...]] = {
    # guide base > base of the strand with the guide's sequence; the RNA pairs with the
    # complement of the latter: G>A is rG:dT, T>C is rU:dG, A>G is rA:dC
    "wobble": ("G>A", "T>C"),
    "amino": ("A>G", "C>T"),
    "purines": ("A>T", "A>C", "G>T", "G>C"),
    "pyrimidines": ("C>G", "C>A", "T>G", "T>A"),
}

CHANNEL_SETS: dict[str, tuple[str, ...]] = {
    "edits": EDIT_NAMES,
    "chemistry": ("sub", *MISMATCH_KINDS, "ins", *EDIT_NAMES),
}


def _members(channel: str) -> tuple[str, ...]:
    """Return the pair features that a channel adds up."""
    if channel in MISMATCH_KINDS:
        return MISMATCH_KINDS[channel]
    if channel == "ins":
        return tuple(f"ins_{base}" for base in BASES)
    if channel.startswith("sub"):
        ends = channel.removeprefix("sub").removeprefix("_") or BASES
        return tuple(f"{old}>{new}" for old in BASES for new in ends if old != new)
    return (channel,)


def channel_names(channels: str) -> tuple[str, ...]:
    """Return the names of a set of channels; say which sets there are otherwise."""
    if channels not in CHANNEL_SETS:
        raise ConfigError(
            f"there is no set of channels {channels!r}",
            remedy=f"use {', '.join(CHANNEL_SETS)}",
        )
    return CHANNEL_SETS[channels]


def channel_map(channels: str) -> FloatArray:  # (n_channel, 21)
    """Return which pair features each channel adds up."""
    names = channel_names(channels)
    out = np.zeros((len(names), N_PAIR))
    for row, name in enumerate(names):
        for member in _members(name):
            out[row, PAIR_NAMES.index(member)] = 1.0
    return out


def pair_features(
    encoding: Encoding,  # (n, 25, 13)
) -> NDArray[np.uint8]:  # (n, 25, 21)
    """Return base-to-base changes, insertions and deletions of encoded pairs."""
    reference = encoding[:, :, REFERENCE]
    changed = encoding[:, :, SUBSTITUTED]
    out = np.empty((*encoding.shape[:2], N_PAIR), dtype=np.uint8)
    for code in range(4):
        np.multiply(
            reference[:, :, code, None], changed, out=out[:, :, 4 * code : 4 * code + 4]
        )
    out[:, :, 16:20] = encoding[:, :, INSERTED]
    out[:, :, 20] = encoding[:, :, DELETED]
    return out


def kinetic_channels(
    encoding: Encoding,  # (n, 25, 13)
    channels: str = "edits",
) -> NDArray[np.uint8]:  # (n, 25, n_channel)
    """Return the chosen channels of encoded pairs.

    References
    ----------
    Mismatch kinds by the RNA-DNA pair they leave: wobble rG:dT and rU:dG, amino rA:dC
    and rC:dA, two purines, two pyrimidines (Sugimoto, Nakano & Nakano 2000,
    Biochemistry 39:11270).

    Examples
    --------
    >>> from meristem.kinetics.cas9.encode import encode_pairs
    >>> x = kinetic_channels(encode_pairs(["GACTTGG"], ["AACTTGG"]), "chemistry")
    >>> [CHANNEL_SETS["chemistry"][c] for c in x[0, 6].nonzero()[0]]
    ['sub', 'wobble', 'sub_A']
    """
    features = pair_features(encoding).astype(np.float32)
    mapped = features @ channel_map(channels).T.astype(np.float32)
    return mapped.astype(np.uint8)


def pair_weights(
    weights: FloatArray,  # (n_reaction, n_position, n_channel)
    channels: str,
) -> FloatArray:  # (n_reaction, n_position, 21)
    """Return the weights of a network on the pair features, whatever its channels."""
    return weights @ channel_map(channels)
