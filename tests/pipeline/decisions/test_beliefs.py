"""`meristem.pipeline.decisions.beliefs`: chances against a count over what may be."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from tests.inbred_panel import panel, trained

from meristem.pipeline.analysis import open_run
from meristem.pipeline.decisions.beliefs import effect_draws, line_errors, uncertain_sd
from meristem.pipeline.decisions.cross_tables import CrossRequest
from meristem.pipeline.decisions.crosses import rank_crosses
from meristem.pipeline.decisions.material import (
    MapRequest,
    place_variants,
    read_material,
)
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import DH_OF_F1

__all__ = ["panel", "trained"]


def test_a_chance_above_a_check_counts_what_the_effects_may_be(trained: Path) -> None:
    """As counted over drawn effects, each with its own parents, check and spread."""
    analysis = open_run(trained)
    asked = MapRequest(cm_per_mb=15_000)
    material = read_material(
        analysis, label="gblup", traits=("yield",), candidates=None
    )
    names = material.lines.sample_id
    check = int(np.argsort(material.value)[-4])
    table = rank_crosses(
        analysis,
        CrossRequest("gblup", ("yield",), map=asked, check=str(names[check]), top=12),
    ).table
    row = {name: k for k, name in enumerate(names.tolist())}
    pairs = [
        np.array([row[name] for name in table[c]]) for c in ("parent_1", "parent_2")
    ]
    placed = place_variants(material.lines.variants, asked)
    draws = effect_draws(analysis, material, 2000)
    calls = material.known_dosage() - material.effects.mean
    known = (material.lines.call_dosage >= 0).all(axis=1)
    width = line_errors(analysis, material, material.lines).std(axis=0)
    assert width[known] == pytest.approx((calls @ draws.T).std(axis=1)[known], rel=0.1)
    counted = np.zeros(len(table))
    for effect in draws:
        value = calls @ effect
        variance = pair_variances(
            material.lines.call_dosage[:, placed.order],
            effect[placed.order],
            placed.genetic_map,
            DH_OF_F1,
            "haldane",
        )[pairs[0], pairs[1]]
        excess = (value[pairs[0]] + value[pairs[1]]) / 2 - value[check]
        counted += ndtr(excess / np.sqrt(variance)) / len(draws)
    assert table["above_check"].to_numpy() == pytest.approx(counted, abs=0.03)
    plain_sd = table["sd"].to_numpy()
    assert (table["sd_uncertain"] > plain_sd).all()
    excess = table["mean"].to_numpy() - material.value[check]
    plug_in = ndtr(excess / plain_sd)
    assert np.abs(plug_in - counted).max() > 0.1


def test_a_kernel_that_is_no_sum_has_no_draws_of_its_effects(trained: Path) -> None:
    analysis = open_run(trained)
    asked = MapRequest(cm_per_mb=15_000)
    material = read_material(analysis, label="rkhs", traits=("yield",), candidates=None)
    placed = place_variants(material.lines.variants, asked)
    pairs = np.array([0, 1]), np.array([2, 3])
    assert effect_draws(analysis, material, 3) is None
    assert uncertain_sd(analysis, material, placed, pairs, DH_OF_F1, "haldane") is None
