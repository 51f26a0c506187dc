"""The command `explain`: attribution maps, motifs and filters of a fitted model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.folder import RunFolder
from meristem.runs.progress import Notify, silent
from meristem.runs.record import Run, plan_run
from meristem.sequence.commands.explain_report import build_explanation
from meristem.sequence.commands.motif_effects import effect_tables, site_table
from meristem.sequence.commands.predict import open_model, refuse_long
from meristem.sequence.commands.report import begin_run
from meristem.sequence.commands.settings import SequenceSettings
from meristem.sequence.inputs.measured import read_measured, read_sequences
from meristem.sequence.inputs.onehot import BASES, OneHot, encode
from meristem.sequence.interpretation.filters import first_layer_motifs
from meristem.sequence.interpretation.gradients import METHODS, Method, attribute
from meristem.sequence.interpretation.modisco import modisco_patterns
from meristem.sequence.interpretation.mutagenesis import importance, saturate
from meristem.sequence.interpretation.seqlets import Pattern, find_patterns
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.compare import match_motifs
from meristem.sequence.motifs.motif import Motif, write_meme
from meristem.sequence.motifs.reading import read_motifs

ISM = "ism"
ALL_METHODS = (ISM, *METHODS)
FINDERS: dict[str, Callable[..., list[Pattern]]] = {
    "seqlets": find_patterns,
    "modisco": modisco_patterns,
}
"""What finds motifs in maps: our own clustering of peaks, or TF-MoDISco."""
_FILES = (
    *("attributions.csv", "patterns.csv", "completeness.csv"),
    *("sites.csv", "marginals.csv", "spacing.csv"),
)


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes
    ----------
    method
        One of `ALL_METHODS`.
    task
        Name; "" takes the first.
    label
        Model of the run; "" takes the best.
    sequences
        FASTA or table; None takes the data of the run.
    most
        Sequences that are explained, see `explained_rows`.
    motifs
        File of motifs (MEME or JASPAR) that names what is found, and with motifs
        whose effects are asked for; None: neither.
    finder
        What finds motifs in the maps, one of `FINDERS`.
    """

    method: str = ISM
    task: str = ""
    label: str = ""
    sequences: Path | None = None
    most: int = 200
    motifs: Path | None = None
    finder: str = "seqlets"


@in_locked_folder
def explain_run(
    model_run: str | Path,
    to: Destination,
    question: Question,
) -> Path:
    """Write attribution maps, the motifs in them, and a page into a folder.

    Raises
    ------
    ConfigError
        If the method is unknown, or does not go with the model.
    """
    if question.method not in ALL_METHODS:
        raise ConfigError(
            f"there is no method {question.method!r}",
            where="--method",
            remedy=f"use {', '.join(ALL_METHODS)}",
        )
    if question.finder not in FINDERS:
        raise ConfigError(
            f"there is no finder {question.finder!r}",
            where="--finder",
            remedy=f"use {', '.join(FINDERS)}",
        )
    model = open_model(model_run, question.label)
    task = _task(model, question.task)
    known = [] if question.motifs is None else read_motifs(question.motifs)
    names, onehot = _chosen(model, model_run, question, task)
    inputs = [("run", RunFolder.open(model_run).file("run.json"))]
    inputs += [
        (role, path)
        for role, path in (
            ("sequences", question.sequences),
            ("motifs", question.motifs),
        )
        if path is not None
    ]
    run = plan_run(
        to,
        title=f"What {model.kind} reads for {model.tasks[task]}",
        question="Which bases make the prediction, and which motifs do they spell?",
        config={
            "run": str(model_run),
            "method": question.method,
            "task": model.tasks[task],
            "model": question.label,
            "most": question.most,
            "finder": question.finder,
        },
        seed=0,
        inputs=inputs,
    )
    run = replace(run, kind="sequence")
    with run.timed("attributions"):
        value, gap = attribution_maps(model, onehot, task, question.method, to.notify)
    begin_run(run, _FILES)
    _write_maps(run, names, onehot, value, gap)
    with run.timed("motifs"):
        patterns = FINDERS[question.finder](value, onehot)
        filters = []
        if isinstance(model, NetworkEnsemble):
            filters = first_layer_motifs(model, onehot)
        write_patterns(run, "patterns", patterns)
        write_patterns(run, "filters", filters)
        if known:
            run.table("matches", name_patterns([*patterns, *filters], known))
    found = [pattern.motif for pattern in patterns]
    if found or known:
        with run.timed("effects of motifs"):
            run.table("sites", site_table(names, onehot, value, [*found, *known]))
            single, pairs = effect_tables(model, onehot, task, found, known, to.notify)
            run.table("marginals", single)
            if len(pairs):
                run.table("spacing", pairs)
    return run.finish(build_explanation)


def attribution_maps(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length)
    task: int,
    method: str,
    notify: Notify = silent,
) -> tuple[FloatArray, FloatArray]:
    """Return maps (n, 4, length) and by how much each misses the change (n,)."""
    if method == ISM:
        value = np.zeros(onehot.shape)
        for start in range(0, len(onehot), 8):
            some = onehot[start : start + 8]
            change = saturate(model, some)[..., task]
            value[start : start + 8] = importance(change, some)[:, None] * some
            notify("sequences", start + len(some), len(onehot))
        return value, np.full(len(onehot), np.nan)
    chosen = next(m for m in METHODS if m == method)
    return _by_gradient(model, onehot, task, chosen, notify)


def _by_gradient(
    model: SequenceModel, onehot: OneHot, task: int, method: Method, notify: Notify
) -> tuple[FloatArray, FloatArray]:
    values, gaps = [], []
    for start in range(0, len(onehot), 32):
        found = attribute(model, onehot[start : start + 32], task, method)
        values.append(found.value)
        gaps.append(found.gap)
        notify("sequences", min(start + 32, len(onehot)), len(onehot))
    return np.concatenate(values), np.concatenate(gaps)


def _task(model: SequenceModel, name: str) -> int:
    if not name:
        return 0
    if name not in model.tasks:
        raise ConfigError(
            f"there is no task {name!r}",
            where="--task",
            remedy=f"use one of {', '.join(model.tasks)}",
        )
    return model.tasks.index(name)


def _chosen(
    model: SequenceModel, model_run: str | Path, question: Question, task: int
) -> tuple[list[str], OneHot]:
    """Return the sequences that are explained."""
    if question.sequences is not None:
        found = read_sequences(question.sequences)
        refuse_long(found, model.window)
    else:
        record = RunFolder.open(model_run).record()
        settings = SequenceSettings.model_validate(record["config"])
        data = read_measured([d.source() for d in settings.data])
        found = dict(zip(data.sequence_id.tolist(), data.sequence, strict=True))
    names = list(found)
    window = model.window or max(len(text) for text in found.values())
    onehot = encode(list(found.values()), window, model.pad)
    kept = explained_rows(model.predict(onehot)[:, task], question.most)
    names, onehot = [names[row] for row in kept], onehot[kept]
    return names, onehot


def explained_rows(prediction: FloatArray, most: int) -> IntArray:  # (n,), (n_kept,)
    """Return the rows to explain: extremes of the prediction, and some of all ranks.

    Half of them are the largest and smallest, where maps are clearest; the other half
    is spread evenly over the ranks, where weaker motifs are not hidden behind others.

    Examples
    --------
    >>> explained_rows(np.arange(100.0), 8).tolist()
    [0, 1, 14, 38, 62, 86, 98, 99]
    """
    order = np.argsort(prediction, kind="stable")
    if order.size <= most:
        return np.sort(order)
    end = most // 4
    inside = order[end : order.size - end]
    spread = np.linspace(0, inside.size, most - 2 * end + 1)
    middle = (spread[:-1] + spread[1:]) / 2
    rows = [order[:end], inside[middle.astype(int)], order[order.size - end :]]
    return np.sort(np.concatenate(rows))


def _write_maps(
    run: Run, names: list[str], onehot: OneHot, value: FloatArray, gap: FloatArray
) -> None:
    row, base, place = np.nonzero(onehot > 0.5)
    table = pd.DataFrame(
        {
            "sequence_id": np.array(names)[row],
            "position": place + 1,
            "base": np.array(list(BASES))[base],
            "attribution": value[row, base, place],
        }
    )
    run.table("attributions", table.sort_values(["sequence_id", "position"]))
    if np.isfinite(gap).any():
        run.table("completeness", pd.DataFrame({"sequence_id": names, "missed": gap}))


def name_patterns(patterns: Sequence[Pattern], known: Sequence[Motif]) -> pd.DataFrame:
    """Return the nearest known motifs: pattern, rank, motif, label, p, q."""
    matches = match_motifs([pattern.motif for pattern in patterns], known, n_best=3)
    columns = ["pattern", "rank", "motif", "label", "p", "q"]
    rows = [(m.query, m.rank, m.target, m.label, m.p, m.q) for m in matches]
    return pd.DataFrame(rows, columns=columns)


def write_patterns(run: Run, name: str, patterns: list[Pattern]) -> None:
    """Write motifs as MEME text and how often they were found as a table."""
    if not patterns:
        return
    table = pd.DataFrame(
        {
            "pattern": [pattern.motif.name for pattern in patterns],
            "n": [pattern.n for pattern in patterns],
            "mean": [pattern.mean for pattern in patterns],
        }
    )
    run.table(name, table)
    with run.folder.writing(f"{name}.meme") as temporary:
        write_meme([pattern.motif for pattern in patterns], temporary)
