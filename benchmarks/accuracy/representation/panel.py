"""The recovery panel with expression of half of the lines, and batches in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import CellTable, Progress, Row, open_table
from benchmarks.accuracy.figures import correlation, mean_interval, number
from benchmarks.accuracy.recovery_task import NETWORK, Setting, Task, make_task
from meristem.config.models import AutoOptions
from meristem.config.represent import RepresentOptions
from meristem.config.stages import EvaluateConfig
from meristem.evaluate.splits import inner_splits
from meristem.models.catalog import build
from meristem.pipeline.represented import OnFactors
from meristem.records import Dataset, SampleGroups
from meristem.runs.seeds import derived_rng
from meristem.simulate.recovery import RecoveryConfig

COLUMNS = ("seed", "n", "batches", "omics", "r")
MODELS: dict[str, RepresentOptions | None] = {
    "raw": None,
    "cleaned": RepresentOptions(
        represent="pca",
        k=(40,),
        gives="cleaned",
        confounders=("batch",),
        deconfound="combat",
    ),
    "corrected": RepresentOptions(
        represent="pca",
        k=(1000,),
        gives="cleaned",
        confounders=("batch",),
        deconfound="combat",
    ),
}
"""corrected: as many components as rows allow, so that batches alone are removed."""

NETWORKS: dict[str, AutoOptions] = {
    NETWORK.label: NETWORK,
    "alone": NETWORK.model_copy(update={"polygenic": "none"}),
}
"""The default network beside kernels, a scan and a forest, and the network alone."""
INNER = {NETWORK.label: 5, "alone": 2}
N_BATCH = 4
SHIFT = 1.5
"""Sd over genes of what a batch adds, in sds of a gene."""


def run_panel(
    out: Path,
    *,
    seeds: Sequence[int],
    n: Sequence[int] = (300, 450),
    models: Sequence[str] = tuple(MODELS),
    label: str = NETWORK.label,
    progress: Progress | None = None,
) -> str:
    """Fit a model with raw and with represented omics, with batches and without.

    Expression is measured on half of the training lines, in four batches that know
    nothing of the lines. r is the correlation with the genetic value of test lines.
    """
    settings = {"job": "panel", "shift": SHIFT, "model": label}
    if label != NETWORK.label:
        settings["inner_folds"] = INNER[label]
    table = open_table(out, settings, COLUMNS, COLUMNS[:4])
    cells = [
        (seed, size, batches, model)
        for seed in seeds
        for size in n
        for batches in ("yes", "no")
        for model in models
    ]

    def work(seed: int, size: int, batches: str, model: str) -> list[Row]:
        return [{"r": number(_cell(seed, size, batches == "yes", model, label))}]

    table.fill(cells, work, progress)
    return _summary(table, n, models)


def _cell(seed: int, n: int, batched: bool, model: str, label: str) -> float:
    setting = Setting(1, n, "within", 0.5, "pathways")
    task = make_task(setting, seed, RecoveryConfig())
    train = with_batches(task.train, seed, shift=SHIFT if batched else 0.0)
    predictor = build(NETWORKS[label], task.plan)
    options = MODELS[model]
    if options is not None:
        predictor = OnFactors(predictor, (("expression", options),), {}, seed)
    question = EvaluateConfig(scheme="kfold", inner_folds=INNER[label])
    inner = inner_splits(train, question, derived_rng(seed, "inner", n))
    fitted = predictor.fit(train, rng=derived_rng(seed, "fit", n), inner=inner)
    return _score(fitted.predict(task.test.genotypes).value[:, 0], task)


def _score(said: np.ndarray, task: Task) -> float:
    return correlation(said, task.truth)


def with_batches(train: Dataset, seed: int, *, shift: float) -> Dataset:
    """Return the lines in batches; every gene is moved in each, and stretched."""
    rng = derived_rng(seed, "batches")
    n = train.n_sample
    batch = rng.permutation(n) % N_BATCH
    omics = train.omics[0]
    p = omics.feature_id.size
    move = shift * rng.normal(size=(N_BATCH, p))
    value = omics.value + move[batch] if shift else omics.value
    label = np.array([f"b{number}" for number in batch])
    groups = SampleGroups(train.sample_id, np.array(["batch"]), label[:, None])
    return replace(train, omics=(replace(omics, value=value),), groups=groups)


def _summary(table: CellTable, n: Sequence[int], models: Sequence[str]) -> str:
    lines = []
    for size in n:
        for batches in ("yes", "no"):
            own = [
                r for r in table.rows if r["n"] == str(size) and r["batches"] == batches
            ]
            raw = {r["seed"]: float(r["r"]) for r in own if r["omics"] == "raw"}
            for model in models:
                rows = {r["seed"]: float(r["r"]) for r in own if r["omics"] == model}
                both = [rows[s] - raw[s] for s in rows if s in raw]
                mean, low, high = mean_interval(both)
                level = np.mean(list(rows.values())) if rows else float("nan")
                lines.append(
                    f"n {size}  batches {batches}  {model}  r {level:.3f}  "
                    f"over raw {mean:+.3f} ({low:+.3f} to {high:+.3f})"
                )
    return "\n".join(lines)
