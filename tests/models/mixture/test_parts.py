"""The parts that read all variants, and what they say of rows left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, halves, inner_of

from meristem.config.models import ForestOptions
from meristem.models.mixture import parts as mixture_parts
from meristem.models.mixture.parts import forest_part, simple_parts
from meristem.models.mixture.problem import make_problem
from meristem.models.mixture.settings import PartsOptions

SMALL = PartsOptions(forest=ForestOptions(trees=15, max_features=0.3))


def parts_of(data, inner):
    problem = make_problem(data, inner, 2, np.random.default_rng(0))
    return simple_parts(problem, SMALL, np.random.default_rng(0))


def spoil(data, rows):
    value, omics = data.phenotypes.value.copy(), data.omics[0].value.copy()
    value[rows] += 100.0
    omics[rows] *= -7.0
    return replace(
        data,
        phenotypes=replace(data.phenotypes, value=value),
        omics=(replace(data.omics[0], value=omics),),
    )


def test_every_part_predicts_rows_left_out_without_them():
    """Values of a fold's rows change nothing that is said of them by refits.

    Kernels follow in closed form, to first order: they are tested with `left_out`.
    """
    data = core_data(n=70)[0]
    inner = tuple(replace(split, scheme="cluster") for split in inner_of(data))
    test = inner[0].test
    one, two = parts_of(data, inner), parts_of(spoil(data, test), inner)
    names = [part.name for part in one]
    assert names == ["kernels", "scan", "forest", "predicted omics"]
    for first, second in zip(one[1:], two[1:], strict=True):
        assert first.held.shape == (70, 2)
        if first.name != "scan":  # which chooses its prior on all inner rows
            assert first.held[test] == pytest.approx(second.held[test], abs=1e-6)
        assert not np.allclose(first.held[inner[1].test], second.held[inner[1].test])


def test_the_forest_reads_no_more_markers_than_it_may(monkeypatch):
    data = halves()[0]
    monkeypatch.setattr(mixture_parts, "MOST", 10)
    problem = make_problem(data, inner_of(data), 2, np.random.default_rng(0))
    part = forest_part(problem, SMALL, np.random.default_rng(0))
    assert part.fitted.scale.n_variant <= 10
    assert (part.noise > 0).mean() > 0.9


def test_without_measurements_there_are_no_predicted_omics():
    data = core_data(n=50)[0]
    empty = replace(data.omics[0], value=np.full(data.omics[0].value.shape, np.nan))
    for omics in ((), (empty,)):
        bare = replace(data, omics=omics)
        assert len(parts_of(bare, inner_of(bare))) == 3
