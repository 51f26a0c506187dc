"""The sparse benchmark: how much few lines tell, within and across subpopulations.

Test folds are the same at every training size that they leave lines for; training sets
of 50, 100, 200 lines are nested, the last is every line that the fold leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import scipy.stats
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.cells import CellTable, Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.real.figure import draw_sparse, size_order
from benchmarks.accuracy.real.sources import SOURCES
from benchmarks.accuracy.recovery_task import Setting, fit_model, make_task
from meristem.config.models import (
    AutoOptions,
    ForestOptions,
    GBLUPOptions,
    KernelOptions,
    ModelOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.config.stages import EvaluateConfig
from meristem.evaluate.crossval import cross_validate
from meristem.evaluate.fold import predict_rows
from meristem.evaluate.splits import make_splits
from meristem.evaluate.table import PredictionTable
from meristem.models.catalog import build
from meristem.records import Dataset, Splits
from meristem.runs.progress import Notify, silent
from meristem.runs.seeds import derived_rng
from meristem.simulate.recovery import RecoveryConfig
from meristem.stats.metrics import pearson, spearman
from meristem.text.files import write_text

FLAGSHIP = "auto"
REFERENCE = "ridge"
"""The published gain of networks with few lines is one over ridge regression."""

MODELS: dict[str, ModelOptions] = {
    "gblup": GBLUPOptions(),
    "ridge": RidgeOptions(),
    "rkhs": KernelOptions(),
    "gwablup": WeightedGBLUPOptions(),
    "random_forest": ForestOptions(trees=100),
    FLAGSHIP: AutoOptions(),
}
RECOVERY = "recovery"
RECOVERY_MODELS = {
    "gblup": "gblup",
    "rkhs": "rkhs",
    "gwablup": "gwablup",
    "goblup": "goblup",
    "predicted_expression": "predicted_expression",
    "pathway_average": "pathway_average",
    FLAGSHIP: "binn",
}
"""Names here and in `recovery_task`, where the flagship has its older name."""

SIZES = (50, 100, 200)
LEAST_LEFT = 1.15
"""A training set counts as larger than a subsample from this ratio on."""
FEWEST = 5
"""Test lines of a fold whose correlation is kept."""

KEY = ("panel", "test", "n", "model", "replicate", "fold", "trait")
COLUMNS = (*KEY, "n_train", "n_test", "pearson", "spearman")
SUMMARY_COLUMNS = (
    *("panel", "test", "n", "model", "folds", "n_train"),
    *("pearson", "spearman", "minus", "minus_low", "minus_high"),
    *("spearman_minus", "spearman_minus_low", "spearman_minus_high"),
)


def run_sparse(
    data: Path,
    out: Path,
    *,
    panels: Sequence[str] = (*SOURCES, RECOVERY),
    tests: Sequence[str] = ("within", "across"),
    models: Sequence[str] = (),
    replicates: int = 5,
    lines: int = 600,
    seed: int = 1,
    jobs: int = 1,
    progress: Notify = silent,
) -> str:
    """Fit every model on every training set; write `results.csv` and `summary.csv`.

    Parameters
    ----------
    out
        Folder of the tables; fits are kept in `out/work`, and not made again.
    panels
        Some of `SOURCES`, and `recovery`.
    tests
        `within`: random folds; `across`: whole subpopulations left out (clusters,
        families, both parents, cages).
    models
        Some of `MODELS` and `RECOVERY_MODELS`; empty: all.
    replicates
        Repeats of five folds; of the recovery panel, panels.
    lines
        Lines of a panel at most; larger ones are sampled.


    Raises
    ------
    ConfigError
        If a name is unknown, the data are not there, or the folder holds results of
        other settings.
    """
    refuse_unknown(panels, (*SOURCES, RECOVERY), "panels")
    refuse_unknown(tests, ("within", "across"), "tests")
    refuse_unknown(models, sorted({*MODELS, *RECOVERY_MODELS}), "models")
    settings = {"seed": seed, "lines": lines}
    table = open_table(out, settings, COLUMNS, KEY)
    for name in panels:
        for test in tests:
            if name == RECOVERY:
                _recovery(table, test, models, replicates, seed, progress)
            else:
                rows = _panel_rows(
                    name,
                    test,
                    data,
                    out / "work",
                    models=models,
                    replicates=replicates,
                    lines=lines,
                    seed=seed,
                    jobs=jobs,
                    progress=progress,
                )
                done = {(row["panel"], row["test"], row["model"]) for row in rows}
                table.rows = [
                    row
                    for row in table.rows
                    if (row["panel"], row["test"], row["model"]) not in done
                ]
                table.add(rows)
    summary = summary_rows(table.rows)
    table.summarise(SUMMARY_COLUMNS, summary)
    if summary:
        write_text(out / "sparse.svg", draw_sparse(summary))
    return summary_text(summary)


def _panel_rows(
    name: str,
    test: str,
    data: Path,
    work: Path,
    *,
    models: Sequence[str],
    replicates: int,
    lines: int,
    seed: int,
    jobs: int,
    progress: Notify,
) -> list[Row]:
    source = SOURCES[name]
    question = source.across if test == "across" else {"scheme": "kfold"}
    if question is None:
        return []
    dataset = source.dataset(data, lines, derived_rng(seed, "lines", name))
    config = EvaluateConfig(folds=5, replicates=replicates, **question)
    rng = derived_rng(seed, "splits", name, test)
    splits = nested_splits(
        make_splits(dataset, config, rng), dataset, SIZES, seed, (name, test)
    )
    labels = [label for label in MODELS if not models or label in models]
    result = cross_validate(
        dataset,
        tuple((label, build(MODELS[label])) for label in labels),
        splits,
        config=config,
        filters=source.config(data).genotypes.filter,
        seed=seed,
        jobs=jobs,
        work=work / name / test,
        progress=partial(progress, f"{name} {test}"),
    )
    size = {
        (split.scheme, str(split.replicate), str(split.fold)): split.train.size
        for split in splits
    }
    return [
        {"panel": name, "test": test} | row
        for row in score_folds(result.predictions, size)
    ]


def nested_splits(
    splits: Splits,
    dataset: Dataset,
    sizes: Sequence[int],
    seed: int,
    names: tuple[str, ...] = (),
) -> Splits:
    """Return every fold at every training size that it has rows for, nested.

    The rows depend on the fold alone, so that more replicates leave them as they are.
    """
    measured = np.asarray(~np.isnan(dataset.phenotypes.value).all(axis=1))
    grown = []
    for split in splits:
        rng = derived_rng(seed, "rows", *names, split.replicate, split.fold)
        order = rng.permutation(split.train[measured[split.train]])
        for size in sizes:
            if size * LEAST_LEFT <= order.size:
                some = np.sort(order[:size])
                grown.append(replace(split, scheme=f"n={size}", train=some))
        grown.append(replace(split, scheme="n=all"))
    return tuple(grown)


def score_folds(
    predictions: PredictionTable, size: dict[tuple[str, str, str], int]
) -> Iterator[Row]:
    """Yield Pearson's and Spearman's correlation of every fold, model and trait."""
    names = ("split", "replicate", "fold", "model", "trait")
    columns = [np.asarray(getattr(predictions, name)).astype(str) for name in names]
    cells, cell = np.unique(np.stack(columns), axis=1, return_inverse=True)
    cell = cell.ravel()
    for place, key in enumerate(cells.T.tolist()):
        rows = cell == place
        if rows.sum() < FEWEST:
            continue
        found = dict(zip(names, key, strict=True))
        y, y_hat = predictions.observed[rows], predictions.predicted[rows]
        yield {
            "n": found["split"].removeprefix("n="),
            "model": found["model"],
            "replicate": found["replicate"],
            "fold": found["fold"],
            "trait": found["trait"],
            "n_train": str(size[found["split"], found["replicate"], found["fold"]]),
            "n_test": str(int(rows.sum())),
            **_correlations(y, y_hat),
        }


def _correlations(y: np.ndarray, y_hat: np.ndarray) -> Row:
    """Return both correlations; 0 for predictions that do not vary."""
    found = {"pearson": pearson(y, y_hat), "spearman": spearman(y, y_hat)}
    flat = np.ptp(y_hat) == 0
    return {name: number(0.0 if flat else value) for name, value in found.items()}


def _recovery(
    table: CellTable,
    test: str,
    models: Sequence[str],
    replicates: int,
    seed: int,
    progress: Notify,
) -> None:
    """Fit the models of the simulated panel, cell by cell; truth is what is scored."""
    base = RecoveryConfig(n_train=600)
    labels = [label for label in RECOVERY_MODELS if not models or label in models]
    cells = [
        (RECOVERY, test, size, label, replicate, 0, "trait")
        for replicate in range(1, replicates + 1)
        for size in (*SIZES, "all")
        for label in labels
    ]

    def work(*cell: str | int) -> list[Row]:
        n, label, replicate = cell[2], str(cell[3]), int(cell[4])
        size = base.n_train if n == "all" else int(n)
        setting = Setting(replicate, size, test, 1.0, "pathways")  # type: ignore[arg-type]
        task = make_task(setting, seed, base)
        with threadpool_limits(limits=1):
            fitted = fit_model(setting, RECOVERY_MODELS[label], seed, task)
            value = predict_rows(fitted, task.test).value[:, 0]
        counts = {"n_train": str(size), "n_test": str(task.truth.size)}
        return [counts | _correlations(task.truth, value)]

    table.fill(cells, work, partial(progress, f"{RECOVERY} {test}"))


def summary_rows(rows: Sequence[Row]) -> list[Row]:
    """Return means over folds and traits, and the flagship minus each model.

    Traits of a fold are averaged first. The variance of a difference between folds is
    enlarged by the share of rows that the training sets have in common.
    """
    by_cell: dict[tuple[str, ...], dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        cell = (row["panel"], row["test"], row["n"], row["model"])
        fold = (row["replicate"], row["fold"])
        by_cell.setdefault(cell, {}).setdefault(fold, []).append(row)
    found = []
    for (panel, test, n, model), folds in by_cell.items():
        flagship = by_cell.get((panel, test, n, FLAGSHIP), {})
        one = [row for own in folds.values() for row in own]
        out = {"panel": panel, "test": test, "n": n, "model": model}
        out |= {"folds": str(len(folds))}
        out["n_train"] = str(round(_mean(one, "n_train")))
        for metric, column in (("pearson", "minus"), ("spearman", "spearman_minus")):
            means = [_mean(own, metric) for own in folds.values()]
            out[metric] = number(float(np.mean(means)))
            shared = [fold for fold in folds if fold in flagship]
            if model == FLAGSHIP or len(shared) < 2:
                continue
            gain = [
                _mean(flagship[fold], metric) - _mean(folds[fold], metric)
                for fold in shared
            ]
            overlap = (
                0.0
                if panel == RECOVERY
                else _mean(one, "n_test") / max(_mean(one, "n_train"), 1.0)
            )
            low, high = corrected_interval(np.array(gain), overlap)
            out[column] = number(float(np.mean(gain)))
            out[f"{column}_low"], out[f"{column}_high"] = number(low), number(high)
        found.append(out)
    places = list(dict.fromkeys((row["panel"], row["test"]) for row in found))
    order = {place: number for number, place in enumerate(places)}
    return sorted(
        found, key=lambda row: (order[row["panel"], row["test"]], size_order(row["n"]))
    )


def corrected_interval(gain: np.ndarray, ratio: float) -> tuple[float, float]:
    """Return the 95 % interval of a mean over folds that share training rows.

    Parameters
    ----------
    gain
        Differences, one per fold.
    ratio
        Test rows over training rows; 0 for independent data sets.

    References
    ----------
    Nadeau & Bengio 2003, Machine Learning 52:239: variance (1/k + n_test/n_train).
    """
    k = gain.size
    se = gain.std(ddof=1) * np.sqrt(1 / k + min(ratio, 1.0))
    half = float(scipy.stats.t.ppf(0.975, k - 1)) * float(se)
    return float(gain.mean()) - half, float(gain.mean()) + half


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([float(row[name]) for row in rows]))


def summary_text(rows: Sequence[Row]) -> str:
    """Return the summary as a text table."""
    head = f"{'panel':17}{'test':8}{'n':>5} {'model':22}{'r':>7}{'rank r':>8}"
    lines = [head + f"{'auto minus it':>28}"]
    for row in rows:
        minus = ""
        if row.get("minus"):
            mean, low, high = (
                float(row[name]) for name in ("minus", "minus_low", "minus_high")
            )
            minus = f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
        lines.append(
            f"{row['panel']:17}{row['test']:8}{row['n']:>5} {row['model']:22}"
            f"{float(row['pearson']):7.3f}{float(row['spearman']):8.3f}{minus:>28}"
        )
    return "\n".join(lines)
