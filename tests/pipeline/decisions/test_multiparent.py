"""`meristem.pipeline.decisions.multiparent`: against simulated lines."""

from pathlib import Path

import numpy as np
import pytest
from tests.inbred_panel import panel, trained

from meristem.genetics.inheritance.meiosis import cross, gametes
from meristem.pipeline.analysis import open_run
from meristem.pipeline.decisions.cross_tables import CrossRequest
from meristem.pipeline.decisions.crosses import rank_crosses
from meristem.pipeline.decisions.material import (
    MapRequest,
    line_haplotypes,
    place_variants,
    read_material,
    rows_of,
)

__all__ = ["panel", "trained"]


def test_crosses_of_crosses_have_the_moments_of_simulated_lines(trained: Path) -> None:
    analysis = open_run(trained)
    asked = MapRequest(cm_per_mb=15_000)
    request = CrossRequest(traits=("yield",), map=asked, combine=8, accuracy=0.7)
    table = rank_crosses(analysis, request).multiparent
    assert table is not None
    assert len(table) == 28 + 16
    kinds = {"three-way": 3, "four-way": 4, "backcross": 2}
    assert set(table["kind"]) == set(kinds)
    assert table["usefulness"].is_monotonic_decreasing
    material = read_material(analysis, label="", traits=("yield",), candidates=None)
    placed = place_variants(material.lines.variants, asked)
    halves = line_haplotypes(material.lines)[:, placed.order]
    rng, n = np.random.default_rng(1), 3000
    for kind, distinct in kinds.items():
        row = table[table["kind"] == kind].iloc[0]
        names = [row[f"parent_{k}"] for k in range(1, 5)]
        names[3] = names[3] or names[2]
        assert len(set(names)) == distinct
        rows = rows_of(material.lines, tuple(names), "")
        plants = [np.repeat(halves[[r]][:, None].repeat(2, 1), n, 0) for r in rows]
        f1 = cross(plants[0], plants[1], placed.genetic_map, rng)
        f2 = cross(plants[2], plants[3], placed.genetic_map, rng)
        four = cross(f1, f2, placed.genetic_map, rng)
        line = gametes(four, placed.genetic_map, rng)
        value = 2 * line @ material.effects.additive[placed.order]
        value += material.effects.intercept
        assert row["mean"] == pytest.approx(value.mean(), abs=5 * value.std() / n**0.5)
        assert row["sd"] == pytest.approx(value.std(), rel=0.06)
