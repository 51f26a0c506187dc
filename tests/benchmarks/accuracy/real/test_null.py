from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.accuracy.real.null import (
    _measured_r,
    null_trait,
    run_null,
    summary_rows,
    summary_text,
)
from tests.models.toys import marker_panel

from meristem.errors import ConfigError


def test_traits_hold_nothing_that_they_should_not():
    data, _, _ = marker_panel(1, n=200, p=60)
    rng = np.random.default_rng(0)
    null, truth = null_trait(data, "permuted", rng)
    assert sorted(truth) == pytest.approx(sorted(data.phenotypes.value[:, 0]))
    assert np.array_equal(null.phenotypes.value[:, 0], truth)
    assert abs(np.corrcoef(truth, data.phenotypes.value[:, 0])[0, 1]) < 0.3
    null, truth = null_trait(data, "additive", rng)
    y = null.phenotypes.value[:, 0]
    assert np.corrcoef(y, truth)[0, 1] == pytest.approx(np.sqrt(0.5), abs=0.1)
    x = data.genotypes.call_dosage.astype(float)
    x -= x.mean(axis=0)
    left = truth - x @ np.linalg.lstsq(x, truth, rcond=None)[0]
    assert np.abs(left).max() < 1e-6 * np.abs(truth).max()
    other = replace(
        data, phenotypes=replace(data.phenotypes, value=data.phenotypes.value * 0)
    )
    again = null_trait(other, "additive", np.random.default_rng(0))[1]
    assert np.array_equal(
        again, null_trait(data, "additive", np.random.default_rng(0))[1]
    )


def row(model, replicate, fold, r):
    cell = {"panel": "p", "arm": "permuted", "replicate": str(replicate)}
    return cell | {"fold": str(fold), "model": model, "r": str(r)}


def test_differences_are_over_replicates():
    values = {"gblup": [[0.1, 0.3], [0.0, 0.2]], "ridge": [[0.1, 0.1], [0.1, 0.0]]}
    values["auto"] = [[0.2, 0.2], [0.1, 0.3]]
    rows = [
        row(model, k, fold, r)
        for model, each in values.items()
        for k, folds in enumerate(each)
        for fold, r in enumerate(folds)
    ]
    found = {one["model"]: one for one in summary_rows(rows)}
    assert float(found["gblup"]["auto_minus"]) == pytest.approx(0.05)
    assert found["gblup"]["best"] == "yes"
    assert found["ridge"]["best"] == ""
    assert "gblup*" in summary_text(list(found.values()))


def test_unknown_arms_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="unknown arms: none"):
        run_null(tmp_path, tmp_path, arms=("none",))


def test_lines_without_a_value_are_left_out():
    truth = np.array([1.0, np.nan, 2.0, 3.0])
    assert _measured_r(truth, np.array([2.0, 9.0, 4.0, 6.0])) == pytest.approx(1.0)
