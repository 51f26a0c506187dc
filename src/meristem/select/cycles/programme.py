"""Run programmes over cycles, and compare them on the same founders and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import scipy

from meristem.genetics.inheritance.maps import GeneticMap
from meristem.genetics.inheritance.meiosis import Haplotypes, cross, make_dh
from meristem.records import FloatArray
from meristem.select.contribution.inbreeding import bound_of, effective_size
from meristem.select.cycles.population import (
    Measures,
    Stock,
    Trait,
    dosages,
    measure,
    phenotype,
    train,
)
from meristem.select.cycles.strategies import Strategy, rapid_rounds


@dataclass(frozen=True)
class Plan:
    """Size and cost of one cycle: cross, make lines, phenotype, train, choose."""

    n_cycle: int = 5
    n_cross: int = 10
    n_line: int = 20  # doubled haploids of each cross
    plots: int = 1  # per line
    cost_cross: float = 50.0
    cost_line: float = 30.0
    cost_plot: float = 20.0
    cost_seed: float = 5.0  # of a seed that is genotyped in a rapid round

    @property
    def cost(self) -> float:
        """Cost of one cycle without rapid rounds."""
        lines = self.n_cross * self.n_line
        each = self.cost_line + self.plots * self.cost_plot
        return self.n_cross * self.cost_cross + lines * each

    @property
    def cost_rapid(self) -> float:
        """Cost of one rapid round: its crosses, and as many seeds as lines."""
        return self.n_cross * (self.cost_cross + self.n_line * self.cost_seed)


@dataclass(frozen=True)
class CycleRecord:
    """State of a programme after a cycle; cycle 0 are the founders."""

    strategy: str
    replicate: int
    cycle: int
    measures: Measures
    accuracy: float  # of predicted values before phenotypes of the lines were seen
    effective: float  # Ne over all cycles so far
    cost: float  # so far

    def row(self) -> dict[str, object]:
        """Return it as a row of a table."""
        other = {k: v for k, v in vars(self).items() if k != "measures"}
        return {**other, **asdict(self.measures)}


def run_programme(
    founders: Haplotypes,  # (n, 2, n_locus) inbred
    genetic_map: GeneticMap,
    trait: Trait,
    strategy: Strategy,
    plan: Plan,
    *,
    ne: float,
    replicate: int,
    rng: np.random.Generator,
) -> list[CycleRecord]:
    """Return the records of one programme.

    Parameters
    ----------
    founders, genetic_map, trait
        Lines at the start, and what is true of them.
    strategy, plan
        How crosses are chosen; sizes and costs.
    ne
        Effective size that strategies with a bound keep to.
    replicate
        Number, for the records.
    rng
        The only source of randomness; the same state for every strategy gives common
        random numbers.
    """
    streams = rng.spawn(4 * plan.n_cycle + 1)
    seen = dosages(founders)
    y = phenotype(trait.value(seen), trait.noise, streams[0], plots=plan.plots)
    stock = Stock(founders, genetic_map, train(seen, y))
    start = measure(founders, trait)
    records = [CycleRecord(strategy.name, replicate, 0, start, np.nan, np.inf, 0.0)]
    base = start.coancestry
    for cycle in range(1, plan.n_cycle + 1):
        choosing, making, growing = streams[3 * cycle - 2 : 3 * cycle + 1]
        bound = bound_of(ne, base, cycle)
        pairs = strategy.choose(stock, plan.n_cross, bound, choosing)
        n_line = plan.n_line
        first, second = (np.repeat(stock.plants[side], n_line, 0) for side in pairs.T)
        donors = cross(first, second, genetic_map, making)
        if strategy.rapid:
            crossing = streams[3 * plan.n_cycle + cycle]
            best = rapid_rounds(
                donors[::n_line], stock, n_line, strategy.rapid, crossing
            )
            donors = np.repeat(best, n_line, 0)
        lines = make_dh(donors, genetic_map, making)
        calls = dosages(lines)
        truth = trait.value(calls)
        accuracy = _correlation(truth, stock.trained.value(calls))
        new = phenotype(truth, trait.noise, growing, plots=plan.plots)
        seen, y = np.concatenate([seen, calls]), np.concatenate([y, new])
        stock = Stock(lines, genetic_map, train(seen, y))
        now = measure(lines, trait)
        kept = (1 - now.coancestry) / (1 - base)
        rate = 1 - max(kept, 0.0) ** (1 / cycle)
        records.append(
            CycleRecord(
                strategy.name,
                replicate,
                cycle,
                now,
                accuracy,
                effective_size(rate),
                (plan.cost + strategy.rapid * plan.cost_rapid) * cycle,
            )
        )
    return records


def _correlation(one: FloatArray, two: FloatArray) -> float:
    if one.std() == 0 or two.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, two)[0, 1])


def compare_strategies(
    founders: Haplotypes,
    genetic_map: GeneticMap,
    trait: Trait,
    strategies: Sequence[Strategy],
    plan: Plan,
    *,
    ne: float | None,
    n_replicate: int,
    seed: np.random.SeedSequence,
) -> list[CycleRecord]:
    """Return the records of every strategy, replicates with common random numbers.

    Parameters
    ----------
    founders, genetic_map, trait, strategies, plan
        As for `run_programme`.
    ne
        Effective size of strategies with a bound; None: that which the first strategy
        had in the same replicate, so that gains are compared at equal Ne.
    n_replicate
        How often.
    seed
        Of all replicates.
    """
    records: list[CycleRecord] = []
    for replicate, child in enumerate(seed.spawn(n_replicate)):
        bound = ne
        for strategy in strategies:
            rng = np.random.default_rng(
                np.random.SeedSequence(child.entropy, spawn_key=child.spawn_key)
            )
            made = run_programme(
                founders,
                genetic_map,
                trait,
                strategy,
                plan,
                ne=1e9 if bound is None else bound,
                replicate=replicate,
                rng=rng,
            )
            records += made
            if bound is None:
                bound = made[-1].effective
    return records


def cycle_table(records: Sequence[CycleRecord]) -> pd.DataFrame:
    """Return one row per strategy, replicate and cycle, gain in genic sd of cycle 0."""
    table = pd.DataFrame([record.row() for record in records])
    start = table[table["cycle"] == 0].groupby("strategy")[["mean", "genic_sd"]].first()
    base = table["strategy"].map(start["mean"])
    scale = table["strategy"].map(start["genic_sd"])
    table["gain"] = (table["mean"] - base) / scale
    return table


def paired_differences(
    table: pd.DataFrame, reference: str, *, level: float = 0.95
) -> pd.DataFrame:
    """Return what each strategy gains beyond the reference, cycle by cycle.

    Differences are within replicates; the interval is that of a paired t test. Beside
    them stand the median Ne of both: gains are compared fairly where these are equal.

    Parameters
    ----------
    table
        By `cycle_table`.
    reference
        Name of a strategy.
    level
        Of the interval.
    """
    rows = []
    wide = table.pivot_table(index=["cycle", "replicate"], columns="strategy")
    for name in table["strategy"].unique():
        if name == reference:
            continue
        for cycle in sorted(set(table["cycle"]) - {0}):
            here = wide.loc[cycle]
            gap = (here["gain"][name] - here["gain"][reference]).to_numpy()
            n = gap.size
            error = gap.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
            width = float(scipy.stats.t.ppf(0.5 + level / 2, max(n - 1, 1))) * error
            rows.append(
                {
                    "strategy": name,
                    "reference": reference,
                    "cycle": cycle,
                    "difference": gap.mean(),
                    "low": gap.mean() - width,
                    "high": gap.mean() + width,
                    "n_replicate": n,
                    "ne": float(here["effective"][name].median()),
                    "ne_reference": float(here["effective"][reference].median()),
                }
            )
    return pd.DataFrame(rows)
