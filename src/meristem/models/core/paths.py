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


@dataclass(frozen=True)
class Paths:
    """Linear models of all variants, one per prior and target."""

    effect: FloatArray  # (n_prior, n_variant, n_target) per allele copy
    intercept: FloatArray  # (n_prior, n_target)

    def predict(self, panel: MarkerPanel, rows: IntArray) -> FloatArray:
        """Return (n_prior, n_rows, n_target) for rows of the panel."""
        centred = panel.scale.centre(panel.dosage[rows], np.float64)
        return np.asarray(centred @ self.effect + self.intercept[:, None])

    def total(
        self,
        weight: FloatArray,  # (n_prior, n_target)
    ) -> tuple[FloatArray, FloatArray]:  # (n_variant, n_target), (n_target,)
        """Return effects and intercepts of the weighted sum of the paths."""
        effect = np.einsum("pvt,pt->vt", self.effect, weight)
        return effect, np.sum(self.intercept * weight, axis=0)


def fit_paths(
    panel: MarkerPanel,
    contig: StrArray,  # (n_variant,)
    targets: Sequence[Target],
    priors: tuple[float, ...],
    window: int,
) -> Paths:
    """Fit every target by GBLUP on markers weighted by a scan, once per prior.

    Parameters
    ----------
    panel
        Markers; only the rows of the targets are learned from.
    contig
        Of every variant: the scan is smoothed within contigs.
    targets
        Values of some rows of the panel.
    priors
        Shares of variants with an effect; 1, the first, is GBLUP.
    window
        Neighbouring variants over which the scan is smoothed.

    References
    ----------
    Meuwissen et al. 2024, Genet Sel Evol 56:17 (GWABLUP).
    """
    shape = len(priors), len(targets)
    effect = np.zeros((shape[0], panel.dosage.shape[1], shape[1]))
    intercept = np.zeros(shape)
    solved = fit_kernel_blup(panel.kernel, targets)
    effect[0], intercept[0] = panel.effects(solved.dual), solved.intercept
    for t, target in enumerate(targets):
        ratio = smoothed(log_ratios(panel, target), contig, window)
        for p, prior in enumerate(priors[1:], start=1):
            found = weighted_effects(panel, ratio, prior, target)
            effect[p, :, t], intercept[p, t] = found
    return Paths(effect, intercept)
