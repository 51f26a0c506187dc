"""Every model on every fold, in parallel, resumable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import ConfigError
from meristem.evaluate.fold import FoldResult, FoldTask, run_fold
from meristem.evaluate.table import PredictionTable
from meristem.models.protocol import Predictor
from meristem.prepare.adjust import observed_values
from meristem.prepare.by_environment import ENVIRONMENT, LINE, is_stacked
from meristem.records import Dataset, FloatArray, Split, Splits, StrArray
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of
from meristem.runs.tasks import Arrays, Progress, Task, run_tasks

LATENT_COLUMNS = (
    "sample_id",
    "node",
    "omics",
    "latent",
    "measured",
    "replicate",
    "fold",
    "model",
    "split",
)

SENSITIVITY_COLUMNS = (
    "model",
    "split",
    "replicate",
    "fold",
    "node",
    "trait",
    "environment",
    "sensitivity",
)


TUNING_COLUMNS = (
    *("model", "split", "replicate", "fold", "generation", "compared_on"),
    *("reward", "chosen", "options"),
)


def _named(task: FoldTask) -> dict[str, str | int]:
    """Return the columns that say which fit a row is of."""
    split = task.split
    return {
        "model": task.model,
        "split": split.scheme,
        "replicate": split.replicate,
        "fold": split.fold,
    }


@dataclass(frozen=True)
class CrossValidation:
    """Results of every model on every fold."""

    dataset: Dataset
    tasks: tuple[FoldTask, ...]
    results: tuple[FoldResult, ...]  # one per task
    assisted_by: tuple[str, ...] = ()  # traits that test rows kept: not scored

    @cached_property
    def predictions(self) -> PredictionTable:
        """Predictions of the test rows that were observed."""
        known = np.isin(self.dataset.phenotypes.trait_name, self.assisted_by)
        return _predictions(self.dataset, self.tasks, self.results, known)

    @cached_property
    def latents(self) -> pd.DataFrame:
        """Held-out latents beside their measurement: `latents.csv`, model, split.

        Signs agree between the networks of one fold, not between folds.
        """
        parts = [
            part
            for task, result in zip(self.tasks, self.results, strict=True)
            for part in _latents(self.dataset, task, result)
        ]
        if not parts:
            return pd.DataFrame(columns=list(LATENT_COLUMNS))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def sensitivities(self) -> pd.DataFrame:
        """What depends on measured nodes: model,split,replicate,fold,node,...

        Of every network, on the lines it was not trained on.
        """
        phenotypes = self.dataset.phenotypes
        frames = []
        for task, result in zip(self.tasks, self.results, strict=True):
            n_node, n_target = result.sensitivity.shape
            if n_node == 0:
                continue
            frames.append(
                pd.DataFrame(
                    {
                        **_named(task),
                        "node": np.repeat(result.node_name, n_target),
                        "trait": np.tile(phenotypes.trait_name, n_node),
                        "environment": np.tile(phenotypes.environment_name, n_node),
                        "sensitivity": result.sensitivity.ravel(),
                    }
                )
            )
        if not frames:
            return pd.DataFrame(columns=list(SENSITIVITY_COLUMNS))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def tried(self) -> pd.DataFrame:
        """What searches of options tried on training rows: `tuning.csv`."""
        return pd.concat(
            [
                tuning_frame(task.model, result.tried, task.split)
                for task, result in zip(self.tasks, self.results, strict=True)
            ]
        )

    @cached_property
    def handed(self) -> pd.DataFrame:
        """What models were handed in place of omics: `representation.csv`."""
        rows = [
            _named(task) | json.loads(text)
            for task, result in zip(self.tasks, self.results, strict=True)
            for text in result.handed
        ]
        return pd.DataFrame(rows)

    @cached_property
    def timings(self) -> pd.DataFrame:
        """Seconds of every fit: model,split,replicate,fold,n_train,n_variant,..."""
        rows = [
            {
                **_named(task),
                "n_train": task.split.train.size,
                "n_test": task.split.test.size,
                "n_variant": result.n_variant,
                "fit_seconds": result.fit_seconds,
                "predict_seconds": result.predict_seconds,
            }
            for task, result in zip(self.tasks, self.results, strict=True)
        ]
        return pd.DataFrame(rows)


def tuning_frame(
    model: str, tried: StrArray, split: Split | None = None
) -> pd.DataFrame:
    """Return what one search tried as rows of `tuning.csv`; no split: on all rows."""
    found = [json.loads(text) for text in tried]
    rows = [
        {
            "model": f"{model}: omics {one['of']}" if one["of"] else model,
            "split": "all rows" if split is None else split.scheme,
            "replicate": 0 if split is None else split.replicate,
            "fold": 0 if split is None else split.fold,
            "generation": one["generation"],
            "compared_on": one["splits"] or 1,
            "reward": one["reward"],
            "chosen": one["chosen"],
            "options": json.dumps(one["options"]),
        }
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(TUNING_COLUMNS))


def cross_validate(  # noqa: PLR0913 - one argument per decision of the run
    dataset: Dataset,
    predictors: tuple[tuple[str, Predictor], ...],
    splits: Splits,
    *,
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
    jobs: int = 1,
    work: Path | None = None,
    progress: Progress | None = None,
) -> CrossValidation:
    """Fit every model on the training rows of every split, predict its test rows.

    Marker filters, imputation, learned graphs and inner splits see training rows
    alone. A fit draws from a generator that depends on (seed, model, fold), so that
    neither the order nor the number of processes changes a number.

    Parameters
    ----------
    dataset
        All rows.
    predictors
        Label and specification of each model; labels are unique.
    splits
        Shared by all models.
    config
        Of the evaluation: inner splits are of the kind of its scheme.
    filters
        Marker filters, applied to each training set.
    seed
        Seed of the run.
    jobs
        Processes of this machine, one thread each; inside `runs.cluster.on_cluster`
        the fits at once on the cluster.
    work
        Folder for the result of each fold as it arrives; a later call with the same
        inputs takes from there what is complete.
    progress
        Called as `progress(done, total)`.

    Returns
    -------
    CrossValidation
        Predictions, held-out latents and timings.

    Raises
    ------
    ConfigError
        If two models share a label.
    """
    labels = [label for label, _ in predictors]
    if len(set(labels)) < len(labels):
        raise ConfigError(
            f"two models share a label: {', '.join(sorted(labels))}",
            where="models.name",
            remedy="give each model a name of its own",
        )
    folds = tuple(
        FoldTask(label, predictor, split)
        for split in splits
        for label, predictor in predictors
    )
    shared = (config, filters, seed)
    keys = _keys(dataset, folds, *shared) if work is not None else [""] * len(folds)
    tasks = [
        Task(_name(fold), key, _fold_arrays, (dataset, fold, *shared))
        for fold, key in zip(folds, keys, strict=True)
    ]
    found = {
        number: FoldResult.of_arrays(arrays)
        for number, arrays in run_tasks(
            tasks, jobs=jobs, folder=work, progress=progress
        )
    }
    return CrossValidation(
        dataset,
        folds,
        tuple(found[number] for number in range(len(folds))),
        config.assisted_by,
    )


def _keys(
    dataset: Dataset,
    folds: tuple[FoldTask, ...],
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
) -> list[str]:
    """Return one key per fold: data by content, the fold, that model and its code."""
    # of the configuration only what a fit depends on: the rest may change
    question: tuple[object, ...] = (
        *(config.scheme, config.group, config.clusters, config.inner_folds),
        *((config.assisted_by,) if config.assisted_by else ()),
    )
    base = digest(dataset, filters, question, seed, revision_of(run_fold))
    model = {
        fold.model: digest(
            base, fold.model, fold.predictor, revision_of(fold.predictor)
        )
        for fold in {fold.model: fold for fold in folds}.values()
    }
    return [digest(model[fold.model], fold.split) for fold in folds]


def _name(fold: FoldTask) -> str:
    split = fold.split
    return f"{fold.model}-{split.scheme}-r{split.replicate}-f{split.fold}"


def _fold_arrays(
    dataset: Dataset,
    fold: FoldTask,
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
) -> Arrays:
    return run_fold(dataset, fold, config, filters, seed).arrays()


def _predictions(
    dataset: Dataset,
    tasks: tuple[FoldTask, ...],
    results: tuple[FoldResult, ...],
    known: NDArray[np.bool_],  # (n_target,) not scored
) -> PredictionTable:
    phenotypes = dataset.phenotypes
    n_target = phenotypes.n_target
    row, target, number, predicted, spread, seen = [], [], [], [], [], []
    values: dict[tuple[str, int, int], FloatArray] = {}  # all models share the splits
    for position, (task, result) in enumerate(zip(tasks, results, strict=True)):
        test = task.split.test
        row.append(np.tile(test, n_target))
        target.append(np.repeat(np.arange(n_target), test.size))
        number.append(np.full(test.size * n_target, position))
        predicted.append(result.predicted.T.ravel())
        spread.append(result.spread.T.ravel())
        name = (task.split.scheme, task.split.replicate, task.split.fold)
        if name not in values:
            value = observed_values(phenotypes, task.split.train, test)
            values[name] = np.where(known, np.nan, value - result.offset)
        seen.append(values[name].T.ravel())
    rows, targets, numbers = (np.concatenate(part) for part in (row, target, number))
    observed = np.concatenate(seen)
    keep = ~np.isnan(observed)
    rows, targets, numbers = rows[keep], targets[keep], numbers[keep]
    splits = [task.split for task in tasks]
    sample, environment = dataset.sample_id[rows], phenotypes.environment_name[targets]
    if dataset.groups is not None and is_stacked(dataset):
        # scored within environments, and bootstrapped by line
        sample = dataset.groups.column(LINE)[rows]
        environment = dataset.groups.column(ENVIRONMENT)[rows]
    return PredictionTable(
        sample_id=sample,
        trait=phenotypes.trait_name[targets],
        environment=environment,
        split=np.array([split.scheme for split in splits])[numbers],
        replicate=np.array([split.replicate for split in splits])[numbers],
        fold=np.array([split.fold for split in splits])[numbers],
        model=np.array([task.model for task in tasks])[numbers],
        observed=observed[keep],
        predicted=np.concatenate(predicted)[keep],
        spread=np.concatenate(spread)[keep],
    )


def _latents(
    dataset: Dataset, task: FoldTask, result: FoldResult
) -> Iterator[pd.DataFrame]:
    test = task.split.test
    position = {str(name): k for k, name in enumerate(result.node_name)}
    for table in dataset.omics:
        named = np.flatnonzero([str(name) in position for name in table.node_name])
        node = table.node_name[named]
        measured = table.value[np.ix_(test, named)]
        latent = result.latent[:, [position[str(name)] for name in node]]
        known = ~np.isnan(measured)
        row, column = np.nonzero(known)
        yield pd.DataFrame(
            {
                "sample_id": dataset.sample_id[test[row]],
                "node": node[column],
                "omics": table.name,
                "latent": latent[known],
                "measured": measured[known],
                "replicate": task.split.replicate,
                "fold": task.split.fold,
                "model": task.model,
                "split": task.split.scheme,
            },
            columns=list(LATENT_COLUMNS),
        )
