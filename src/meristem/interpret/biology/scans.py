"""Single-marker and single-feature scans with a mixed model, of training data.

y = X b + z g + u + e with u ~ N(0, s_g K): one eigendecomposition, variance components
estimated once without any z (P3D), the residual scale anew for every z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from meristem.errors import DataError
from meristem.genetics.frequency import BLOCK
from meristem.genetics.relationship import relationship_matrix
from meristem.interpret.attribution.gradients import centred_dosage
from meristem.mixed.scan import (
    Association,
    Contrasts,
    associate_all,
    error_contrasts,
    restricted_h2,
)
from meristem.records import Dataset, FloatArray, IntArray, OmicsTable

MIN_ROWS = 10


@dataclass(frozen=True)
class NullModel:
    """Contrasts, phenotype and variance ratio of one trait on its rows."""

    rows: IntArray  # (n,) in the dataset
    contrasts: Contrasts
    y: FloatArray  # (n,)
    h2: float

    def scan(self, columns: FloatArray) -> Association:  # (n, n_column)
        """Test one column after the other; see `mixed_model_scan`."""
        return associate_all(self.contrasts, columns, self.y, self.h2)


def null_model(
    kernel: FloatArray,  # (n, n)
    y: FloatArray,  # (n,)
    weight: FloatArray,  # (n,)
    rows: IntArray,  # (n,)
    fixed: FloatArray | None = None,  # (n, n_fixed) beside the intercept
) -> NullModel:
    """Estimate the variance ratio without any marker."""
    if fixed is not None:
        fixed = np.column_stack([np.ones(y.size), fixed])
    contrasts = error_contrasts(kernel, fixed, weight)
    rotated = contrasts.rotate(y[:, None])
    h2 = float(restricted_h2(contrasts.values, rotated)[0])
    return NullModel(rows, contrasts, y, h2)


def mixed_model_scan(
    columns: FloatArray,  # (n, n_column)
    y: FloatArray,  # (n,)
    kernel: FloatArray,  # (n, n)
    weight: FloatArray | None = None,  # (n,)
) -> Association:
    """Test every column for association with y, relationship accounted for.

    Parameters
    ----------
    columns
        Dosages or expression values, without missing values.
    y
        Phenotype.
    kernel
        Relationship matrix of the same rows.
    weight
        Relative precision of each phenotype; default: equal.

    Returns
    -------
    Association
        Effect per unit of the column, its standard error, and the p value of a t test
        with n - 2 degrees of freedom.

    References
    ----------
    Kang et al. 2010, Nat Genet 42:348 (EMMAX); Zhang et al. 2010, Nat Genet 42:355
    (P3D).
    """
    ones = np.ones(y.size) if weight is None else weight
    return null_model(kernel, y, ones, np.arange(y.size)).scan(columns)


def gwas(
    dataset: Dataset,
    *,
    block: int = BLOCK,
) -> pd.DataFrame:
    """Scan all variants for every target, on the phenotyped rows.

    Parameters
    ----------
    dataset
        Training rows. Targets with fewer than 10 observations are left out.
    block
        Variants held as float at a time.

    Returns
    -------
    DataFrame
        trait, environment, variant_id, beta, se, p; beta per copy of the counted
        allele, missing calls at the mean.

    Raises
    ------
    DataError
        If no target has enough observations.
    """
    genotypes = dataset.genotypes
    frames = []
    for target, model in _null_models(dataset):
        dosage = genotypes.call_dosage[model.rows]
        parts = [
            model.scan(centred_dosage(dosage[:, start : start + block]))
            for start in range(0, genotypes.n_variant, block)
        ]
        names = {"variant_id": genotypes.variants.variant_id}
        frames.append(_frame(dataset, target, names, parts))
    return pd.concat(frames, ignore_index=True)


def twas(dataset: Dataset, table: OmicsTable) -> pd.DataFrame:
    """Scan all features of an omics table for every target.

    Parameters
    ----------
    dataset
        Training rows.
    table
        One of its omics tables. Rows without any value are left out; a single
        missing value counts as the feature's mean.

    Returns
    -------
    DataFrame
        trait, environment, feature_id, node, beta, se, p; beta per sd of the feature.
    """
    measured = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    measured_rows = dataset.take(measured)
    value = table.value[measured]
    frames = []
    for target, model in _null_models(measured_rows):
        columns = _standardised(value[model.rows])
        names = {"feature_id": table.feature_id, "node": table.node_name}
        frames.append(_frame(measured_rows, target, names, [model.scan(columns)]))
    return pd.concat(frames, ignore_index=True)


def genomic_inflation(p: FloatArray) -> float:
    """Return the median chi-squared over its expectation; 1 without inflation.

    References
    ----------
    Devlin & Roeder 1999, Biometrics 55:997.
    """
    known = p[~np.isnan(p)]
    chi2 = scipy.stats.chi2.isf(known, 1)
    return float(np.median(chi2) / scipy.stats.chi2.ppf(0.5, 1))


def _null_models(dataset: Dataset) -> list[tuple[int, NullModel]]:
    phenotypes = dataset.phenotypes
    models = []
    kernels: dict[bytes, FloatArray] = {}
    for target in range(phenotypes.n_target):
        y = phenotypes.value[:, target]
        rows = np.flatnonzero(~np.isnan(y))
        if rows.size < MIN_ROWS:
            continue
        key = rows.tobytes()
        if key not in kernels:
            kernels[key] = relationship_matrix(
                dataset.genotypes.call_dosage[rows], ploidy=dataset.genotypes.ploidy
            )
        weight = phenotypes.weight[rows, target]
        # what values have lost (covariates, axes) is fitted beside every column
        fixed = None if phenotypes.fixed is None else phenotypes.fixed[rows]
        model = null_model(kernels[key], y[rows], weight, rows, fixed)
        models.append((target, model))
    if not models:
        raise DataError(
            f"no target has {MIN_ROWS} observations to scan",
            remedy="check the match between phenotypes and genotypes",
        )
    return models


def _standardised(value: FloatArray) -> FloatArray:
    """Return columns with mean 0 and sd 1 over their values; 0 where missing."""
    known = ~np.isnan(value)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, value, 0.0).sum(axis=0) / count
    centred = np.where(known, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    return centred / np.where(sd > 0, sd, 1.0)


def _frame(
    dataset: Dataset,
    target: int,
    names: dict[str, np.ndarray],
    parts: list[Association],
) -> pd.DataFrame:
    frame = {
        "trait": str(dataset.phenotypes.trait_name[target]),
        "environment": str(dataset.phenotypes.environment_name[target]),
        **names,
    }
    for item in ("beta", "se", "p"):
        frame[item] = np.concatenate(
            [getattr(measured_rows, item) for measured_rows in parts]
        )
    return pd.DataFrame(frame)
