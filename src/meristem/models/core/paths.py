"""Paths from all variants alone: GBLUP, and GBLUP on markers that a scan weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.targets import Target
from meristem.models.linear.gwablup import log_ratios, smoothed, weighted_effects
from meristem.models.panel import MarkerPanel
from meristem.records import FloatArray, IntArray, StrArray

PRIORS: tuple[float, ...] = (1.0, 0.01, 0.0001)
"""Shares of variants with an effect; the first, 1, is GBLUP."""
WINDOW = 10
"""Neighbouring variants over which the scan is smoothed."""


@dataclass(frozen=True)
class Paths:
    """Linear models of all variants, one per prior and target."""

    effect: FloatArray  # (n_prior, n_variant, n_target) per allele copy
    intercept: FloatArray  # (n_prior, n_target)

    def predict(self, panel: MarkerPanel, rows: IntArray) -> FloatArray:
        """Return (n_prior, n_rows, n_target) for rows of the panel."""
        centred = panel.scale.centre(panel.dosage[rows], np.float64)
        return np.asarray(centred @ self.effect + self.intercept[:, None])

    def mean(
        self,
        weight: FloatArray,  # (n_prior, n_target) adding up to 1 for every target
    ) -> tuple[FloatArray, FloatArray]:  # (n_variant, n_target), (n_target,)
        """Return effects and intercepts of the weighted mean of the paths."""
        effect = np.einsum("pvt,pt->vt", self.effect, weight)
        return effect, np.sum(self.intercept * weight, axis=0)


def fit_paths(
    panel: MarkerPanel,
    contig: StrArray,  # (n_variant,)
    targets: Sequence[Target],
) -> Paths:
    """Fit every target by GBLUP on markers weighted for each of `PRIORS`.

    Parameters
    ----------
    panel
        Markers; only the rows of the targets are learned from.
    contig
        Of every variant: the scan is smoothed within contigs.
    targets
        Values of some rows of the panel.

    References
    ----------
    Meuwissen et al. 2024, Genet Sel Evol 56:17 (GWABLUP).
    """
    shape = len(PRIORS), len(targets)
    effect = np.zeros((shape[0], panel.dosage.shape[1], shape[1]))
    intercept = np.zeros(shape)
    solved = fit_kernel_blup(panel.kernel, targets)
    effect[0], intercept[0] = panel.effects(solved.dual), solved.intercept
    for t, target in enumerate(targets):
        ratio = smoothed(log_ratios(panel, target), contig, WINDOW)
        for p, prior in enumerate(PRIORS[1:], start=1):
            found = weighted_effects(panel, ratio, prior, target)
            effect[p, :, t], intercept[p, t] = found
    return Paths(effect, intercept)


def path_weights(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    held: FloatArray,  # (n_prior, n_sample, n_target) out of fold, NaN where none
) -> FloatArray:  # (n_prior, n_target)
    """Return how probable held-out rows make each path, one error variance each.

    Where nothing was held out the first path, GBLUP, has all the weight.

    References
    ----------
    Yao, Vehtari, Simpson & Gelman 2018, Bayesian Analysis 13:917 (pseudo model
    averaging by cross-validated likelihood).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, ones = rng.normal(size=(80, 1)), np.ones((80, 1))
    >>> good, bad = 0.5 * y, rng.normal(size=(80, 1))
    >>> path_weights(y, ones, np.stack([bad, good, bad]))[:, 0].round(2)
    array([0., 1., 0.])
    """
    result = np.zeros((held.shape[0], held.shape[2]))
    result[0] = 1.0
    usable = np.isfinite(observed) & np.isfinite(held).all(axis=0)
    for t in np.flatnonzero(usable.any(axis=0)).tolist():
        rows = usable[:, t]
        w = weight[rows, t] / weight[rows, t].mean()
        error = (held[:, rows, t] - observed[rows, t]) ** 2 @ w
        log_likelihood = -0.5 * rows.sum() * np.log(np.maximum(error, 1e-300))
        likelihood = np.exp(log_likelihood - log_likelihood.max())
        result[:, t] = likelihood / likelihood.sum()
    return result
