"""Tables for other programs: each computed as the program documents it."""

import numpy as np
import pytest
from tests import toys

from meristem.errors import DataError
from meristem.genetics.inheritance.maps import place_by_rate
from meristem.genetics.locus_effects import LocusEffects
from meristem.select.exports.tables import (
    alphasimr_map,
    alphasimr_trait,
    chromax_map,
    effect_table,
    inbred_table,
    score_table,
)

VARIANTS = toys.variant_table(
    ["a", "b", "c"], contig=["2", "1", "1"], position=[100, 3_000_000, 1_000_000]
)


def effects(dominance: np.ndarray | None = None) -> LocusEffects:
    return LocusEffects(
        VARIANTS, np.array([1.0, -2.0, 0.5]), 4.0, np.array([1, 0.5, 1]), dominance
    )


def test_scores_are_sums_over_copies_of_the_allele() -> None:
    x = toys.rng(1).integers(0, 3, (5, 3)).astype(np.int8)
    table = score_table(effects())
    assert table["A1"].tolist() == VARIANTS.variant_alt.tolist()
    assert x @ table["EFFECT"].to_numpy() + 4.0 == pytest.approx(effects().value(x))
    with pytest.raises(DataError, match="dominance"):
        score_table(effects(np.ones(3)))


@pytest.mark.parametrize("ploidy", [2, 4])
def test_alphasimr_values(ploidy: int) -> None:
    """Genetic value: intercept + sum a (x - P/2)(2/P) + d x (P - x)(2/P)^2."""
    both = effects(np.array([0.3, 0.0, 1.0])) if ploidy == 2 else effects()
    x = toys.rng(2).integers(0, ploidy + 1, (6, 3)).astype(np.int8)
    table = alphasimr_trait(both, ploidy)
    scaled = (x - ploidy / 2) * (2 / ploidy)
    value = table["intercept"][0] + scaled @ table["addEff"].to_numpy()
    value += (x * (ploidy - x) * (2 / ploidy) ** 2) @ table["domEff"].to_numpy()
    assert value == pytest.approx(both.value(x, ploidy))


def test_maps_are_in_order_and_in_their_units() -> None:
    placed = place_by_rate(VARIANTS, 2.0)
    table = alphasimr_map(effects(), placed)
    assert table["markerName"].tolist() == ["c", "b", "a"]
    assert table["chromosome"].tolist() == [1, 1, 2]
    assert table["position"].to_numpy() == pytest.approx([0.02, 0.06, 2e-6])
    chromax = chromax_map(effects(), placed, "yield")
    assert chromax["cM"].to_numpy() == pytest.approx([2.0, 6.0, 2e-4])
    assert chromax["yield"].tolist() == [0.5, -2.0, 1.0]
    lines = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.int8)
    inbred = inbred_table(np.array(["x", "y"]), lines, effects(), placed)
    assert inbred.columns.tolist() == ["id", "c", "b", "a"]
    assert inbred.iloc[0, 1:].tolist() == [2, 2, 0]


def test_the_effect_table_says_what_it_counts() -> None:
    table = effect_table(
        effects(), np.array([0.5, 0.2, 0.1]), None, model="m", merit="1 x yield"
    )
    assert table["alt"].tolist() == ["C"] * 3
    assert table["se"].isna().all()
    assert table["intercept"].eq(4.0).all()
