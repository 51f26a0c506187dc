"""The command `search`: architectures beside random search and the default one."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.records import Split
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.progress import Notify
from meristem.runs.record import Run
from meristem.runs.seeds import derived_rng
from meristem.sequence.architecture.choose import (
    Budget,
    Inner,
    inner_rows,
    search_architecture,
)
from meristem.sequence.commands.fitting import Prepared, prediction_rows
from meristem.sequence.commands.report import begin_run
from meristem.sequence.commands.search_report import build_search
from meristem.sequence.commands.settings import (
    ModelSettings,
    SearchSettings,
    SequenceSettings,
    read_motif_set,
    specify,
)
from meristem.sequence.commands.train import plan_sequence_run, prepare_rows, read_roles
from meristem.sequence.models.catalog import Specification, architectures, fit_model
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.scores import score_rows
from meristem.tune.optimisers import best_trials

_FILES = ("trials.csv", "scores.csv", "found.json")
DEFAULT, RANDOM = "default", "random"


@in_locked_folder
def search_run(
    settings: SequenceSettings,
    to: Destination,
) -> Path:
    """Search architectures within training rows and test what was found once.

    Each repeat takes another outer fold: the search, random search of the same
    budget, and the default architecture are then trained on all its training rows and
    tested on its test rows. A search that was stopped continues.

    Raises
    ------
    ConfigError
        If the kind has no architecture, or there are fewer folds than repeats.
    """
    search = settings.search or SearchSettings()
    specification = specify(
        settings, ModelSettings(kind=search.kind), read_motif_set(settings)
    )
    architectures(specification)
    run = plan_sequence_run(
        settings,
        to,
        "Does a search find a better architecture than chance or the default?",
    )
    train, test, length = read_roles(settings)
    prepared, division, _ = prepare_rows(settings, train, test, length)
    if len(division.split) < search.repeats:
        raise ConfigError(
            f"{search.repeats} repeats need as many folds, and there are "
            f"{len(division.split)}",
            where="search.repeats",
            remedy="raise split.folds or split.replicates",
        )
    begin_run(run, _FILES)
    trials: list[dict] = []
    scores: list[dict] = []
    predictions: list[pd.DataFrame] = []
    found: list[dict] = []
    for repeat, split in enumerate(division.split[: search.repeats]):
        chosen = _search_fold(
            run, prepared, split, specification, settings, (search, repeat), to.notify
        )
        for label, (options, tried) in chosen.items():
            trials += [{"repeat": repeat, "method": label} | row for row in tried]
            found.append(
                {"repeat": repeat, "method": label, "options": options.model_dump()}
            )
            rows, guessed = _test_fold(
                prepared, split, specification, options, label, settings
            )
            scores += rows
            predictions.append(guessed)
    run.table("trials", pd.DataFrame(trials))
    run.table("scores", pd.DataFrame(scores))
    run.table("predictions", pd.concat(predictions, ignore_index=True))
    run.note("found", {"found": found, "kind": search.kind, "method": search.method})
    return run.finish(build_search)


def _search_fold(
    run: Run,
    prepared: Prepared,
    split: Split,
    specification: Specification,
    settings: SequenceSettings,
    of: tuple[SearchSettings, int],
    notify: Notify,
) -> dict[str, tuple[NetworkOptions, list[dict]]]:
    """Return the best options by method, and what was tried."""
    search, repeat = of
    rows = prepared.rows(split.train, centre=settings.inputs.centre_sources)
    inner = inner_rows(rows, derived_rng(settings.seed, "inner", repeat))
    budget = Budget(search.generations, search.size, search.rungs, search.keep)
    space = architectures(specification)
    chosen: dict[str, tuple[NetworkOptions, list[dict]]] = {DEFAULT: (space.base, [])}
    for method in dict.fromkeys((RANDOM, search.method)):
        state = f"search_{method}_{repeat}.json"

        def tell(done: int, best: float, method: str = method) -> None:
            notify(f"{method} {repeat + 1}: {best:.3f}", done, search.generations)

        run.folder.announce(state)
        tried = search_architecture(
            method,
            specification,
            inner,
            budget,
            seed=settings.seed + repeat,
            state=run.folder.file(state),
            about=_about(settings, inner),
            progress=tell,
        )
        run.folder.note(state)
        best = best_trials(tried, 1)[0]
        named = [
            {"generation": t.generation, "reward": t.reward}
            | {
                k: v
                for k, v in space.build(t.point).model_dump().items()
                if k in t.point
            }
            for t in tried
        ]
        chosen[method] = (space.build(best.point), named)
    return chosen


def _about(settings: SequenceSettings, inner: Inner) -> str:
    """Return a fingerprint of what rewards rest on, the number of generations aside."""
    content = settings.model_dump(mode="json", exclude={"title", "data", "models"})
    for name in ("generations", "repeats"):
        (content["search"] or {}).pop(name, None)
    digest = sha256(json.dumps(content, sort_keys=True).encode())
    for part in (inner.train, inner.held):
        digest.update(np.packbits(part.onehot > 0.5).tobytes())
        digest.update(part.value.tobytes())
    return digest.hexdigest()


def _test_fold(
    prepared: Prepared,
    split: Split,
    specification: Specification,
    options: NetworkOptions,
    label: str,
    settings: SequenceSettings,
) -> tuple[list[dict], pd.DataFrame]:
    """Return scores and predictions of an architecture on the outer test rows."""
    model = fit_model(
        replace(specification, options=options),
        prepared.rows(split.train, centre=settings.inputs.centre_sources),
        tasks=prepared.data.tasks,
        rng=derived_rng(settings.seed, "final", split.replicate, split.fold),
        pad=settings.inputs.pad,
    )
    test = prepared.data.take(split.test)
    guess = model.predict(prepared.onehot[split.test])
    loss = settings.train.loss
    rows = score_rows(label, test.tasks, loss, split, test.value, guess, test.group)
    unit = prepared.unit[split.test]
    return list(rows), prediction_rows(label, split, test, guess, unit)
