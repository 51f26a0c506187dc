"""The edit array: examples by hand, one gap rule, real tables, no crash."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kinetics.shared_data import FOLDER, needs_data

from meristem.errors import DataError
from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.network.mpkp import GUIDES, read_rates

GUIDE = GUIDES[1]  # GACGCATAAAGATGAGACGCTGG
BASE = {base: i for i, base in enumerate("ACGT")}


def edits(guide: str, target: str) -> set[tuple[int, int]]:
    x = encode_pairs([guide], [target])[0, :, 4:]
    return {(int(p), int(c)) for p, c in np.argwhere(x)}


def place(descriptor: int) -> int:
    """Position 20 of a descriptor is 19 bases above the seed, which is index 3."""
    return descriptor + 2


def test_matched_pair_is_zero_and_has_25_columns() -> None:
    x = encode_pairs([GUIDE], [GUIDE])
    assert x.shape == (1, 25, 13)
    assert x[0, :, 4:].sum() == 0
    assert x[0, :, :4].sum() == 23
    assert x[0, 22, BASE["G"]] == 1
    assert x[0, 2, BASE["T"]] == 1


def test_substitution_g20a() -> None:
    assert edits(GUIDE, "A" + GUIDE[1:]) == {(place(20), BASE["A"])}


def test_pam_substitution_t_minus_1_a() -> None:
    assert edits(GUIDE, GUIDE[:20] + "AGG") == {(2, BASE["A"])}


def test_insertion_6c7_is_marked_on_position_6() -> None:
    target = GUIDE[:14] + "C" + GUIDE[14:]
    assert edits(GUIDE[:], target) == {(place(6), 4 + BASE["C"])}


def test_insertion_at_the_pam_border() -> None:
    target = GUIDE[:20] + "C" + GUIDE[20:]
    assert edits("GACGCATAAAGATGAGACGATGG", "GACGCATAAAGATGAGACGACTGG") == {
        (2, 4 + BASE["C"])
    }
    # next to an equal base the place of an insertion is a convention
    assert len(edits(GUIDE, target)) == 1


def test_deletion_d12() -> None:
    target = GUIDE[:8] + GUIDE[9:]
    found = edits("GACGCATACAGATGAGACGCTGG", "GACGCATAAGATGAGACGCTGG")
    assert found == {(place(12), 8)}
    assert len(edits(GUIDE, target)) == 1


def test_block_of_mismatches_stays_ungapped() -> None:
    target = "CTGCGTAAA" + GUIDE[9:]
    positions = {p for p, _ in edits(GUIDE, target)}
    assert positions <= set(range(place(12), place(20) + 1))
    assert all(c < 4 for _, c in edits(GUIDE, target))


def test_n_of_the_pam_takes_a_position_but_no_feature() -> None:
    guide = GUIDE[:20] + "NGG"
    assert edits(guide, GUIDE) == set()
    assert edits(guide, GUIDE[:20] + "AGG") == set()
    assert edits(guide, "A" + GUIDE[1:]) == {(22, 0)}
    assert encode_pairs([guide], [GUIDE])[0, 2, :4].sum() == 0


@pytest.mark.parametrize("symbol", ["-", "_"])
def test_both_gap_symbols_mean_the_same(symbol: str) -> None:
    guide = f"{symbol}GACT{symbol}TAGG"
    target = f"{symbol}GA{symbol}TCTAGG"
    x = encode_pairs([guide], [target])
    # from the PAM: G G A T | inserted C | T  deleted C  A G
    expected = {(3, 4 + BASE["C"]), (5, 8)}
    assert {(int(p), int(c)) for p, c in np.argwhere(x[0, :, 4:])} == expected


def test_padding_in_both_strings_is_no_feature() -> None:
    padded = encode_pairs(["-" + GUIDE], ["-" + "A" + GUIDE[1:]])
    assert np.array_equal(padded, encode_pairs([GUIDE], ["A" + GUIDE[1:]]))


def test_35_mer_control_does_not_crash() -> None:
    x = encode_pairs([GUIDE], ["AAGGCCGAATTCTCACCGGCCCCAAGGTATTCAAG"])
    assert x.shape == (1, 25, 13)


def test_other_symbols_are_refused_with_their_row() -> None:
    with pytest.raises(DataError, match="pair 2.*'X'"):
        encode_pairs([GUIDE, GUIDE], [GUIDE, "X" + GUIDE[1:]])
    with pytest.raises(DataError, match="empty"):
        encode_pairs([GUIDE, GUIDE], [GUIDE, ""])
    with pytest.raises(DataError, match="1 guides and 2 targets"):
        encode_pairs([GUIDE], [GUIDE, GUIDE])


def test_lower_case_and_uracil() -> None:
    assert edits(GUIDE.lower().replace("t", "u"), GUIDE) == set()


def naive(guide: str, target: str) -> np.ndarray:
    """Encode one aligned pair, base by base."""
    x = np.zeros((25, 13), dtype=np.uint8)
    position = 0
    for g, t in zip(reversed(guide), reversed(target), strict=True):
        gap_g, gap_t = g in "-_", t in "-_"
        if gap_g and gap_t:
            continue
        if gap_g:
            if t != "N":
                x[max(0, position - 1), 8 + BASE[t]] = 1
            continue
        if g != "N":
            x[position, BASE[g]] = 1
        if gap_t:
            x[position, 12] = 1
        elif t not in (g, "N") and g != "N":
            x[position, 4 + BASE[t]] = 1
        position += 1
    return x


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ACGTN-_"), st.sampled_from("ACGTN-_")),
        min_size=1,
        max_size=25,
    )
)
def test_naive_twin_agrees(columns: list[tuple[str, str]]) -> None:
    guide = "".join(g for g, _ in columns)
    target = "".join(t for _, t in columns)
    plain = "ACGT" * 6  # a second pair of another length in the same call
    got = encode_pairs([guide, plain], [target, plain])
    assert np.array_equal(got[0], naive(guide, target))


@needs_data
def test_equals_the_shared_arrays() -> None:
    tables = read_rates(FOLDER / "mpkp" / "rates.csv.gz")
    arrays = np.load(FOLDER / "mpkp" / "wt_onehot9.npz")
    for number, table in tables.items():
        n = len(table.target)
        x = encode_pairs([table.guide] * n, table.target.tolist())[:, :, 4:]
        same = (x == arrays[f"X{number}"]).all(axis=(1, 2))
        assert same[~table.control].all()


def test_count_edits() -> None:
    pairs = encode_pairs([GUIDE, GUIDE], [GUIDE, "ATG" + GUIDE[3:]])
    assert count_edits(pairs).tolist() == [0, 3]
