"""Planted windows: how well the search finds where each rate reads the sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.network.simulate import Simulation, planted_benchmark, simulate
from meristem.kinetics.search.folds import GroupedReward, sequence_folds
from meristem.kinetics.search.posterior import covers_truth, window_posterior
from meristem.kinetics.search.space import simulated_space
from meristem.kinetics.transfer.baselines import ridge_prediction
from meristem.records import FloatArray
from meristem.stats.metrics import pearson
from meristem.tune.optimisers import Trial, best_trials, make_optimiser, run_search

METHODS = ("evolution", "distribution", "random")
TRUTH = "true windows"
COLUMNS = (
    "seed",
    "method",
    "r",
    "reward",
    "covered",
    "starts_covered",
    "stops_covered",
    "width",
    "ridge",
)
KEY = ("seed", "method")
SEARCHES = 3
"""Searches per method: one alone settles on one place and is too sure of it."""

TOP = 100
"""Best different architectures whose windows make the posterior."""

OPTIONS = FitOptions(
    limits=(-math.inf, math.inf),
    learning_rate=0.05,
    epochs=30,
    patience=8,
    batch=128,
    decay_steps=500,
)


def run_planted(
    out: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] = ("evolution", "random"),
    generations: int = 40,
    size: int = 16,
    rows: int = 2000,
    progress: Progress | None = None,
) -> str:
    """Search the planted benchmark with every method at one budget; write a table.

    Parameters
    ----------
    out
        Folder of `results.csv`; cells already there are not run again.
    seeds
        One simulation per seed.
    methods
        Some of `METHODS`. The true windows themselves are fitted beside them.
    generations, size
        The budget of each of the `SEARCHES` searches: architectures tried.
    rows
        Simulated sequences, four changes each; a fifth is for the test.

    Returns
    -------
    str
        One line per cell.
    """
    settings = {
        "job": "planted",
        "generations": generations,
        "size": size,
        "rows": rows,
        "top": TOP,
        "searches": SEARCHES,
    }
    table = open_table(out, settings, COLUMNS, KEY)
    cells = [(seed, method) for seed in seeds for method in (TRUTH, *methods)]

    def work(seed: int, method: str) -> list[Row]:
        state = out / f"search_{method}_{seed}.json".replace(" ", "_")
        return [_cell(seed, method, generations, size, rows, state)]

    table.fill(cells, work, progress)
    return "\n".join("  ".join(row[c] for c in COLUMNS) for row in table.rows)


def _cell(
    seed: int, method: str, generations: int, size: int, rows: int, state: Path
) -> Row:
    rng = np.random.default_rng(seed)
    simulation = planted_benchmark(rng)
    _, data = simulate(simulation, rows, n_change=(4,), rng=rng)
    held = sequence_folds(data, 5, rng)[0]
    train = data.take(np.flatnonzero(held == 0))
    test = data.take(np.flatnonzero(held > 0))
    folds = sequence_folds(train, 5, rng)[:1]
    truth = [(rate.start, rate.stop) for rate in simulation.rates]
    space = simulated_space(simulation.scheme, tuple(start for start, _ in truth))
    ridge = pearson(ridge_prediction(train, test), test.y)
    if method == TRUTH:
        windows = space.build(
            {f"{n}.start": a for n, (a, _) in _named(simulation)}
            | {f"{n}.length": b - a for n, (a, b) in _named(simulation)}
        )
        r = _final(simulation, [windows], train, test, folds, rng)
        return dict.fromkeys(COLUMNS[3:], "") | {"r": number(r), "ridge": number(ridge)}
    search_rng = np.random.default_rng([seed, METHODS.index(method)])
    trials: list[Trial] = []
    kept: list[Trial] = []
    for turn in range(SEARCHES):
        part = state.with_suffix(f".{turn}.json")
        found = run_search(
            make_optimiser(method, space, search_rng),
            space,
            GroupedReward(simulation.scheme, train, folds, search_rng, OPTIONS),
            generations=generations,
            size=size,
            state=part,
        )
        trials += found
        kept += best_trials(found, TOP // SEARCHES)
        part.unlink()
    best = [space.build(trial.point) for trial in best_trials(trials, 8)]
    r = _final(simulation, best, train, test, folds, search_rng)
    cover = covers_truth(window_posterior(space, kept, top=TOP), truth)
    return {
        "r": number(r),
        "reward": number(max(trial.reward for trial in trials)),
        "covered": str(int(cover["covered"].sum())),
        "starts_covered": str(int(cover["start_covered"].sum())),
        "stops_covered": str(int(cover["stop_covered"].sum())),
        "width": number(float((cover["stop_high"] - cover["start_low"]).mean())),
        "ridge": number(ridge),
    }


def _named(simulation: Simulation) -> list[tuple[str, tuple[int, int]]]:
    return [
        (name, (rate.start, rate.stop))
        for name, rate in zip(
            simulation.scheme.reaction_names, simulation.rates, strict=True
        )
    ]


def _final(
    simulation: Simulation,
    architectures: Sequence[Architecture],
    train: Measurements,
    test: Measurements,
    folds: FloatArray,
    rng: np.random.Generator,
) -> float:
    """Fit the best once more, longer; return the test r of the best in validation."""
    held = np.repeat(folds, len(architectures), axis=0)
    fit = fit_kinns(
        simulation.scheme,
        architectures,
        train,
        1 - held,
        held,
        rng=rng,
        options=replace(OPTIONS, epochs=200, patience=20),
    )
    best = int(np.argmin(fit.loss))
    return pearson(fit.kinns[best].predict(test.x), test.y)
