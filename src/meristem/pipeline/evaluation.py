"""Compare the models on shared folds: predictions, scores, verdicts, latents."""

from __future__ import annotations

import logging

import pandas as pd

from meristem.evaluate.compare import compare
from meristem.evaluate.controls import ARMS, control_arms, decompose
from meristem.evaluate.crossval import CrossValidation, cross_validate
from meristem.evaluate.intervals import calibrate
from meristem.evaluate.relatedness import fold_relatedness
from meristem.evaluate.scores import score
from meristem.evaluate.split_files import write_splits
from meristem.evaluate.splits import make_splits
from meristem.evaluate.table import PredictionTable
from meristem.models.catalog import has_nodes, needs
from meristem.models.protocol import Predictor
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.covariates import adjusted_for
from meristem.pipeline.explaining.validation import latent_validation
from meristem.pipeline.notes import constant_hints
from meristem.prepare.by_environment import line_groups
from meristem.records import Splits
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of

log = logging.getLogger(__name__)

OUTPUTS = (
    "splits.csv",
    "predictions.csv",
    "scores.csv",
    "verdicts.json",
    "intervals.csv",
    "relatedness.csv",
    "latents.csv",
    "latent_validation.csv",
    "controls.csv",
    "tuning.csv",
    "representation.csv",
)


def outer_splits(analysis: Analysis) -> Splits:
    """Return the splits of the run, made now or read from the file asked for."""
    config = analysis.config
    return make_splits(
        analysis.dataset, config.evaluate, analysis.rng("splits"), config.fold_ids
    )


def compared_models(analysis: Analysis) -> tuple[tuple[str, Predictor], ...]:
    """Return the models of the run, with the network's controls if asked for."""
    if not analysis.config.evaluate.controls:
        return analysis.predictors
    if not analysis.networks:
        return analysis.predictors
    network = analysis.networks[-1]
    return analysis.predictors + control_arms(network, analysis.plan, analysis.build)


def _not_deployable(analysis: Analysis) -> tuple[str, ...]:
    """Return the labels of the models that need omics of the lines they predict."""
    return tuple(
        options.label
        for options in analysis.config.models
        if not needs(options).deployable
    )


def evaluate_models(analysis: Analysis) -> None:
    """Write splits, predictions, scores, verdicts and held-out latents."""
    folder, key, config = analysis.folder, analysis.evaluation_key, analysis.config
    key = digest(key, revision_of(evaluate_models))
    if folder.is_done("evaluate", key):
        return
    splits = outer_splits(analysis)
    for hint in constant_hints(analysis.dataset, splits):
        log.warning("%s", hint)
    with analysis.timed("evaluate"):
        result = cross_validate(
            analysis.shared,
            compared_models(analysis),
            splits,
            config=config.evaluate,
            filters=config.genotypes.filter,
            seed=config.run.seed,
            jobs=config.run.jobs,
            work=folder.file("work/folds"),
            progress=lambda done, total: analysis.notify("folds", done, total),
        )
        _write_results(analysis, splits, result)
    folder.mark_done("evaluate", key, OUTPUTS)


def _write_results(analysis: Analysis, splits: Splits, result: CrossValidation) -> None:
    folder, config, dataset = analysis.folder, analysis.config, analysis.dataset
    for name in OUTPUTS[6:]:
        folder.drop(name)  # of an earlier configuration
    with folder.writing("splits.csv") as temporary:
        write_splits(splits, dataset.sample_id, temporary)
    folder.write_table("predictions.csv", result.predictions.to_frame())
    groups = line_groups(dataset)
    scores = score(result.predictions, groups, config.evaluate)
    folder.write_table("scores.csv", scores.to_frame())
    verdicts = compare(
        result.predictions,
        config.evaluate,
        groups,
        not_deployable=_not_deployable(analysis),
        seed=config.run.seed,
    )
    adjusted = adjusted_for(dataset)
    if adjusted:
        for verdict in verdicts:
            verdict["line"] = f"{verdict['line']} Values adjusted for {adjusted}."
    folder.write_json("verdicts.json", verdicts)
    folder.write_table("intervals.csv", calibrate(result.predictions).frame)
    related = fold_relatedness(dataset.genotypes, splits)
    folder.write_table("relatedness.csv", related)
    if not result.latents.empty:
        folder.write_table("latents.csv", result.latents)
        table = latent_validation(analysis, result)
        folder.write_table("latent_validation.csv", table)
    if not result.tried.empty:
        folder.write_table("tuning.csv", result.tried)
    if not result.handed.empty:
        folder.write_table("representation.csv", result.handed)
    if config.evaluate.controls:
        folder.write_table("controls.csv", _contributions(analysis, result.predictions))


def _contributions(analysis: Analysis, predictions: PredictionTable) -> pd.DataFrame:
    """Return what structure, omics and capacity add to each network."""
    networks = [o.label for o in analysis.config.models if has_nodes(o)]
    rows = [
        {
            "network": label,
            "ingredient": part.ingredient,
            "control": part.control,
            "trait": part.trait,
            "environment": part.environment,
            "difference": part.difference,
            "low": part.interval[0],
            "high": part.interval[1],
            "line": part.line,
        }
        for label in networks
        if any(f"{label}-{arm}" in set(predictions.model) for arm in ARMS)
        for part in decompose(
            predictions,
            label,
            line_groups(analysis.dataset),
            reference=analysis.config.evaluate.reference,
            seed=analysis.config.run.seed,
        )
    ]
    columns = ["network", "ingredient", "control", "trait", "environment"]
    columns += ["difference", "low", "high", "line"]
    return pd.DataFrame(rows, columns=columns)
