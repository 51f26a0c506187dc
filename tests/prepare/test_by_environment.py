"""`meristem.prepare.by_environment`: rows of lines in environments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.toys import dataset

from meristem.errors import DataError
from meristem.prepare.by_environment import (
    centre_environments,
    environment_means,
    is_stacked,
    line_groups,
    stack_environments,
)
from meristem.records import (
    Dataset,
    OmicsTable,
)

LINES = np.array(["a", "b", "c", "d"])
NAN = np.nan


def trial() -> Dataset:
    """Four lines, traits t and u in wet and dry, u in wet alone; d has omics alone."""
    dosage = np.arange(12, dtype=np.int8).reshape(4, 3) % 3
    value = np.array(
        [[1.0, 5.0, 9.0], [2.0, NAN, NAN], [NAN, 7.0, 8.0], [NAN, NAN, NAN]]
    )
    weight = np.arange(1.0, 13.0).reshape(4, 3)
    features = np.array(["f"])
    return dataset(
        dosage,
        value,
        LINES,
        ["t", "t", "u"],
        ["wet", "dry", "wet"],
        weight=weight,
        omics=(OmicsTable("o", LINES, features, features, np.arange(4.0)[:, None]),),
        groups={"family": ["x", "y", "x", ""]},
    )


def test_each_line_has_a_row_per_environment() -> None:
    data = trial()
    rows = stack_environments(data)
    assert rows.sample_id.tolist() == [
        "a",
        "a@wet",
        "a@dry",
        "b@wet",
        "c",
        "c@wet",
        "c@dry",
        "d",
    ]
    none = [NAN, NAN]
    expected = [none, [1, 9], [5, NAN], [2, NAN], none, [NAN, 8], [7, NAN], none]
    np.testing.assert_array_equal(rows.phenotypes.value, expected)
    assert rows.phenotypes.trait_name.tolist() == ["t", "u"]
    assert rows.phenotypes.environment_name.tolist() == ["", ""]
    assert rows.phenotypes.weight[2, 0] == 2
    assert rows.phenotypes.weight[5, 1] == 9
    line = [0, 0, 0, 1, 2, 2, 2, 3]
    np.testing.assert_array_equal(
        rows.genotypes.call_dosage, data.genotypes.call_dosage[line]
    )
    assert rows.omics[0].value[:, 0].tolist() == line
    once = rows.omics[0].direct().value[:, 0]
    np.testing.assert_array_equal(once, [0, NAN, NAN, 1, 2, NAN, NAN, 3])
    assert rows.groups is not None
    assert rows.groups.column("family").tolist() == [*"xxxyxxx", ""]
    assert rows.groups.column("line").tolist() == list("aaabcccd")
    assert rows.groups.column("environment").tolist() == [
        "",
        "wet",
        "dry",
        "wet",
        "",
        "wet",
        "dry",
        "",
    ]
    assert is_stacked(rows)
    assert not is_stacked(data)


def test_labels_go_back_to_the_lines() -> None:
    data = trial()
    groups = line_groups(stack_environments(data))
    assert groups is not None
    assert groups.sample_id.tolist() == ["a", "b", "c", "d"]
    assert groups.column("family").tolist() == ["x", "y", "x", ""]
    assert line_groups(stack_environments(replace(data, groups=None))) is None
    assert line_groups(data) is data.groups


def test_what_lines_of_an_environment_share_is_taken_off() -> None:
    rows = stack_environments(trial())
    means = environment_means(rows.take(np.array([1, 2, 3])))
    assert means.environment.tolist() == ["dry", "wet"]
    np.testing.assert_array_equal(means.mean, [[5, NAN], [1.5, 9]])
    # u was never measured in dry: the mean of where it was
    np.testing.assert_array_equal(means.of(rows)[2], [5, 9])
    # d is in no environment known: the mean of all
    np.testing.assert_array_equal(means.of(rows)[-1], [3.25, 9])
    centred = centre_environments(rows, means)
    np.testing.assert_array_equal(
        centred.phenotypes.value[1:4], [[-0.5, 0], [0, NAN], [0.5, NAN]]
    )
    assert centred.phenotypes.value[6, 0] == 2


def test_missing_names_are_refused() -> None:
    data = trial()
    nameless = replace(data.phenotypes, environment_name=np.array(["wet", "dry", ""]))
    with pytest.raises(DataError, match="no environments"):
        stack_environments(replace(data, phenotypes=nameless))
    groups = replace(data.groups, group_name=np.array(["line"]))
    with pytest.raises(DataError, match="grouping is called line"):
        stack_environments(replace(data, groups=groups))
