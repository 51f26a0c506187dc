import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.design.constraints import (
    Constraints,
    check_words,
    learn_realism,
    near_pam,
)
from meristem.sequence.inputs.onehot import code_matrix

START = "ACGTACGTTGCAACGTAGCATGCC"


def _code(*texts: str) -> np.ndarray:
    return code_matrix(texts)


def test_edits_words_and_gc_are_bounds() -> None:
    start = _code(START)[0]
    one = _code("T" + START[1:])
    assert Constraints(1).kept(one, start).tolist() == [True]
    assert Constraints(0).kept(one, start).tolist() == [False]
    site = _code("GGTCTC" + START[6:], "GAGACC" + START[6:])
    bound = Constraints(6, forbidden=("GGTCTC",))
    assert bound.kept(site, start).tolist() == [False, False]
    assert Constraints(6).kept(site, start).tolist() == [True, True]
    rich = _code("GCGCGC" + START[6:])
    assert not Constraints(6, gc=(0.3, 0.55)).kept(rich, start)[0]


def test_n_stands_for_any_base_in_a_word() -> None:
    start = _code("A" * 12)[0]
    bound = Constraints(4, forbidden=("CNG",))
    assert bound.kept(_code("CAGAAAAAAAAA", "CGAAAAAAAAAA"), start).tolist() == [
        False,
        True,
    ]


def test_a_start_that_breaks_a_bound_must_get_no_worse() -> None:
    start = _code("GGTCTCAAAAAA")[0]
    bound = Constraints(2, forbidden=("GGTCTC",), gc=(0.6, 0.9))
    assert not bound.kept(_code("GGTCTCAAAAAT"), start)[0]
    assert bound.kept(_code("GGTCTGAAAAAA"), start)[0]
    assert not bound.kept(_code("GATCTCAAAAAA"), start)[0]


def test_only_named_positions_and_known_bases_are_edited() -> None:
    start = _code("ACNTACGT")[0]
    mask = np.zeros(8, dtype=bool)
    mask[[0, 2]] = True
    bound = Constraints(3, positions=mask)
    assert bound.editable(start).tolist() == [True] + [False] * 7
    made = np.vstack([start, start])
    made[0, 0], made[1, 5] = 3, 3
    assert bound.kept(made, start).tolist() == [True, False]


def test_realism_is_learned_from_real_sequences() -> None:
    rng = np.random.default_rng(1)
    real = ["".join(rng.choice(list("AATTC"), 60)) for _ in range(200)]
    model = learn_realism(real)
    odd = _code("GGGG" * 15)
    assert model.bits(odd)[0] > model.most
    assert (model.bits(_code(*real)) <= model.most).mean() >= 0.98


def test_pam_reach_equals_a_naive_search_on_both_strands() -> None:
    text = "ACGTACGTTGCAACGTAGCATTAGGACTTACCTTACGAT"
    reach = near_pam(_code(text)[0], "NGG", (-17, -12))
    wanted = set()
    for place in range(len(text) - 2):
        if text[place + 1 : place + 3] == "GG":
            wanted |= set(range(place - 17, place - 11))
        if text[place : place + 2] == "CC":
            # the PAM of the other strand begins, 5' to 3', at place + 2
            wanted |= set(range(place + 2 + 12, place + 2 + 18))
    wanted &= set(range(len(text)))
    assert set(np.flatnonzero(reach)) == wanted


@pytest.mark.parametrize("word", ["GGTX", "", "NNN"])
def test_words_that_are_no_sites_are_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="no word"):
        check_words([word])


def test_what_a_design_breaks_is_named() -> None:
    start = _code("GGTCTCAAAAAA")[0]
    bound = Constraints(2, forbidden=("GGTCTC",), gc=(0.4, 0.9))
    assert bound.broken(start, start) == [
        "the share of G and C is outside the bounds",
        "a forbidden word is left",
    ]
    assert bound.broken(_code("GGTCTGAACAAA")[0], start) == []
    assert bound.broken(_code("GGTCTGCCCAAA")[0], start) == [
        "edits are more, elsewhere or less likely than allowed"
    ]
