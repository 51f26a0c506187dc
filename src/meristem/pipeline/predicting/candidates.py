"""Predict lines from genotypes alone: those of the run, and new ones from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from scipy.special import ndtri

from meristem.config.stages import AnalysisConfig, GenotypeConfig
from meristem.errors import ConfigError
from meristem.evaluate.intervals import calibrated, top_probability
from meristem.genetics.comparable import (
    few_calls,
    refuse_inbred,
    refuse_narrow_dosage,
    refuse_other_allele,
    refuse_other_ploidy,
)
from meristem.genetics.hybrids import own_parents
from meristem.genetics.relationship import nearest_relationship
from meristem.models.protocol import FittedTrials, as_trials
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.pipeline.inputs import read_crossed
from meristem.pipeline.predicting.external import EXTERNAL, write_external
from meristem.pipeline.predicting.trials import places_of, posterior_in
from meristem.pipeline.preparation import unseen_lines
from meristem.prepare.by_environment import is_stacked
from meristem.prepare.match import MatchReport, align_variants, match_variants
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FloatArray, Genotypes, Posterior
from meristem.stats.ranks import ordinal_ranks

LEVEL = 0.9
"""Probability that the genetic value lies between `low` and `high`."""


def prediction_rows(
    analysis: Analysis,
    label: str,
    posterior: Posterior,
    relatedness: FloatArray,  # (n_sample,)
    at: tuple[str, FloatArray] | None = None,  # level of each target
) -> pd.DataFrame:
    """Return one row per sample, target and environment, ranked within (1 = best).

    Large values are the best unless the configuration minimises the trait.

    `predicted` is a level, with the mean of the environment; `deviation` is what it
    differs by from the mean of the phenotyped lines there. Models of lines in
    environments predict the deviation, and no term of theirs differs between
    environments: each line stands in every environment with its level, or in `at`
    alone.

    Spread, interval, reliability and the probability of being among the best
    `evaluate.top_share` of these lines are all of the same posterior: that of the
    genetic value of the line, at the width of the out-of-fold residuals.
    """
    frames = []
    k = max(1, round(analysis.config.evaluate.top_share * posterior.sample_id.size))
    width = float(ndtri(0.5 + LEVEL / 2))
    for target in range(posterior.trait_name.size):
        trait = str(posterior.trait_name[target])
        environment = str(posterior.environment_name[target])
        value, spread = posterior.mean[:, target], posterior.sd[:, target]
        smallest = trait in analysis.config.phenotypes.minimise
        rng = analysis.rng("top", label, trait, environment)
        chance = top_probability(posterior, target, k, rng, smallest=smallest)
        for place, added, mean in _levels(analysis, target, at):
            level = value + added
            frame = pd.DataFrame(
                {
                    "sample_id": posterior.sample_id,
                    "trait": trait,
                    "environment": place,
                    "model": label,
                    "predicted": level,
                    "deviation": level - mean,
                    "spread": spread,
                    "low": level - width * spread,
                    "high": level + width * spread,
                    "rank": ordinal_ranks(value if smallest else -value),
                    "top_probability": chance,
                    "reliability": posterior.reliability[:, target],
                    "relatedness": relatedness,
                }
            )
            frames.append(frame.sort_values("rank"))
    return pd.concat(frames, ignore_index=True)


def _levels(
    analysis: Analysis, target: int, at: tuple[str, FloatArray] | None
) -> Iterator[tuple[str, float, float]]:
    """Yield environment, what makes a prediction a level there, and the mean level."""
    phenotypes, taken = analysis.trained
    if taken.environments is None:
        mean = float(np.nanmean(phenotypes.value[:, target]))
        yield str(phenotypes.environment_name[target]), 0.0, mean
        return
    means = taken.environments
    known = zip(means.environment.tolist(), means.mean, strict=True)
    for name, mean_of in known if at is None else (at,):
        level = float(mean_of[target])
        if not np.isnan(level):
            yield name, level, level


def predict_candidates(analysis: Analysis) -> None:
    """Write predictions of lines without phenotype, those of the run and new ones.

    They are ranked among each other, wherever they were read from.
    """
    dataset, config = analysis.dataset, analysis.config
    with analysis.timed("candidates"):
        asked = match_asked(config, dataset)
        lines = dataset.genotypes.take_samples(unseen_lines(dataset))
        if asked is not None:
            again = np.isin(lines.sample_id, asked[0].sample_id)
            lines = lines.take_samples(np.flatnonzero(~again))
            lines = lines.with_samples(asked[0]) if lines.n_sample else asked[0]
        labels = deployable_labels(analysis)
        if not lines.n_sample or not labels:
            analysis.folder.drop("candidates.csv")
            analysis.folder.drop(EXTERNAL)
            return
        table = pd.concat([_predict(analysis, label, lines) for label in labels])
        if asked is not None and config.predict.phenotypes is not None:
            own = table["sample_id"].isin(asked[0].sample_id)
            write_external(analysis, table[own], asked[0])
        else:
            analysis.folder.drop(EXTERNAL)
        analysis.folder.write_table("candidates.csv", table)


def predict_new(
    analysis: Analysis,
    genotypes: Path,
    *,
    labels: tuple[str, ...] = (),
    hybrids: Path | None = None,
    genotype_format: str = "auto",
    min_overlap: float | None = None,
) -> tuple[pd.DataFrame, MatchReport]:
    """Predict new lines from a genotype file with the models of a run.

    Parameters
    ----------
    analysis
        A finished run.
    genotypes
        A genotype file of any known format.
    labels
        Models to use; empty means all that predict from genotypes alone.
    hybrids
        A table of crosses between the inbred lines in `genotypes`: these are predicted.
    genotype_format
        As in the configuration; `auto` reads it from the name.
    min_overlap
        Share of the training variants that must be present, 0 to 1; None takes the
        value of the run.

    Returns
    -------
    table : DataFrame
        Columns of `candidates.csv`.
    report : MatchReport
        How the variants were matched.

    Raises
    ------
    ConfigError
        If a label is no model of the run, the run holds no fitted model, or the
        format is not known.
    DataError
        If too few training variants are in the file, its ploidy is another, or its
        lines are inbred where the run is about hybrids.
    """
    analysis.keep_to_stored()
    known = deployable_labels(analysis)
    unknown = sorted(set(labels) - set(known))
    if unknown:
        raise ConfigError(
            f"no deployable model called {', '.join(unknown)} in this run",
            where=analysis.folder.path,
            remedy=f"use some of: {', '.join(known)}",
        )
    config, dataset = analysis.config, analysis.dataset
    new = _read_new(config, dataset, genotypes, hybrids, genotype_format)
    share = config.predict.min_overlap if min_overlap is None else min_overlap
    matched, report = _match(config, dataset, new, share)
    chosen = dict.fromkeys(labels or known)  # each once
    frames = [_predict(analysis, label, matched) for label in chosen]
    return pd.concat(frames, ignore_index=True), report


def match_asked(
    config: AnalysisConfig, dataset: Dataset
) -> tuple[Genotypes, MatchReport] | None:
    """Return the new lines or hybrids that the configuration names, None if none.

    Raises
    ------
    DataError
        If they cannot be read, or do not fit the lines of the run.
    """
    new, old = config.predict, config.genotypes
    if new.genotypes is not None:
        read = _read_new(config, dataset, new.genotypes, new.hybrids, "auto")
    elif new.hybrids is not None:
        read = _read_new(config, dataset, old.path, new.hybrids, old.format)
    else:
        return None
    return _match(config, dataset, read, new.min_overlap)


def _match(
    config: AnalysisConfig, dataset: Dataset, new: Genotypes, min_overlap: float
) -> tuple[Genotypes, MatchReport]:
    training = dataset.genotypes
    refuse_other_ploidy(new, training)
    crossed = config.genotypes.hybrids is not None
    if crossed:
        refuse_inbred(new, training.take_samples(~own_parents(dataset)))
    matched, report = match_variants(new, training.variants, min_overlap=min_overlap)
    if not crossed and new.first_gamete is None and report.n_swapped == 0:
        refuse_narrow_dosage(matched, training)
    if not (new.variants.variant_ref != "").any():
        refuse_other_allele(matched, training)
    return matched, replace(report, few_calls=few_calls(matched))


def _read_new(
    config: AnalysisConfig,
    dataset: Dataset,
    path: Path,
    hybrids: Path | None,
    genotype_format: str,
) -> Genotypes:
    """Return new genotypes, read as those of the run but for the format."""
    known = get_args(GenotypeConfig.model_fields["format"].annotation)
    if genotype_format not in known:
        raise ConfigError(
            f"there is no genotype format called {genotype_format!r}",
            where="--format",
            remedy=f"use one of: {', '.join(known)}",
        )
    old = config.genotypes
    ploidy = old.ploidy if old.hybrids else dataset.genotypes.ploidy
    changes = {
        "path": path,
        "hybrids": hybrids,
        "format": genotype_format,
        "ploidy": ploidy,
    }
    asked = old.model_copy(update=changes)
    memory = config.run.max_memory
    return read_crossed(asked, max_memory=memory, fold_ids=config.fold_ids)[0]


def _predict(analysis: Analysis, label: str, genotypes: Genotypes) -> pd.DataFrame:
    analysis.folder.refuse_lost(["predictions.csv"])
    fitted = load_fitted(analysis, label)
    trials = as_trials(fitted)
    if trials is not None and is_stacked(analysis.dataset):
        return _by_environment(analysis, label, trials, genotypes)
    posterior = fitted.posterior(genotypes)
    structure = _structure(analysis, genotypes)
    posterior = replace(posterior, mean=posterior.mean + structure)
    if analysis.folder.file("predictions.csv").exists():
        predictions = analysis.folder.read_table("predictions.csv")
        posterior = calibrated(posterior, predictions, label)
    return prediction_rows(
        analysis, label, posterior, _relatedness(analysis, genotypes)
    )


def _structure(analysis: Analysis, genotypes: Genotypes) -> FloatArray | float:
    """Return what principal components that were taken off add to predictions."""
    taken = analysis.trained[1].covariates
    if taken is None or taken.axes is None:
        return 0.0
    aligned = align_variants(genotypes, analysis.dataset.genotypes.variants)
    return taken.genetic(aligned)


def _by_environment(
    analysis: Analysis, label: str, fitted: FittedTrials, genotypes: Genotypes
) -> pd.DataFrame:
    """Return the rows of a model whose predictions differ between environments."""
    known = analysis.folder.file("predictions.csv").exists()
    table = analysis.folder.read_table("predictions.csv") if known else None
    near, structure = _relatedness(analysis, genotypes), _structure(analysis, genotypes)
    frames = []
    for place in places_of(analysis, fitted):
        posterior = posterior_in(fitted, genotypes, place[0])
        posterior = replace(posterior, mean=posterior.mean + structure)
        if table is not None:
            posterior = calibrated(posterior, table, label)
        frames.append(prediction_rows(analysis, label, posterior, near, place))
    return pd.concat(frames, ignore_index=True)


def _relatedness(
    analysis: Analysis, genotypes: Genotypes
) -> FloatArray:  # (n_sample,) largest genomic correlation with a phenotyped line
    dataset = analysis.dataset
    seen = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    train = dataset.genotypes.take_samples(np.flatnonzero(seen))
    aligned = align_variants(genotypes, train.variants)
    mean = fit_scale(train.call_dosage).mean
    return nearest_relationship(aligned.call_dosage, train.call_dosage, mean)
