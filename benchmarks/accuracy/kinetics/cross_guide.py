"""Kinetic networks across guides: everything is chosen within one, tested on the other.

`run_nested` is the honest protocol. `run_published` chooses the architecture by rows of
the test guide, as the published figures do, and is there for comparison only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import mean_interval, number
from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.network.ensemble import fit_ensemble, predict_ensemble
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Kinn, Measurements
from meristem.kinetics.network.mpkp import (
    KineticTable,
    encoded_targets,
    measurements,
    read_rates,
)
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scoring.assess import score_predictions
from meristem.kinetics.search.choose import SearchPlan, search_architectures
from meristem.kinetics.search.distil import distil
from meristem.kinetics.search.space import find_space
from meristem.kinetics.transfer.baselines import ridge_prediction
from meristem.records import FloatArray
from meristem.stats.metrics import pearson
from meristem.tune.optimisers import best_trials, make_optimiser, run_search

FULL = FitOptions(limits=(-5.0, math.inf))
QUICK = replace(
    FULL, epochs=80, patience=12, batch=1024, learning_rate=0.02, decay_steps=65
)
PLAN = SearchPlan(generations=10, size=16, kind_folds=6, shortlist=10, options=QUICK)
SMOOTH = (3, 4, 5, 6)
COLUMNS = ("train_guide", "seed", "model", "r", "low", "high")
KEY = ("train_guide", "seed")
PUBLISHED = {1: 0.858, 2: 0.838}
"""Published correlation on the rows left out, by training guide."""


def rates_path(data: Path) -> Path:
    """Return the table of rates in the folder of the CRISPR data."""
    return data / "mpkp" / "rates.csv.gz"


def edit_counts(table: KineticTable) -> FloatArray:  # (n,)
    """Return the edits of every target, the control left out."""
    target = table.target[~table.control].tolist()
    return count_edits(encode_pairs([table.guide] * len(target), target)).astype(float)


def run_nested(
    data: Path,
    out: Path,
    *,
    seeds: Sequence[int],
    space: str = "finkelstein",
    plan: SearchPlan = PLAN,
    members: int = 6,
    progress: Progress | None = None,
) -> str:
    """Search and fit within each guide, test on the other; write tables and models.

    Parameters
    ----------
    data
        Folder with ``mpkp/rates.csv.gz``.
    out
        Folder of `results.csv` and of one ``model_<guide>_<seed>.json`` per cell.
        Cells already there are not run again, and a search that was stopped goes on.
    seeds
        One search per seed and training guide.
    space
        Architecture space.
    plan
        Budget of the search.
    members
        Searched architectures of the ensemble, the best validated ones; beside them
        stand smooth ones of the orders `SMOOTH`.

    Returns
    -------
    str
        Means over the seeds with intervals, as a table.
    """
    settings = {
        "job": "nested",
        "space": space,
        "generations": plan.generations,
        "size": plan.size,
        "kind_folds": plan.kind_folds,
        "shortlist": plan.shortlist,
        "apart": plan.apart,
        "members": members,
        "smooth": list(SMOOTH),
    }
    table = open_table(out, settings, COLUMNS, KEY)
    tables = read_rates(rates_path(data))

    def work(guide: int, seed: int) -> list[Row]:
        return _nested_cell(tables, guide, seed, out, space, plan, members)

    table.fill([(guide, seed) for seed in seeds for guide in (1, 2)], work, progress)
    return summary(table.rows)


def _nested_cell(
    tables: dict[int, KineticTable],
    guide: int,
    seed: int,
    out: Path,
    space_name: str,
    plan: SearchPlan,
    members: int,
) -> list[Row]:
    space = find_space(space_name)
    train = measurements(tables[guide], channels="chemistry")
    test = measurements(tables[3 - guide], channels="chemistry", unique=False)
    rng = np.random.default_rng([seed, guide])
    state = out / f"search_{guide}_{seed}.json"
    chosen = search_architectures(space, train, plan, rng=rng, state=state)
    smooth = [space.smooth(order) for order in SMOOTH]
    kinns = fit_ensemble(
        space.scheme,
        [*chosen.architectures[:members], *smooth],
        train,
        copies=1,
        rng=rng,
        options=FULL,
        bootstrap=False,
    )
    write_kinns(kinns, out / f"model_{guide}_{seed}.json")
    single = distil(
        kinns,
        kinns[0].architecture,
        train,
        encoded_targets(tables[guide]),
        rng=rng,
        options=FULL,
    )
    write_kinns([single], out / f"single_{guide}_{seed}.json")
    predictions = {
        "single": single.predict(test.x),
        "single, not distilled": kinns[0].predict(test.x),
        "ensemble": predict_ensemble(kinns, test.x),
        "searched windows only": predict_ensemble(kinns[:members], test.x),
        "smooth rates only": predict_ensemble(kinns[members:], test.x),
        "ridge": ridge_prediction(train, test),
        "edit count": -edit_counts(tables[3 - guide]),
    }
    scores = score_predictions(test.y, test.group, predictions, rng=rng)
    scores = scores[scores["metric"] == "pearson"]
    state.unlink(missing_ok=True)
    return [
        {
            "model": str(model),
            "r": number(value),
            "low": number(low),
            "high": number(high),
        }
        for model, value, low, high in zip(
            scores["model"], scores["value"], scores["low"], scores["high"], strict=True
        )
    ]


def summary(rows: Sequence[Row]) -> str:
    """Return means over the seeds with 95 % t intervals, as a text table."""
    lines = [f"{'train':>6} {'model':22}{'mean':>8}{'low':>8}{'high':>8}{'seeds':>7}"]
    cells = dict.fromkeys((row["train_guide"], row["model"]) for row in rows)
    for guide, model in cells:
        values = [
            float(row["r"])
            for row in rows
            if row["train_guide"] == guide and row["model"] == model
        ]
        mean, low, high = mean_interval(values)
        lines.append(
            f"{guide:>6} {model:22}{mean:8.4f}{low:8.4f}{high:8.4f}{len(values):7d}"
        )
    return "\n".join(lines)


def run_published(
    data: Path,
    out: Path,
    *,
    seeds: Sequence[int],
    generations: int = 40,
    size: int = 16,
    shortlist: int = 24,
    progress: Progress | None = None,
) -> str:
    """Choose by 80 % of the test guide's rows, score on the rest: published protocol.

    Those 80 % stop the training and choose the architecture, so that the figure is no
    estimate of what a third guide would give. Weights are trained on the training
    guide; channels are the published ones, and binding is not used.

    Returns
    -------
    str
        Means over the seeds with intervals, as a table.
    """
    settings = {
        "job": "published",
        "generations": generations,
        "size": size,
        "shortlist": shortlist,
    }
    table = open_table(out, settings, COLUMNS, KEY)
    tables = read_rates(rates_path(data))

    def work(guide: int, seed: int) -> list[Row]:
        train = measurements(tables[guide], unique=True)
        other = measurements(tables[3 - guide], unique=False)
        rng = np.random.default_rng([seed, guide])
        state = out / f"search_{guide}_{seed}.json"
        found = _published_cell(train, other, generations, size, shortlist, rng, state)
        state.unlink(missing_ok=True)
        return found

    table.fill([(guide, seed) for seed in seeds for guide in (1, 2)], work, progress)
    return summary(table.rows)


@dataclass(frozen=True)
class _Stopped:
    """Networks trained on one guide, stopped by some rows of the other."""

    scheme: Scheme
    both: Measurements
    train: FloatArray  # (n,) 1 where a row trains
    stop: FloatArray  # (n,) 1 where a row stops the training
    rng: np.random.Generator

    @classmethod
    def of(
        cls,
        scheme: Scheme,
        train: Measurements,
        stop: Measurements,
        rng: np.random.Generator,
    ) -> _Stopped:
        """Put the rows of both guides one below the other."""
        both = Measurements(
            np.concatenate([train.x, stop.x]),
            np.concatenate([train.y, stop.y]),
            np.concatenate([train.censored, stop.censored]),
            np.concatenate([train.group, stop.group + train.group.max() + 1]),
            train.channels,
        )
        first = (np.arange(len(both.y)) < len(train.y)).astype(float)
        return cls(scheme, both, first, 1 - first, rng)

    def fit(
        self, architectures: Sequence[Architecture], options: FitOptions
    ) -> tuple[Kinn, ...]:
        """Return one network per architecture."""
        n = len(architectures)
        return fit_kinns(
            self.scheme,
            architectures,
            self.both,
            np.tile(self.train, (n, 1)),
            np.tile(self.stop, (n, 1)),
            rng=self.rng,
            options=options,
        ).kinns


def _published_cell(
    train: Measurements,
    other: Measurements,
    generations: int,
    size: int,
    shortlist: int,
    rng: np.random.Generator,
    state: Path,
) -> list[Row]:
    space = find_space("finkelstein")
    seen = rng.random(len(other.y)) < 0.8
    chooses = other.take(np.flatnonzero(seen))
    stopped = _Stopped.of(space.scheme, train, chooses, rng)

    def rewards_of(kinns: Sequence[Kinn]) -> FloatArray:
        return np.array([pearson(k.predict(chooses.x), chooses.y) for k in kinns])

    def reward(architectures: Sequence[Architecture]) -> FloatArray:
        return rewards_of(stopped.fit(architectures, replace(QUICK, binding=0.0)))

    trials = run_search(
        make_optimiser("evolution", space, rng),
        space,
        reward,
        generations=generations,
        size=size,
        state=state,
    )
    best = [space.build(trial.point) for trial in best_trials(trials, shortlist)]
    kinns = stopped.fit(best, replace(FULL, binding=0.0))
    rewards = rewards_of(kinns)
    kinn = kinns[int(np.argmax(rewards))]
    left = pearson(kinn.predict(other.x[~seen]), other.y[~seen])
    return [
        {"model": "reward", "r": number(float(rewards.max())), "low": "", "high": ""},
        {"model": "left out", "r": number(left), "low": "", "high": ""},
    ]
