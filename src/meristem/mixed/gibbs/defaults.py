"""Samplers of the Bayesian alphabet with the priors that BGLR sets by default.

Half of the variance of the phenotype is expected of the predictor (R2), every variance
has 5 degrees of freedom with its mode there, half of the markers are expected to have
an effect (Beta(5, 5)).

References
----------
Perez & de los Campos 2014, Genetics 198:483, and the rules of BGLR 1.1 for `df0`,
`S0`, `R2`, `probIn` and `counts`. BayesR has the variance of the scale chosen by the
same rule (Erbe et al. 2012 fix it by the heritability).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from meristem.mixed.gibbs.alphabet import (
    EffectPrior,
    Inclusion,
    Laplace,
    Mixture,
    Normal,
    Student,
)
from meristem.mixed.gibbs.markers import ChainRows
from meristem.records import FloatArray, IntArray

MarkerPrior = Literal["ridge", "a", "b", "c", "lasso", "r"]


@dataclass(frozen=True)
class Expected:
    """What is expected before the data are seen."""

    r2: float = 0.5
    """Share of the phenotypic variance that the predictor explains."""
    df: float = 5.0
    """Degrees of freedom of every variance."""
    included: float = 0.5
    """Share of markers with an effect."""
    counts: float = 10.0
    """What that share is worth, in markers."""

    def noise_scale(self, variance: FloatArray | float) -> FloatArray:
        """Return S of the residual variance."""
        return np.asarray(variance * (1 - self.r2) * (self.df + 2))

    def genetic_scale(
        self, variance: FloatArray | float, size: FloatArray | float
    ) -> FloatArray:
        """Return S of a variance that counts `size` times in that of the predictor."""
        return np.asarray(variance * self.r2 / size * (self.df + 2))

    def inclusion(self, label: IntArray | None = None) -> Inclusion:
        """Return the prior of the share of markers with an effect."""
        yes = self.included * self.counts
        return Inclusion(yes, self.counts - yes, label)


def column_variance(rows: ChainRows) -> FloatArray:  # (n_column,)
    """Return the variance of the values of every column, divisor n - 1."""
    y = np.where(rows.level > 0, rows.y / rows.root, np.nan)
    return np.nanvar(y, axis=1, ddof=1)


def marker_prior(
    kind: MarkerPrior,
    variance: FloatArray,  # (n_column,) of the phenotype
    size: FloatArray | float,  # (n_column,) sum of the markers' variances
    expected: Expected,
    label: IntArray | None = None,  # (n_marker,) class of every marker
) -> EffectPrior:
    """Return a prior of marker effects with its default scale."""
    scale = expected.genetic_scale(variance, size)
    df = expected.df
    if kind == "ridge":
        return Normal(df, scale)
    if kind == "a":
        return Student(df, scale)
    if kind == "b":
        return Student(df, scale / expected.included, expected.inclusion(label))
    if kind == "c":
        return Normal(df, scale / expected.included, expected.inclusion(label))
    if kind == "lasso":
        ratio = (1 - expected.r2) / expected.r2
        return Laplace(np.asarray(2 * ratio * size) * np.ones_like(variance))
    mean_size = float(np.mean(Mixture.sizes))
    return Mixture(df, scale / mean_size, label=label)
