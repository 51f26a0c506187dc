"""`meristem.pipeline.decisions.progeny`: plans of a model that is no sum."""

from pathlib import Path

import numpy as np
import pytest
from tests.inbred_panel import panel, trained

from meristem.config.selection import SelectionConfig
from meristem.errors import ConfigError
from meristem.pipeline.analysis import open_run
from meristem.pipeline.selection.decision import Selection
from meristem.pipeline.selection.select import decide

__all__ = ["panel", "trained"]


def plan(run: Path, model: str, **crosses: object) -> Selection:
    analysis = open_run(run)
    analysis.keep_to_stored()
    asked = {
        "model": model,
        "candidates": {"lines": "all"},
        "index": {"weights": {"yield": 1.0}},
        "crosses": {"n": 4, "cm_per_mb": 15_000, **crosses},
    }
    return decide(analysis, SelectionConfig.model_validate(asked))


def test_a_plan_simulates_what_the_formula_cannot_decide(trained: Path) -> None:
    with pytest.raises(ConfigError, match=r"give crosses\.simulate"):
        plan(trained, "rkhs")
    made = plan(trained, "rkhs", simulate=40, most_simulated=15).matings
    assert made is not None
    assert made.error is not None
    assert np.isfinite(made.error).any()
    assert any("cannot decide are simulated" in note for note in made.notes)
    assert any("its best line explains" in note for note in made.notes)


def test_progeny_of_a_sum_are_worth_what_the_formula_says(trained: Path) -> None:
    told = plan(trained, "gblup", simulate=40, most_simulated=15).matings
    plain = plan(trained, "gblup").matings
    assert told is not None
    assert plain is not None
    assert plain.error is None
    assert told.error == pytest.approx(np.zeros(4), abs=1e-6)
    found = told.plan.crosses.usefulness
    assert found == pytest.approx(plain.plan.crosses.usefulness, rel=1e-6)
