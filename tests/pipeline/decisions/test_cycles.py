"""`meristem.pipeline.decisions.cycles`: the model as truth, nonlinear or not."""

from pathlib import Path

import pytest
from tests.inbred_panel import panel, trained

from meristem.pipeline.analysis import open_run
from meristem.pipeline.decisions.cycles import CycleRequest, simulate_cycles
from meristem.pipeline.decisions.material import MapRequest
from meristem.select.cycles.programme import Plan

__all__ = ["panel", "trained"]

SMALL = Plan(n_cycle=2, n_cross=3, n_line=5)
MAP = MapRequest(cm_per_mb=15_000)


@pytest.mark.parametrize("label", ["gblup", "rkhs"])
def test_the_founders_are_the_best_lines_of_the_run(trained: Path, label: str) -> None:
    analysis = open_run(trained)
    request = CycleRequest(
        label=label,
        traits=("yield",),
        map=MAP,
        plan=SMALL,
        n_founder=12,
        n_parent=4,
        n_replicate=2,
        strategies=("truncation", "ocs"),
    )
    result = simulate_cycles(analysis, request)
    start = result.cycles[result.cycles["cycle"] == 0]
    assert start["mean"].nunique() == 1
    assert len(result.differences) == 2
    assert any("ocs is" in note for note in result.notes)
    later = result.cycles[result.cycles["cycle"] == 2]
    assert later["cost"].eq(2 * SMALL.cost).all()
