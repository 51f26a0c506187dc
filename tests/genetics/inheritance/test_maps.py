"""Map functions and places of variants, against hand calculations."""

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.errors import ConfigError, DataError
from meristem.genetics.inheritance.maps import (
    MapPoints,
    even_map,
    place_by_points,
    place_by_rate,
    transmission_correlation,
)


def points(**columns) -> MapPoints:
    n = len(columns["cm"])
    return MapPoints(
        np.array(columns.get("name", [""] * n)),
        np.array(columns.get("contig", [""] * n)),
        np.array(columns.get("bp", [0] * n)),
        np.array(columns["cm"], dtype=float),
        "map.csv",
    )


def test_map_functions():
    d = np.array([0.0, 0.05, 0.2, 3.0])
    c = (1 - transmission_correlation(d)) / 2
    assert c == pytest.approx((1 - np.exp(-2 * d)) / 2)
    c = (1 - transmission_correlation(d, "kosambi")) / 2
    assert c == pytest.approx(np.tanh(2 * d) / 2)
    with pytest.raises(ConfigError, match="haldane, kosambi"):
        transmission_correlation(d, "morgan")


def test_chromosomes_are_slices():
    genetic_map = even_map(3, 7)
    assert [(s.start, s.stop) for s in genetic_map.chromosomes] == [
        (0, 3),
        (3, 5),
        (5, 7),
    ]


def test_places_by_id_then_by_bp_then_unlinked():
    variants = variant_table(
        ["a", "b", "c", "d", "e"],
        contig=["chr1", "chr1", "chr2", "chr1", ""],
        position=[1000, 3000, 500, 2000, 0],
    )
    known = points(
        name=["a", "b", "c"], contig=["1", "1", "2"], bp=[1000, 3000, 500], cm=[0, 4, 9]
    )
    placed = place_by_points(variants, known)
    place = dict(
        zip(
            variants.variant_id[placed.order],
            zip(placed.genetic_map.chromosome, placed.genetic_map.morgan, strict=True),
            strict=True,
        )
    )
    assert (placed.n_interpolated, placed.n_unplaced) == (1, 1)
    assert "1 placed by bp" in placed.line
    assert place["e"][0] == placed.genetic_map.chromosome.max()
    assert place["c"][0] not in (place["a"][0], place["e"][0])


def test_bp_beyond_the_map_go_on_at_its_rate():
    variants = variant_table(["x", "y"], contig=["1", "1"], position=[500, 5000])
    known = points(contig=["1", "1"], bp=[1000, 3000], cm=[10, 30])
    placed = place_by_points(variants, known)
    assert placed.genetic_map.morgan == pytest.approx([0.05, 0.5])


def test_chromosomes_of_longer_names_in_the_map_stay_apart():
    variants = variant_table(
        ["a", "b", "c", "d"], contig=["1", "1", "2", "2"], position=[100, 200, 100, 200]
    )
    where = points(name=["a", "c", "d"], contig=["LG1", "LG2", "LG2"], cm=[0, 0, 30])
    placed = place_by_points(variants, where)
    assert placed.genetic_map.chromosome.tolist() == [0, 1, 1, 2]
    assert variants.variant_id[placed.order].tolist() == ["a", "c", "d", "b"]
    assert placed.n_elsewhere == 0


def test_variants_placed_by_bp_lie_on_the_chromosome_of_those_placed_by_id():
    variants = variant_table(["a", "b"], contig=["1", "1"], position=[1000, 2000])
    where = points(name=["a", "z"], contig=["chr1"] * 2, bp=[1000, 3000], cm=[0, 40])
    placed = place_by_points(variants, where)
    assert placed.genetic_map.chromosome.tolist() == [0, 0]
    assert placed.genetic_map.morgan.tolist() == [0.0, 0.2]


def test_other_chromosomes_in_the_map_are_said():
    variants = variant_table(["a", "b"], contig=["1", "2"], position=[100, 200])
    where = points(name=["a", "b"], contig=["chr1", "chr1"], cm=[0, 70])
    placed = place_by_points(variants, where)
    assert "1 on another chromosome than in the genotypes" in placed.line


def test_a_map_in_morgan_is_noticed():
    names = ["a", "b"]
    known = points(name=names, contig=["1", "1"], cm=[0, 1.5])
    far = variant_table(names, contig=["1", "1"], position=[10**6, 9 * 10**7])
    with pytest.raises(DataError, match=r"places 89 Mb on 1.5 cM: .* in Morgan"):
        place_by_points(far, known)
    near = variant_table(names, contig=["1", "1"], position=[10**6, 2 * 10**6])
    assert "if the map is in Morgan" in place_by_points(near, known).line


def test_refusals():
    variants = variant_table(4)
    with pytest.raises(DataError, match="places 1 of 4"):
        place_by_points(variants, points(name=["v0"], cm=[3]))
    falling = points(contig=["1", "1"], bp=[1, 100], cm=[5, 2])
    with pytest.raises(DataError, match="decrease"):
        place_by_points(variants, falling)
    with pytest.raises(DataError, match="linkage"):
        place_by_rate(variant_table(3, position=[0, 0, 0]), 1.0)
