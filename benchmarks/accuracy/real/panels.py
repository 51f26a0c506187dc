"""The panels benchmark: public data, every model on the same folds.

Configurations are those of `examples/`; here they get the rivals of a fair comparison,
the questions of `panel_list`, and as many replicates as asked for. `folds.csv` has one
row per fold and model; `results.csv` what follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import (
    CellTable,
    Row,
    open_table,
    refuse_unknown,
    write_rows,
)
from benchmarks.accuracy.figures import correlation, mean_interval, number
from benchmarks.accuracy.real.panel_list import (
    AUTO,
    NOT_DEPLOYABLE,
    NOT_LINEAR,
    PANELS,
    PLAIN,
    Panel,
    sample_rows,
)
from meristem.config.read import read_config, with_paths
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.evaluate.crossval import CrossValidation, cross_validate
from meristem.evaluate.splits import make_splits
from meristem.pipeline.analysis import Analysis
from meristem.prepare.adjust import observed_values
from meristem.records import Dataset, FloatArray, Splits, StrArray
from meristem.runs.folder import RunFolder
from meristem.runs.progress import Notify, silent
from meristem.runs.seeds import derived_rng

ALL = "all"
LEAST = 3
"""Tested lines of a group whose mean is taken off."""
FOLD_COLUMNS = (
    "panel",
    "trait",
    "environment",
    "replicate",
    "fold",
    "model",
    "n_train",
    "r",
    "seconds",
)
RESULT_COLUMNS = (
    "panel",
    "trait",
    "environment",
    "model",
    "deployable",
    "replicates",
    "folds",
    "mean",
    "low",
    "high",
    "auto_minus",
    "minus_low",
    "minus_high",
    "best_linear",
)
CELL = ("panel", "replicate", "model")
SUMMARY_COLUMNS = ("panel", "against", "difference", "low", "high")


def run_panels(
    data: Path,
    out: Path,
    *,
    panels: Sequence[str] = tuple(PANELS),
    models: Sequence[str] = (),
    replicates: int = 1,
    seed: int = 1,
    jobs: int = 1,
    examples: Path = Path("examples"),
    progress: Notify = silent,
) -> str:
    """Cross-validate the models of every panel and write the tables.

    Predictive ability is the mean over folds of Pearson's r with the observed value,
    within families where the panel asks for it. Intervals are of t, over repeats of
    all folds; over folds where there is one repeat, which is too narrow.

    Parameters
    ----------
    out
        Folder of the tables. Repeats of a model that `folds.csv` holds are taken from
        there; to have them anew, delete their rows. Fits are kept in `out/work`.
    panels
        Some of `panel_list.PANELS`.
    models
        Labels of some models alone; empty: all. Rows of the others are kept.
    replicates
        Repeats of the folds; where whole groups are left out there may be fewer.
    seed
        Of lines drawn from large panels, folds and models.

    Returns
    -------
    str
        The targets of the mixture, and ability per panel, as text tables.

    Raises
    ------
    ConfigError
        If a name is unknown, the data are not there, or the folder holds results of
        another seed.
    """
    refuse_unknown(panels, tuple(PANELS), "panels")
    known = {options.label for name in panels for options in PANELS[name].models}
    refuse_unknown(models, sorted(known), "models")
    if not data.is_dir():
        raise ConfigError(
            "is no folder", where=data, remedy="name the folder that holds gp/"
        )
    table = open_table(out, {"seed": seed}, FOLD_COLUMNS, CELL, "folds.csv")
    for name in panels:
        config = panel_config(name, data, examples, replicates=replicates, seed=seed)
        if models:
            some = tuple(o for o in config.models if o.label in models)
            asked = config.evaluate.model_copy(update={"reference": some[0].label})
            config = config.model_copy(update={"models": some, "evaluate": asked})
        _add_panel(table, name, config, out / "work" / name, jobs, progress)
    results = result_rows(table.rows)
    write_rows(out / "results.csv", RESULT_COLUMNS, results)
    against = summary_rows(table.rows)
    table.summarise(SUMMARY_COLUMNS, against)
    return summary_text(results, against)


def panel_config(
    name: str, data: Path, examples: Path, *, replicates: int, seed: int
) -> AnalysisConfig:
    """Return the example's configuration with question and rivals of the panel."""
    panel = PANELS[name]
    config = read_config(examples / f"{panel.example}.toml")
    moved = with_paths(config, partial(_moved, data=data))
    asked = {**panel.evaluate, "replicates": replicates, "reference": "gblup"}
    update: dict[str, object] = {
        "models": panel.models,
        "evaluate": moved.evaluate.model_copy(update=asked),
        "run": moved.run.model_copy(update={"seed": seed}),
    }
    if panel.traits:
        traits = {"traits": panel.traits}
        update["phenotypes"] = moved.phenotypes.model_copy(update=traits)
    return moved.model_copy(update=update)


def _moved(path: Path, data: Path) -> Path:
    """Return a path of the public data below `data`, any other as it is."""
    if "data" not in path.parts:
        return path
    last = len(path.parts) - 1 - path.parts[::-1].index("data")
    return data.joinpath(*path.parts[last + 1 :])


def _add_panel(
    table: CellTable,
    name: str,
    config: AnalysisConfig,
    work: Path,
    jobs: int,
    progress: Notify,
) -> None:
    """Add the folds of a panel that the table does not hold, repeat by repeat."""
    panel, seed = PANELS[name], config.run.seed
    analysis = Analysis(config, RunFolder(work))
    dataset, splits = panel_folds(name, analysis)
    for repeat in dict.fromkeys(split.replicate for split in splits):
        cell = {"panel": name, "replicate": str(repeat)}
        missing = tuple(
            (label, predictor)
            for label, predictor in analysis.predictors
            if not table.holds({**cell, "model": label})
        )
        if not missing:
            continue
        result = cross_validate(
            dataset,
            missing,
            tuple(split for split in splits if split.replicate == repeat),
            config=config.evaluate,
            filters=config.genotypes.filter,
            seed=seed,
            jobs=jobs,
            work=work,
            progress=partial(progress, name),
        )
        table.add(fold_rows(name, result, panel))


def panel_folds(name: str, analysis: Analysis) -> tuple[Dataset, Splits]:
    """Return the lines of a panel that take part, and its folds."""
    sampling, config = PANELS[name].sampling, analysis.config
    seed, dataset = config.run.seed, analysis.dataset
    if sampling is not None:
        rng = derived_rng(seed, "lines", PANELS[name].example)
        dataset = dataset.take(sample_rows(dataset, sampling, rng))
    rng = derived_rng(seed, "splits", name)
    return dataset, make_splits(dataset, config.evaluate, rng)


def fold_rows(name: str, result: CrossValidation, panel: Panel) -> list[Row]:
    """Return one row per target, fold and model."""
    dataset, rows = result.dataset, []
    phenotypes, groups = dataset.phenotypes, dataset.groups
    label = None
    if panel.within and groups is not None:
        label = groups.column(panel.within)
    for task, found in zip(result.tasks, result.results, strict=True):
        split = task.split
        observed = observed_values(phenotypes, split.train, split.test) - found.offset
        for t in range(phenotypes.n_target):
            group = None if label is None else label[split.test]
            r = ability(observed[:, t], found.predicted[:, t], group)
            rows.append(
                {
                    "panel": name,
                    "trait": str(phenotypes.trait_name[t]),
                    "environment": str(phenotypes.environment_name[t]),
                    "replicate": str(split.replicate),
                    "fold": str(split.fold),
                    "model": task.model,
                    "n_train": str(split.train.size),
                    "r": number(r),
                    "seconds": number(found.fit_seconds),
                }
            )
    return rows


def ability(
    observed: FloatArray,  # (n,) NaN missing
    predicted: FloatArray,  # (n,)
    group: StrArray | None = None,  # (n,)
) -> float:
    """Return Pearson's r, with group means taken off both sides where there are any.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    >>> family = np.array(["a", "a", "a", "b", "b", "b"])
    >>> said = np.array([3.0, 2.0, 1.0, 13.0, 12.0, 11.0])
    >>> round(ability(y, said), 2), round(ability(y, said, family), 2)
    (0.95, -1.0)
    """
    seen = np.isfinite(observed)
    y, said = observed[seen], predicted[seen]
    if group is not None:
        names, place, size = np.unique(
            group[seen], return_inverse=True, return_counts=True
        )
        y, said = (
            v - np.bincount(place, weights=v, minlength=names.size)[place] / size[place]
            for v in (y, said)
        )
        y, said = y[size[place] >= LEAST], said[size[place] >= LEAST]
    return correlation(y, said) if y.size > 2 else float("nan")


def result_rows(rows: Sequence[Row]) -> list[Row]:
    """Return mean ability and the mixture's paired difference, per target and over all.

    Repeats that some model of a panel has not run are left out. The best linear rival
    is the deployable linear model of the highest mean; it is chosen on the same folds,
    which favours it.
    """
    found = []
    for panel in dict.fromkeys(row["panel"] for row in rows):
        own = _shared(rows, panel)
        targets = dict.fromkeys((row["trait"], row["environment"]) for row in own)
        each: list[tuple[str, str]] = list(targets)
        if len(each) > 1:
            each.append((ALL, ALL))
        for target in each:
            found += _target_rows(panel, target, own)
    return found


def _shared(rows: Sequence[Row], panel: str) -> list[Row]:
    """Return the rows of a panel of repeats that all of its models have."""
    own = [row for row in rows if row["panel"] == panel]
    have: dict[str, set[str]] = {}
    for row in own:
        have.setdefault(row["replicate"], set()).add(row["model"])
    models = {row["model"] for row in own}
    return [row for row in own if have[row["replicate"]] == models]


def _target_rows(panel: str, target: tuple[str, str], rows: Sequence[Row]) -> list[Row]:
    models = list(dict.fromkeys(row["model"] for row in rows))
    by_model = {model: _by_repeat(rows, model, target) for model in models}
    rivals = [m for m in models if m not in (AUTO, PLAIN, *NOT_DEPLOYABLE, *NOT_LINEAR)]
    best = max(rivals, key=lambda model: by_model[model].mean(), default="")
    one = [row for row in rows if row["model"] == models[0]]
    replicates = {row["replicate"] for row in one}
    folds = {(row["replicate"], row["fold"]) for row in one}
    found = []
    for model, values in by_model.items():
        mean, low, high = mean_interval(values.tolist())
        row = {
            "panel": panel,
            "trait": target[0],
            "environment": target[1],
            "model": model,
            "deployable": "no" if model in NOT_DEPLOYABLE else "yes",
            "replicates": str(len(replicates)),
            "folds": str(len(folds)),
            "mean": number(mean),
            "low": number(low),
            "high": number(high),
            "best_linear": "yes" if model == best else "",
            "auto_minus": "",
            "minus_low": "",
            "minus_high": "",
        }
        if model != AUTO and AUTO in by_model:
            minus = mean_interval((by_model[AUTO] - values).tolist())
            names = ("auto_minus", "minus_low", "minus_high")
            row |= dict(zip(names, map(number, minus), strict=True))
        found.append(row)
    return found


def _by_repeat(
    rows: Sequence[Row], model: str, target: tuple[str, str]
) -> FloatArray:  # (n_repeat,) or (n_fold,) where there is one repeat
    """Return the mean r of every repeat; of every fold where there is one."""
    own = [row for row in rows if row["model"] == model and row["r"]]
    if target != (ALL, ALL):
        own = [row for row in own if (row["trait"], row["environment"]) == target]
    key = "replicate" if len({row["replicate"] for row in own}) > 1 else "fold"
    units = sorted({row[key] for row in own}, key=int)
    return np.array(
        [np.mean([float(row["r"]) for row in own if row[key] == u]) for u in units]
    )


def summary_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the mixture minus GBLUP and minus the best single model, per panel.

    The best single model is chosen target by target: `elsewhere` on the other folds
    alone, `hindsight` on the folds it is compared on, which favours it. The last rows
    are the means over panels.
    """
    found: list[Row] = []
    total: dict[str, list[float]] = {}
    for panel in dict.fromkeys(row["panel"] for row in rows):
        differences = _against(_shared(rows, panel))
        for against, values in differences.items():
            mean, low, high = mean_interval(values.tolist())
            total.setdefault(against, []).append(mean)
            found.append(
                {
                    "panel": panel,
                    "against": against,
                    "difference": number(mean),
                    "low": number(low),
                    "high": number(high),
                }
            )
    for against, means in total.items():
        mean, low, high = mean_interval(means)
        found.append(
            {
                "panel": ALL,
                "against": against,
                "difference": number(mean),
                "low": number(low),
                "high": number(high),
            }
        )
    return found


def _against(rows: Sequence[Row]) -> Mapping[str, FloatArray]:
    """Return differences per fold, averaged over targets."""
    if not any(row["model"] == AUTO for row in rows):
        return {}
    models = list(dict.fromkeys(row["model"] for row in rows))
    single = [m for m in models if m not in (AUTO, PLAIN, *NOT_DEPLOYABLE)]
    targets = list(dict.fromkeys((row["trait"], row["environment"]) for row in rows))
    folds = list(dict.fromkeys((row["replicate"], row["fold"]) for row in rows))
    value = np.full((len(models), len(targets), len(folds)), np.nan)
    for row in rows:
        if row["r"]:
            t = targets.index((row["trait"], row["environment"]))
            f = folds.index((row["replicate"], row["fold"]))
            value[models.index(row["model"]), t, f] = float(row["r"])
    own, many = value[models.index(AUTO)], value[[models.index(m) for m in single]]
    best = np.argmax(np.nanmean(many, axis=2), axis=0)  # (n_target,)
    hindsight = many[best, np.arange(len(targets))]
    elsewhere = np.full(own.shape, np.nan)
    for f in range(len(folds)):
        rest = np.delete(many, f, axis=2)
        if rest.shape[2]:
            chosen = np.argmax(np.nanmean(rest, axis=2), axis=0)
            elsewhere[:, f] = many[chosen, np.arange(len(targets)), f]
    found = {
        "gblup": own - value[models.index("gblup")],
        "elsewhere": own - elsewhere,
        "hindsight": own - hindsight,
    }
    if PLAIN in models:
        found[PLAIN] = own - value[models.index(PLAIN)]
    return {name: np.nanmean(minus, axis=0) for name, minus in found.items()}


def summary_text(results: Sequence[Row], against: Sequence[Row]) -> str:
    """Return what the mixture gains, and mean ability of every panel's models."""
    lines = [f"{'panel':18}{'auto minus':18}{'difference':>12}"]
    for row in against:
        minus = f"{float(row['difference']):+.3f}"
        if row["low"]:
            minus += f" ({float(row['low']):+.3f} to {float(row['high']):+.3f})"
        lines.append(f"{row['panel']:18}{row['against']:18}{minus:>28}")
    lines.append(f"\n{'panel':18}{'model':22}{'ability':>9}{'auto minus it':>28}")
    for panel in dict.fromkeys(row["panel"] for row in results):
        own = [row for row in results if row["panel"] == panel]
        if any(row["trait"] == ALL for row in own):
            own = [row for row in own if row["trait"] == ALL]
        for row in own:
            minus = ""
            if row["auto_minus"]:
                names = ("auto_minus", "minus_low", "minus_high")
                minus = f"{float(row['auto_minus']):+.3f}"
                if row["minus_low"]:
                    low, high = (float(row[item]) for item in names[1:])
                    minus += f" ({low:+.3f} to {high:+.3f})"
            label = row["model"] + ("*" if row["best_linear"] else " ")
            ability_ = float(row["mean"])
            lines.append(f"{panel:18}{label:22}{ability_:9.3f}{minus:>28}")
    lines.append("* best deployable linear rival")
    return "\n".join(lines)
