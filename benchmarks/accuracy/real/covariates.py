"""What adjusting for covariates is worth: mice, the same folds, three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.cells import CellTable, Row, open_folder
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.real.sources import MICE, SOURCES
from benchmarks.accuracy.real.sparse import corrected_interval
from meristem.config.models import ForestOptions, GBLUPOptions, KernelOptions
from meristem.config.stages import AnalysisConfig, EvaluateConfig
from meristem.evaluate.crossval import CrossValidation, cross_validate
from meristem.evaluate.splits import make_splits
from meristem.models.catalog import build
from meristem.pipeline.inputs import with_covariates
from meristem.records import Dataset
from meristem.runs.progress import Notify, silent
from meristem.runs.seeds import derived_rng
from meristem.stats.metrics import pearson

ARMS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "sex, density, litter": MICE,
    "and random cage": MICE | {"random": "cage"},
    "and 5 axes": MICE | {"pcs": 5},
}
MODELS = (GBLUPOptions(), KernelOptions(), ForestOptions(trees=60))
COLUMNS = ("test", "arm", "model", "trait", "replicate", "fold", "own", "adjusted")
"""`own`: r with values as the arm adjusts them; `adjusted`: with the values that the
second arm, which cannot use what mice of a cage have in common, leaves."""
SUMMARY = ("test", "arm", "model", "trait", "folds", "own", "adjusted")
GAIN = ("gain", "gain_low", "gain_high")


def run_covariates(
    data: Path,
    out: Path,
    *,
    tests: Sequence[str] = ("within", "across"),
    replicates: int = 2,
    lines: int = 500,
    seed: int = 1,
    jobs: int = 1,
    progress: Notify = silent,
) -> str:
    """Cross-validate mice with and without covariates; write every fold.

    Parameters
    ----------
    out
        Folder of the tables; fits are kept in `out/work`.
    tests
        `within`: random folds; `across`: whole cages left out.
    replicates
        Repeats of five folds.
    lines
        Mice, in whole cages.
    seed
        Of mice, folds and models.

    Returns
    -------
    str
        Mean ability and gain over no adjustment, as a text table.
    """
    settings = {"seed": seed, "lines": lines, "replicates": replicates}
    open_folder(out, settings)
    source = SOURCES["mice"]
    plain = source.config(data).model_copy(update={"covariates": None})
    mice = source.dataset(data, lines, derived_rng(seed, "lines", "mice"))
    table = CellTable(out / "results.csv", COLUMNS, COLUMNS[:6])
    for test in tests:
        question = source.across if test == "across" else {"scheme": "kfold"}
        evaluate = EvaluateConfig(folds=5, replicates=replicates, **(question or {}))
        splits = make_splits(mice, evaluate, derived_rng(seed, "splits", test))
        results = {}
        for number_, (arm, asked) in enumerate(ARMS.items()):
            results[arm] = cross_validate(
                _arm(mice, plain, asked),
                tuple((options.label, build(options)) for options in MODELS),
                splits,
                config=evaluate,
                filters=plain.genotypes.filter,
                seed=seed,
                jobs=jobs,
                work=out / "work" / test / str(number_),
                progress=partial(progress, f"{test}, {arm}"),
            )
        table.rows = [row for row in table.rows if row["test"] != test]
        table.add(_rows(test, results))
    summary = summary_rows(table.rows, 0.25)
    table.summarise((*SUMMARY, *GAIN), summary)
    return summary_text(summary)


def _arm(
    mice: Dataset, config: AnalysisConfig, asked: dict[str, Any] | None
) -> Dataset:
    chosen = AnalysisConfig.model_validate(config.model_dump() | {"covariates": asked})
    return with_covariates(replace(mice, covariates=None), chosen)


def _rows(test: str, results: dict[str, CrossValidation]) -> list[Row]:
    yardstick = results[list(ARMS)[1]].predictions
    rows = []
    for arm, result in results.items():
        table = result.predictions
        names = ("model", "trait", "replicate", "fold")
        columns = [np.asarray(getattr(table, name)).astype(str) for name in names]
        cells, cell = np.unique(np.stack(columns), axis=1, return_inverse=True)
        for place, key in enumerate(cells.T.tolist()):
            own = cell.ravel() == place
            found = dict(zip(names, key, strict=True))
            predicted = table.predicted[own]
            rows.append(
                {"test": test, "arm": arm}
                | found
                | {
                    "own": number(pearson(table.observed[own], predicted)),
                    "adjusted": number(pearson(yardstick.observed[own], predicted)),
                }
            )
    return rows


def summary_rows(rows: Sequence[Row], ratio: float) -> list[Row]:
    """Return means over folds, and the gain of every arm over no adjustment."""
    cells: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        cell = tuple(row[name] for name in SUMMARY[:4])
        cells.setdefault(cell, []).append(row)
    found = []
    for cell, own in cells.items():
        test, arm, model, trait = cell
        out = dict(zip(SUMMARY[:4], cell, strict=True)) | {"folds": str(len(own))}
        for name in ("own", "adjusted"):
            out[name] = number(float(np.mean([float(row[name]) for row in own])))
        base = cells[test, "none", model, trait]
        if arm != "none":
            gain = np.array(
                [
                    float(row["adjusted"]) - float(other["adjusted"])
                    for row, other in zip(own, base, strict=True)
                ]
            )
            low, high = corrected_interval(gain, ratio)
            values = (float(gain.mean()), low, high)
            out |= dict(zip(GAIN, map(number, values), strict=True))
        found.append(out)
    return found


def summary_text(rows: Sequence[Row]) -> str:
    """Return the summary as a text table."""
    lines = [
        f"{'test':8}{'model':15}{'trait':20}{'adjusted for':22}"
        f"{'r':>7}{'r adj.':>8}{'gain':>26}"
    ]
    for row in rows:
        gain = ""
        if row.get("gain"):
            mean, low, high = (float(row[name]) for name in GAIN)
            gain = f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
        lines.append(
            f"{row['test']:8}{row['model']:15}{row['trait']:20}{row['arm']:22}"
            f"{float(row['own']):7.3f}{float(row['adjusted']):8.3f}{gain:>26}"
        )
    return "\n".join(lines)
