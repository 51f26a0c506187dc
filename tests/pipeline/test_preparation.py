"""Rows that are there for their omics are no lines to predict."""

from __future__ import annotations

import numpy as np
from tests.toys import dataset

from meristem.pipeline.preparation import unseen_lines
from meristem.prepare.by_environment import stack_environments
from meristem.records import (
    Dataset,
    OmicsTable,
)

LINES = np.array(["AxB", "AxC", "A", "D"])


def crosses() -> Dataset:
    """Return a hybrid with trials, one without, a parent with omics, a line without."""
    value = np.full((4, 2), np.nan)
    value[0] = 1, 2
    feature = np.array(["f"])
    return dataset(
        np.zeros((4, 3)),
        value,
        LINES,
        ["t", "t"],
        ["wet", "dry"],
        omics=(OmicsTable("o", LINES, feature, feature, np.ones((4, 1))),),
        groups={"parent_1": ["A", "A", "A", ""], "parent_2": ["B", "C", "A", ""]},
    )


def test_parents_are_not_predicted() -> None:
    assert LINES[unseen_lines(crosses())].tolist() == ["AxC", "D"]


def test_nor_are_lines_with_trials_in_other_rows() -> None:
    rows = stack_environments(crosses())
    assert rows.sample_id.tolist() == ["AxB", "AxB@wet", "AxB@dry", "AxC", "A", "D"]
    assert rows.sample_id[unseen_lines(rows)].tolist() == ["AxC", "D"]
