from __future__ import annotations

import numpy as np
import pytest

from meristem.config.stages import EvaluateConfig
from meristem.errors import DataError
from meristem.evaluate.schemes import UNKNOWN_GROUP, ask


def asked(data, **options):
    config = EvaluateConfig(**options)
    measured = ~np.isnan(data.phenotypes.value).all(axis=1)
    scheme, draw = ask(data, measured, config, config.folds)
    return scheme, draw(np.random.default_rng(1))


def test_rows_are_their_own_names(dataset_factory):
    data = dataset_factory(n_sample=12)
    scheme, drawn = asked(data, folds=4)
    assert (scheme, drawn.n_test_label) == ("kfold", 1)
    assert sorted(np.concatenate(drawn.held)) == sorted(data.sample_id)
    assert drawn.names.tolist() == data.sample_id[:, None].tolist()


def test_groups_are_named_by_their_label(dataset_factory):
    data = dataset_factory(n_sample=6, groups={"family": ["a", "", "b"] * 2})
    scheme, drawn = asked(data, scheme="group", group="family")
    assert scheme == "group:family"
    assert drawn.names[:, 0].tolist() == ["a", UNKNOWN_GROUP, "b"] * 2


def test_hybrids_are_named_by_parents_and_by_themselves(dataset_factory):
    labels = {"parent_1": ["a", "b"] * 3, "parent_2": ["x", "x", "y", "y", "z", "z"]}
    data = dataset_factory(n_sample=6, groups=labels)
    scheme, drawn = asked(data, scheme="parents", folds=2)
    assert (scheme, drawn.n_test_label) == ("parents", 2)
    assert drawn.names[3].tolist() == ["b", "y", str(data.sample_id[3])]


def test_an_unknown_grouping_lists_the_known_ones(dataset_factory):
    data = dataset_factory(n_sample=6, groups={"family": ["a", "b"] * 3})
    with pytest.raises(DataError, match=r"'herd'[\s\S]*family"):
        asked(data, scheme="group", group="herd")


def test_parents_need_a_table_of_crosses(dataset_factory):
    data = dataset_factory(n_sample=12, groups={"family": ["a", "b"] * 6})
    with pytest.raises(DataError, match=r"parents cannot be left out[^!]*hybrids"):
        asked(data, scheme="parents")


def test_groups_that_are_not_tested_get_no_fold(dataset_factory):
    data = dataset_factory(n_sample=8, groups={"family": ["a", "b", "c", ""] * 2})
    data.phenotypes.value[[3, 7]] = np.nan
    _, drawn = asked(data, scheme="group", group="family", folds=5)
    assert np.concatenate(drawn.held).tolist() == ["a", "b", "c"]
