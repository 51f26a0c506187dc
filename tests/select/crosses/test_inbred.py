"""Progeny of inbred lines: golden values, exact recursion, enumeration, simulation.

Golden values: fact sheet on selection, section 5.2 and 5.4 (measured there by
prototypes and by hand).
"""

from itertools import product

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import (
    GeneticMap,
    even_map,
    transmission_correlation,
)
from meristem.genetics.inheritance.meiosis import cross, gametes, make_dh, self_plants
from meristem.genetics.inheritance.transmission import transmission_product
from meristem.select.crosses.inbred import four_way_moments, pair_variances
from meristem.select.crosses.progeny import Progeny

TWO = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))
EFFECT = np.array([1.0, 0.5])
KINDS = {
    "DH": Progeny("dh", 1),
    "F2": Progeny("selfed", 1),
    "F3": Progeny("selfed", 2),
    "RIL": Progeny("ril"),
    "DH of F2": Progeny("dh", 2),
}


@pytest.mark.parametrize(
    ("kind", "function", "coupling", "repulsion"),
    [
        ("DH", "haldane", 1.920320, 0.579680),
        ("F2", "haldane", 0.960160, 0.289840),
        ("F3", "haldane", 1.384992, 0.490008),
        ("RIL", "haldane", 1.754121, 0.745879),
        ("DH of F2", "haldane", 1.809825, 0.690175),
        ("DH", "kosambi", 1.870051, 0.629949),
        ("RIL", "kosambi", 1.699329, 0.800671),
    ],
)
def test_golden_values_of_two_loci(kind, function, coupling, repulsion) -> None:
    code = np.array([[2, 2], [0, 0], [2, 0], [0, 2]], dtype=np.int8)
    variance = pair_variances(code, EFFECT, TWO, KINDS[kind], function)
    assert variance[0, 1] == pytest.approx(coupling, abs=1e-6)
    assert variance[2, 3] == pytest.approx(repulsion, abs=1e-6)
    assert KINDS[kind].name == kind


def selfing_recursion(c: float, generations: int) -> tuple[float, float]:
    """Return covariances of two loci within and between the chromosomes of a plant.

    F2: W = rho / 4, B = 0; then W' = (1 - c) W + c B, B' = (W + B) / 2.
    """
    within, between = (1 - 2 * c) / 4, 0.0
    for _ in range(generations - 1):
        within, between = (1 - c) * within + c * between, (within + between) / 2
    return within, between


@pytest.mark.parametrize("t", range(1, 9))
def test_selfing_equals_the_exact_recursion(t: int) -> None:
    """Factors of w_1 w_2: 4 W' for doubled haploids, 2 W + 2 B for plants."""
    for distance in (0.0, 0.03, 0.2, 1.1):
        c = (1 - np.exp(-2 * distance)) / 2
        place = GeneticMap(np.zeros(2, int), np.array([0.0, distance]))
        code = np.array([[2, 2], [0, 0]], dtype=np.int8)
        own = np.array([1.0, 0.0])

        def covariance(progeny: Progeny, place=place, code=code, own=own) -> float:
            parts = [
                pair_variances(code, e, place, progeny)[0, 1]
                for e in (np.ones(2), own, own[::-1])
            ]
            return (parts[0] - parts[1] - parts[2]) / 2

        within, between = selfing_recursion(c, t)
        plants = 2 * within + 2 * between
        assert covariance(Progeny("selfed", t)) == pytest.approx(plants, abs=1e-10)
        if t > 1:
            before, other = selfing_recursion(c, t - 1)
            after = (1 - c) * before + c * other
        else:
            after = (1 - 2 * c) / 4
        dh = covariance(Progeny("dh", t))
        assert dh == pytest.approx(4 * after, abs=1e-10)
    ril = covariance(Progeny("ril"))
    assert ril == pytest.approx((1 - 2 * c) / (1 + 2 * c), abs=1e-10)


def enumerated_dh(code: np.ndarray, effect: np.ndarray, place: GeneticMap) -> tuple:
    """Return mean and variance over all gametes of an F1, each with its chance."""
    rho = np.zeros(place.n_locus)
    rho[1:] = transmission_correlation(np.abs(np.diff(place.morgan)))
    rho[place.starts_chromosome] = 0
    mean = square = 0.0
    for strand in product((0, 1), repeat=place.n_locus):
        chance = 0.5
        for j in range(1, place.n_locus):
            c = (1 - rho[j]) / 2
            chance *= c if strand[j] != strand[j - 1] else 1 - c
        value = sum(code[s, j] * effect[j] for j, s in enumerate(strand))
        mean += chance * value
        square += chance * value**2
    return mean, square - mean**2


def test_doubled_haploids_equal_enumeration() -> None:
    rng = np.random.default_rng(2)
    place = GeneticMap(np.repeat([0, 1, 2], [4, 3, 2]), np.sort(rng.random(9)))
    code = (2 * rng.integers(0, 2, (5, 9))).astype(np.int8)
    effect = rng.normal(size=9)
    variance = pair_variances(code, effect, place)
    for a, b in ((0, 1), (2, 4), (3, 1)):
        mean, exact = enumerated_dh(code[[a, b]], effect, place)
        assert variance[a, b] == pytest.approx(exact, abs=1e-10)
        assert (code[a] + code[b]) @ effect / 2 == pytest.approx(mean, abs=1e-10)


def test_golden_four_way() -> None:
    place = GeneticMap(np.array([0, 0, 1]), np.array([0.0, 0.2, 0.0]))
    code = np.array([[2, 0, 2], [0, 0, 0], [2, 2, 0], [0, 2, 2]], dtype=np.int8)
    effect = np.array([1.0, -0.5, 2.0])
    variance = pair_variances(code, effect, place)
    assert variance[[0, 2, 0], [1, 3, 2]] == pytest.approx([5.0, 5.0, 4.25])
    powers = np.array([1.0]), np.array([0.0, 1.0])
    q = [transmission_product(code, effect, place, power) for power in powers]
    value = code @ effect - effect.sum()
    mean, four = four_way_moments(value, *q, np.array([[0, 1, 2, 3]]))
    assert (mean[0], four[0]) == pytest.approx((0.0, 5.25))


def test_two_ways_are_four_ways_of_two_parents() -> None:
    """(A x A) x (B x B) is A x B."""
    rng = np.random.default_rng(3)
    place = even_map(2, 14)
    code = (2 * rng.integers(0, 2, (4, 14))).astype(np.int8)
    effect = rng.normal(size=14)
    powers = np.array([1.0]), np.array([0.0, 1.0])
    q = [transmission_product(code, effect, place, power) for power in powers]
    two = four_way_moments(code @ effect, *q, np.array([[1, 1, 3, 3]]))[1]
    assert two[0] == pytest.approx(pair_variances(code, effect, place)[1, 3])


def random_case(seed: int) -> tuple:
    rng = np.random.default_rng(seed)
    p = int(rng.integers(6, 25))
    place = even_map(int(rng.integers(1, 4)), p, float(rng.uniform(0.2, 2)))
    haplotype = rng.integers(0, 2, (4, p)).astype(np.int8)
    return rng, place, haplotype, rng.normal(size=p)


def within_three_errors(sample: np.ndarray, mean: float, variance: float) -> bool:
    n = sample.size
    centred = (sample - mean) ** 2
    good = abs(sample.mean() - mean) < 3.3 * np.sqrt(variance / n) + 1e-9
    return (
        good
        and abs(centred.mean() - variance) < 3.3 * centred.std() / np.sqrt(n) + 1e-9
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_simulated_progeny_agree(kind: str) -> None:
    progeny, wrong = KINDS[kind], 0
    for seed in range(20):
        rng, place, haplotype, effect = random_case(100 + seed)
        n = 1500
        lines = np.repeat(haplotype[:2, None], 2, axis=1)
        f1 = cross(
            np.repeat(lines[:1], n, axis=0), np.repeat(lines[1:], n, axis=0), place, rng
        )
        selfings = {"F2": 1, "F3": 2, "RIL": 12, "DH of F2": 1, "DH": 0}[kind]
        plants = self_plants(f1, place, rng, generations=selfings)
        if progeny.kind != "selfed":
            plants = make_dh(plants, place, rng)
        value = plants.sum(axis=1) @ effect
        code = 2 * haplotype[:2]
        variance = pair_variances(code, effect, place, progeny)[0, 1]
        mean = float(code.sum(axis=0) @ effect) / 2
        wrong += not within_three_errors(value, mean, variance)
    assert wrong <= 1


@pytest.mark.parametrize(
    "parents", [[0, 1, 2, 3], [0, 1, 2, 2], [0, 1, 0, 0]], ids=["four", "three", "back"]
)
def test_simulated_multiparent_crosses_agree(parents: list[int]) -> None:
    wrong = 0
    for seed in range(20):
        rng, place, haplotype, effect = random_case(300 + seed)
        n = 1500
        lines = np.repeat(haplotype[:, None], 2, axis=1)[parents]
        each = [np.repeat(line[None], n, axis=0) for line in lines]
        f1, f2 = (
            cross(each[0], each[1], place, rng),
            cross(each[2], each[3], place, rng),
        )
        gamete = gametes(cross(f1, f2, place, rng), place, rng)
        value = 2 * gamete @ effect
        code = 2 * haplotype
        powers = np.array([1.0]), np.array([0.0, 1.0])
        q = [transmission_product(code, effect, place, power) for power in powers]
        mean, variance = four_way_moments(code @ effect, *q, np.array([parents]))
        wrong += not within_three_errors(value, float(mean[0]), float(variance[0]))
    assert wrong <= 1


def test_random_mating_before_breaks_up_linkage() -> None:
    code = np.array([[2, 2], [0, 0]], dtype=np.int8)
    c = (1 - np.exp(-0.4)) / 2
    variance = pair_variances(code, EFFECT, TWO, Progeny("dh", 1, 3))[0, 1]
    assert variance == pytest.approx(1.25 + (1 - 2 * c) * (1 - c) ** 3)


@pytest.mark.parametrize(
    "wrong", [("cross", 1, 0), ("dh", 0, 0), ("dh", 1, -1), ("selfed", 51, 0)], ids=str
)
def test_impossible_progeny_are_refused(wrong: tuple) -> None:
    with pytest.raises(ConfigError, match="use"):
        Progeny(*wrong)
