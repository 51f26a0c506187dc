"""`meristem.pipeline.decisions.haplotypes`: whole segments, wanted alleles of pairs."""

from dataclasses import replace

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import place_by_rate
from meristem.pipeline.decisions.haplotypes import line_segments, stacking_chances
from meristem.records import Genotypes

VARIANTS = variant_table(
    [f"m{k}" for k in range(5)],
    ["2", "1", "1", "2", "1"],
    [40_000_000, 10_000_000, 90_000_000, 1, 50_000_000],
    "A",
    "G",
)
CALLS = np.array([[2, 0, 2, 0, 2], [0, 2, 0, 2, 0], [2, 2, -1, 2, 0]], dtype=np.int8)
LINES = Genotypes(np.array(["a", "b", "c"]), VARIANTS, CALLS)
PLACED = place_by_rate(VARIANTS, 1.0)


def test_the_best_of_segments_takes_the_better_parent_on_each() -> None:
    effect = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    dosage = np.where(CALLS < 0, 1.0, CALLS)
    value = 100 + dosage @ effect
    pairs = np.array([0, 0]), np.array([1, 0])
    mean = np.ones(5)
    whole = line_segments(CALLS, effect, mean, value, PLACED, 1)
    one = max(8 + 32, 4)  # chromosome 1: m1, m4, m2
    two = max(2, 16)  # chromosome 2: m3, m0
    assert whole.best_of(pairs) == pytest.approx([100 + one + two, value[0]])
    assert whole.best_of_all(pairs) == pytest.approx(100 + one + two)
    finest = line_segments(CALLS, effect, mean, value, PLACED, 1000)
    assert finest.best_of(pairs)[0] == pytest.approx(100 + 2 * effect.sum())


def test_the_chance_to_stack_alleles_follows_the_map() -> None:
    pairs = np.array([0, 0, 1, 0]), np.array([1, 0, 1, 2])
    # a has m4 G, b has m1 G, 0.4 Morgan apart: a crossover between, then that gamete
    chance = stacking_chances(LINES, PLACED, {"m4": "G", "m1": "G"}, pairs, "here")
    recombined = (1 - np.exp(-0.8)) / 2
    assert chance == pytest.approx([recombined / 2, 0, 0, recombined / 2])
    # the reference allele is one to want; on two chromosomes all is free
    chance = stacking_chances(LINES, PLACED, {"m3": "G", "m1": "A"}, pairs, "here")
    assert chance == pytest.approx([0.25, 0, 0, 0.25])
    # c has no call at m2
    chance = stacking_chances(LINES, PLACED, {"m2": "G"}, pairs, "here")
    assert chance[:3] == pytest.approx([0.5, 1, 0])
    assert np.isnan(chance[3])


def test_alleles_without_names_are_ref_and_alt() -> None:
    nameless = replace(VARIANTS, variant_alt=np.full(5, ""))
    lines = replace(LINES, variants=nameless)
    pair = np.array([0]), np.array([1])
    assert stacking_chances(lines, PLACED, {"m0": "alt"}, pair, "here") == [0.5]
    with pytest.raises(ConfigError, match="no allele of m0"):
        stacking_chances(lines, PLACED, {"m0": "G"}, pair, "here")
