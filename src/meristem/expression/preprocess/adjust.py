"""Expression made ready inside the fold: scale, hidden factors, known covariates.

Everything is learned on training lines. Lines held out are scored on values that went
through the same scale and lost the same covariates, never on values that lost factors
of their own expression: how much of them can be predicted would depend on the factors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from meristem.config.expression.training import PreprocessOptions
from meristem.errors import DataError
from meristem.mixed.fixed.independent import independent_columns
from meristem.prepare.covariates.axes import MarkerAxes, marker_axes
from meristem.prepare.covariates.coding import CovariateCode, learn_code
from meristem.records import Covariates, FloatArray, Genotypes


@dataclass(frozen=True)
class Adjustment:
    """What was learned of the training lines."""

    scale: str
    ranked: FloatArray | None  # (n_train, n_gene) sorted, of inverse normal
    code: CovariateCode | None
    axes: MarkerAxes | None
    centre: FloatArray  # (n_column,)
    slope: FloatArray  # (n_column, n_gene)

    def scored(
        self,
        value: FloatArray,  # (n_line, n_gene) NaN not measured
        covariates: Covariates | None,  # (n_line rows)
        genotypes: Genotypes,  # of the lines
    ) -> FloatArray:  # (n_line, n_gene)
        """Return measured values as predictions are compared with them."""
        scaled = _scaled(value, self.scale, self.ranked)
        if self.slope.shape[0] == 0:
            return scaled
        columns = _design(self.code, self.axes, covariates, genotypes)
        return scaled - (columns - self.centre) @ self.slope


def fit_adjustment(
    value: FloatArray,  # (n_train, n_gene) NaN not measured
    covariates: Covariates | None,  # (n_train rows)
    genotypes: Genotypes,  # of the training lines
    options: PreprocessOptions,
) -> tuple[Adjustment, FloatArray]:
    """Learn the adjustment; return it and the training values that models see.

    Covariates and principal components of the markers are regressed out; then, of what
    is left, hidden factors: principal components of the standardised genes, the
    quick stand-in for PEER. Gaps take the mean of their gene, 0 where no training line
    has a value.

    Raises
    ------
    DataError
        If values are negative and log2 was asked for, or there are too few lines.

    References
    ----------
    Stegle et al. 2012, Nature Protocols 7:500 (PEER); Zhou et al. 2022, Genome Biol
    23:210 (principal components do as well, faster).
    """
    n = value.shape[0]
    if options.scale == "log2" and np.nanmin(value) < 0:
        raise DataError(
            f"expression has negative values (the least is {np.nanmin(value):g})",
            remedy='set train.preprocess.scale = "none" (values are logs already) or '
            '"inverse_normal"',
        )
    ranked = np.sort(value, axis=0) if options.scale == "inverse_normal" else None
    code = None if covariates is None else learn_code(covariates)
    n_axis = 0 if covariates is None else covariates.n_axis
    axes = marker_axes(genotypes, n_axis) if n_axis else None
    columns = _design(code, axes, covariates, genotypes)
    if n < columns.shape[1] + options.factors + 5:
        raise DataError(
            f"{n} training lines with expression cannot lose {columns.shape[1]} "
            f"columns of covariates and {options.factors} factors",
            remedy="lower covariates.pcs or train.preprocess.factors, or name fewer "
            "covariates",
        )
    scaled = _scaled(value, options.scale, ranked)
    known = ~np.isnan(scaled)
    mean = np.where(known, scaled, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    scaled = np.where(known, scaled, mean)
    centre = columns.mean(axis=0)
    slope = _regress(columns - centre, scaled)
    left = scaled - (columns - centre) @ slope
    learned = Adjustment(options.scale, ranked, code, axes, centre, slope)
    return learned, _without_factors(left, options.factors)


def _design(
    code: CovariateCode | None,
    axes: MarkerAxes | None,
    covariates: Covariates | None,
    genotypes: Genotypes,
) -> FloatArray:  # (n_line, n_column)
    parts = [np.zeros((genotypes.n_sample, 0))]
    if code is not None and covariates is not None:
        parts.append(code.design(covariates))
    if axes is not None:
        parts.append(axes.scores(genotypes))
    return np.concatenate(parts, axis=1)


def _scaled(value: FloatArray, scale: str, ranked: FloatArray | None) -> FloatArray:
    if scale == "log2":
        return np.log2(value + 1)
    if ranked is None:
        return value
    return np.column_stack(
        [_normal_scores(ranked[:, g], value[:, g]) for g in range(value.shape[1])]
    )


def _normal_scores(
    ranked: FloatArray,  # (n_train,) sorted, NaN last
    value: FloatArray,  # (n_line,)
) -> FloatArray:  # (n_line,)
    """Return the normal score of the place of values among the ranked ones.

    Ties share the mean of their places; a value beyond all others takes the outermost.
    """
    own = ranked[: int((~np.isnan(ranked)).sum())]
    if own.size == 0:
        return np.full(value.shape, np.nan)
    low = np.searchsorted(own, value, side="left")
    high = np.searchsorted(own, value, side="right")
    # a training value stands at the middle of its equals, a new one between two
    place = np.clip((low + high) / 2, 0.5, own.size - 0.5)
    return np.where(np.isnan(value), np.nan, ndtri(place / own.size))


def _regress(columns: FloatArray, value: FloatArray) -> FloatArray:
    """Return slopes of the independent columns, 0 of the others."""
    slope = np.zeros((columns.shape[1], value.shape[1]))
    if columns.shape[1] == 0:
        return slope
    kept = independent_columns(columns)
    fit = np.linalg.lstsq(columns[:, kept], value - value.mean(axis=0), rcond=None)[0]
    slope[kept] = fit
    return slope


def _without_factors(value: FloatArray, n: int) -> FloatArray:
    """Return values without their first principal components, means kept."""
    if n == 0:
        return value
    centred = value - value.mean(axis=0)
    sd = centred.std(axis=0)
    unit = centred / np.where(sd > 1e-12, sd, np.inf)
    vectors = np.linalg.eigh(unit @ unit.T)[1][:, -n:]
    return np.asarray(value - vectors @ (vectors.T @ centred))
