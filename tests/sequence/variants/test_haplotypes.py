from meristem.sequence.variants.coding import Edit
from meristem.sequence.variants.haplotypes import group_edits


def test_a_frame_is_restored_by_the_change_that_completes_it():
    edits = [
        Edit(10, 11, ""),
        Edit(20, 21, "A"),
        Edit(31, 31, "C"),
        Edit(60, 61, "G"),
    ]
    assert group_edits(0, edits) == [(0, 1, 2)]


def test_a_frame_that_stays_open_stands_alone():
    assert group_edits(0, [Edit(10, 11, ""), Edit(20, 21, "A")]) == []


def test_neighbouring_codons_are_read_apart():
    assert group_edits(0, [Edit(2, 3, "A"), Edit(3, 4, "A")]) == []
    assert group_edits(1, [Edit(2, 3, "A"), Edit(3, 4, "A")]) == [(0, 1)]


def test_overlapping_changes_cannot_be_joined():
    assert group_edits(0, [Edit(3, 6, ""), Edit(5, 6, "A")]) == []
