"""The panels benchmark: public data through the pipeline, the network among rivals.

Configurations are those of `examples/`; here they get the rivals of a fair comparison
and as many replicates as asked for. Every model sees the same folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from benchmarks.accuracy.cells import (
    CellTable,
    Row,
    number,
    open_folder,
    refuse_unknown,
)
from meristem.config.models import (
    AnyModelOptions,
    AutoOptions,
    FeatureBLUPOptions,
    GBLUPOptions,
    KernelOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.config.read import read_config
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.evaluate.compare import ALL, paired_interval
from meristem.evaluate.crossval import cross_validate
from meristem.evaluate.paired import Draws, Target, draw_scheme, over_targets
from meristem.evaluate.table import PredictionTable
from meristem.models.catalog import needs
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.evaluation import outer_splits
from meristem.records import SampleGroups
from meristem.runs.folder import RunFolder

T = TypeVar("T")

NETWORK = "binn"

_MARKERS: tuple[AnyModelOptions, ...] = (
    GBLUPOptions(),
    RidgeOptions(),
    WeightedGBLUPOptions(),
    KernelOptions(),
)
_MEDIATED: tuple[AnyModelOptions, ...] = (
    MediatedOptions(name="goblup", method="goblup"),
    MediatedOptions(name="one_kernel", method="one_kernel"),
    MediatedOptions(name="predicted_expression", method="predicted_expression"),
    MediatedOptions(name="pathway_reml", method="pathway_reml"),
    MediatedOptions(name="pathway_average", method="pathway_average"),
    FeatureBLUPOptions(),
    MeasuredOmicsOptions(),
)

PANELS: dict[str, tuple[AnyModelOptions, ...]] = {
    "wheat_bglr": (*_MARKERS, AutoOptions(name=NETWORK)),
    "mdp_281": (*_MARKERS, AutoOptions(name=NETWORK)),
    "yeast_smith2008": (*_MARKERS, *_MEDIATED, AutoOptions(name=NETWORK, omics="soft")),
    "maize_technow_hybrids": (
        GBLUPOptions(),
        GBLUPOptions(name="gblup-inner", variance="inner"),
        RidgeOptions(),
        KernelOptions(),
        KernelOptions(name="rkhs-inner", variance="inner"),
        AutoOptions(name=NETWORK),
    ),
}
"""Panel -> models. Without knowledge the network is its polygenic path alone."""

NOT_LINEAR = ("rkhs", "rkhs-inner")
NOT_DEPLOYABLE = tuple(o.label for o in _MEDIATED if not needs(o).deployable)
"""Rows that are no linear rivals."""

KEY = ("panel", "trait", "environment", "model")
RESULT_COLUMNS = (
    *KEY,
    "deployable",
    "replicates",
    "folds",
    "mean",
    "low",
    "high",
    "binn_minus",
    "minus_low",
    "minus_high",
    "best_linear",
)


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
    command: str = "",
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Cross-validate the models of every panel and write `results.csv`.

    Predictive ability is the mean over folds of Pearson's r with the observed value;
    intervals are those of `evaluate.compare`.

    Parameters
    ----------
    data
        Folder that holds `gp/` and `prior_knowledge/`.
    out
        Folder of the table; fits are kept in `out/work`, fold by fold.
    panels
        Some of `PANELS`.
    models
        Labels of some models alone; empty: all. Fits of the others are kept.
    replicates
        Repeats of the folds; where whole groups are left out there may be fewer.
    seed
        Of folds and models.
    jobs
        Processes.
    examples
        Folder of the configurations.
    command
        Command line, for the record.
    progress
        Called with (panel, fits done, fits in all).

    Returns
    -------
    str
        Predictive ability per panel and model, as a text table.

    Raises
    ------
    ConfigError
        If a name is unknown, the data are not there, or the folder holds results of
        another seed.
    """
    refuse_unknown(panels, tuple(PANELS), "panels")
    known = {options.label for name in panels for options in PANELS[name]}
    refuse_unknown(models, sorted(known), "models")
    if not data.is_dir():
        raise ConfigError(
            "is no folder", where=data, remedy="name the folder that holds gp/"
        )
    open_folder(out, {"seed": seed}, command)
    table = CellTable(out / "results.csv", RESULT_COLUMNS, ("panel",))
    for name in panels:
        config = panel_config(name, data, examples, replicates=replicates, seed=seed)
        if models:
            some = tuple(o for o in config.models if o.label in models)
            config = config.model_copy(update={"models": some})
        rows = _panel_rows(name, config, out / "work" / name, jobs, progress)
        table.rows = [row for row in table.rows if row["panel"] != name]
        table.add(rows)
    return summary_text(table.rows)


def panel_config(
    name: str, data: Path, examples: Path, *, replicates: int, seed: int
) -> AnalysisConfig:
    """Return the example's configuration with the rivals of the benchmark."""
    config = read_config(examples / f"{name}.toml")
    moved = _moved(config, data)
    evaluate = config.evaluate.model_copy(update={"replicates": replicates})
    run = config.run.model_copy(update={"seed": seed})
    models = PANELS[name]
    return moved.model_copy(update={"models": models, "evaluate": evaluate, "run": run})


def _moved(value: T, data: Path) -> T:
    """Return the configuration with the paths of the public data below `data`."""
    if isinstance(value, BaseModel):
        fields = {
            name: _moved(getattr(value, name), data)
            for name in type(value).model_fields
        }
        return value.model_copy(update=fields)
    if isinstance(value, tuple):
        return tuple(_moved(item, data) for item in value)  # type: ignore[return-value]
    if isinstance(value, Path) and "data" in value.parts:
        last = len(value.parts) - 1 - value.parts[::-1].index("data")
        return data.joinpath(*value.parts[last + 1 :])  # type: ignore[return-value]
    return value


def _panel_rows(
    name: str,
    config: AnalysisConfig,
    work: Path,
    jobs: int,
    progress: Callable[[str, int, int], None] | None,
) -> list[Row]:
    analysis = Analysis(config, RunFolder(work))
    result = cross_validate(
        analysis.dataset,
        analysis.predictors,
        outer_splits(analysis),
        config=config.evaluate,
        filters=config.genotypes.filter,
        seed=config.run.seed,
        jobs=jobs,
        work=work,
        progress=lambda done, total: progress(name, done, total) if progress else None,
    )
    replicates = {task.split.replicate for task in result.tasks}
    rows = score_models(result.predictions, analysis.dataset.groups, config.run.seed)
    return [{"panel": name, "replicates": str(len(replicates))} | row for row in rows]


def score_models(
    predictions: PredictionTable, groups: SampleGroups | None, seed: int
) -> list[Row]:
    """Return ability and the network's paired difference, per target and over all.

    The best linear rival is the deployable linear model of the highest mean; it is
    chosen on the same folds, which favours it.
    """
    models = [str(label) for label in dict.fromkeys(predictions.model.tolist())]
    draws = draw_scheme(predictions, models, groups, seed)
    if len(draws) > 1:
        own = draws.values()
        draws[ALL, ALL] = {m: over_targets([d[m] for d in own]) for m in models}
    return [
        row
        for target, by_model in draws.items()
        for row in _target_rows(target, by_model)
    ]


def _target_rows(target: Target, by_model: dict[str, Draws]) -> list[Row]:
    rivals = [
        model
        for model in by_model
        if model not in (NETWORK, *NOT_DEPLOYABLE, *NOT_LINEAR)
    ]
    best = max(rivals, key=lambda model: by_model[model].mean, default="")
    rows = []
    for model, own in by_model.items():
        low, high = paired_interval(own.mean, own.draws)
        row = {
            "trait": target[0],
            "environment": target[1],
            "model": model,
            "deployable": "no" if model in NOT_DEPLOYABLE else "yes",
            "folds": str(own.n_fold),
            "mean": number(own.mean),
            "low": number(low),
            "high": number(high),
            "best_linear": "yes" if model == best else "",
        }
        network = by_model.get(NETWORK)
        if network is not None and model != NETWORK:
            minus = network.mean - own.mean
            low, high = paired_interval(minus, network.draws - own.draws)
            row |= {"binn_minus": number(minus)}
            row |= {"minus_low": number(low), "minus_high": number(high)}
        rows.append(row)
    return rows


def summary_text(rows: Sequence[Row]) -> str:
    """Return mean ability over the targets of each panel, best linear rival marked."""
    lines = [f"{'panel':24}{'model':22}{'ability':>9}{'binn minus it':>28}"]
    for panel in dict.fromkeys(row["panel"] for row in rows):
        own = [row for row in rows if row["panel"] == panel]
        if any(row["trait"] == ALL for row in own):
            own = [row for row in own if row["trait"] == ALL]
        for row in own:
            minus = ""
            if row.get("binn_minus"):
                names = ("binn_minus", "minus_low", "minus_high")
                mean, low, high = (float(row[item]) for item in names)
                minus = f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
            mark = "*" if row["best_linear"] else " "
            label = row["model"] + mark
            ability = float(row["mean"])
            lines.append(f"{panel:24}{label:22}{ability:9.3f}{minus:>28}")
    lines.append("* best deployable linear rival")
    return "\n".join(lines)
