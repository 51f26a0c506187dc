"""The command `generate`: new sequences from a generative model, and their quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.pages.numbers import fixed, percent
from meristem.pages.page import Card, Section, write_run_page
from meristem.pages.table import table_html
from meristem.records import FloatArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.folder import RunFolder
from meristem.runs.record import plan_run
from meristem.runs.seeds import derived_rng
from meristem.sequence.commands.design import fit_part
from meristem.sequence.commands.figures import draw_fit
from meristem.sequence.commands.report import begin_run, read_frame, read_note
from meristem.sequence.commands.settings import (
    SequenceSettings,
    listed_models,
    read_motif_set,
    specify,
)
from meristem.sequence.commands.train import prepare_rows, read_roles
from meristem.sequence.generation.networks import GenerateOptions, train_generator
from meristem.sequence.generation.quality import judge
from meristem.sequence.inputs.onehot import decode, one_hot
from meristem.stats.metrics import pearson

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of every task that are asked for where nothing is wanted."""

_FILES = ("generated.csv", "generated.fa", "quality.csv")
_COMPARED = 2000  # real sequences beside the generated ones


@dataclass(frozen=True)
class Order:
    """What is to be generated.

    Attributes
    ----------
    n
        Number of sequences.
    options
        Method, shape and training.
    wanted
        Value by task; tasks that are not named are asked for at their mean. Without
        any, all tasks are asked for at `LEVELS`.
    label
        Model of the run that judges; "" takes the best.
    """

    n: int = 500
    options: GenerateOptions = GenerateOptions()
    wanted: tuple[tuple[str, float], ...] = ()
    label: str = ""
    seed: int = 1


@in_locked_folder
def generate_run(
    model_run: str | Path,
    to: Destination,
    order: Order,
) -> Path:
    """Train a generator on one half of the groups; a model of the other half judges.

    Raises
    ------
    ConfigError
        If a task or a model is not there.
    """
    source = RunFolder.open(model_run)
    settings = SequenceSettings.model_validate(source.record()["config"])
    label = order.label or str(read_note(source, "summary.json").get("best", ""))
    models = {m.name: m for m in listed_models(settings)}
    if label not in models:
        raise ConfigError(
            f"there is no model {label!r} in the run",
            where=source.path,
            remedy=f"use one of {', '.join(models)}",
        )
    judged_by = specify(settings, models[label], read_motif_set(settings))
    train, _, length = read_roles(settings)
    wanted = _wanted(order, train.value, train.tasks)
    prepared, _, _ = prepare_rows(settings, train, None, length)
    run = plan_run(
        to,
        title=f"{order.n:,} generated sequences",
        question="Are they like real sequences, new, and as active as asked?",
        config={
            "run": str(model_run),
            "wanted": dict(order.wanted),
            "model": label,
            **order.options.model_dump(),
        },
        seed=order.seed,
        inputs=[("run", source.file("run.json"))],
    )
    run = replace(run, kind="sequence")
    begin_run(run, _FILES)
    units = np.unique(prepared.unit)
    rng = derived_rng(order.seed, "halves")
    first = np.isin(prepared.unit, rng.permutation(units)[: units.size // 2])
    with run.timed("generator"):
        rows = prepared.rows(
            np.flatnonzero(first), centre=settings.inputs.centre_sources
        )
        generator = train_generator(
            rows.onehot,
            rows.value,
            order.options,
            derived_rng(order.seed, "generator"),
            lambda done, total: to.notify("generator", done, total),
        )
    made = generator.draw(wanted, derived_rng(order.seed, "noise"))
    with run.timed("judge"):
        model = fit_part(
            prepared, settings, judged_by, np.flatnonzero(~first), label, order.seed
        )
        guess = model.predict(one_hot(made))
    texts = decode(one_hot(made))
    run.table("generated", _table(texts, wanted, guess, train.tasks))
    with run.folder.writing("generated.fa") as temporary:
        content = "".join(f">g{n + 1}\n{text}\n" for n, text in enumerate(texts))
        temporary.write_text(content, encoding="utf-8")
    run.table("quality", _quality(texts, train.sequence, first, rng))
    fits = {
        task: pearson(wanted[:, place], guess[:, place])
        for place, task in enumerate(train.tasks)
        if np.ptp(wanted[:, place]) > 0
    }
    means = dict(zip(train.tasks, guess.mean(axis=0).tolist(), strict=True))
    run.note("summary", {"judge": label, "agreement": fits, "predicted": means})
    return run.finish(build_generated)


def _quality(
    made: list[str],
    known: tuple[str, ...],
    first: NDArray[np.bool_],  # (n_known,) which trained the generator
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the quality of generated, of as many real, and of shuffled sequences."""
    own, other = (
        [known[row] for row in rng.permutation(np.flatnonzero(part))]
        for part in (first, ~first)
    )
    n = min(len(made), len(other) // 2)
    shuffled = ["".join(rng.permutation(list(text))) for text in other[:n]]
    sets = {"generated": made, "real": other[:n], "shuffled": shuffled}
    held = other[n:][:_COMPARED]
    return pd.DataFrame(
        [{"set": name} | judge(texts, own, held).row() for name, texts in sets.items()]
    )


def _wanted(
    order: Order,
    value: FloatArray,  # (n, n_task)
    tasks: tuple[str, ...],
) -> FloatArray:  # (order.n, n_task)
    """Return the values asked for, by sequence."""
    unknown = sorted({name for name, _ in order.wanted} - set(tasks))
    if unknown:
        raise ConfigError(
            f"there is no task {unknown[0]!r}",
            where="--want",
            remedy=f"use some of {', '.join(tasks)}",
        )
    if order.wanted:
        chosen = dict(order.wanted)
        mean = np.nanmean(value, axis=0)
        row = [chosen.get(task, mean[n]) for n, task in enumerate(tasks)]
        return np.tile(np.array(row), (order.n, 1))
    grid = np.nanquantile(value, LEVELS, axis=0)  # (n_level, n_task)
    found: FloatArray = grid[np.arange(order.n) % len(LEVELS)]
    return found


def _table(
    texts: list[str], wanted: FloatArray, guess: FloatArray, tasks: tuple[str, ...]
) -> pd.DataFrame:
    table = pd.DataFrame({"sequence_id": [f"g{n + 1}" for n in range(len(texts))]})
    for place, task in enumerate(tasks):
        table[f"{task}_wanted"] = wanted[:, place]
        table[f"{task}_predicted"] = guess[:, place]
    return table.assign(sequence=texts)


def build_generated(folder: str | Path) -> Path:
    """Write ``report.html`` of generated sequences; it reads the folder alone."""
    opened = RunFolder.open(folder)
    summary = read_note(opened, "summary.json")
    quality, table = (read_frame(opened, f"{n}.csv") for n in ("quality", "generated"))
    if quality is None or table is None:
        raise ConfigError("holds no generated sequences", where=folder)
    own = quality[quality["set"] == "generated"].iloc[0]
    real = quality[quality["set"] == "real"].iloc[0]
    fits = [
        draw_fit(
            table.rename(
                columns={f"{t}_wanted": "predicted", f"{t}_predicted": "observed"}
            )[["sequence_id", "predicted", "observed"]],
            f"wanted_{place + 1}",
            f"{t}: wanted, and predicted by {summary['judge']}",
            ("wanted", "predicted"),
        )
        for place, t in enumerate(summary["predicted"])
    ]
    html = table_html(
        quality,
        formats={
            "n": lambda v: f"{v:.0f}",
            "spectrum": lambda v: fixed(v, 4),
            **dict.fromkeys(("copies", "repeats", "gc"), percent),
        },
    )
    cards = [
        Card(
            "divergence of words (bits)",
            fixed(own["spectrum"], 4),
            f"real sequences {fixed(real['spectrum'], 4)}",
        ),
        Card("copies of training rows", percent(own["copies"]), "either strand"),
        *(
            Card(f"r, {task}", fixed(r, 2), "wanted against predicted")
            for task, r in summary["agreement"].items()
        ),
    ]
    intro = (
        "spectrum: Jensen-Shannon divergence of the words of four bases from those of "
        "real sequences that trained nothing; copies: share that is a near copy of a "
        "training sequence; repeats: of another of the set. Real and shuffled "
        "sequences show the range. The model that predicts was fitted on the groups "
        "that the generator has not seen."
    )
    sections = (
        Section("Quality", "quality", html=str(html), intro=intro),
        Section("Wanted and predicted", "wanted", blocks=tuple(fits)),
    )
    return write_run_page(opened, "Sequence models", sections, cards)
