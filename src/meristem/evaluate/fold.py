"""One model on one fold: filter, fit, predict; nothing of the test rows is seen."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import DataError
from meristem.evaluate.splits import inner_splits
from meristem.genetics.filters import filter_markers
from meristem.models.protocol import (
    Fitted,
    Handed,
    Handing,
    Marginal,
    Predictor,
    Searching,
    Tried,
    as_network,
    as_trials,
    needs_measured_omics,
    predict_measured,
)
from meristem.prepare.by_environment import ENVIRONMENT, LINE, is_stacked
from meristem.prepare.training import TakenOff, constant_targets, training_set
from meristem.records import Dataset, FloatArray, Predictions, Split, Splits, StrArray
from meristem.runs.seeds import derived_rng
from meristem.runs.tasks import Arrays


@dataclass(frozen=True)
class FoldResult:
    """What one model says of the test rows of one fold."""

    predicted: FloatArray  # (n_test, n_target)
    spread: FloatArray  # (n_test, n_target)
    node_name: StrArray  # (n_node,) nodes that some omics table measures
    latent: FloatArray  # (n_test, n_node)
    sensitivity: FloatArray  # (n_node, n_target) change of the trait per sd of a latent
    offset: FloatArray  # (n_test, n_target) what covariates add to observed values
    tried: StrArray  # (n_tried,) JSON of what a search of options tried
    handed: StrArray  # (n_table,) JSON of what stood for the omics
    n_variant: int  # after the filters
    fit_seconds: float
    predict_seconds: float

    def arrays(self) -> Arrays:
        """Return every field as an array, as a task keeps it."""
        return {
            item.name: np.asarray(getattr(self, item.name)) for item in fields(self)
        }

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> FoldResult:
        """Return the result that `arrays` came from."""
        plain: dict[str, Any] = {
            name: value if value.ndim else value.item()
            for name, value in arrays.items()
        }
        return cls(**plain)


@dataclass(frozen=True)
class FoldTask:
    """One model on one fold."""

    model: str
    predictor: Predictor
    split: Split


def passing_markers(
    train: Dataset,
    filters: FilterConfig,
) -> NDArray[np.bool_]:  # (n_variant,)
    """Return which markers pass the filters in the training rows.

    Raises
    ------
    DataError
        If no marker passes.
    """
    if filters == FilterConfig():
        return np.ones(train.genotypes.n_variant, dtype=bool)
    keep = filter_markers(train.genotypes, filters).keep
    if not keep.any():
        raise DataError(
            f"no marker passes the filters in {train.n_sample} training rows",
            remedy="relax genotypes.filter",
        )
    return keep


def assisted(dataset: Dataset, split: Split, traits: tuple[str, ...]) -> Dataset:
    """Return a data set in which test rows keep the values of some traits alone."""
    phenotypes = dataset.phenotypes
    hidden = ~np.isin(phenotypes.trait_name, traits)
    value = phenotypes.value.copy()
    value[np.ix_(split.test, hidden)] = np.nan
    known = phenotypes.measurements
    if known is not None:
        tested = np.isin(known.sample, split.test)
        known = known.take(~(tested & hidden[known.target]))
    return replace(
        dataset, phenotypes=replace(phenotypes, value=value, measurements=known)
    )


def learned_targets(dataset: Dataset, rows: NDArray) -> NDArray[np.bool_]:
    """Return the targets, shape (n_target,), that models learn from these rows.

    One whose values are all equal there teaches nothing, but would stand beside the
    others or not as test rows vary or not: it is left out. Where that holds for all,
    models see them as they are.
    """
    constant = constant_targets(dataset.phenotypes.take_samples(rows))
    return constant if constant.all() else ~constant


def thinned_markers(
    split: Split,
    passing: NDArray[np.bool_],  # (n_variant,)
    seed: int,
) -> NDArray[np.bool_]:  # (n_variant,)
    """Return the random markers that a point of a marker curve may use.

    The markers of a larger number hold those of a smaller, and are the same in all
    folds of a replicate.
    """
    number = re.search(r":p=(\d+)$", split.scheme)
    if number is None:
        return passing
    rng = derived_rng(seed, "markers", split.replicate)
    order = rng.permutation(passing.size)
    kept = np.zeros_like(passing)
    kept[order[passing[order]][: int(number[1])]] = True
    return kept


def fit_fold(
    dataset: Dataset,
    task: FoldTask,
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
) -> tuple[Fitted, NDArray[np.bool_]]:
    """Fit one model on the training rows of one fold.

    Inner splits depend on the fold alone, so that all models share them. Adjusted
    means, effects of covariates and means of environments are learned from the
    training rows.

    Returns
    -------
    tuple
        The fitted model, and which markers passed the filters.
    """
    found = _fit(dataset, task, config, filters, seed)
    return found.fitted, found.markers


@dataclass(frozen=True)
class Told:
    """What a fit says of itself."""

    tried: tuple[Tried, ...] = ()  # by a search of options
    handed: tuple[Handed, ...] = ()  # in place of the omics


def fit_chosen(
    predictor: Predictor, train: Dataset, rng: np.random.Generator, inner: Splits
) -> tuple[Fitted, Told]:
    """Fit a model; say what it tried, if it searches, and what it was handed."""
    tried: tuple[Tried, ...] = ()
    if not getattr(predictor, "in_blocks", False):
        train = replace(train, genotypes=train.genotypes.loaded())
    if isinstance(predictor, Searching):
        predictor, tried = predictor.choose(train, rng=rng, inner=inner)
    handed = predictor.handed(train) if isinstance(predictor, Handing) else ()
    return predictor.fit(train, rng=rng, inner=inner), Told(tried, handed)


def as_rows(told: tuple[Tried, ...] | tuple[Handed, ...]) -> StrArray:
    """Return what was tried or handed as JSON, one text each."""
    return np.array([json.dumps(asdict(one)) for one in told], dtype=np.str_)


@dataclass(frozen=True)
class _Fit:
    """A fitted model, what it was fitted on, and what stands for the rest."""

    fitted: Fitted
    markers: NDArray[np.bool_]  # (n_variant,) that passed the filters
    targets: NDArray[np.bool_]  # (n_target,) that were learned
    constant: FloatArray  # (n_target,) value of those that were not
    taken: TakenOff
    told: Told


def _fit(
    dataset: Dataset,
    task: FoldTask,
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
) -> _Fit:
    split = task.split
    name = (split.scheme, split.replicate, split.fold)
    rows = split.train
    if config.assisted_by:
        dataset = assisted(dataset, split, config.assisted_by)
        rows = np.union1d(split.train, split.test)
    train, taken = training_set(dataset, rows)
    targets = learned_targets(dataset, rows)
    constant = np.zeros(targets.size)
    if not targets.all():
        constant[~targets] = np.nanmean(train.phenotypes.value[:, ~targets], axis=0)
        train = train.take_targets(targets)
    keep = thinned_markers(split, passing_markers(train, filters), seed)
    if not keep.all():
        train = train.take_variants(keep)
    inner = inner_splits(train, config, derived_rng(seed, "inner", *name))
    rng = derived_rng(seed, "fit", task.model, *name)
    fitted, told = fit_chosen(task.predictor, train, rng, inner)
    return _Fit(fitted, keep, targets, constant, taken, told)


def run_fold(
    dataset: Dataset,
    task: FoldTask,
    config: EvaluateConfig,
    filters: FilterConfig,
    seed: int,
) -> FoldResult:
    """Fit one model on one fold and predict its test rows.

    One thread for linear algebra: the processes share the cores, and the numbers
    do not depend on how many there are.
    """
    with threadpool_limits(limits=1):
        started = time.perf_counter()
        found = _fit(dataset, task, config, filters, seed)
        fit_at = time.perf_counter()
        test = dataset.take(task.split.test)
        level, offset = found.taken.level(test), found.taken.offset(test)
        if not found.markers.all():
            test = test.take_variants(found.markers)
        if not found.targets.all():
            test = test.take_targets(found.targets)
        predictions = predict_rows(found.fitted, test)
        measured = _measured_latents(found.fitted, test)
        value = np.tile(found.constant, (test.n_sample, 1))
        spread = np.full_like(value, np.nan)  # nothing is known of it
        value[:, found.targets] = predictions.value
        spread[:, found.targets] = predictions.spread
        sensitivity = np.zeros((measured.node_name.size, found.targets.size))
        sensitivity[:, found.targets] = measured.sensitivity
        predict_at = time.perf_counter()
    return FoldResult(
        predicted=value + level,
        spread=spread,
        node_name=measured.node_name,
        latent=measured.latent,
        sensitivity=sensitivity,
        offset=offset,
        tried=as_rows(found.told.tried),
        handed=as_rows(found.told.handed),
        n_variant=int(found.markers.sum()),
        fit_seconds=fit_at - started,
        predict_seconds=predict_at - fit_at,
    )


def predict_rows(fitted: Fitted, test: Dataset) -> Predictions:
    """Predict test rows; the spread is that of the posterior.

    Their phenotypes are handed to no model, and their omics to those alone that
    declare to need them.
    """
    trials = as_trials(fitted)
    if trials is not None and test.groups is not None and is_stacked(test):
        line, place = (test.groups.column(name) for name in (LINE, ENVIRONMENT))
        return trials.posterior_at(test.genotypes, line, place).predictions()
    if needs_measured_omics(fitted):
        return predict_measured(fitted, test.genotypes, test.omics)
    if isinstance(fitted, Marginal):
        return fitted.marginal(test.genotypes)
    return fitted.posterior(test.genotypes).predictions()


@dataclass(frozen=True)
class _Measured:
    """Nodes that some omics table measures, on test rows."""

    node_name: StrArray  # (n_node,)
    latent: FloatArray  # (n_test, n_node)
    sensitivity: FloatArray  # (n_node, n_target)


def _measured_latents(fitted: Fitted, test: Dataset) -> _Measured:
    """Return the measured nodes with their latents and what depends on them.

    The sensitivity is the mean gradient times the latent's sd over the test rows,
    its size averaged over members: what clamping gives where effects are linear.
    """
    n_target = test.phenotypes.n_target
    network = as_network(fitted)
    if not test.omics or network is None:
        none = np.empty(0, dtype=np.str_)
        return _Measured(none, np.empty((test.n_sample, 0)), np.empty((0, n_target)))
    measured = np.unique(np.concatenate([table.node_name for table in test.omics]))
    latents = network.latents(test.genotypes)
    keep = np.isin(latents.node_name, measured) & (latents.node_name != "")
    gradient = network.node_gradient(test.genotypes)[:, keep]
    spread = network.member_latents(test.genotypes)[:, :, keep].std(axis=1)
    moved = np.abs(gradient * spread[:, :, None]).mean(axis=0)
    return _Measured(latents.node_name[keep], latents.value[:, keep], moved)
