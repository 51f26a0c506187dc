"""Compare the models on shared folds: predictions, scores, verdicts, latents."""

from __future__ import annotations

from meristem.evaluate.compare import compare
from meristem.evaluate.controls import control_arms
from meristem.evaluate.crossval import cross_validate
from meristem.evaluate.scores import score
from meristem.evaluate.splits import make_splits, read_splits, write_splits
from meristem.models.catalog import build
from meristem.pipeline.analysis import Analysis
from meristem.records import Split

OUTPUTS = ("splits.csv", "predictions.csv", "scores.csv", "verdicts.json")


def outer_splits(analysis: Analysis) -> tuple[Split, ...]:
    """Return the splits of the run, made now or read from the file asked for."""
    config = analysis.config.evaluate
    dataset = analysis.dataset
    if config.scheme == "file" and config.splits is not None:
        return read_splits(config.splits, dataset.sample_id)
    return make_splits(dataset, config, analysis.rng("splits"))


def evaluate_models(analysis: Analysis) -> None:
    """Write splits, predictions, scores, verdicts and held-out latents."""
    folder, key, config = analysis.folder, analysis.evaluation_key, analysis.config
    if folder.is_done("evaluate", key, OUTPUTS):
        return
    dataset = analysis.dataset
    splits = outer_splits(analysis)
    predictors = analysis.predictors
    if config.evaluate.controls:
        predictors = predictors + control_arms(analysis.config.models, analysis.plan, build)
    with analysis.timed("evaluate"):
        result = cross_validate(
            dataset,
            predictors,
            splits,
            config=config.evaluate,
            filters=config.genotypes.filter,
            seed=config.run.seed,
            jobs=config.run.jobs,
            work=folder.file(f"work/folds-{analysis.model_key}"),
            progress=lambda done, total: analysis.notify("folds", done, total),
        )
    write_splits(splits, dataset.sample_id, folder.file("splits.csv"))
    folder.write_table("predictions.csv", result.predictions.to_frame())
    scores = score(result.predictions, dataset.groups, config.evaluate)
    folder.write_table("scores.csv", scores.to_frame())
    folder.write_json("verdicts.json", compare(result.predictions, config.evaluate))
    if not result.latents.empty:
        folder.write_table("latents.csv", result.latents)
    folder.mark_done("evaluate", key)
