import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.genome.transcripts import Transcript
from meristem.sequence.variants.coding import CodingTranscript, Consequence
from meristem.sequence.variants.haplotypes import (
    CarriedEdit,
    JointChange,
    TranscriptEdits,
)
from meristem.sequence.variants.load import LoadTable, read_rule


def test_rules_compare_numbers_and_ignore_empty_cells():
    rule = read_rule("grantham>=100", ["grantham"])
    assert [rule.holds(cell) for cell in ("100", "99", "", "x")] == [
        True,
        False,
        False,
        False,
    ]


def test_unknown_columns_are_refused():
    with pytest.raises(ConfigError, match="no rule"):
        read_rule("sift<0.05", ["grantham"])
    with pytest.raises(ConfigError, match="no rule"):
        read_rule("grantham", ["grantham"])


def test_a_joint_change_replaces_what_its_members_count():
    copies = np.array([[True, False], [True, True], [False, False]])
    known = np.ones(3, bool)
    found = TranscriptEdits(
        CodingTranscript(Transcript("t", "g", "1", 1, ((0, 9),), ()), "", "", ()),
        [
            CarriedEdit("a", 3, None, copies, known, damaging=True),
            CarriedEdit("b", 4, None, copies, known, damaging=True),
        ],
    )
    change = JointChange((0, 1), Consequence("missense_variant"), copies)
    for together, expected in ((True, [1, 2, 0]), (False, None)):
        table = LoadTable(np.array(["x", "y", "z"]))
        table.add(found, [(change, together)])
        if expected is None:
            assert table.gene == {}
        else:
            assert table.gene["g"].tolist() == expected
    alone = LoadTable(np.array(["x", "y", "z"]))
    alone.add(found, [])
    assert alone.lines() == ["sample\tg", "x\t2", "y\t4", "z\t0"]
