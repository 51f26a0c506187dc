"""`meristem.select.contribution.programme`: limits, and limits that nothing keeps."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.contribution.programme import greatest_gain, make_programme

U = np.array([1.0, 5.0, 3.0, 4.0])


def test_the_greatest_gain_fills_the_best_lines():
    made = make_programme(4, high=np.full(4, 0.4), caps=[(np.array([1, 3]), 0.5)])
    found = greatest_gain(made, U)
    assert found[:4] == pytest.approx([0.1, 0.4, 0.4, 0.1])
    assert made.rows @ found == pytest.approx(made.level)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"high": np.full(4, 0.2)}, "4 lines may give 0.8 of 1"),
        ({"low": np.full(4, 0.3)}, "4 lines must give 1.2 where 1 is the most"),
        (
            {"low": np.array([0.5, 0, 0, 0]), "caps": [(np.array([0, 1]), 0.4)]},
            "2 lines must give 0.5 where 0.4 is the most",
        ),
    ],
)
def test_impossible_limits_are_explained(options, match):
    with pytest.raises(ConfigError, match=match):
        greatest_gain(make_programme(4, **options), U)


def test_groups_hold_every_line_once():
    with pytest.raises(ConfigError, match="2 candidates are not in exactly one"):
        make_programme(4, share=[(np.array([0, 1]), 1.0)])
    with pytest.raises(ConfigError, match="add up to 0.9"):
        make_programme(2, share=[(np.array([0]), 0.5), (np.array([1]), 0.4)])
    with pytest.raises(ConfigError, match="least contribution of a line is above"):
        make_programme(2, low=np.ones(2), high=np.zeros(2))
