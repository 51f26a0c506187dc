"""`meristem.genetics.locus_effects`: sums over loci."""

import numpy as np
import pytest
from tests.toys import rng, variant_table

from meristem.genetics.locus_effects import LocusEffects, weighted_sum


def effects(seed: int, *, dominance: bool = True) -> LocusEffects:
    draw = rng(seed)
    p = 9
    return LocusEffects(
        variant_table(p),
        draw.normal(size=p),
        1.5,
        draw.random(p),
        draw.normal(size=p) if dominance else None,
        draw.random(p) / 2,
    )


def test_values_by_hand():
    e = effects(1)
    x = rng(2).integers(-1, 3, (5, 9)).astype(np.int8)
    for row, value in zip(x, e.value(x), strict=True):
        total = e.intercept
        for j, call in enumerate(row):
            total += e.additive[j] * (e.mean[j] if call < 0 else call)
            total += e.dominance[j] * (e.carrying[j] if call < 0 else call == 1)
        assert value == pytest.approx(total)


def test_an_index_is_the_sum_of_its_traits():
    one, two = effects(1), effects(1, dominance=False)
    x = rng(3).integers(0, 3, (4, 9)).astype(np.int8)
    both = weighted_sum([(2.0, one), (-1.0, two)])
    assert both.value(x) == pytest.approx(2 * one.value(x) - two.value(x))
    assert weighted_sum([(1.0, two)]).dominance is None


def test_taking_loci_holds_the_others():
    e = effects(4, dominance=False)
    x = rng(5).integers(0, 3, (4, 9)).astype(np.int8)
    kept = np.array([1, 4, 7])
    held = np.where(np.isin(np.arange(9), kept), x, -1)
    assert e.take(kept).value(x[:, kept]) == pytest.approx(e.value(held))
    assert e.centre == pytest.approx(e.value(np.full((1, 9), -1))[0])
