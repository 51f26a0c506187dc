"""What decisions are worth on simulated data: promises, crosses, edits, cycles.

Each part has replicates of its own seed; a part that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.accuracy.cells import open_folder, read_rows, write_rows
from meristem.genetics.inheritance.maps import even_map
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.targets import Target
from meristem.records import FloatArray
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import DH_OF_F1
from meristem.select.crosses.simulated import Simulation, simulate_crosses
from meristem.select.cycles.population import Trait, dosages
from meristem.select.cycles.programme import (
    Plan,
    compare_strategies,
    cycle_table,
    paired_differences,
)
from meristem.select.cycles.strategies import optimal_usefulness, truncation
from meristem.select.edits.causal import causal_probabilities
from meristem.select.ranking.compare import best
from meristem.simulate.population import mosaics, random_haplotypes
from meristem.stats.bootstrap import percentile_interval

COLUMNS = ("part", "replicate", "what", "value")
Rows = Iterator[tuple[str, float]]

INTENSITY = 2.06  # best 5 % of a family


def promises(rng: np.random.Generator) -> Rows:
    """Yield whether the realised mean of the best 8 lies in its 90 % interval."""
    n, n_train = 90, 60
    parents = rng.integers(0, 2, (8, 120)) * 2.0 - 1
    family = rng.integers(0, 8, (n, 2))
    x = np.where(
        rng.random((n, 120)) < 0.5, parents[family[:, 0]], parents[family[:, 1]]
    )
    x -= x.mean(axis=0)
    kernel = x @ x.T
    kernel /= np.diag(kernel).mean()
    u = _normal(kernel, 1, rng)[0]
    y = u[:n_train] + rng.normal(size=n_train)
    solved = np.linalg.solve(
        kernel[:n_train, :n_train] + np.eye(n_train), kernel[:n_train, n_train:]
    ).T
    mean = solved @ y
    error = kernel[n_train:, n_train:] - solved @ kernel[:n_train, n_train:]
    chosen, truth = best(mean, 8), u[n_train:]
    apart = rng.normal(size=(400, mean.size)) * np.sqrt(np.diag(error))
    for what, drawn in (("joint", _normal(error, 400, rng)), ("independent", apart)):
        low, high = percentile_interval((mean + drawn)[:, chosen].mean(axis=1), 0.9)
        yield what, float(low <= truth[chosen].mean() <= high)


def _normal(
    covariance: FloatArray, n: int, rng: np.random.Generator
) -> FloatArray:  # (n, n_line)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return rng.normal(size=(n, values.size)) @ root.T


def usefulness(rng: np.random.Generator) -> Rows:
    """Yield rank correlations with the true usefulness, 2 of 10 pairs of QTL acting."""
    place = even_map(10, 100)
    lines = rng.integers(0, 2, (40, 100)).astype(np.int8)
    qtl = rng.choice(100, 20, replace=False)
    effect = np.zeros(100)
    effect[qtl] = rng.normal(size=20) / 2

    def value(dosage: Haplotypes) -> FloatArray:
        x = dosage - 1.0
        both = sum(x[:, j] * x[:, k] for j, k in qtl.reshape(10, 2)[:2])
        return x @ effect + 2 * both

    one, two = np.triu_indices(40, 1)
    some = rng.choice(one.size, 40, replace=False)
    pairs = one[some], two[some]
    seeds = iter(rng.integers(0, 2**31, 30).tolist())

    def simulated(n: int, which: slice, *, control: bool) -> FloatArray:
        return simulate_crosses(
            value,
            lines,
            (pairs[0][which], pairs[1][which]),
            effect,
            place,
            DH_OF_F1,
            Simulation(n, INTENSITY, control=control),
            rng=np.random.default_rng(next(seeds)),
        ).usefulness

    every, few = slice(None), slice(0, 8)
    truth = simulated(2000, every, control=False)
    sd = np.sqrt(pair_variances(2 * lines, effect, place)[pairs])
    merit = (2 * lines - 1.0) @ effect
    linear = (merit[pairs[0]] + merit[pairs[1]]) / 2 + INTENSITY * sd
    yield "linear", float(spearmanr(linear, truth)[0])
    yield "simulated", float(spearmanr(simulated(200, every, control=True), truth)[0])
    spread = [
        np.var([simulated(160, few, control=c) for _ in range(10)], axis=0, ddof=1)
        for c in (False, True)
    ]
    yield "progeny saved, times", float(spread[0].mean() / spread[1].mean())


def edits(rng: np.random.Generator) -> Rows:
    """Yield the precision at 10 of two rankings, 10 of 400 linked variants causal."""
    place = even_map(5, 400)
    halves = mosaics(random_haplotypes(30, 400, rng), 300, 12, place, rng)
    x: FloatArray = 2 * halves.astype(np.float64)
    cause = rng.choice(400, 10, replace=False)
    effect = np.zeros(400)
    effect[cause] = rng.choice([-1, 1], 10) * rng.uniform(0.5, 1.5, 10)
    value = x @ effect
    y = value + rng.normal(size=300) * value.std()
    z = x - x.mean(axis=0)
    kernel = z @ z.T
    kernel *= 300 / np.trace(kernel)
    solved = fit_kernel_blup(kernel, [Target(0, np.arange(300), y, np.ones(300))])
    size = np.abs(z.T @ solved.dual[:, 0])
    chance = causal_probabilities(x, y, kernel).probability
    for what, rank in (("expected value", size * chance), ("absolute effect", size)):
        yield what, float(np.isin(np.argsort(-rank)[:10], cause).mean())


def cycles(rng: np.random.Generator) -> Rows:
    """Yield gain and Ne after five cycles; truncation sets the Ne of the other."""
    p, place = 500, even_map(10, 500)
    half = mosaics(random_haplotypes(40, p, rng), 100, 30, place, rng)
    plants = np.stack([half, half], axis=1)
    effect = np.zeros(p)
    effect[rng.choice(p, 100, replace=False)] = rng.normal(size=100)
    records = compare_strategies(
        plants,
        place,
        Trait(lambda d: d @ effect, effect, float((dosages(plants) @ effect).var())),
        [truncation(12), optimal_usefulness(1.2)],
        Plan(n_cross=12, n_line=10),
        ne=None,
        n_replicate=20,
        seed=np.random.SeedSequence(int(rng.integers(2**31))),
    )
    table = cycle_table(records)
    last = paired_differences(table, "truncation").iloc[-1]
    for name in ("difference", "low", "high"):
        yield name, float(last[name])
    end = table[table["cycle"] == 5].groupby("strategy")["effective"].mean()
    for strategy, ne in end.items():
        yield f"Ne of {strategy}", float(ne)


PARTS: dict[str, tuple[Callable[[np.random.Generator], Rows], int]] = {
    "promises": (promises, 200),
    "usefulness": (usefulness, 10),
    "edits": (edits, 12),
    "cycles": (cycles, 3),
}
"""What is measured, and how often."""


def run_decisions(out: Path, seed: int) -> pd.DataFrame:
    """Run what is not there yet; return means with the number of replicates."""
    open_folder(out, {"seed": seed})
    path = out / "results.csv"
    rows = read_rows(path)
    done = {(row["part"], row["replicate"]) for row in rows}
    for name, (work, n) in PARTS.items():
        for replicate in range(n):
            if (name, str(replicate)) in done:
                continue
            rng = np.random.default_rng([seed, replicate, *name.encode()])
            rows += [
                dict(
                    zip(COLUMNS, (name, str(replicate), what, repr(value)), strict=True)
                )
                for what, value in work(rng)
            ]
            if replicate == n - 1 or name != "promises":
                write_rows(path, COLUMNS, rows)
    table = pd.DataFrame(rows).astype({"value": float})
    groups = table.groupby(["part", "what"], sort=False)["value"]
    found = groups.agg(["mean", "min", "max", "count"]).reset_index()
    write_rows(
        out / "summary.csv",
        tuple(map(str, found.columns)),
        [{str(k): str(v) for k, v in row.items()} for row in found.to_dict("records")],
    )
    return found
