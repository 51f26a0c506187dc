from dataclasses import replace

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.io.tables.plausible import (
    code_hints,
    outlier_hints,
    refuse_codes,
    refuse_scale,
    repeat_hints,
    suspect_codes,
)
from meristem.records import Observations

REST = np.linspace(7, 12, 40)


def observed(value, trait="yield"):
    n = len(value)
    blank = np.full(n, "")
    line = np.array([f"L{i}" for i in range(n)])
    value = np.asarray(value, dtype=float)
    return Observations(
        line, blank, blank, np.full(n, trait), value, np.ones(n), "p.csv"
    )


@pytest.mark.parametrize("code", [-9, -99, -999, -9999, -99.9, 999, 9999, -88])
def test_repeated_codes_far_outside_are_refused_with_the_setting(code):
    with pytest.raises(DataError, match="looks like a code") as caught:
        refuse_codes(observed([*REST, code, code]))
    assert f'phenotypes.missing = ["{code:g}"]' in caught.value.remedy


def test_two_codes_in_one_trait_do_not_hide_each_other():
    assert suspect_codes(np.array([*REST, -9, -9, -99, -99])) == {-9: 2, -99: 2}


def test_ordinary_values_are_no_codes():
    for value in (
        [*REST, -9],  # once
        [*np.linspace(-20, 20, 40), -9, -9],  # amid the rest
        [*np.linspace(900, 1100, 40), 999, 999],
        [*REST, 0, 0],
        [-9, -9, 1, 2],  # too few to say
    ):
        refuse_codes(observed(value))


def test_scales_beyond_double_precision_are_refused():
    refuse_scale(observed(REST))
    refuse_scale(observed(np.zeros(12)))
    with pytest.raises(DataError, match="differ by no more"):
        refuse_scale(observed(REST * 1e-40))
    refuse_scale(observed(REST + 1e4))
    with pytest.raises(DataError, match="at a level of 100012") as refused:
        refuse_scale(observed(REST + 1e5))
    assert "subtract a constant" in refused.value.remedy


def test_slips_are_worth_a_look():
    (hint,) = outlier_hints(observed([*REST, 9000.0]))
    assert "9000 of L40 far outside the rest (7 to 12)" in hint
    (hint,) = outlier_hints(observed([*REST, 0, 0]))
    assert "0 stands in 2 of 42 cells" in hint
    (hint,) = outlier_hints(observed([1.0] * 39 + [2.0]))
    assert "39 of 40 values are the same" in hint


def test_nothing_is_said_of_usual_data():
    rng = np.random.default_rng(1)
    for value in (
        rng.normal(100, 5, 500),
        rng.lognormal(0, 1, 500),
        rng.integers(0, 2, 200),
        REST,
    ):
        assert outlier_hints(observed(value)) == []
    assert outlier_hints(observed([np.nan])) == []


def test_copies_of_plots_are_worth_a_look():
    one = observed([1.0, 2.0, 2.0, np.nan])
    line = np.array(["a", "b", "b", "b"])
    plots = replace(one, sample_id=line, replicate=np.array(["1", "1", "1", "1"]))
    (hint,) = repeat_hints(plots)
    assert "1 times a line has several values" in hint
    assert "yield of b in replicate 1" in hint
    assert repeat_hints(replace(plots, replicate=np.array(["1", "1", "2", "2"]))) == []
    assert repeat_hints(replace(plots, replicate=np.full(4, ""))) == []


@pytest.mark.parametrize("code", [-1, -9, -5])
def test_the_only_negative_value_is_said(code):
    value = [*np.linspace(2, 60, 20), code]
    (hint,) = outlier_hints(observed(value))
    assert f"{code} stands in 1 of 21 cells, and no other value is negative" in hint


def test_negative_measurements_are_no_codes():
    assert outlier_hints(observed([*np.linspace(2, 60, 20), -1.5])) == []
    assert outlier_hints(observed([*np.linspace(-9, 60, 20)])) == []


def test_codes_where_no_setting_names_them():
    assert code_hints("rain", np.array([np.nan, 3.0, -999, 5, 4])) == [
        "rain: -999 stands in 1 of 5 cells, outside of the others; leave the cells "
        "empty if it means missing"
    ]
    assert code_hints("temperature", np.array([-9.0, -4, 3, 8])) == []
