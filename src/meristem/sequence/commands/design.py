"""The command `design`: edits that raise a prediction, judged by another model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.folder import RunFolder
from meristem.runs.progress import Notify
from meristem.runs.record import plan_run
from meristem.runs.seeds import derived_rng
from meristem.sequence.commands.design_report import build_design
from meristem.sequence.commands.fitting import Prepared
from meristem.sequence.commands.predict import refuse_long
from meristem.sequence.commands.report import begin_run, read_note
from meristem.sequence.commands.settings import (
    SequenceSettings,
    listed_models,
    read_motif_set,
    specify,
)
from meristem.sequence.commands.train import prepare_rows, read_roles
from meristem.sequence.design.constraints import (
    Constraints,
    check_words,
    learn_realism,
    near_pam,
)
from meristem.sequence.design.oracle import Oracle
from meristem.sequence.design.search import STRATEGIES, Effort, search_edits
from meristem.sequence.inputs.measured import read_sequences
from meristem.sequence.inputs.onehot import code_matrix, decode, one_hot
from meristem.sequence.models.catalog import Specification, fit_model
from meristem.sequence.models.protocol import SequenceModel
from meristem.stats.metrics import pearson

_FILES = ("designs.csv", "designs.fa")

MEMBERS = 5
"""Models of the oracle."""


@dataclass(frozen=True)
class Wish:
    """What is to be designed.

    Attributes
    ----------
    start
        FASTA or table of starting sequences.
    edits
        Most bases that may change.
    direction
        Weight of every task named: 1 raises, -1 lowers.
    strategy
        One of `STRATEGIES`.
    forbidden
        Words that no design may hold.
    gc
        Bounds of the share of G and C.
    pam
        Edit only where an editor with this PAM reaches; "" anywhere.
    realistic
        Keep designs as likely as 99 % of the training sequences under a Markov model.
    oracle, validator
        Models of the run, of different kinds; "" takes the best, and the best of
        another kind.
    caution
        Standard deviations among the models of the oracle by which the gain that is
        sought is lowered; 0: their mean alone.
    """

    start: Path
    edits: int = 6
    direction: tuple[tuple[str, float], ...] = ()
    strategy: str = "beam"
    forbidden: tuple[str, ...] = ()
    gc: tuple[float, float] = (0.0, 1.0)
    pam: str = ""
    realistic: bool = True
    oracle: str = ""
    validator: str = ""
    caution: float = 1.0
    seed: int = 1


@in_locked_folder
def design_run(
    model_run: str | Path,
    to: Destination,
    wish: Wish,
) -> Path:
    """Design edits with an oracle of one half of the data, judged by the other half's.

    Raises
    ------
    ConfigError
        If a strategy, task, model or bound cannot be used.
    """
    if wish.strategy not in STRATEGIES:
        raise ConfigError(
            f"there is no strategy {wish.strategy!r}",
            where="--strategy",
            remedy=f"use {', '.join(STRATEGIES)}",
        )
    source = RunFolder.open(model_run)
    settings = SequenceSettings.model_validate(source.record()["config"])
    labels = _pair(source, settings, wish)
    starts = read_sequences(wish.start)
    words = check_words(wish.forbidden)
    pam = check_words([wish.pam], "--pam")[0] if wish.pam else ""
    train, _, length = read_roles(settings)
    prepared, _, _ = prepare_rows(settings, train, None, length)
    weights = _weights(wish, train.tasks)
    _refuse_impossible(wish, length)
    refuse_long(starts, length)
    run = plan_run(
        to,
        title=f"Designs of {len(starts)} sequences",
        question="Which edits raise the prediction, and does another model agree?",
        config={"run": str(model_run), **_plain(wish)},
        seed=wish.seed,
        inputs=[("run", source.file("run.json")), ("start", wish.start)],
    )
    run = replace(run, kind="sequence")
    with run.timed("oracle and validator"):
        fitted, validator, agree = _halves(prepared, settings, labels, wish, to.notify)
        oracle = Oracle(fitted, weights, wish.caution)
    begin_run(run, _FILES)
    realism = learn_realism(train.sequence) if wish.realistic else None
    rows = []
    with run.timed("designs"):
        codes = code_matrix(list(starts.values()), length, settings.inputs.pad)
        for number, (name, start) in enumerate(zip(starts, codes, strict=True)):
            reach = near_pam(start, pam) if pam else None
            bound = Constraints(wish.edits, words, wish.gc, reach, realism)
            rng = derived_rng(wish.seed, "design", name)
            made = search_edits(wish.strategy, start, oracle, bound, Effort(), rng)
            rows.append(_row(name, start, made, bound, oracle, validator))
            to.notify("designs", number + 1, len(starts))
    table = pd.DataFrame(rows)
    _refuse_broken(table, wish.edits)
    run.table("designs", table)
    with run.folder.writing("designs.fa") as temporary:
        text = "".join(
            f">{r['sequence_id']}\n{r['design']}\n" for r in rows if r["kept"]
        )
        temporary.write_text(text, encoding="utf-8")
    run.note("summary", _summary(table, labels, agree))
    return run.finish(build_design)


def _plain(wish: Wish) -> dict[str, object]:
    return {
        "start": str(wish.start),
        "edits": wish.edits,
        "direction": dict(wish.direction),
        "strategy": wish.strategy,
        "forbidden": list(wish.forbidden),
        "gc": list(wish.gc),
        "pam": wish.pam,
        "realistic": wish.realistic,
        "caution": wish.caution,
    }


def _pair(source: RunFolder, settings: SequenceSettings, wish: Wish) -> tuple[str, str]:
    """Return the labels of oracle and validator, of different kinds."""
    summary = read_note(source, "summary.json")
    kinds = summary.get("models", {})
    if not kinds:
        raise ConfigError("holds no models of DNA", where=source.path)
    oracle = wish.oracle or str(summary["best"])
    others = [name for name in kinds if kinds[name] != kinds.get(oracle)]
    validator = wish.validator or (others[-1] if others else "")
    for name in (oracle, validator):
        if name not in kinds:
            raise ConfigError(
                f"there is no model {name!r} in the run"
                if name
                else "the run has one kind of model alone, and none to judge the other",
                where=source.path,
                remedy=f"use two of {', '.join(kinds)}, of different kinds",
            )
    if kinds[oracle] == kinds[validator]:
        raise ConfigError(
            f"oracle and validator are both of kind {kinds[oracle]!r}",
            where="--validator",
            remedy="a design is judged by a model that errs in other ways",
        )
    return oracle, validator


def _weights(wish: Wish, tasks: tuple[str, ...]) -> FloatArray:
    chosen = dict(wish.direction) or {tasks[0]: 1.0}
    unknown = sorted(set(chosen) - set(tasks))
    if unknown:
        raise ConfigError(
            f"there is no task {unknown[0]!r}",
            where="--direction",
            remedy=f"use some of {', '.join(tasks)}",
        )
    weights = np.array([chosen.get(task, 0.0) for task in tasks])
    if not np.isfinite(weights).all() or not weights.any():
        raise ConfigError(
            "a weight is no number" if weights.any() else "every weight is 0",
            where="--direction",
            remedy="give 1 to raise a task, -1 to lower it",
        )
    return weights


def _refuse_impossible(wish: Wish, length: int) -> None:
    if wish.gc[0] > wish.gc[1]:
        raise ConfigError(
            f"no share of G and C is at least {wish.gc[0]:g} and at most "
            f"{wish.gc[1]:g}",
            where="--gc-low, --gc-high",
            remedy="give the smaller one as --gc-low",
        )
    if wish.edits > length:
        raise ConfigError(
            f"{wish.edits} edits of {length} bp are a new sequence",
            where="--edits",
            remedy=f"ask for {length} at most",
        )


def _refuse_broken(table: pd.DataFrame, edits: int) -> None:
    """Refuse to write designs of which none is what was asked for."""
    if table["kept"].any():
        return
    worst = table["broken"].value_counts()
    raise ConfigError(
        f"no design keeps to what was asked for within {edits} edits: of "
        f"{int(worst.iloc[0])} of {len(table)}, {worst.index[0]}",
        where="--forbid, --gc-low, --gc-high",
        remedy="allow more --edits or wider bounds, or give other sequences to start "
        "from",
    )


def _halves(
    prepared: Prepared,
    settings: SequenceSettings,
    labels: tuple[str, str],
    wish: Wish,
    notify: Notify,
) -> tuple[tuple[SequenceModel, ...], SequenceModel, float]:
    """Return oracle and validator of two halves of the groups, and their agreement.

    The models of the oracle are each fitted on half of its groups.
    """
    motifs = read_motif_set(settings)
    known = {m.name: specify(settings, m, motifs) for m in listed_models(settings)}
    units = np.unique(prepared.unit)
    rng = derived_rng(wish.seed, "halves")
    first = np.isin(prepared.unit, rng.permutation(units)[: units.size // 2])
    members = 1 if wish.strategy == "gradient" else MEMBERS
    models = []
    for member in range(members):
        notify("oracle and validator", member, members + 1)
        own = units[np.isin(units, prepared.unit[first])]
        if members > 1:
            own = rng.permutation(own)[: -(-own.size // 2)]
        rows = np.flatnonzero(np.isin(prepared.unit, own))
        label = labels[0] if members == 1 else f"{labels[0]} {member}"
        models.append(
            fit_part(prepared, settings, known[labels[0]], rows, label, wish.seed)
        )
    notify("oracle and validator", members, members + 1)
    validator = fit_part(
        prepared,
        settings,
        known[labels[1]],
        np.flatnonzero(~first),
        labels[1],
        wish.seed,
    )
    notify("oracle and validator", members + 1, members + 1)
    other = prepared.data.take(~first)
    guess = np.mean([m.predict(prepared.onehot[~first]) for m in models], axis=0)
    return tuple(models), validator, pearson(other.value[:, 0], guess[:, 0])


def fit_part(
    prepared: Prepared,
    settings: SequenceSettings,
    specification: Specification,
    rows: IntArray,
    label: str,
    seed: int,
) -> SequenceModel:
    """Return a model fitted on some of the rows."""
    return fit_model(
        specification,
        prepared.rows(rows, centre=settings.inputs.centre_sources),
        tasks=prepared.data.tasks,
        rng=derived_rng(seed, "half", label),
        pad=settings.inputs.pad,
    )


def _row(
    name: str,
    start: np.ndarray,
    made: np.ndarray,
    bound: Constraints,
    oracle: Oracle,
    validator: SequenceModel,
) -> dict[str, object]:
    both = one_hot(np.vstack([start, made]))
    promised = np.diff(oracle.members(both), axis=1)[:, 0]
    confirmed = float(np.diff(validator.predict(both) @ oracle.weights)[0])
    text = decode(both)
    places = np.flatnonzero(start != made)
    edits = " ".join(f"{text[0][p]}{p + 1}{text[1][p]}" for p in places)
    return {
        "sequence_id": name,
        "edits": int(places.size),
        "changes": edits,
        "oracle_gain": float(promised.mean()),
        "oracle_sd": float(promised.std(ddof=1)) if promised.size > 1 else np.nan,
        "validator_gain": confirmed,
        "kept": not (broken := bound.broken(made, start)),
        "broken": "; ".join(broken),
        "start": text[0],
        "design": text[1],
    }


def _summary(
    table: pd.DataFrame, labels: tuple[str, str], agree: float
) -> dict[str, object]:
    kept = float(table["kept"].mean())
    table = table[table["kept"]]  # what is written to designs.fa
    oracle = float(table["oracle_gain"].mean())
    validator = float(table["validator_gain"].mean())
    return {
        "n": len(table),
        "oracle": labels[0],
        "validator": labels[1],
        "oracle_gain": oracle,
        "validator_gain": validator,
        "confirmed": validator / oracle if oracle > 0 else 0.0,
        "same_sign": float((table["validator_gain"] > 0).mean()),
        "kept": kept,
        "oracle_r": agree,
    }
