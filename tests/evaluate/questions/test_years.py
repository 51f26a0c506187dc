"""Leave a year out, and forward in time."""

import numpy as np
import pytest
from tests import toys

from meristem.config.stages import EvaluateConfig
from meristem.errors import DataError
from meristem.evaluate.schemes import year_of
from meristem.evaluate.splits import make_splits
from meristem.prepare.by_environment import ENVIRONMENT, stack_environments

PLACES = ("N_2011", "S_2011", "N_2012", "N_2014", "S_2014")


def trials(places=PLACES, n=9):
    y = np.random.default_rng(0).standard_normal((n, len(places)))
    dosage = np.random.default_rng(1).integers(0, 3, (n, 7))
    return stack_environments(toys.dataset(dosage, y, "l", ["yield"] * 5, places))


def years(data, rows):
    return {year_of(name) for name in data.groups.column(ENVIRONMENT)[rows].tolist()}


def splits(data, scheme):
    config = EvaluateConfig(scheme=scheme, replicates=3)
    return make_splits(data, config, np.random.default_rng(2))


def test_a_year_is_left_out_with_all_its_environments():
    data = trials()
    found = splits(data, "year")
    assert [years(data, s.test) for s in found] == [{"2011"}, {"2012"}, {"2014"}]
    for split in found:
        assert not years(data, split.train) & years(data, split.test)
        assert split.train.size + split.test.size == data.n_sample


def test_forward_trains_on_earlier_years_alone():
    data = trials()
    found = splits(data, "forward")
    assert [years(data, s.test) for s in found] == [{"2012"}, {"2014"}]
    assert [years(data, s.train) for s in found] == [{"2011"}, {"2011", "2012"}]


def test_environments_without_a_year_and_single_years_are_refused():
    with pytest.raises(DataError, match="no year stands in .*: east"):
        splits(trials(("east", *PLACES[1:])), "year")
    with pytest.raises(DataError, match="one year only: 2012"):
        splits(trials([f"{k}_2012" for k in "abcde"]), "forward")


def test_years_are_read_from_names():
    assert year_of("OHmc_2012") == "2012"
    assert year_of("trial120123") == ""
    assert year_of("2012_2013") == ""
