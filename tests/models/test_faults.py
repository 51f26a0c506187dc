"""`meristem.models.faults`: what stops a model in its first fold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.models.toys import PRIOR_SCORES, panel
from tests.pipeline.leak_case import write_case
from tests.pipeline.test_leak_from_files import layout_of, opened

from meristem.config.models import (
    BayesOptions,
    GBLUPOptions,
    KernelsOptions,
    ModelOptions,
    PriorOptions,
    TrialOptions,
)
from meristem.models.faults import constant_covariates, model_faults
from meristem.records import Dataset, Environments


def faults(options: ModelOptions, dataset: Dataset | None = None) -> list[str]:
    found = model_faults(options, panel() if dataset is None else dataset, "models.1")
    return [fault.message for fault in found]


def test_models_without_files_have_none() -> None:
    assert faults(GBLUPOptions()) == []
    assert faults(PriorOptions(scores=PRIOR_SCORES)) == []


def test_scores_and_pedigrees_are_read(tmp_path: Path) -> None:
    (said,) = faults(PriorOptions(scores=tmp_path / "ghost.tsv"))
    assert "ghost.tsv" in said
    path = tmp_path / "p.csv"
    asked = KernelsOptions(kernels=("additive", "pedigree"), pedigree=path)
    path.write_text("line,parent_1,parent_2\nx,,\ny,x,\n")
    (said,) = faults(asked)
    assert "holds none of the lines" in said
    path.write_text("line,parent_1,parent_2\ns00,,\ny,s00,\n")
    assert faults(asked) == []


def test_factors_are_fewer_than_environments(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case", layout_of("by_record"), spoilt=False)
    dataset = opened(case).dataset
    assert faults(TrialOptions(structure="fa", factors=2), dataset) == []
    (said,) = faults(TrialOptions(structure="fa", factors=3), dataset)
    assert "3 factors, and there are 3 environments" in said


def test_responses_fit_their_traits() -> None:
    assert faults(BayesOptions()) == []
    (said,) = faults(BayesOptions(response="ordinal"))
    assert "an ordinal trait has 2 to 20 classes" in said
    (said,) = faults(BayesOptions(response="count"))
    assert "is no count" in said


def test_lines_are_no_records() -> None:
    (said,) = faults(TrialOptions())
    assert "rows are lines" in said


def test_some_covariate_has_to_differ() -> None:
    value = np.array([[1.0, np.nan], [1.0, np.nan], [9.0, 2.0]])
    known = Environments(np.array(["A", "B", "C"]), np.array(["x", "y"]), value, "e")
    assert list(constant_covariates(known, {"A", "B", "C"})) == []
    (fault,) = constant_covariates(known, {"A", "B"})
    assert "no covariate differs between the environments (x, y)" in fault.what
