"""The page of a run of sequence models: it reads the run folder and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, interval
from meristem.pages.page import Card, Section, write_run_page
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder
from meristem.runs.record import Run
from meristem.sequence.commands.figures import (
    draw_courses,
    draw_fit,
    draw_models,
    draw_weights,
    plain_name,
)
from meristem.sequence.inputs.splits import WITHIN

_FILES = ("scores.csv", "predictions.csv", "summary.json", "models")


def begin_run(run: Run, files: tuple[str, ...] = _FILES) -> None:
    """Claim the folder of a run.

    Raises
    ------
    ConfigError
        If it holds files that Meristem did not write.
    """
    run.folder.refuse_foreign((*files, "report.html"))


def read_note(folder: RunFolder, name: str) -> dict[str, Any]:
    """Return plain values of a run; none where there is no such file."""
    if not folder.file(name).exists():
        return {}
    content: dict[str, Any] = folder.read_json(name)
    return content


def read_frame(folder: RunFolder, name: str) -> pd.DataFrame | None:
    """Return a table of a run; None where there is none."""
    path = folder.file(name)
    if not path.exists():
        return None
    folder.refuse_damaged([name])
    return pd.read_csv(
        path,
        dtype={"sequence_id": str, "group": str, "model": str},
        keep_default_na=True,
        low_memory=False,
    )


def build_report(folder: str | Path) -> Path:
    """Write ``report.html`` of a run of sequence models.

    Raises
    ------
    ConfigError
        If the folder holds no run.
    DataError
        If a file is not as it was written.
    """
    opened = RunFolder.open(folder)
    summary = read_note(opened, "summary.json")
    makers = (_accuracy, _by_group, _tests, _fits, _courses, _weights, _all_scores)
    return write_run_page(
        opened,
        "Sequence models",
        (make(opened) for make in makers),
        _cards(opened, summary),
        lead=_lead(summary),
        title="Sequence model",
    )


def _lead(summary: dict[str, Any]) -> str:
    if not summary:
        return ""
    text = (
        f"{summary['n']:,} sequences of up to {summary['length']:,} bp in "
        f"{summary['units']:,} groups that were never parted; "
        f"{summary['folds']} folds. "
    )
    if summary.get("unmeasured"):
        text += (
            f"{summary['unmeasured']:,} more have no value of any task and were left "
            "out. "
        )
    if summary["withheld"]:
        text += (
            f"{summary['withheld']:,} training rows were withheld from folds because "
            "they are near copies of test rows. "
        )
    if summary["copies_of_test"]:
        text += (
            f"{summary['copies_of_test']:,} rows were left out because they copy "
            "sequences of the test tables. "
        )
    text += f"Best of the folds: {summary['best']}."
    return str(Markup('<p class="intro">{}</p>').format(text))


def _cards(folder: RunFolder, summary: dict[str, Any]) -> tuple[Card, ...]:
    table = read_frame(folder, "comparison.csv")
    if table is None or table.empty or not summary:
        return ()
    own = table[table["model"] == summary["best"]]
    cards = []
    for row in own.head(3).to_dict("records"):
        note = f"{summary['best']}, {interval(row['low'], row['high'])}"
        label = f"r over all rows left out, {row['task']} ({row['split']})"
        cards.append(Card(label, fixed(row["r"], 3), note))
    return tuple(cards)


def _models(folder: RunFolder, tests: bool) -> list[tuple[str, pd.DataFrame]]:
    table = read_frame(folder, "comparison.csv")
    if table is None or table.empty:
        return []
    is_test = table["split"].str.startswith("test:")
    own = table[is_test if tests else ~is_test]
    return [
        (f"{task}, {split}", part)
        for (split, task), part in own.groupby(["split", "task"], sort=False)
    ]


def _accuracy(folder: RunFolder) -> Section | None:
    parts = _models(folder, tests=False)
    if not parts:
        return None
    blocks: list[Any] = []
    for title, part in parts:
        blocks.append(draw_models(part, plain_name("models", title), title))
    return Section(
        "Accuracy on sequences left out",
        "accuracy",
        intro="Every model is trained and tested on the same folds. `gc` knows the "
        "share of G and C alone; a model that does not beat `kmer` has learned no "
        "more than the words of the sequence.",
        blocks=tuple(blocks),
    )


def _by_group(folder: RunFolder) -> Section | None:
    """Return how well every group is predicted by others, and by itself."""
    table = read_frame(folder, "scores.csv")
    rows = read_frame(folder, "predictions.csv")
    if table is None or rows is None or "each_group" not in set(table["split"]):
        return None
    metric = read_note(folder, "summary.json").get("metric")
    keys = ["split", "fold"]
    group = rows[[*keys, "group"]].drop_duplicates(keys)
    own = table[
        (table["metric"] == metric) & table["split"].isin(["each_group", WITHIN])
    ].merge(group, on=keys)
    columns = ["task", "group", "split", "model"]
    mean = own.groupby(columns, sort=False)["value"].mean().unstack("model")
    formats = {name: lambda v: fixed(v, 3) for name in mean.columns}
    return Section(
        "Group by group",
        "groups",
        intro=f"{metric} of every group. each_group: the models were trained on the "
        f"other groups; {WITHIN}: on other sequences of the same group.",
        html=str(table_html(mean.sort_index().reset_index(), formats=formats)),
    )


def _tests(folder: RunFolder) -> Section | None:
    parts = _models(folder, tests=True)
    if not parts:
        return None
    blocks = [draw_models(p, plain_name("test", t), t) for t, p in parts]
    return Section(
        "Accuracy on the test tables",
        "tests",
        intro="The final models, fitted on all training rows, on tables that trained "
        "none of them.",
        blocks=tuple(blocks),
    )


def _fits(folder: RunFolder) -> Section | None:
    table, summary = (
        read_frame(folder, "predictions.csv"),
        read_note(folder, "summary.json"),
    )
    if table is None or not summary:
        return None
    own = table[(table["model"] == summary["best"]) & table["observed"].notna()]
    blocks = []
    for (split, task), part in own.groupby(["split", "task"], sort=False):
        title = f"{task}, {split}: {summary['best']}"
        columns = ["sequence_id", "observed", "predicted"]
        blocks.append(draw_fit(part[columns], plain_name("fit", split, task), title))
    return Section("Measured and predicted", "fit", blocks=tuple(blocks[:6]))


def _courses(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "courses.csv")
    if table is None:
        return None
    blocks = tuple(draw_courses(table, m) for m in table["model"].unique())
    return Section(
        "How the networks learned",
        "losses",
        intro="The loss on groups kept aside falls, then rises: from there on the "
        "network learns its rows by heart. The weights of the lowest point are kept.",
        blocks=blocks,
    )


def _weights(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "weights.csv")
    if table is None:
        return None
    pairs = table[["model", "task"]].drop_duplicates().to_numpy()
    last = [pair for pair in pairs if pair[0] == pairs[-1][0]]
    return Section(
        "What the closed-form model reads",
        "weights",
        intro="Weights of the final model per standard deviation of a feature. "
        "Motifs of one family share their weight: look at families, not at names.",
        blocks=tuple(draw_weights(table, m, t) for m, t in last[:4]),
    )


def _all_scores(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "scores.csv")
    if table is None:
        return None
    keys = ["split", "task", "model", "metric"]
    mean = table.groupby(keys, sort=False)["value"].mean().unstack("metric")
    html = table_html(
        mean.reset_index(),
        formats={name: lambda v: fixed(v, 3) for name in mean.columns},
    )
    return Section(
        "All figures",
        "scores",
        html=str(html),
        intro="Means over folds; the rows by fold are in scores.csv. The figures above "
        "are over the rows of all folds together, which differ where a model errs in "
        "the level of a fold. pearson_within: correlation within groups, that is of "
        "variants of one sequence.",
    )
