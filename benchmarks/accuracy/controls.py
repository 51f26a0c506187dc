"""The controls of the network where the truth is known, side by side.

On shoot branching: wiring shuffled or drawn anew, dense nets of equal size (fitted by
descent, and fitted as the network is: Gauss-Newton with learned variances), damaged
graphs (30 % of the edges wrong, half of them missing), metabolites of other plants. On
the recovery panel: the controls of `evaluate.controls`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.branching.shoot_branching import benchmark_plan
from benchmarks.accuracy.cells import Progress, Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import correlation, mean_interval, number
from benchmarks.accuracy.recovery_task import CONTROLS as RECOVERY_CONTROLS
from benchmarks.accuracy.recovery_task import Setting, fit_model, make_task
from meristem.config.models import AutoOptions, DenseOptions
from meristem.evaluate.controls import ShuffledOmics, equal_dense
from meristem.evaluate.fold import predict_rows
from meristem.models.catalog import build
from meristem.models.protocol import Predictor
from meristem.plan.full import full_plan
from meristem.plan.network_size import network_parameters
from meristem.plan.null import corrupt_plan
from meristem.records import NetworkPlan
from meristem.runs.seeds import derived_rng
from meristem.simulate.recovery import RecoveryConfig
from meristem.simulate.shoot_branching import (
    ShootBranching,
    plant_dataset,
    plant_genotypes,
    simulate_shoot_branching,
)

NETWORK = "binn"
WITH_METABOLITES = "binn+metabolites"
FULL = "binn-full-graph"
"""A dense network of equal size that is fitted as the network is."""
FULL_WIDE = f"{FULL}-wide"
"""The same, three times as wide."""

SHOOT_MODELS = (
    NETWORK,
    "dense",
    "binn-dense-equal",
    FULL,
    FULL_WIDE,
    "binn-shuffled-graph",
    "binn-random-graph",
    "binn-30%-wrong",
    "binn-50%-missing",
    WITH_METABOLITES,
    "binn+metabolites-shuffled-omics",
)
RECOVERY_MODELS = ("gblup", NETWORK, *RECOVERY_CONTROLS)

BENCHMARKS = {"shoot-branching": SHOOT_MODELS, "recovery": RECOVERY_MODELS}
"""Benchmark -> the network, its rivals and its controls."""

KEY = ("benchmark", "replicate", "n", "model")
RESULT_COLUMNS = (*KEY, "relative_mse", "r")
SUMMARY_COLUMNS = (
    "benchmark",
    "n",
    "model",
    "figure",
    "replicates",
    "mean",
    "low",
    "high",
    "binn_minus",
    "minus_low",
    "minus_high",
)

_N_TEST = 2000
_WIDEST = 20
_WRONG, _MISSING = 0.3, 0.5


def run_controls(
    out: Path,
    replicates: int,
    seed: int = 3000,
    *,
    benchmarks: Sequence[str] = tuple(BENCHMARKS),
    n_shoot: Sequence[int] = (200,),
    n_recovery: int = 450,
    models: Sequence[str] = (),
    base: RecoveryConfig | None = None,
    progress: Progress | None = None,
) -> str:
    """Fit the network and its controls; write `results.csv` and `summary.csv`.

    Parameters
    ----------
    replicates
        Populations per benchmark, numbered from 1.
    seed
        Of everything. The recovery panels are those of `run_recovery`.
    benchmarks
        Some of `BENCHMARKS`.
    n_shoot, n_recovery
        Numbers of training plants (heritability 1, all with metabolites where they
        are used), and training lines.
    models
        Some models alone; empty: all.
    base
        Sizes of the recovery panel; default: the benchmark.
    """
    refuse_unknown(benchmarks, tuple(BENCHMARKS), "benchmarks")
    refuse_unknown(models, sorted({*SHOOT_MODELS, *RECOVERY_MODELS}), "models")
    base = RecoveryConfig() if base is None else base
    table = open_table(out, {"seed": seed}, RESULT_COLUMNS, KEY)
    sizes = {"shoot-branching": tuple(n_shoot), "recovery": (n_recovery,)}
    cells = [
        (name, replicate, n, model)
        for name in benchmarks
        for replicate in range(1, replicates + 1)
        for n in sizes[name]
        for model in BENCHMARKS[name]
        if not models or model in models
    ]

    def work(name: str, replicate: int, n: int, model: str) -> list[Row]:
        with threadpool_limits(limits=1):
            if name == "shoot-branching":
                return [_shoot(replicate, n, model, seed)]
            return [_recovery(replicate, n, model, seed, base)]

    table.fill(cells, work, progress)
    rows = summarise(table.rows)
    table.summarise(SUMMARY_COLUMNS, rows)
    return summary_text(rows)


def _shoot(replicate: int, n: int, model: str, seed: int) -> Row:
    population = simulate_shoot_branching(
        n_train=n,
        n_test=_N_TEST,
        labels=1.0,
        rng=derived_rng(seed, "population", replicate),
    )
    predictor = shoot_predictor(population, model, seed, replicate)
    rng = derived_rng(seed, "fit", model, replicate, n)
    fitted = predictor.fit(plant_dataset(population, population.train), rng=rng)
    test = plant_genotypes(population, population.test)
    predicted, truth = fitted.predict(test).value[:, 0], population.test.genetic
    error = float(np.mean((predicted - truth) ** 2) / truth.var())
    return {"relative_mse": number(error), "r": number(correlation(predicted, truth))}


def shoot_predictor(
    population: ShootBranching, model: str, seed: int, replicate: int
) -> Predictor:
    """Return the network of the domain graph, or one of its controls."""
    plan = benchmark_plan(population)
    options = AutoOptions(name=model)
    if model == "dense":
        return build(DenseOptions())
    if model == "binn-dense-equal":
        return build(equal_dense(options, plan, model))
    if model in (FULL, FULL_WIDE):
        width = equal_width(options, plan) * (3 if model == FULL_WIDE else 1)
        return build(options, full_plan(plan, width))
    if model.startswith(WITH_METABOLITES):
        network = build(options.model_copy(update={"omics": "soft"}), plan)
        return network if model == WITH_METABOLITES else ShuffledOmics(network)
    for word in ("shuffled", "random"):
        if model == f"binn-{word}-graph":
            return build(options.model_copy(update={"graph": word}), plan)
    damaged = _damaged(plan, model, derived_rng(seed, "damage", model, replicate))
    return build(options, damaged)


def equal_width(options: AutoOptions, plan: NetworkPlan) -> int:
    """Return the width at which a full graph has most nearly a plan's parameters."""
    wanted = network_parameters(options, plan)
    surplus = [
        abs(network_parameters(options, full_plan(plan, width)) - wanted)
        for width in range(1, _WIDEST + 1)
    ]
    return int(np.argmin(surplus)) + 1


def _damaged(plan: NetworkPlan, model: str, rng: np.random.Generator) -> NetworkPlan:
    if model == "binn-30%-wrong":
        return corrupt_plan(plan, rng, wrong=_WRONG)
    if model == "binn-50%-missing":
        return corrupt_plan(plan, rng, missing=_MISSING)
    return plan


def _recovery(
    replicate: int, n: int, model: str, seed: int, base: RecoveryConfig
) -> Row:
    setting = Setting(replicate, n, "within", 1.0, "pathways")
    task = make_task(setting, seed, base)
    fitted = fit_model(setting, model, seed, task)
    predicted = predict_rows(fitted, task.test).value[:, 0]
    return {"relative_mse": "", "r": number(correlation(predicted, task.truth))}


def summarise(results: Sequence[Row]) -> list[Row]:
    """Return means over replicates, and the paired difference of the network to each.

    The figure is relative squared error on shoot branching, r on the recovery panel.
    """
    rows = []
    groups = {(row["benchmark"], row["n"]) for row in results}
    for name, n in sorted(groups, key=lambda one: (one[0] == "recovery", int(one[1]))):
        figure = "relative_mse" if name == "shoot-branching" else "r"
        own = [o for o in results if (o["benchmark"], o["n"]) == (name, n)]
        value = {
            model: {
                o["replicate"]: float(o[figure]) for o in own if o["model"] == model
            }
            for model in BENCHMARKS[name]
        }
        network = value[NETWORK]
        for model, by_replicate in value.items():
            if not by_replicate:
                continue
            paired = [network[o] - v for o, v in by_replicate.items() if o in network]
            mean = mean_interval([*by_replicate.values()])
            minus = mean_interval(paired if model != NETWORK else [])
            columns = ("mean", "low", "high", "binn_minus", "minus_low", "minus_high")
            row = {
                "benchmark": name,
                "n": n,
                "model": model,
                "figure": figure,
                "replicates": str(len(by_replicate)),
            }
            figures = [number(item) for item in (*mean, *minus)]
            rows.append(row | dict(zip(columns, figures, strict=True)))
    return rows


def summary_text(rows: Sequence[Row]) -> str:
    """Return the summary as a text table."""
    lines = [f"{'benchmark':18}{'n':>6}  {'model':34}{'figure':14}{'mean':>9}"]
    for row in rows:
        start = f"{row['benchmark']:18}{row['n']:>6}  {row['model']:34}"
        lines.append(f"{start}{row['figure']:14}{float(row['mean']):9.4f}")
    return "\n".join(lines)
