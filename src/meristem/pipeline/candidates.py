"""Predict lines from genotypes alone: those of the run, and new ones from a file."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from meristem.config.stages import GenotypeConfig
from meristem.errors import ConfigError
from meristem.evaluate.intervals import calibrated, top_probability
from meristem.genetics.relationship import nearest_relationship
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.pipeline.inputs import read_crossed
from meristem.pipeline.unseen import unseen_lines
from meristem.prepare.match import MatchReport, align_variants, match_variants
from meristem.prepare.scale import fit_scale
from meristem.records import FloatArray, Genotypes, Posterior

LEVEL = 0.9
"""Probability that the genetic value lies between `low` and `high`."""


def prediction_rows(
    analysis: Analysis,
    label: str,
    posterior: Posterior,
    relatedness: FloatArray,  # (n_sample,)
) -> pd.DataFrame:
    """Return one row per sample and target, ranked within the target (1 = best).

    Large values are the best unless the configuration minimises the trait.

    Spread, interval, reliability and the probability of being among the best
    `evaluate.top_share` of these lines are all of the same posterior: that of the
    genetic value of the line, at the width of the out-of-fold residuals.
    """
    frames = []
    k = max(1, round(analysis.config.evaluate.top_share * posterior.sample_id.size))
    width = float(norm.ppf(0.5 + LEVEL / 2))
    for target in range(posterior.trait_name.size):
        trait = str(posterior.trait_name[target])
        environment = str(posterior.environment_name[target])
        value, spread = posterior.mean[:, target], posterior.sd[:, target]
        smallest = trait in analysis.config.phenotypes.minimise
        rng = analysis.rng("top", label, trait, environment)
        frame = pd.DataFrame(
            {
                "sample_id": posterior.sample_id,
                "trait": trait,
                "environment": environment,
                "model": label,
                "predicted": value,
                "spread": spread,
                "low": value - width * spread,
                "high": value + width * spread,
                "rank": rankdata(value if smallest else -value, method="ordinal"),
                "top_probability": top_probability(
                    posterior, target, k, rng, smallest=smallest
                ),
                "reliability": posterior.reliability[:, target],
                "relatedness": relatedness,
            }
        )
        frames.append(frame.sort_values("rank"))
    return pd.concat(frames, ignore_index=True)


def predict_candidates(analysis: Analysis) -> None:
    """Write predictions of lines without phenotype, those of the run and new ones."""
    dataset = analysis.dataset
    unseen = unseen_lines(dataset)
    frames = []
    with analysis.timed("candidates"):
        if unseen.size:
            genotypes = dataset.genotypes.take_samples(unseen)
            frames += [
                _predict(analysis, label, genotypes)
                for label in deployable_labels(analysis)
            ]
        new = read_asked(analysis)
        if new is not None:
            share = analysis.config.predict.min_overlap
            frames.append(_predict_matched(analysis, new, (), share)[0])
        if frames:
            analysis.folder.write_table("candidates.csv", pd.concat(frames))


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
        If too few training variants are in the file.
    """
    new = _read_new(analysis, genotypes, hybrids, genotype_format)
    share = analysis.config.predict.min_overlap if min_overlap is None else min_overlap
    return _predict_matched(analysis, new, labels, share)


def read_asked(analysis: Analysis) -> Genotypes | None:
    """Return the new lines or hybrids that the configuration names, None if none."""
    new, old = analysis.config.predict, analysis.config.genotypes
    if new.genotypes is not None:
        return _read_new(analysis, new.genotypes, new.hybrids, "auto")
    if new.hybrids is not None:
        return _read_new(analysis, old.path, new.hybrids, old.format)
    return None


def _predict_matched(
    analysis: Analysis, new: Genotypes, labels: tuple[str, ...], min_overlap: float
) -> tuple[pd.DataFrame, MatchReport]:
    known = deployable_labels(analysis)
    unknown = sorted(set(labels) - set(known))
    if unknown:
        raise ConfigError(
            f"no deployable model called {', '.join(unknown)} in this run",
            where=analysis.folder.path,
            remedy=f"use some of: {', '.join(known)}",
        )
    matched, report = match_variants(
        new, analysis.dataset.genotypes.variants, min_overlap=min_overlap
    )
    frames = [_predict(analysis, label, matched) for label in labels or tuple(known)]
    return pd.concat(frames, ignore_index=True), report


def _read_new(
    analysis: Analysis, path: Path, hybrids: Path | None, genotype_format: str
) -> Genotypes:
    """Return new genotypes, read as those of the run but for the format."""
    known = get_args(GenotypeConfig.model_fields["format"].annotation)
    if genotype_format not in known:
        raise ConfigError(
            f"there is no genotype format called {genotype_format!r}",
            where="--format",
            remedy=f"use one of: {', '.join(known)}",
        )
    changes = {"path": path, "hybrids": hybrids, "format": genotype_format}
    return read_crossed(analysis.config.genotypes.model_copy(update=changes))[0]


def _predict(analysis: Analysis, label: str, genotypes: Genotypes) -> pd.DataFrame:
    posterior = load_fitted(analysis, label).posterior(genotypes)
    if analysis.folder.file("predictions.csv").is_file():
        predictions = analysis.folder.read_table("predictions.csv")
        posterior = calibrated(posterior, predictions, label)
    return prediction_rows(
        analysis, label, posterior, _relatedness(analysis, genotypes)
    )


def _relatedness(
    analysis: Analysis, genotypes: Genotypes
) -> FloatArray:  # (n_sample,) largest genomic correlation with a phenotyped line
    dataset = analysis.dataset
    seen = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    train = dataset.genotypes.take_samples(np.flatnonzero(seen))
    aligned = align_variants(genotypes, train.variants)
    mean = fit_scale(train.call_dosage).mean
    return nearest_relationship(aligned.call_dosage, train.call_dosage, mean)
