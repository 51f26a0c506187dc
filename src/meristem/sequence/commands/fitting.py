"""Fit every model on every fold, then on all training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, Split
from meristem.runs.progress import Notify
from meristem.runs.seeds import derived_rng
from meristem.sequence.commands.settings import InputSettings, SequenceSettings
from meristem.sequence.inputs.measured import MeasuredSequences
from meristem.sequence.inputs.onehot import OneHot, encode
from meristem.sequence.inputs.splits import Division
from meristem.sequence.models.catalog import Specification, fit_model
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.scores import score_rows
from meristem.sequence.training.fit import Rows

GC = "gc"
"""Label of the baseline that knows the share of G and C alone."""


@dataclass(frozen=True)
class Prepared:
    """Rows as models see them."""

    data: MeasuredSequences
    onehot: OneHot  # (n, 4, length)
    unit: IntArray  # (n,) rows that are never parted
    copy: IntArray  # (n,) clusters of near copies

    def rows(self, picked: IntArray, *, centre: bool) -> Rows:
        """Return training rows; `centre` gives their sources one mean.

        Rows of one unit alone (one species trains, another is left out) are parted
        between near copies, or nothing could be left out inside them.
        """
        value = self.data.value[picked]
        if centre:
            value = centre_sources(value, self.data.source[picked])
        unit = self.unit[picked]
        if np.unique(unit).size == 1:
            unit = self.copy[picked]
        return Rows(self.onehot[picked], value, unit)


def centre_sources(
    value: FloatArray,  # (n, n_task)
    source: np.ndarray,  # (n,)
) -> FloatArray:  # (n, n_task)
    """Return values whose sources have the same mean, that of all rows."""
    out = value.copy()
    whole = np.nanmean(value, axis=0)
    for name in np.unique(source):
        rows = source == name
        for task in range(value.shape[1]):
            own = value[rows, task]
            if not np.isnan(own).all():
                out[rows, task] += whole[task] - np.nanmean(own)
    return out


def encode_rows(data: MeasuredSequences, inputs: InputSettings, length: int) -> OneHot:
    """Return one-hot rows; refuse sequences that the length would cut.

    Raises
    ------
    DataError
        If a sequence is longer.
    """
    sizes = np.array([len(text) for text in data.sequence])
    if sizes.max(initial=0) > length:
        worst = int(sizes.argmax())
        raise DataError(
            f"is {sizes[worst]} bp long, and the models read {length}",
            where=f"sequence {data.sequence_id[worst]!r}",
            remedy="raise inputs.length, or cut the sequences yourself",
        )
    return encode(data.sequence, length, inputs.pad)


def cross_validate(
    prepared: Prepared,
    division: Division,
    specifications: dict[str, Specification],
    settings: SequenceSettings,
    notify: Notify,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `scores.csv` and `predictions.csv` of all models on all folds."""
    scores: list[dict] = []
    predictions: list[pd.DataFrame] = []
    total = len(division.split) * len(specifications)
    done = 0
    for split in division.split:
        rows = prepared.rows(split.train, centre=settings.inputs.centre_sources)
        test = prepared.data.take(split.test)
        onehot = prepared.onehot[split.test]
        guesses = {GC: _gc_baseline(rows, onehot)}
        for label, specification in specifications.items():
            rng = derived_rng(settings.seed, label, split.replicate, split.fold)
            model = fit_model(
                specification,
                rows,
                tasks=test.tasks,
                rng=rng,
                pad=settings.inputs.pad,
            )
            guesses[label] = model.predict(onehot)
            done += 1
            notify("folds", done, total)
        unit = prepared.unit[split.test]
        for label, guess in guesses.items():
            loss = settings.train.loss
            scores += score_rows(
                label, test.tasks, loss, split, test.value, guess, test.group
            )
            predictions.append(prediction_rows(label, split, test, guess, unit))
    return pd.DataFrame(scores), pd.concat(predictions, ignore_index=True)


def fit_finals(
    prepared: Prepared,
    specifications: dict[str, Specification],
    settings: SequenceSettings,
    notify: Notify,
) -> dict[str, SequenceModel]:
    """Return every model fitted on all training rows."""
    everything = np.arange(prepared.data.n)
    rows = prepared.rows(everything, centre=settings.inputs.centre_sources)
    models = {}
    for number, (label, specification) in enumerate(specifications.items()):
        rng = derived_rng(settings.seed, label, "final")
        notify("final models", number, len(specifications))
        models[label] = fit_model(
            specification,
            rows,
            tasks=prepared.data.tasks,
            rng=rng,
            pad=settings.inputs.pad,
        )
    notify("final models", len(specifications), len(specifications))
    return models


def check_finals(
    models: dict[str, SequenceModel],
    test: MeasuredSequences,
    settings: SequenceSettings,
    length: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores and predictions of final models on rows that trained none."""
    scores: list[dict] = []
    predictions = []
    onehot = encode_rows(test, settings.inputs, length)
    for label, model in models.items():
        guess = model.predict(onehot)
        for number, name in enumerate(np.unique(test.source)):
            rows = np.flatnonzero(test.source == name)
            split = Split(f"test:{name}", 0, number, rows[:0], rows)
            part = test.take(rows)
            scores += score_rows(
                label,
                test.tasks,
                settings.train.loss,
                split,
                part.value,
                guess[rows],
                part.group,
            )
            named = part.group != ""
            unit = np.where(named, part.group, np.char.add("\0", part.sequence_id))
            place = np.unique(unit, return_inverse=True)[1]
            predictions.append(prediction_rows(label, split, part, guess[rows], place))
    return pd.DataFrame(scores), pd.concat(predictions, ignore_index=True)


def _gc_baseline(rows: Rows, onehot: OneHot) -> FloatArray:  # (n_test, n_task)
    """Return what a straight line on the share of G and C predicts."""
    train, test = _gc(rows.onehot), _gc(onehot)
    out = np.zeros((len(test), rows.value.shape[1]))
    for task in range(rows.value.shape[1]):
        there = ~np.isnan(rows.value[:, task])
        x, y = train[there], rows.value[there, task]
        spread = float(np.var(x))
        slope = float(np.cov(x, y, bias=True)[0, 1]) / spread if spread > 0 else 0.0
        out[:, task] = y.mean() + slope * (test - x.mean())
    return out


def _gc(onehot: OneHot) -> FloatArray:  # (n,)
    known = np.maximum(onehot.sum(axis=(1, 2)), 1)
    share: FloatArray = onehot[:, 1:3].sum(axis=(1, 2)) / known
    return share


def prediction_rows(
    label: str,
    split: Split,
    test: MeasuredSequences,
    guess: FloatArray,  # (n_test, n_task)
    unit: IntArray,  # (n_test,)
) -> pd.DataFrame:
    """Return rows of `predictions.csv`."""
    n, tasks = test.n, test.tasks
    return pd.DataFrame(
        {
            "sequence_id": np.tile(test.sequence_id, len(tasks)),
            "split": split.scheme,
            "replicate": split.replicate,
            "fold": split.fold,
            "model": label,
            "task": np.repeat(np.array(tasks), n),
            "observed": test.value.T.ravel(),
            "predicted": guess.T.ravel(),
            "group": np.tile(test.group, len(tasks)),
            "unit": np.tile(unit, len(tasks)),
        }
    )


def best_label(scores: pd.DataFrame, metric: str, labels: Sequence[str]) -> str:
    """Return the model with the best mean of a metric over folds and tasks."""
    own = scores[(scores["metric"] == metric) & scores["model"].isin(list(labels))]
    means = own.groupby("model", sort=False)["value"].mean()
    return str(means.idxmax()) if len(means) and means.notna().any() else labels[0]
