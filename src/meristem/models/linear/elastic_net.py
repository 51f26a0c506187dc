"""Elastic net on standardised dosages; penalty and mixing by inner splits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from meristem.config.models import ElasticNetOptions
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import make_panel
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FloatArray, Splits
from meristem.stats.choices import best_choice

SMALLEST_ALPHA = 1e-2
"""End of the path, as a share of the smallest penalty that keeps no marker."""


@dataclass(frozen=True)
class ElasticNet:
    """Elastic net; every target has its own penalty."""

    options: ElasticNetOptions = ElasticNetOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        targets = training_targets(dataset.phenotypes)
        splits = inner or random_inner(dataset.n_sample, rng)
        scale = fit_scale(dataset.genotypes.call_dosage)
        markers = scale.standardise(dataset.genotypes.call_dosage)
        effect = np.zeros((scale.n_variant, len(targets)))
        intercept = np.zeros(len(targets))
        held_out = np.full((dataset.n_sample, len(targets)), np.nan)
        chosen_alpha, chosen_ratio = [], []
        for given in targets:
            unit = _spread(given)
            target = replace(given, y=given.y / unit)
            ratio, path, unseen = choose_penalty(markers, target, splits, self.options)
            held_out[target.rows, target.column] = unit * unseen
            coefficient, level = fit_path(
                markers[target.rows], target.y, target.weight, ratio, path
            )
            column = target.column
            effect[:, column] = unit * coefficient[-1] * scale.weight / scale.sd
            intercept[column] = unit * level[-1]
            chosen_alpha.append(float(path[-1]))
            chosen_ratio.append(float(ratio))
        panel = make_panel(dataset.genotypes)
        return FittedLinear(
            *training_fields("elastic_net", dataset, scale),
            effect,
            intercept,
            {"alpha": chosen_alpha, "l1_ratio": chosen_ratio},
            borrowed_error(panel, targets, splits, held_out),
        )


def _spread(target: Target) -> float:
    """Return the standard deviation: penalties of squares depend on the unit of y."""
    mean = np.average(target.y, weights=target.weight)
    variance = np.average((target.y - mean) ** 2, weights=target.weight)
    return float(np.sqrt(variance)) or 1.0


def choose_penalty(
    markers: NDArray[np.float32],  # (n_train, n_variant)
    target: Target,
    inner: Splits,
    options: ElasticNetOptions,
) -> tuple[float, FloatArray, FloatArray]:
    """Return the mixing and penalty of the smallest error on inner splits.

    Returns
    -------
    tuple
        The l1_ratio, the path that ends at the chosen penalty, and predictions of
        rows that took no part in the choice, (n_observed,); see `best_choice`.
    """
    observed = markers[target.rows]
    paths = [
        penalty_path(observed, target.y, target.weight, ratio, options.n_alphas)
        for ratio in options.l1_ratio
    ]
    tried = []
    for train, test in target_splits(inner, target.rows):
        predicted = []
        for ratio, path in zip(options.l1_ratio, paths, strict=True):
            coefficient, level = fit_path(
                observed[train], target.y[train], target.weight[train], ratio, path
            )
            predicted.append(level[:, None] + coefficient @ observed[test].T)
        tried.append((test, np.concatenate(predicted)))
    best, unseen = best_choice(tried, target.y, target.weight)
    at, place = divmod(best, options.n_alphas)
    return options.l1_ratio[at], paths[at][: place + 1], unseen


def penalty_path(
    markers: NDArray[np.float32],  # (n, n_variant)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    l1_ratio: float,
    n_alphas: int,
) -> FloatArray:  # (n_alphas,) decreasing
    """Return penalties from the one that keeps no marker downwards."""
    x, centred, _, _ = _whiten(markers, y, weight)
    largest = float(np.abs(x.T @ centred).max()) / (y.size * l1_ratio)
    largest = max(largest, 1e-30)
    return largest * np.logspace(0, np.log10(SMALLEST_ALPHA), n_alphas)


def fit_path(
    markers: NDArray[np.float32],  # (n, n_variant)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    l1_ratio: float,
    path: FloatArray,  # (n_alphas,) decreasing
) -> tuple[FloatArray, FloatArray]:  # (n_alphas, n_variant), (n_alphas,)
    """Return coefficients and intercepts along the path, rows weighted.

    References
    ----------
    Zou & Hastie 2005, J R Stat Soc B 67:301; coordinate descent of scikit-learn.
    """
    x, centred, x_mean, y_mean = _whiten(markers, y, weight)
    with warnings.catch_warnings():
        # the ends of a path need not converge to the last digit: inner splits
        # judge what comes out
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficient, _ = enet_path(
            x, centred, l1_ratio=l1_ratio, alphas=path, tol=1e-3, max_iter=500
        )
    slope = np.asarray(coefficient.T, dtype=np.float64)
    return slope, y_mean - slope @ x_mean


def _whiten(
    markers: NDArray[np.float32], y: FloatArray, weight: FloatArray
) -> tuple[NDArray[np.float32], NDArray[np.float32], FloatArray, float]:
    share = weight / weight.sum()
    x_mean = share @ markers
    y_mean = float(share @ y)
    root = np.sqrt(share * y.size)
    x = np.asfortranarray((markers - x_mean) * root[:, None], dtype=np.float32)
    centred = ((y - y_mean) * root).astype(np.float32)
    return x, centred, x_mean.astype(np.float64), y_mean
