"""Every line in every environment, tested there or not, by models of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.models.protocol import FittedTrials, as_trials
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.pipeline.preparation import distinct_lines
from meristem.prepare.by_environment import is_stacked
from meristem.records import FloatArray, Genotypes, Posterior, StrArray

TRIALS = "trial_predictions.csv"

OVERALL = "overall"
"""Environment of a mean over all environments of training."""


def write_trial_predictions(analysis: Analysis) -> None:
    """Write `trial_predictions.csv`: level, deviation, SE, reliability of every cell.

    Overall rows hold the mean over environments, and how far a line's deviations
    spread about it (`instability`).
    """
    frames = []
    for label in deployable_labels(analysis):
        trials = as_trials(load_fitted(analysis, label))
        if trials is not None and is_stacked(analysis.dataset):
            frames += _of_model(analysis, label, trials)
    if frames:
        analysis.folder.write_table(TRIALS, pd.concat(frames, ignore_index=True))
    else:
        analysis.folder.drop(TRIALS)


def _of_model(
    analysis: Analysis, label: str, fitted: FittedTrials
) -> list[pd.DataFrame]:
    lines = distinct_lines(analysis.dataset)
    places = places_of(analysis, fitted)
    seen = fitted.seen(lines.sample_id)
    n_target = analysis.levels.mean.shape[1]
    structure = analysis.trained[1].structure(lines, n_target)
    frames, deviation = [], []
    for name, level in places:
        posterior = posterior_in(fitted, lines, name)
        posterior = replace(posterior, mean=posterior.mean + structure)
        if name not in fitted.foreseen:
            deviation.append(posterior.mean)
        frames += _rows(label, name, posterior, level, seen)
    spread = np.std(np.stack(deviation), axis=0)
    level = np.nanmean(analysis.levels.mean, axis=0)
    overall = fitted.posterior(lines)
    overall = replace(overall, mean=overall.mean + structure)
    for target, frame in enumerate(_rows(label, OVERALL, overall, level, seen)):
        frames.append(frame.assign(instability=spread[:, target]))
    return frames


def places_of(analysis: Analysis, fitted: FittedTrials) -> list[tuple[str, FloatArray]]:
    """Return environments with the mean level of each target there.

    Those of the training rows, and those whose covariates alone are known: there the
    level is the mean over the others.
    """
    levels = analysis.levels
    known = zip(levels.environment.tolist(), levels.mean, strict=True)
    mean = np.nanmean(levels.mean, axis=0)
    new = [name for name in fitted.foreseen.tolist() if name not in levels.environment]
    return [*known, *((name, mean) for name in new)]


def posterior_in(fitted: FittedTrials, lines: Genotypes, environment: str) -> Posterior:
    """Return the posterior of lines in one environment."""
    place: StrArray = np.full(lines.n_sample, environment)
    return fitted.posterior_at(lines, lines.sample_id, place)


def _rows(
    label: str,
    environment: str,
    posterior: Posterior,
    level: FloatArray,  # (n_target,)
    seen: FloatArray,  # (n_sample, n_target)
) -> list[pd.DataFrame]:
    known = posterior
    return [
        pd.DataFrame(
            {
                "sample_id": known.sample_id,
                "trait": str(known.trait_name[t]),
                "environment": environment,
                "model": label,
                "predicted": known.mean[:, t] + level[t],
                "deviation": known.mean[:, t],
                "se": known.sd[:, t],
                "reliability": known.reliability[:, t],
                "environments_seen": seen[:, t].astype(int),
            }
        )
        for t in range(known.trait_name.size)
    ]
