"""GBLUP with markers weighted by a genome scan of the training rows (GWABLUP)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from meristem.config.models import WeightedGBLUPOptions
from meristem.genetics.relationship import gram
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup
from meristem.mixed.reml import decompose, estimate, precision
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import (
    MarkerPanel,
    kernel_factor,
    make_panel,
    marker_effects,
)
from meristem.records import Dataset, FloatArray, IntArray, Splits, StrArray
from meristem.stats.choices import best_choice


@dataclass(frozen=True)
class WeightedGBLUP:
    """GBLUP on sum_j w_j z_j z_j', w_j the posterior probability of an effect.

    The prior share of variants with an effect is chosen on the inner splits, 1
    (plain GBLUP) among the candidates; the scan runs within each split's training
    rows.

    References
    ----------
    Meuwissen et al. 2024, Genet Sel Evol 56:17 (GWABLUP: smoothed likelihood ratios
    of a genome scan as marker weights); Kang et al. 2010, Nature Genetics 42:348
    (variance components of the null model for all markers).
    """

    options: WeightedGBLUPOptions = WeightedGBLUPOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        targets = training_targets(dataset.phenotypes)
        inner = inner or random_inner(dataset.n_sample, rng)
        panel = make_panel(dataset.genotypes)
        fitted, _, unseen = fit_by_scan(dataset, panel, targets, inner, self.options)
        error = borrowed_error(panel, targets, inner, unseen)
        return replace(fitted, error=error)


def fit_by_scan(
    dataset: Dataset,
    panel: MarkerPanel,
    targets: tuple[Target, ...],
    inner: Splits,
    options: WeightedGBLUPOptions,
) -> tuple[FittedLinear, FloatArray, FloatArray]:
    """Choose the prior on the inner splits, and fit all rows with it.

    Returns
    -------
    fitted : FittedLinear
        The model, without an error.
    held : FloatArray
        (n_sample, n_target) predictions of held-out rows at the prior that was
        chosen, scanned and fitted within each split; NaN where a row is in no test
        set.
    unseen : FloatArray
        The same at priors that the row itself took no part in choosing.
    """
    contig = dataset.genotypes.variants.variant_contig
    fits: list[tuple[FloatArray, KernelBLUP]] = []
    chosen = []
    held = np.full((dataset.n_sample, len(targets)), np.nan)
    unseen = held.copy()
    for number, target in enumerate(targets):
        tried = _tried(panel, contig, target, inner, options)
        best, unseen[target.rows, number] = best_choice(tried, target.y, target.weight)
        at_best = [(test, predicted[[best]]) for test, predicted in tried]
        held[target.rows, number] = best_choice(at_best, target.y, target.weight)[1]
        prior = options.prior[best]
        weight = np.ones(panel.dosage.shape[1])
        if prior < 1:
            ratio = smoothed(log_ratios(panel, target), contig, options.window)
            weight = posterior(ratio, prior)
        fits.append(fit_weighted(panel, weight, target))
        chosen.append(prior)
    fitted = FittedLinear(
        *training_fields("gwablup", dataset, panel.scale),
        np.hstack([_effects(panel, root, solved) for root, solved in fits]),
        np.array([solved.intercept[0] for _, solved in fits]),
        {"prior": chosen},
    )
    return fitted, held, unseen


def fit_weighted(
    panel: MarkerPanel,
    weight: FloatArray,  # (n_variant,)
    target: Target,
) -> tuple[FloatArray, KernelBLUP]:
    """Fit the rows of a target by GBLUP on markers of given weights.

    Returns
    -------
    tuple
        Root of every marker's variance in the kernel, and the fit.
    """
    kernel, factor = _weighted_kernel(panel, weight)
    root = panel.scale.weight * np.sqrt(factor * weight)
    return root, fit_kernel_blup(kernel, [target])


def _effects(
    panel: MarkerPanel, root: FloatArray, solved: KernelBLUP
) -> FloatArray:  # (n_variant, 1) per allele copy
    return root[:, None] ** 2 * marker_effects(panel.dosage, panel.scale, solved.dual)


def _weighted_kernel(
    panel: MarkerPanel, weight: FloatArray
) -> tuple[FloatArray, float]:  # (n_train, n_train) of mean diagonal 1, its factor
    if (weight == 1).all():
        return panel.kernel, panel.factor
    kernel = gram(panel.dosage, panel.scale.mean, np.sqrt(weight))
    factor = kernel_factor(kernel)
    return kernel * factor, factor


def log_ratios(panel: MarkerPanel, target: Target) -> FloatArray:  # (n_variant,)
    """Return half the score statistic of every variant beside GBLUP.

    The statistic (z' P y)^2 / (z' P z) approximates twice the log likelihood ratio.
    """
    rows = target.rows
    design = target.design
    split = decompose(panel.kernel[np.ix_(rows, rows)], target.weight)
    fitted = precision(split, design, estimate(split, target.y, design))
    projected = fitted.apply(target.y)
    largest = float(fitted.inverse.max())  # in the unit of y to the power -2
    result = np.zeros(panel.dosage.shape[1])
    for start in range(0, result.size, 2048):
        columns = slice(start, start + 2048)
        z = panel.scale.take(columns).centre(panel.dosage[rows, columns], np.float64)
        power = np.maximum(fitted.quadratic(z), 1e-300)
        whole = largest * np.maximum(np.sum(z**2, axis=0), 1e-300)
        informative = power > 1e-9 * whole
        statistic = (z.T @ projected) ** 2 / power
        result[columns] = np.where(informative, 0.5 * statistic, 0.0)
    return result


def smoothed(
    log_ratio: FloatArray,  # (n_variant,)
    contig: StrArray,  # (n_variant,)
    window: int,
) -> FloatArray:  # (n_variant,)
    """Return the moving average over `window` neighbours of the same contig."""
    result = np.empty_like(log_ratio)
    ends = np.flatnonzero(contig[1:] != contig[:-1]) + 1
    for part in np.split(np.arange(log_ratio.size), ends):
        width = min(window, part.size)
        cell = np.ones(width)
        count = np.convolve(np.ones(part.size), cell, mode="same")
        result[part] = np.convolve(log_ratio[part], cell, mode="same") / count
    return result


def posterior(log_ratio: FloatArray, prior: float) -> FloatArray:
    """Return prior * L / (prior * L + 1 - prior), L the likelihood ratio."""
    if prior >= 1:
        return np.ones_like(log_ratio)
    return expit(log_ratio + np.log(prior) - np.log1p(-prior))


def _tried(
    panel: MarkerPanel,
    contig: StrArray,  # (n_variant,)
    target: Target,
    inner: Splits,
    options: WeightedGBLUPOptions,
) -> list[tuple[IntArray, FloatArray]]:  # of every split (n_test,), (n_prior, n_test)
    """Return predictions of held-out rows at every prior, scanned in their split."""
    tried = []
    for train, test in target_splits(inner, target.rows):
        part = target.take(train)
        ratio = smoothed(log_ratios(panel, part), contig, options.window)
        predicted = []
        for prior in options.prior:
            kernel, _ = _weighted_kernel(panel, posterior(ratio, prior))
            solved = fit_kernel_blup(kernel, [part])
            predicted.append(solved.predict(kernel[target.rows[test]])[:, 0])
        tried.append((test, np.stack(predicted)))
    return tried
