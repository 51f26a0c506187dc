"""Bulges behind ungapped pairs: found where they pay, by the same alignment."""

import numpy as np
import pytest

from meristem.kinetics.cas9.align import GapScores, align_codes
from meristem.kinetics.cas9.bulges import FAR, encode_sites, hides_bulge
from meristem.kinetics.cas9.encode import count_edits, encode_pairs, pair_codes

GUIDE = "GACGCATAAAGATGAGACGCTGG"


def test_plain_pairs_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    letters = np.tile(np.array(list(GUIDE)), (50, 1))
    letters[np.arange(50), rng.integers(0, 20, 50)] = rng.choice(list("ACGT"), 50)
    targets = ["".join(row) for row in letters]
    guides = [GUIDE] * 50
    assert np.array_equal(encode_sites(guides, targets), encode_pairs(guides, targets))


@pytest.mark.parametrize("place", [3, 9, 16])
def test_one_base_too_many_or_too_few(place: int) -> None:
    extra = (GUIDE[:place] + "C" + GUIDE[place:])[1:]
    fewer = "A" + GUIDE[:place] + GUIDE[place + 1 :]
    for target in (extra, fewer):
        assert len(target) == len(GUIDE)
        edits = int(count_edits(encode_sites([GUIDE], [target]))[0])
        assert edits <= 3
        assert edits <= int(count_edits(encode_pairs([GUIDE], [target]))[0])
    assert count_edits(encode_pairs([GUIDE], [extra]))[0] > 3 or place == 3


def test_pairs_with_gaps_are_left_alone() -> None:
    guide, target = "GACGCA-TAAAGATGAGACGCTGG", "GACGCATTAAAGATGAG-CGCTGG"
    same = encode_pairs([guide], [target])
    assert np.array_equal(encode_sites([guide], [target]), same)


def test_screen_misses_no_single_bulge() -> None:
    """Where the full alignment scores higher with one bulge, the screen says so."""
    rng = np.random.default_rng(1)
    targets = []
    for _ in range(300):
        letters = list(GUIDE)
        place = int(rng.integers(1, 20))
        if rng.random() < 0.5:
            letters = [
                *letters[1:place],
                str(rng.choice(list("ACGT"))),
                *letters[place:],
            ]
        for spot in rng.integers(0, 20, int(rng.integers(0, 3))):
            letters[spot] = str(rng.choice(list("ACGT")))
        targets.append("".join(letters))
    pairs = pair_codes([GUIDE] * 300, targets)
    _, _, best = align_codes(pairs.guide, pairs.target, GapScores())
    plain = (pairs.guide == pairs.target).sum(axis=1)
    found = hides_bulge(pairs.guide, pairs.target)
    far = plain < len(GUIDE) - FAR
    assert (found <= ((best > plain) | far)).all()
    assert found.sum() > 0.9 * (best > plain).sum()
    assert 50 < found.sum() < 200


def test_two_bulges_of_a_far_pair_are_found() -> None:
    target = GUIDE[2:9] + "C" + GUIDE[9:15] + "G" + GUIDE[15:]
    written = int(count_edits(encode_pairs([GUIDE], [target]))[0])
    assert len(target) == len(GUIDE)
    assert written > FAR
    assert int(count_edits(encode_sites([GUIDE], [target]))[0]) <= 4


def test_padding_and_unknown_bases() -> None:
    assert encode_sites([GUIDE, GUIDE[1:]], [GUIDE, GUIDE[1:]])[:, :, 4:].sum() == 0
    free = GUIDE[:-3] + "NGG"
    assert encode_sites([free], [GUIDE])[:, :, 4:].sum() == 0
    assert encode_sites([], []).shape == (0, 25, 13)
