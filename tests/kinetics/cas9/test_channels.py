"""Sets of channels are linear maps of the pair features."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.cas9.channels import (
    CHANNEL_SETS,
    MISMATCH_KINDS,
    channel_map,
    channel_names,
    kinetic_channels,
    pair_features,
    pair_weights,
)
from meristem.kinetics.cas9.encode import EDITS, encode_pairs

GUIDE = "GACGCATAAAGATGAGACGCTGG"
TARGETS = [GUIDE, "A" + GUIDE[1:], GUIDE[:14] + "C" + GUIDE[14:], GUIDE[:8] + GUIDE[9:]]


def encoded() -> np.ndarray:
    return encode_pairs([GUIDE] * len(TARGETS), TARGETS)


def test_plain_edits_are_the_last_nine_channels() -> None:
    x = encoded()
    assert np.array_equal(kinetic_channels(x, "edits"), x[:, :, EDITS])


def test_chemistry_of_single_edits() -> None:
    x = kinetic_channels(encoded(), "chemistry")
    names = CHANNEL_SETS["chemistry"]
    assert x[0].sum() == 0
    assert [names[c] for c in x[1].any(axis=0).nonzero()[0]] == [
        "sub",
        "wobble",
        "sub_A",
    ]
    assert [names[c] for c in x[2].any(axis=0).nonzero()[0]] == ["ins", "ins_C"]
    assert [names[c] for c in x[3].any(axis=0).nonzero()[0]] == ["del"]


def test_kinds_part_the_twelve_substitutions() -> None:
    every = [pair for pairs in MISMATCH_KINDS.values() for pair in pairs]
    assert len(every) == len(set(every)) == 12


@pytest.mark.parametrize("channels", list(CHANNEL_SETS))
def test_pair_weights_give_the_same_sums(channels: str) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(7, 25, len(channel_names(channels))))
    x = encoded()
    direct = np.einsum("npc,rpc->nr", kinetic_channels(x, channels), weights)
    by_pairs = np.einsum(
        "npc,rpc->nr", pair_features(x), pair_weights(weights, channels)
    )
    assert np.allclose(direct, by_pairs)


def test_matched_pairs_carry_nothing() -> None:
    diagonal = [0, 5, 10, 15]
    for channels in CHANNEL_SETS:
        assert not channel_map(channels)[:, diagonal].any()


def test_unknown_set() -> None:
    with pytest.raises(ConfigError, match="chemistry"):
        channel_names("shape")
