"""Simulated progeny: linear models exactly, golden epistasis, planted epistasis."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import GeneticMap, even_map
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import DH_OF_F1, Progeny
from meristem.select.crosses.simulated import (
    Simulation,
    draw_origins,
    pilot_rows,
    simulate_crosses,
    undecided,
)


def test_golden_epistasis() -> None:
    """y = x1 + x2 + 2 x1 x2, 20 cM apart, x in {-1, 1} (fact sheet, 5.6)."""
    place = GeneticMap(np.zeros(2, int), np.array([0.0, 0.2]))

    def value(dosage):
        x = dosage - 1.0
        return x[:, 0] + x[:, 1] + 2 * x[:, 0] * x[:, 1]

    lines = np.array([[1, 1], [0, 0]], dtype=np.int8)
    pairs = np.array([0]), np.array([1])
    found = simulate_crosses(
        value,
        lines,
        pairs,
        np.ones(2),
        place,
        DH_OF_F1,
        Simulation(20_000, 1.0),
        rng=np.random.default_rng(1),
    )
    assert value(2 * lines).mean() == 2.0
    assert found.mean[0] == pytest.approx(1.340640, abs=0.03)
    assert found.sd[0] ** 2 == pytest.approx(5.543325, abs=0.08)


@pytest.mark.parametrize(
    "progeny", [Progeny("dh", 2), Progeny("selfed", 2), Progeny("ril")], ids=str
)
def test_linear_models_are_met_exactly_with_the_control(progeny: Progeny) -> None:
    rng = np.random.default_rng(2)
    place = even_map(3, 17)
    lines = rng.integers(0, 2, (5, 17)).astype(np.int8)
    effect = rng.normal(size=17)
    first, second = np.triu_indices(5, 1)

    def simulate(control: bool):
        return simulate_crosses(
            lambda dosage: dosage @ effect,
            lines,
            (first, second),
            effect,
            place,
            progeny,
            Simulation(400, 2.0, control=control),
            rng=np.random.default_rng(3),
        )

    sd = np.sqrt(pair_variances(2 * lines, effect, place, progeny)[first, second])
    mean = (lines[first] + lines[second]) @ effect
    exact = simulate(control=True)
    assert exact.mean == pytest.approx(mean)
    assert exact.sd == pytest.approx(sd, rel=1e-6)
    assert exact.error == pytest.approx(np.zeros(first.size), abs=1e-6)
    plain = simulate(control=False)
    assert plain.mean == pytest.approx(mean)  # antithetic: no error where additive
    off = np.abs(plain.usefulness - mean - 2 * sd) / plain.error
    assert np.median(off) < 2
    assert off.max() < 3.5


def epistatic(seed: int, strength: float) -> tuple:
    """Return lines, a value with 2 of 10 pairs of QTL interacting, its best line."""
    rng = np.random.default_rng(seed)
    place = even_map(10, 100)
    lines = rng.integers(0, 2, (40, 100)).astype(np.int8)
    qtl = rng.choice(100, 20, replace=False)
    effect = np.zeros(100)
    effect[qtl] = rng.normal(size=20) / 2

    def value(dosage):
        x = dosage - 1.0
        both = sum(x[:, j] * x[:, k] for j, k in qtl.reshape(10, 2)[:2])
        return x @ effect + strength * both

    return place, lines, value, effect


@pytest.mark.parametrize("seed", [2, 3])
def test_planted_epistasis(seed: int) -> None:
    place, lines, value, effect = epistatic(seed, 2.0)
    rng = np.random.default_rng(seed)
    one, two = np.triu_indices(40, 1)
    some = rng.choice(one.size, 40, replace=False)
    pairs = one[some], two[some]

    def simulate(n: int, draw: int, control: bool = True):
        return simulate_crosses(
            value,
            lines,
            pairs,
            effect,
            place,
            DH_OF_F1,
            Simulation(n, 2.06, control=control),
            rng=np.random.default_rng(draw),
        )

    known = simulate(2000, 50, control=False)
    truth = known.usefulness
    variance = pair_variances(2 * lines, effect, place)
    merit = (2 * lines - 1.0) @ effect
    linear = (merit[pairs[0]] + merit[pairs[1]]) / 2 + 2.06 * np.sqrt(variance[pairs])
    found = simulate(200, 51)
    better = spearmanr(found.usefulness, truth)[0] - spearmanr(linear, truth)[0]
    assert better >= 0.15
    off = np.abs(found.usefulness - truth) / np.hypot(found.error, known.error)
    assert np.median(off) < 1
    assert off.max() < 4.5


@pytest.mark.parametrize(("seed", "strength"), [(2, 0.6), (3, 2.0), (4, 2.0)])
def test_the_control_saves_progeny(seed: int, strength: float) -> None:
    """Variance of the estimates over repeats, against plain moments."""
    place, lines, value, effect = epistatic(seed, strength)
    pairs = np.arange(0, 8), np.arange(8, 16)

    def spread(control: bool) -> float:
        found = [
            simulate_crosses(
                value,
                lines,
                pairs,
                effect,
                place,
                DH_OF_F1,
                Simulation(160, 2.06, control=control),
                rng=np.random.default_rng(draw),
            ).usefulness
            for draw in range(10)
        ]
        return float(np.var(found, axis=0, ddof=1).mean())

    assert spread(control=False) > 5 * spread(control=True)


def test_progeny_stand_in_complementary_pairs() -> None:
    origins = draw_origins(21, even_map(2, 9), DH_OF_F1, np.random.default_rng(1))
    assert origins.parent.shape == (22, 2, 9)
    assert (origins.parent[0::2] + origins.parent[1::2] == 1).all()
    with pytest.raises(ConfigError, match="20 or more"):
        draw_origins(10, even_map(2, 9), DH_OF_F1, np.random.default_rng(1))


def test_only_what_is_open_is_simulated() -> None:
    linear = np.array([1.0, 9.0, 8.9, 8.0, 3.0])
    assert undecided(linear, 0.0, 2).tolist() == [1, 2]
    assert undecided(linear, 0.4, 2).tolist() == [1, 2, 3]
    rows = pilot_rows(100, 20, np.random.default_rng(1))
    assert np.unique(rows).size == 20
