"""`meristem.config.strict`: what no configuration record takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from meristem.config.strict import LARGEST_NUMBER, Strict


class Sizes(Strict):
    seed: int = 0
    share: float = 0.5
    hidden: tuple[int, ...] = ()


def test_plain_numbers_are_taken():
    assert Sizes(seed=LARGEST_NUMBER, hidden=(3, 4)).seed == 2**53


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": True},
        {"share": False},
        {"share": float("inf")},
        {"seed": 2**53 + 1},
        {"hidden": [1, 10**400]},
        {"sead": 1},
    ],
    ids=str,
)
def test_odd_numbers_and_unknown_keys_are_refused(wrong):
    with pytest.raises(ValidationError):
        Sizes(**wrong)
