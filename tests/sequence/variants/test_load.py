import pytest

from meristem.errors import ConfigError
from meristem.sequence.variants.load import read_rule


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
