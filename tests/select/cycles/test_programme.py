"""Programmes: common random numbers, response of cycle one, paired intervals."""

import numpy as np
import pandas as pd
import pytest

from meristem.genetics.inheritance.maps import even_map
from meristem.select.cycles.population import Trait, dosages
from meristem.select.cycles.programme import (
    Plan,
    compare_strategies,
    cycle_table,
    paired_differences,
    run_programme,
)
from meristem.select.cycles.strategies import (
    optimal_contributions,
    optimal_usefulness,
    random_choice,
    truncation,
    two_part,
)
from meristem.simulate.population import mosaics, random_haplotypes


def founders(seed: int, n: int = 40, p: int = 80) -> tuple:
    rng = np.random.default_rng(seed)
    half = rng.integers(0, 2, (n, p)).astype(np.int8)
    effect = np.zeros(p)
    effect[rng.choice(p, 30, replace=False)] = rng.normal(size=30)
    plants = np.stack([half, half], axis=1)
    spread = float((dosages(plants) @ effect).var())
    return plants, even_map(4, p), Trait(lambda d: d @ effect, effect, spread)


SMALL = Plan(n_cycle=2, n_cross=5, n_line=6)


def test_equal_seeds_give_equal_programmes() -> None:
    plants, place, trait = founders(1)
    one, two = (
        run_programme(
            plants,
            place,
            trait,
            truncation(6),
            SMALL,
            ne=10,
            replicate=0,
            rng=np.random.default_rng(3),
        )
        for _ in range(2)
    )
    assert [r.measures for r in one] == [r.measures for r in two]
    assert one[-1].cost == 2 * SMALL.cost
    assert SMALL.cost == 5 * 50 + 30 * (30 + 20)


def test_strategies_share_founders_and_draws() -> None:
    plants, place, trait = founders(2)
    records = compare_strategies(
        plants,
        place,
        trait,
        [truncation(8), random_choice(), optimal_usefulness(1.0)],
        SMALL,
        ne=None,
        n_replicate=3,
        seed=np.random.SeedSequence(4),
    )
    table = cycle_table(records)
    assert len(table) == 3 * 3 * 3
    start = table[table["cycle"] == 0]
    assert start["mean"].nunique() == 1
    assert (start["gain"] == 0).all()
    last = table[table["cycle"] == 2].groupby("strategy")["gain"].mean()
    assert last["truncation"] > last["random"]
    assert table["accuracy"].between(-1, 1).sum() == 18


def test_the_response_of_cycle_one_is_that_of_its_parents() -> None:
    """The mean of the progeny is the mean of the parents, within 3 SE."""
    plants, place, trait = founders(5)
    gap = []
    for seed in range(30):
        chosen = []
        base = truncation(8)

        def choose(stock, n, bound, rng, base=base, chosen=chosen):
            pairs = base.choose(stock, n, bound, rng)
            chosen.append(trait.value(dosages(stock.plants))[pairs].mean())
            return pairs

        strategy = type(base)("spy", choose, bounded=False)
        plan = Plan(n_cycle=1, n_cross=8, n_line=5)
        records = run_programme(
            plants,
            place,
            trait,
            strategy,
            plan,
            ne=10,
            replicate=0,
            rng=np.random.default_rng(seed),
        )
        gap.append(records[1].measures.mean - chosen[0])
    assert abs(np.mean(gap)) < 3 * np.std(gap) / np.sqrt(30)


def test_a_bound_on_coancestry_keeps_diversity() -> None:
    plants, place, trait = founders(6)

    def lost(ne: float) -> float:
        records = compare_strategies(
            plants,
            place,
            trait,
            [optimal_contributions()],
            Plan(n_cycle=3, n_cross=10, n_line=5),
            ne=ne,
            n_replicate=2,
            seed=np.random.SeedSequence(1),
        )
        return float(np.mean([r.measures.coancestry for r in records if r.cycle == 3]))

    assert lost(3) > lost(12)


@pytest.mark.slow
def test_usefulness_and_contributions_beat_truncation_at_equal_ne() -> None:
    """Five cycles, 20 replicates, founders in linkage; the seed is no tuned one."""
    rng = np.random.default_rng(21)
    p, place = 500, even_map(10, 500)
    half = mosaics(random_haplotypes(40, p, rng), 100, 30, place, rng)
    plants = np.stack([half, half], axis=1)
    effect = np.zeros(p)
    effect[rng.choice(p, 100, replace=False)] = rng.normal(size=100)
    spread = float((dosages(plants) @ effect).var())
    records = compare_strategies(
        plants,
        place,
        Trait(lambda d: d @ effect, effect, spread),
        [truncation(12), optimal_usefulness(1.2)],
        Plan(n_cross=12, n_line=10),
        ne=None,
        n_replicate=20,
        seed=np.random.SeedSequence(21),
    )
    table = cycle_table(records)
    last = paired_differences(table, "truncation").iloc[-1]
    assert (last["cycle"], last["n_replicate"]) == (5, 20)
    assert last["low"] > 0
    ne = table[table["cycle"] == 5].groupby("strategy")["effective"].mean()
    assert ne["ocs+usefulness"] == pytest.approx(ne["truncation"], rel=0.05)


def test_paired_intervals() -> None:
    rows = [
        {
            **{"strategy": s, "replicate": r, "cycle": 1, "gain": r + shift},
            "effective": ne,
        }
        for s, shift, ne in (("a", 0.0, 10.0), ("b", 0.5, 8.0))
        for r in range(4)
    ]
    table = pd.DataFrame(rows)
    table.loc[table["strategy"] == "b", "gain"] += [0.1, -0.1, 0.1, -0.1]
    gap = paired_differences(table, "a").iloc[0]
    assert gap["difference"] == pytest.approx(0.5)
    assert 0 < gap["low"] < 0.5 < gap["high"] < 1  # the spread of replicates is gone
    assert gap[["ne", "ne_reference"]].tolist() == [8.0, 10.0]


def test_rapid_rounds_gain_and_are_paid_for() -> None:
    plants, place, trait = founders(5)
    records = compare_strategies(
        plants,
        place,
        trait,
        [optimal_contributions(), two_part(2)],
        Plan(n_cycle=2, n_cross=6, n_line=12, cost_seed=4.0),
        ne=15.0,
        n_replicate=4,
        seed=np.random.SeedSequence(6),
    )
    table = cycle_table(records)
    last = table[table["cycle"] == 2].groupby("strategy")
    gain = last["gain"].mean()
    assert gain["two-part"] > gain["ocs"]
    more = last["cost"].first()
    assert more["two-part"] - more["ocs"] == 2 * 2 * 6 * (50 + 12 * 4)
