"""The command `train`: from measured sequences to models and their honest scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError, DataError
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.record import Run, plan_run
from meristem.runs.seeds import derived_rng
from meristem.sequence.commands.fitting import (
    Prepared,
    best_label,
    check_finals,
    cross_validate,
    encode_rows,
    fit_finals,
)
from meristem.sequence.commands.report import begin_run, build_report
from meristem.sequence.commands.settings import (
    SequenceSettings,
    listed_models,
    read_motif_set,
    specify,
)
from meristem.sequence.inputs.identity import cluster_copies
from meristem.sequence.inputs.measured import MeasuredSequences, read_measured
from meristem.sequence.inputs.splits import Division, divide
from meristem.sequence.models.closed_form import ClosedForm
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.ridge import refuse_flat
from meristem.sequence.scores import FIRST, compare_models
from meristem.sequence.training.losses import make_loss

BASELINE = "kmer"

_MOST_PADDING = 50
"""Length that models read, over that of the longest sequence."""


def plan_sequence_run(
    settings: SequenceSettings, to: Destination, question: str
) -> Run:
    """Return the run of a command of sequence models; nothing is written yet."""
    named = [(f"data {n + 1}", item.path) for n, item in enumerate(settings.data)]
    named += [
        (f"fasta {n + 1}", item.fasta)
        for n, item in enumerate(settings.data)
        if item.fasta is not None
    ]
    if settings.motifs is not None:
        named.append(("motifs", settings.motifs))
    run = plan_run(
        to,
        title=settings.title,
        question=question,
        config=settings.model_dump(mode="json"),
        seed=settings.seed,
        inputs=named,
    )
    return replace(run, kind="sequence")


def read_roles(
    settings: SequenceSettings,
) -> tuple[MeasuredSequences, MeasuredSequences | None, int]:
    """Return training rows, test rows if there are any, and the length in bp.

    Raises
    ------
    DataError
        If a test table names a task that is not trained, or a task has values that the
        loss has no place for, or hardly any.
    ConfigError
        If models would read little else than padding.
    """
    train = read_measured([d.source() for d in settings.data if d.role == "train"])
    make_loss(settings.train.loss, train.value, train.tasks)
    for task, column in zip(train.tasks, train.value.T, strict=True):
        refuse_flat(column[~np.isnan(column)], where=f"task {task!r}")
    held = [d.source() for d in settings.data if d.role == "test"]
    test = read_measured(held) if held else None
    if test is not None and test.tasks != train.tasks:
        raise DataError(
            f"the test tables have the tasks {', '.join(test.tasks)}, the training "
            f"tables {', '.join(train.tasks)}",
            where="data.tasks",
            remedy="give the same names of tasks in the same order",
        )
    sizes = [len(text) for text in train.sequence]
    sizes += [] if test is None else [len(text) for text in test.sequence]
    length, longest = settings.inputs.length, max(sizes)
    if length > _MOST_PADDING * longest:
        raise ConfigError(
            f"is {length} bp, and the longest sequence has {longest}",
            where="inputs.length",
            remedy=f"leave it out, or ask for {_MOST_PADDING * longest} at most",
        )
    return train, test, length or longest


def prepare_rows(
    settings: SequenceSettings,
    train: MeasuredSequences,
    test: MeasuredSequences | None,
    length: int,
) -> tuple[Prepared, Division, int]:
    """Return rows, folds, and how many rows were left out as copies of test rows."""
    n_copy = 0
    if test is not None:
        joined = cluster_copies(
            [*train.sequence, *test.sequence], settings.split.identity
        )
        copies = np.isin(joined[: train.n], joined[train.n :])
        n_copy = int(copies.sum())
        if copies.all():
            raise DataError(
                f"all {train.n} training rows are near copies of test rows, and none "
                "is left to train on",
                where="data",
                remedy="leave test rows out of the training tables, or the other way "
                "round; split.identity says what a near copy is",
            )
        train = train.take(~copies)
    split = settings.split
    division = divide(
        train,
        split.scheme,
        folds=split.folds,
        replicates=split.replicates,
        tested=split.tested,
        identity=split.identity,
        rng=derived_rng(settings.seed, "splits"),
        within=split.within,
    )
    onehot = encode_rows(train, settings.inputs, length)
    return Prepared(train, onehot, division.unit, division.copy), division, n_copy


@in_locked_folder
def train_run(
    settings: SequenceSettings,
    to: Destination,
) -> Path:
    """Evaluate the models of a configuration and fit them on all rows."""
    run = plan_sequence_run(
        settings,
        to,
        "How well does sequence predict what was measured, and which model does it "
        "best?",
    )
    motifs = read_motif_set(settings)
    specifications = {
        model.name: specify(settings, model, motifs)
        for model in listed_models(settings)
    }
    with run.timed("read"):
        train, test, length = read_roles(settings)
        prepared, division, n_copy = prepare_rows(settings, train, test, length)
    begin_run(run)
    with run.timed("folds"):
        scores, predictions = cross_validate(
            prepared, division, specifications, settings, to.notify
        )
    with run.timed("final models"):
        finals = fit_finals(prepared, specifications, settings, to.notify)
    metric = FIRST[settings.train.loss]
    asked = scores[scores["split"] == settings.split.scheme]
    best = best_label(asked, metric, list(specifications))
    if test is not None:
        more, rows = check_finals(finals, test, settings, length)
        scores = pd.concat([scores, more], ignore_index=True)
        predictions = pd.concat([predictions, rows], ignore_index=True)
    _write(run, settings, finals, scores, predictions)
    sizes = {
        "n": prepared.data.n,
        "unmeasured": train.n_unmeasured,
        "length": length,
        "tasks": list(prepared.data.tasks),
        "units": int(np.unique(division.unit).size),
        "folds": len(division.split),
        "withheld": division.withheld,
        "test": 0 if test is None else test.n,
        "copies_of_test": n_copy,
        "best": best,
        "metric": metric,
        "models": {label: s.kind for label, s in specifications.items()},
    }
    run.note("summary", sizes)
    return run.finish(build_report)


def _write(
    run: Run,
    settings: SequenceSettings,
    finals: dict[str, SequenceModel],
    scores: pd.DataFrame,
    predictions: pd.DataFrame,
) -> None:
    run.table("scores", scores)
    run.table("predictions", predictions)
    if settings.train.loss != "binary":
        rng = derived_rng(settings.seed, "intervals")
        run.table("comparison", compare_models(predictions, BASELINE, rng))
    for label, model in finals.items():
        name = f"models/{label}"
        run.folder.announce(name)
        model.save(run.folder.file(name))
        run.folder.note(name)
    _write_courses(run, finals)
    _write_weights(run, finals)


def _write_courses(run: Run, finals: dict[str, SequenceModel]) -> None:
    """Write losses by epoch of every member of every network."""
    rows = [
        {
            "model": label,
            "member": member,
            "epoch": epoch,
            "train": float(course.train[epoch]),
            "held_out": float(course.held_out[epoch]),
            "kept": epoch == course.best,
        }
        for label, model in finals.items()
        if isinstance(model, NetworkEnsemble)
        for member, course in enumerate(model.courses)
        for epoch in range(len(course.train))
    ]
    if rows:
        run.table("courses", pd.DataFrame(rows))


def _write_weights(run: Run, finals: dict[str, SequenceModel]) -> None:
    """Write weights of named features, per standard deviation of the feature."""
    parts = []
    for label, model in finals.items():
        if not isinstance(model, ClosedForm):
            continue
        for number, task in enumerate(model.tasks):
            weight = model.ridge.weight[:, number]
            top = np.argsort(-np.abs(weight))[:200]
            parts.append(
                pd.DataFrame(
                    {
                        "model": label,
                        "task": task,
                        "feature": np.array(model.feature)[top],
                        "weight": weight[top],
                    }
                )
            )
    if parts:
        run.table("weights", pd.concat(parts, ignore_index=True))
