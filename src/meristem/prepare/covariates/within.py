"""Covariates that differ between the records of a line: effects within lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.prepare.covariates.coding import CovariateCode, learn_code
from meristem.prepare.line_means import line_means
from meristem.records import Covariates, FloatArray, IntArray


@dataclass(frozen=True)
class WithinEffects:
    """What records of the same line say of covariates, by least squares."""

    code: CovariateCode
    effect: FloatArray  # (n_design,) 0 for what no line tells

    def of(self, covariates: Covariates) -> FloatArray:  # (n_obs,)
        """Return what covariates add to records, from the average training record."""
        return self.code.design(covariates) @ self.effect


def within_effects(
    covariates: Covariates,  # (n_obs rows)
    value: FloatArray,  # (n_obs,)
    weight: FloatArray,  # (n_obs,)
    line: IntArray,  # (n_obs,)
    environment: IntArray,  # (n_obs,)
    replicate: IntArray,  # (n_obs,)
) -> WithinEffects:
    """Return the effects of covariates beside lines, environments and replicates.

    The model is value = line + environment + replicate + X b + error, all fixed: X and
    the values lose what lines and trials explain of them, then the rest of the values
    is regressed on the rest of X.

    References
    ----------
    Frisch & Waugh 1933, Econometrica 1:387; Lovell 1963, J Am Stat Assoc 58:993.
    """
    code = learn_code(covariates)
    columns = np.column_stack([code.design(covariates), value])
    _, line = np.unique(line, return_inverse=True)
    rest = np.empty_like(columns)
    for number, column in enumerate(columns.T):
        found = line_means(
            column, weight, line, environment, replicate, n_line=int(line.max()) + 1
        )
        cell = found.trials.positions(environment, replicate)
        rest[:, number] = column - found.mean[line] - found.trials.effect[cell]
    size = np.sqrt(np.mean(columns**2, axis=0))
    told = np.sqrt(np.mean(rest**2, axis=0)) > 1e-8 * np.maximum(size, 1e-300)
    told[-1] = False
    effect = np.zeros(code.n_design)
    if told.any():
        root = np.sqrt(weight)[:, None]
        design = root * rest[:, told]
        effect[told[:-1]] = np.linalg.lstsq(design, root[:, 0] * rest[:, -1], 1e-10)[0]
    return WithinEffects(code, effect)
