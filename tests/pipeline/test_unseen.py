"""Rows that are there for their omics are no lines to predict."""

from __future__ import annotations

import numpy as np

from meristem.pipeline.unseen import unseen_lines
from meristem.prepare.by_environment import stack_environments
from meristem.records import (
    Dataset,
    Genotypes,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    VariantTable,
)

LINES = np.array(["AxB", "AxC", "A", "D"])


def crosses() -> Dataset:
    """Return a hybrid with trials, one without, a parent with omics, a line without."""
    blank = np.array(["v", "w", "x"])
    nothing = np.full((3, 2), np.nan)
    return Dataset(
        Genotypes(
            LINES,
            VariantTable(blank, blank, np.arange(3), blank, blank),
            np.zeros((4, 3), dtype=np.int8),
        ),
        Phenotypes(
            LINES,
            np.array(["t", "t"]),
            np.array(["wet", "dry"]),
            np.concatenate([[[1.0, 2.0]], nothing]),
            np.ones((4, 2)),
        ),
        (OmicsTable("o", LINES, blank[:1], blank[:1], np.ones((4, 1))),),
        SampleGroups(
            LINES,
            np.array(["parent_1", "parent_2"]),
            np.array([["A", "B"], ["A", "C"], ["A", "A"], ["", ""]]),
        ),
    )


def test_parents_are_not_predicted() -> None:
    assert LINES[unseen_lines(crosses())].tolist() == ["AxC", "D"]


def test_nor_are_lines_with_trials_in_other_rows() -> None:
    rows = stack_environments(crosses())
    assert rows.sample_id.tolist() == ["AxB", "AxB@wet", "AxB@dry", "AxC", "A", "D"]
    assert rows.sample_id[unseen_lines(rows)].tolist() == ["AxC", "D"]
