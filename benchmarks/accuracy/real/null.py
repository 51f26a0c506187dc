"""Null panels: the mixture where there is nothing for it to find beyond linear models.

`permuted`: the phenotypes of a public panel, given to other lines. `additive`: a trait
of normal effects at all of its markers, as heritable as residual; predictions are
compared with the genetic values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import correlation, mean_interval, number
from benchmarks.accuracy.real.panel_list import AUTO, PANELS
from benchmarks.accuracy.real.panels import panel_config, panel_folds
from meristem.config.models import (
    AutoOptions,
    GBLUPOptions,
    ModelOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.config.stages import AnalysisConfig
from meristem.evaluate.crossval import cross_validate
from meristem.models.catalog import build
from meristem.pipeline.analysis import Analysis
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FloatArray
from meristem.runs.folder import RunFolder
from meristem.runs.progress import Notify, silent
from meristem.runs.seeds import derived_rng

ARMS = ("permuted", "additive")
DEFAULT_PANELS = ("mdp", "wheat")
LINEAR: tuple[ModelOptions, ...] = (
    GBLUPOptions(),
    RidgeOptions(),
    WeightedGBLUPOptions(),
)
COLUMNS = ("panel", "arm", "replicate", "fold", "model", "r")
SUMMARY_COLUMNS = (
    *("panel", "arm", "replicates", "model", "mean"),
    *("auto_minus", "minus_low", "minus_high", "best"),
)


def run_null(
    data: Path,
    out: Path,
    *,
    panels: Sequence[str] = DEFAULT_PANELS,
    arms: Sequence[str] = ARMS,
    replicates: int = 10,
    seed: int = 1,
    examples: Path = Path("examples"),
    progress: Notify = silent,
) -> str:
    """Fit the mixture and linear models on null panels; write the tables.

    Parameters
    ----------
    panels
        Public panels whose lines and first trait are used.
    arms
        Some of `ARMS`.
    replicates
        Traits of every panel and arm, with folds of their own.
    """
    refuse_unknown(panels, tuple(PANELS), "panels")
    refuse_unknown(arms, ARMS, "arms")
    table = open_table(
        out, {"seed": seed}, COLUMNS, ("panel", "arm", "replicate"), "folds.csv"
    )

    def work(name: str, arm: str, replicate: int) -> list[Row]:
        own = int(derived_rng(seed, arm, replicate).integers(2**31))
        config = panel_config(name, data, examples, replicates=1, seed=own)
        return _replicate(name, arm, config, out / "work" / name)

    for name in panels:
        for arm in arms:
            cells = [(name, arm, replicate) for replicate in range(replicates)]
            table.fill(cells, work, partial(progress, f"{name} {arm}"))
    summary = summary_rows(table.rows)
    table.summarise(SUMMARY_COLUMNS, summary)
    return summary_text(summary)


def _replicate(name: str, arm: str, config: AnalysisConfig, work: Path) -> list[Row]:
    seed = config.run.seed
    analysis = Analysis(config, RunFolder(work))
    dataset, splits = panel_folds(name, analysis)
    null, truth = null_trait(dataset, arm, derived_rng(seed, "trait"))
    models = (*LINEAR, AutoOptions(name=AUTO))
    result = cross_validate(
        null,
        tuple((options.label, build(options)) for options in models),
        splits,
        config=config.evaluate,
        filters=config.genotypes.filter,
        seed=seed,
    )
    return [
        {
            "fold": str(task.split.fold),
            "model": task.model,
            "r": number(_measured_r(truth[task.split.test], found.predicted[:, 0])),
        }
        for task, found in zip(result.tasks, result.results, strict=True)
    ]


def _measured_r(truth: FloatArray, predicted: FloatArray) -> float:
    measured = ~np.isnan(truth)
    return correlation(truth[measured], predicted[measured])


def null_trait(
    dataset: Dataset, arm: str, rng: np.random.Generator
) -> tuple[Dataset, FloatArray]:
    """Return lines with a trait of nothing but noise, or of additive effects.

    Returns
    -------
    tuple
        The dataset, and what its predictions are compared with: (n_sample,).
    """
    known = dataset.phenotypes
    if arm == "permuted":
        value = rng.permutation(known.value[:, 0])
        truth = value
    else:
        dosage = dataset.genotypes.call_dosage
        z = fit_scale(dosage).standardise(dosage)
        truth = z @ rng.normal(size=z.shape[1])
        truth = (truth - truth.mean()) / truth.std()
        value = truth + rng.normal(size=truth.size)
    phenotypes = replace(
        known,
        trait_name=known.trait_name[:1],
        environment_name=known.environment_name[:1],
        value=value[:, None],
        weight=np.ones((value.size, 1)),
        measurements=None,
    )
    return replace(dataset, phenotypes=phenotypes, covariates=None), truth


def summary_rows(rows: Sequence[Row]) -> list[Row]:
    """Return mean r and the mixture's paired difference, over replicates.

    The best linear model is the one of the highest mean over all replicates.
    """
    found: list[Row] = []
    for panel, arm in dict.fromkeys((row["panel"], row["arm"]) for row in rows):
        own = [row for row in rows if (row["panel"], row["arm"]) == (panel, arm)]
        by_model = {
            model: _by_replicate([row for row in own if row["model"] == model])
            for model in dict.fromkeys(row["model"] for row in own)
        }
        linear = [model for model in by_model if model != AUTO]
        best = max(linear, key=lambda model: by_model[model].mean())
        for model, values in by_model.items():
            row = {"panel": panel, "arm": arm, "replicates": str(values.size)}
            row |= {"model": model, "mean": number(float(values.mean()))}
            row["best"] = "yes" if model == best else ""
            if model != AUTO:
                minus = mean_interval((by_model[AUTO] - values).tolist())
                names = ("auto_minus", "minus_low", "minus_high")
                row |= dict(zip(names, map(number, minus), strict=True))
            found.append(row)
    return found


def _by_replicate(rows: Sequence[Row]) -> FloatArray:  # (n_replicate,)
    names = dict.fromkeys(row["replicate"] for row in rows)
    return np.array(
        [
            np.mean([float(row["r"]) for row in rows if row["replicate"] == name])
            for name in names
        ]
    )


def summary_text(rows: Sequence[Row]) -> str:
    """Return the summary as a text table."""
    lines = [f"{'panel':10}{'arm':10}{'model':10}{'r':>7}{'auto minus it':>28}"]
    for row in rows:
        minus = ""
        if row.get("auto_minus"):
            minus = f"{float(row['auto_minus']):+.4f}"
            if row["minus_low"]:
                low, high = (float(row[name]) for name in ("minus_low", "minus_high"))
                minus += f" ({low:+.4f} to {high:+.4f})"
        star = "*" if row["best"] else " "
        lines.append(
            f"{row['panel']:10}{row['arm']:10}{row['model'] + star:10}"
            f"{float(row['mean']):7.3f}{minus:>28}"
        )
    return "\n".join([*lines, "* best linear model"])
