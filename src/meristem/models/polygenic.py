"""The linear path over all variants: RR-BLUP with REML, one effect per variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.frequency import BLOCK
from meristem.genetics.relationship import gram
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.targets import Target
from meristem.models.panel import marker_effects
from meristem.prepare.scale import MarkerScale
from meristem.records import FloatArray, Phenotypes, Splits


@dataclass(frozen=True)
class Polygenic:
    """Linear effects of all variants, equivalent to GBLUP."""

    mean: FloatArray  # (n_variant,) training mean, of missing calls too
    effect: FloatArray  # (n_variant, n_target) per allele copy
    intercept: FloatArray  # (n_target,)
    h2: FloatArray  # (n_target,) share of the genomic variance by REML

    def predict(
        self,
        call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ) -> FloatArray:  # (n_sample, n_target)
        """Return intercept + sum of effects."""
        total = np.tile(self.intercept, (call_dosage.shape[0], 1))
        for start in range(0, call_dosage.shape[1], BLOCK):
            part = slice(start, start + BLOCK)
            calls = call_dosage[:, part]
            centred = np.where(calls < 0, 0.0, calls - self.mean[part])
            total += centred @ self.effect[part]
        return total


def fit_polygenic(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    scale: MarkerScale,
    phenotypes: Phenotypes,
) -> Polygenic:
    """Estimate the effects of all variants for every target.

    Parameters
    ----------
    call_dosage
        Dosages of the training rows.
    scale
        Their mean; a variant that does not vary gets no effect.
    phenotypes
        Targets; rows with a missing value are left out target by target.

    References
    ----------
    VanRaden 2008, J Dairy Sci 91:4414 (equivalence of GBLUP and marker effects).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.prepare.scale import fit_scale
    >>> rng = np.random.default_rng(1)
    >>> x = rng.integers(0, 3, (60, 5)).astype(np.int8)
    >>> y = x @ np.array([1.0, 0, 0, 0, -1.0]) + rng.normal(0, 0.1, 60)
    >>> table = Phenotypes(
    ...     np.arange(60).astype(str), np.array(["t"]), np.array([""]), y[:, None],
    ...     np.ones((60, 1)),
    ... )
    >>> fit_polygenic(x, fit_scale(x), table).effect[:, 0].round(1) + 0
    array([ 1.,  0.,  0.,  0., -1.])
    """
    everyone = np.arange(call_dosage.shape[0])
    return polygenic_sets(call_dosage, scale, phenotypes, [everyone])[0]


def mix_polygenic(
    alone: Polygenic,
    beside: Polygenic,
    share: FloatArray,  # (n_target,) of the second
) -> Polygenic:
    """Return the weighted mean of two paths."""
    return Polygenic(
        alone.mean,
        (1 - share) * alone.effect + share * beside.effect,
        (1 - share) * alone.intercept + share * beside.intercept,
        alone.h2,
    )


def no_polygenic(scale: MarkerScale, n_target: int) -> Polygenic:
    """Return a path that adds nothing."""
    effect, zero = np.zeros((scale.n_variant, n_target)), np.zeros(n_target)
    return Polygenic(scale.mean, effect, zero, zero)


def polygenic_sets(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    scale: MarkerScale,
    phenotypes: Phenotypes,
    row_sets: Sequence[NDArray[np.int64]],
) -> list[Polygenic]:
    """Return the BLUP of every set of rows, from one relationship matrix.

    A target with fewer than three observations in a set is predicted by zero
    effects and the mean of all its rows in the set (0 without any).
    """
    kernel, divisor = _kernel(call_dosage, scale)
    n_target = phenotypes.n_target
    fits = []
    for rows_of_set in row_sets:
        effect = np.zeros((call_dosage.shape[1], n_target))
        intercept, h2 = np.zeros(n_target), np.zeros(n_target)
        for t in range(n_target):
            value = phenotypes.value[rows_of_set, t]
            rows = rows_of_set[np.isfinite(value)]
            if rows.size < 3:
                intercept[t] = value[np.isfinite(value)].mean() if rows.size else 0.0
                continue
            y, weight = phenotypes.value[rows, t], phenotypes.weight[rows, t]
            solved = fit_kernel_blup(kernel, [Target(t, rows, y, weight)])
            intercept[t], h2[t] = solved.intercept[0], solved.h2[0]
            dual = solved.dual[rows] / divisor
            effect[:, t] = marker_effects(call_dosage[rows], scale, dual)[:, 0]
        fits.append(Polygenic(scale.mean, effect, intercept, h2))
    return fits


def polygenic_out_of_fold(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    fits: Sequence[Polygenic],
    inner: Splits,
) -> FloatArray:  # (n_sample, n_target) NaN where a row was never held out
    """Return predictions of each row by the BLUPs of the inner training rows."""
    n_target = fits[0].intercept.size
    total = np.zeros((call_dosage.shape[0], n_target))
    count = np.zeros((call_dosage.shape[0], 1))
    for fit, split in zip(fits, inner, strict=True):
        total[split.test] += fit.predict(call_dosage[split.test])
        count[split.test] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _kernel(
    call_dosage: NDArray[np.int8], scale: MarkerScale
) -> tuple[FloatArray, float]:
    kernel = gram(call_dosage, scale.mean, scale.weight)
    divisor = float(np.trace(kernel)) / kernel.shape[0] or 1.0
    return kernel / divisor, divisor
