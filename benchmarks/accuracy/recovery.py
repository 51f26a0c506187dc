"""The recovery benchmark: whether biology helps genomic prediction, and when.

A simulated panel whose answer is known (`simulate.recovery`). Every model sees the
same training lines, and is scored by Pearson's r with the true genetic value of the
test lines. One panel per replicate: smaller training sets are its first lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.accuracy.causal import CAUSAL_COLUMNS, SCANS, causal_rows
from benchmarks.accuracy.cells import (
    CellTable,
    Progress,
    Row,
    open_table,
    refuse_unknown,
    untold,
)
from benchmarks.accuracy.figures import correlation, mean_interval, number
from benchmarks.accuracy.recovery_task import (
    DEFAULT_MODELS,
    KEY,
    MODELS,
    NOT_DEPLOYABLE,
    Setting,
    fit_model,
    make_task,
)
from meristem.errors import ConfigError
from meristem.evaluate.fold import predict_rows
from meristem.simulate.recovery import RecoveryConfig

TESTS = ("within", "across")
TRAITS = ("pathways", "additive")
NETWORK = "binn"
SMALLEST_PANEL = 600
"""Training lines drawn at least; smaller training sets are the first of them."""

SMALLEST_N = 20

RESULT_COLUMNS = (*KEY, "model", "deployable", "r", "n_test")
SUMMARY_COLUMNS = (
    *KEY[1:],
    "model",
    "deployable",
    "replicates",
    "mean",
    "low",
    "high",
    "binn_minus",
    "minus_low",
    "minus_high",
    "best_rival",
)


def run_recovery(
    n: Sequence[int],
    replicates: int,
    out: Path,
    seed: int = 3000,
    *,
    tests: Sequence[str] = ("within",),
    measured: Sequence[float] = (1.0,),
    traits: Sequence[str] = ("pathways",),
    models: Sequence[str] = DEFAULT_MODELS,
    causal: bool = True,
    base: RecoveryConfig | None = None,
    progress: Progress = untold,
) -> str:
    """Fit every model on every training set; write `results.csv` and more.

    `summary.csv` has means over replicates with their interval, and the paired
    difference of the network to each model; `causal.csv` the recall of causal
    pathways and genes at 10 % false discovery rate (`bench.causal`).

    Parameters
    ----------
    n
        Training sizes.
    replicates
        Panels, numbered from 1; effects are drawn anew in each.
    seed
        Of everything: panels, folds, networks.
    tests
        `within`: test lines of the subpopulations trained on; `across`: all lines of
        a subpopulation that is left out of training, another one in each replicate.
    measured
        Shares of the training lines with expression.
    traits
        `pathways` (nonlinear) or `additive` (known pathways are random sets).
    models
        Some of `MODELS`.
    causal
        Whether to score causal pathways and genes, where there are any.
    base
        Sizes of the panel; its `n_train` is the smallest panel drawn. Default: the
        benchmark.


    Raises
    ------
    ConfigError
        If the folder holds results of other settings, or a name is unknown.
    """
    base = RecoveryConfig(n_train=SMALLEST_PANEL) if base is None else base
    refuse_unknown(models, MODELS, "models")
    refuse_unknown(tests, TESTS, "tests")
    refuse_unknown(traits, TRAITS, "traits")
    if min(n) < SMALLEST_N:
        raise ConfigError(f"n is {min(n)}", remedy=f"give at least {SMALLEST_N} lines")
    sizes = {"n_gene": base.n_gene, "n_test": base.n_test, "lines": base.n_train}
    results = open_table(out, {"seed": seed} | sizes, RESULT_COLUMNS, (*KEY, "model"))
    found = CellTable(out / "causal.csv", (*KEY, *CAUSAL_COLUMNS), (*KEY, "method"))
    settings = [
        Setting(replicate, size, test, share, trait)  # type: ignore[arg-type]
        for replicate in range(1, replicates + 1)
        for trait in traits
        for share in measured
        for test in tests
        for size in n
    ]
    total = len(settings) * len(models)
    for place, setting in enumerate(settings):
        scored = causal and setting.trait == "pathways"
        for done, label in enumerate(models):
            if not results.holds(setting.key | {"model": label}):
                row, named = run_cell(setting, label, seed, base, causal=scored)
                _renew(found, named)
                results.add([row])
            progress(place * len(models) + done + 1, total)
        for method in SCANS if scored else ():
            if not found.holds(setting.key | {"method": method}):
                task = make_task(setting, seed, base)
                rows = causal_rows(method, task, seed=seed)
                found.add(setting.key | row for row in rows)
    summary = summarise(results.rows)
    results.summarise(SUMMARY_COLUMNS, summary)
    return summary_text(summary)


def run_cell(
    setting: Setting, label: str, seed: int, base: RecoveryConfig, *, causal: bool
) -> tuple[Row, list[Row]]:
    """Fit one model and score it; of the network also what it names as causal."""
    task = make_task(setting, seed, base)
    with threadpool_limits(limits=1):
        fitted = fit_model(setting, label, seed, task)
        predicted = predict_rows(fitted, task.test).value[:, 0]
    row = setting.key | {
        "model": label,
        "deployable": "no" if label in NOT_DEPLOYABLE else "yes",
        "r": number(correlation(predicted, task.truth)),
        "n_test": str(task.truth.size),
    }
    named = causal_rows(label, task, fitted) if causal and label == NETWORK else []
    return row, [setting.key | item for item in named]


def _renew(table: CellTable, rows: list[Row]) -> None:
    """Put rows in the place of those of the same cell."""
    if rows:
        old = {id(row) for row in table.of(rows[0])}
        table.rows = [row for row in table.rows if id(row) not in old]
    table.add(rows)


def summarise(results: Sequence[Row]) -> list[Row]:
    """Return mean, interval and the network's paired difference, model by model.

    Intervals are t intervals over replicates. The best rival is the deployable model
    of the highest mean among those that are no network; it is chosen on the same
    replicates, which favours it.
    """
    rows = []
    for setting in _settings(results):
        own = [o for o in results if _matches(o, setting)]
        r = {
            model: {o["replicate"]: float(o["r"]) for o in own if o["model"] == model}
            for model in MODELS
        }
        r = {model: values for model, values in r.items() if values}
        network = r.get(NETWORK, {})
        best = _best_rival(r, network)
        for model, values in r.items():
            paired = [network[o] - values[o] for o in values if o in network]
            minus = mean_interval(paired if model != NETWORK else [])
            rows.append(
                setting
                | {
                    "model": model,
                    "deployable": "no" if model in NOT_DEPLOYABLE else "yes",
                    "replicates": str(len(values)),
                    "best_rival": "yes" if model == best else "",
                }
                | _figures(("mean", "low", "high"), mean_interval([*values.values()]))
                | _figures(("binn_minus", "minus_low", "minus_high"), minus)
            )
    return rows


def summary_text(summary: Sequence[Row]) -> str:
    """Return the summary as a text table: models down, settings across."""
    settings = _settings(summary)
    models = [m for m in MODELS if any(o["model"] == m for o in summary)]
    heads = [_head(setting) for setting in settings]
    lines = [f"{'r':22}" + "".join(f"{head:>18}" for head in heads)]
    for model in models:
        cells = []
        for setting in settings:
            own = [o for o in summary if o["model"] == model and _matches(o, setting)]
            mark = "*" if own and own[0]["best_rival"] else " "
            cells.append(f"{float(own[0]['mean']):17.3f}{mark}" if own else f"{'':18}")
        lines.append(f"{model:22}" + "".join(cells))
    lines.append("* best deployable rival; measured_omics sees the test lines' omics")
    return "\n".join(lines)


def _settings(rows: Sequence[Row]) -> list[Row]:
    """Return the settings of the rows, replicates apart, in order of size."""
    found = {tuple(row[name] for name in KEY[1:]) for row in rows}
    ordered = sorted(found, key=lambda s: (s[3], s[1] == "across", s[2], int(s[0])))
    return [dict(zip(KEY[1:], setting, strict=True)) for setting in ordered]


def _matches(row: Row, setting: Row) -> bool:
    return all(row[name] == text for name, text in setting.items())


def _head(setting: Row) -> str:
    parts = [f"n={setting['n']}"]
    if setting["test"] == "across":
        parts.append("across")
    if setting["measured"] != "1":
        parts.append(f"m={setting['measured']}")
    if setting["trait"] == "additive":
        parts.append("add")
    return " ".join(parts)


def _best_rival(r: dict[str, dict[str, float]], network: dict[str, float]) -> str:
    """Return the best rival on the replicates that the network has as well."""
    shared = network.keys()
    means = {
        model: sum(values[o] for o in shared) / len(shared)
        for model, values in r.items()
        if not model.startswith(NETWORK) and model not in NOT_DEPLOYABLE
        if shared and shared <= values.keys()
    }
    return max(means, key=lambda model: means[model]) if means else ""


def _figures(names: tuple[str, ...], values: tuple[float, ...]) -> Row:
    return {name: number(value) for name, value in zip(names, values, strict=True)}
