"""Fit every model on all rows, once, for explanation and for new lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.config.stages import FilterConfig
from meristem.errors import DataError
from meristem.evaluate.crossval import tuning_frame
from meristem.evaluate.fold import as_rows, fit_chosen
from meristem.evaluate.splits import inner_splits
from meristem.genetics.filters import filter_markers
from meristem.interpret.composition import shares_table
from meristem.io.stores.state import read_state, state_paths, write_state
from meristem.models.catalog import needs, restore
from meristem.models.protocol import Fitted, as_mixed
from meristem.pipeline.analysis import Analysis, tuned_labels
from meristem.pipeline.preparation import is_prepared
from meristem.records import Dataset, FittedState, Genotypes
from meristem.runs.keys import digest
from meristem.stats.classes import is_binary, liability_h2

MODELS = "models"
IN_STORE = "dosages_of_the_data_set"
"""Arrays of a state that are the training dosages: they lie in the run's data set."""
EFFECTS = "covariate_effects.csv"
TUNED = "tuning_final.csv"
EFFECT_COLUMNS = ("trait", "environment", "covariate", "category", "effect", "se", "n")
COMPONENT_COLUMNS = ("model", "trait", "environment", "component", "value", "se")


def training_rows(analysis: Analysis, *, products: bool = True) -> Dataset:
    """Return all rows with the markers that pass the filters on them.

    Values lose the effects of covariates; rows of lines in environments lose the mean
    of their environment. Without `products` rows do not carry those of their dosages.
    """
    phenotypes, _ = analysis.trained
    rows = analysis.shared if products else analysis.dataset
    dataset = replace(rows, phenotypes=phenotypes, covariates=None)
    if analysis.config.genotypes.filter == FilterConfig():
        return dataset
    kept = filter_markers(dataset.genotypes, analysis.config.genotypes.filter)
    return dataset.take_variants(kept.keep)


def deployable_labels(analysis: Analysis) -> list[str]:
    """Return the labels of the models that predict from genotypes alone."""
    return [
        options.label for options in analysis.config.models if needs(options).deployable
    ]


def fit_models(analysis: Analysis) -> None:
    """Write one fitted state per deployable model, skipping those that are there."""
    labels = deployable_labels(analysis)
    for done, (label, predictor) in enumerate(analysis.predictors):
        if label not in labels:
            continue
        analysis.notify("final fits", done, len(analysis.predictors))
        stage = f"fit-{quote(label, safe='')}"
        key = digest(analysis.fit_key(label), Path(__file__))
        if analysis.folder.is_done(stage, key):
            continue
        # one thread, as in the folds: numbers do not depend on the machine's load
        with analysis.timed(f"fit {label}"), threadpool_limits(limits=1):
            train = training_rows(analysis)
            inner = inner_splits(
                train, analysis.config.evaluate, analysis.rng("inner", label)
            )
            rng = analysis.rng("fit", label)
            fitted, told = fit_chosen(predictor, train, rng, inner)
            if told.tried:
                table = tuning_frame(label, as_rows(told.tried))
                analysis.folder.write_table(_tuned_path(label), table)
            state = _without_dosages(fitted.state(), train, analysis.data_key)
            write_state(state, analysis.folder.file(MODELS), label)
        analysis.folder.mark_done(stage, key, state_files(label))
    analysis.notify("final fits", len(analysis.predictors), len(analysis.predictors))
    write_tuned(analysis)
    write_components(analysis)
    write_effects(analysis)
    write_shares(analysis)


def _tuned_path(label: str) -> str:
    return f"work/tuning-{quote(label, safe='')}.csv"


def write_tuned(analysis: Analysis) -> None:
    """Write `tuning_final.csv`: what the searches on all rows tried."""
    tables = [
        analysis.folder.read_table(_tuned_path(label))
        for label in tuned_labels(analysis.config)
        if analysis.folder.file(_tuned_path(label)).exists()
    ]
    if tables:
        analysis.folder.write_table(TUNED, pd.concat(tables, ignore_index=True))
    else:
        analysis.folder.drop(TUNED)


def write_effects(analysis: Analysis) -> None:
    """Write `covariate_effects.csv`: what all rows say of slopes and levels."""
    taken = analysis.trained[1].covariates
    if taken is None:
        analysis.folder.drop(EFFECTS)
        return
    phenotypes = analysis.dataset.phenotypes
    names = zip(phenotypes.trait_name, phenotypes.environment_name, strict=True)
    rows = [
        (trait, environment, one.covariate, one.level, one.value, one.se, one.n)
        for target, (trait, environment) in enumerate(names)
        for one in taken.rows(target)
    ]
    frame = pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))
    analysis.folder.write_table(EFFECTS, frame)


def write_shares(analysis: Analysis) -> None:
    """Write `shares.csv`: what the predictions of mixtures are made of."""
    phenotypes = analysis.dataset.phenotypes
    names = phenotypes.trait_name, phenotypes.environment_name
    tables = []
    for label in deployable_labels(analysis):
        mixed = as_mixed(load_fitted(analysis, label))
        if mixed is not None:
            tables.append(shares_table(label, *names, mixed))
    if tables:
        analysis.folder.write_table("shares.csv", pd.concat(tables, ignore_index=True))
    else:
        analysis.folder.drop("shares.csv")


def write_components(analysis: Analysis) -> None:
    """Write `variance_components.csv`: those of the models that estimate any."""
    rows = []
    for label in deployable_labels(analysis):
        fitted = load_fitted(analysis, label)
        rows += _further(analysis, label, fitted)
        estimate = getattr(fitted, "variance_components", None)
        if estimate is None:
            continue
        found, phenotypes = estimate(), analysis.dataset.phenotypes
        names = zip(phenotypes.trait_name, phenotypes.environment_name, strict=True)
        for target, (trait, environment) in enumerate(names):
            for column, name in enumerate(("genetic", "residual", "h2")):
                value = getattr(found, name)[target]
                key = (label, trait, environment, name)
                rows.append((*key, value, found.se[target, column]))
            h2 = found.h2[target], found.se[target, 2]
            rows += _on_liability((label, trait, environment), *h2, analysis, target)
    if rows:
        frame = pd.DataFrame(rows, columns=list(COMPONENT_COLUMNS))
        analysis.folder.write_table("variance_components.csv", frame)
    else:
        analysis.folder.drop("variance_components.csv")


def _on_liability(
    name: tuple, h2: float, se: float, analysis: Analysis, target: int
) -> list[tuple]:
    """Return the heritability of the liability, where values are 0 and 1."""
    value = analysis.dataset.phenotypes.value[:, target]
    if not is_binary(value):
        return []
    factor = liability_h2(1.0, float(np.nanmean(value)))
    return [(*name, "h2 of the liability", factor * h2, factor * se)]


def _further(analysis: Analysis, label: str, fitted: Fitted) -> list[tuple]:
    """Return the components of a model of several covariances, by their names."""
    method = getattr(fitted, "components", None)
    if method is None:
        return []
    table, phenotypes = method(), analysis.dataset.phenotypes
    target = table["target"].to_numpy()
    names = phenotypes.trait_name[target], phenotypes.environment_name[target]
    columns = (table["component"], table["value"], table["se"])
    return [(label, *row) for row in zip(*names, *columns, strict=True)]


def state_files(label: str) -> tuple[str, ...]:
    """Return the files of a fitted model within the run folder."""
    return tuple(str(path) for path in state_paths(MODELS, label))


def load_fitted(analysis: Analysis, label: str) -> Fitted:
    """Return the fitted model of a run folder.

    Raises
    ------
    DataError
        If it is absent, or not as it was written.
    """
    analysis.folder.refuse_damaged(state_files(label))
    state = read_state(analysis.folder.file(MODELS), label)
    names = state.meta.get(IN_STORE, [])
    if not isinstance(names, list) or not names:
        return _restored(analysis, state)
    if not is_prepared(analysis.folder, str(state.meta["data_key"])):
        raise DataError(
            f"model {label!r} was fitted on another data set than that of the run",
            where=analysis.folder.path,
            remedy="start `meristem run` in its folder again: it fits the model anew",
        )
    dosage = _kept_markers(analysis).call_dosage
    arrays = state.arrays | dict.fromkeys(names, dosage)
    return _restored(analysis, replace(state, arrays=arrays))


def _restored(analysis: Analysis, state: FittedState) -> Fitted:
    """Return a fitted model, or say that another version wrote it otherwise."""
    try:
        return restore(state)
    except KeyError as error:
        raise DataError(
            f"holds a model that another version of Meristem wrote (no {error})",
            where=analysis.folder.path,
            remedy="start `meristem run` in its folder again: it fits the model anew",
        ) from error


def _without_dosages(state: FittedState, train: Dataset, key: str) -> FittedState:
    """Return a state that only names the training dosages: the run has them once."""
    dosage = train.genotypes.call_dosage
    names = [name for name, array in state.arrays.items() if array is dosage]
    kept = {name: a for name, a in state.arrays.items() if name not in names}
    meta = {**state.meta, IN_STORE: names, "data_key": key}
    return replace(state, arrays=kept, meta=meta)


def _kept_markers(analysis: Analysis) -> Genotypes:
    """Return the genotypes of all rows with the markers that pass the filters."""
    genotypes, filters = analysis.dataset.genotypes, analysis.config.genotypes.filter
    if filters == FilterConfig():
        return genotypes
    return genotypes.take_variants(filter_markers(genotypes, filters).keep)
