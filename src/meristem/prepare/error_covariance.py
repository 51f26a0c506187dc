"""Adjusted means with the covariance of their errors, as a first stage gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.linalg

from meristem.errors import ConfigError, DataError
from meristem.records import (
    ErrorCovariance,
    FloatArray,
    Observations,
    Phenotypes,
    StrArray,
)

_SINGULAR = 1e-10
"""Least share of the error variance of a line that those of others may leave of it."""

_IMPLAUSIBLE = 4
"""Error variance of differences of lines, over that of their values, to be refused."""

_N_NAMED = 5


@dataclass(frozen=True)
class ErrorTable:
    """A covariance as it was read."""

    name: StrArray  # (n_line,) unique
    matrix: FloatArray  # (n_line, n_line) symmetric, of a positive diagonal
    path: Path


def attach_errors(
    phenotypes: Phenotypes,
    observations: Observations,
    tables: Mapping[str, ErrorTable],  # by trait; "" is the only one
    *,
    known_scale: bool,
    genotyped: StrArray | None = None,  # (n_sample,) None: all lines
) -> Phenotypes:
    """Return values with the covariance of their errors, and weights of its diagonal.

    Parameters
    ----------
    phenotypes
        One value per line and trait, from `observations`.
    observations
        Single values, to see that there is one per line.
    tables
        Their names are those of the lines; further ones are left out.
    known_scale
        Whether they are covariances themselves, not ones up to a factor.
    genotyped
        Lines that count.

    Raises
    ------
    ConfigError
        If a trait is not there, or one table is given for several.
    DataError
        If a line has several values or is not in the table, or the covariance is not
        positive definite or, of known scale, beyond what the values vary.
    """
    if not tables:
        return phenotypes
    traits = phenotypes.trait_name.tolist()
    by_trait = _named(tables, traits)
    errors: list[ErrorCovariance | None] = []
    for target, trait in enumerate(traits):
        table = by_trait.get(trait)
        if table is None:
            errors.append(None)
            continue
        _refuse_several(observations, trait, table.path)
        seen = ~np.isnan(phenotypes.value[:, target])
        if genotyped is not None:
            seen &= np.isin(phenotypes.sample_id, genotyped)
        rows = np.flatnonzero(seen)
        name = phenotypes.sample_id[rows]
        place = _places(table, name)
        matrix = table.matrix[np.ix_(place, place)]
        _refuse_singular(name, matrix, table.path)
        if known_scale:
            value = phenotypes.value[rows, target]
            _refuse_scale(matrix, value, trait, table.path)
        row = np.full(seen.size, -1)
        row[rows] = np.arange(rows.size)
        errors.append(ErrorCovariance(matrix, row, known_scale))
    return with_error_weights(replace(phenotypes, errors=tuple(errors)))


def with_error_weights(phenotypes: Phenotypes) -> Phenotypes:
    """Return the values with weights 1 / error variance, of mean 1 over these rows."""
    if not any(phenotypes.errors):
        return phenotypes
    weight = phenotypes.weight.copy()
    for target, one in enumerate(phenotypes.errors):
        if one is None:
            continue
        rows = ~np.isnan(phenotypes.value[:, target]) & (one.row >= 0)
        precision = 1 / np.diag(one.matrix)[one.row[rows]]
        weight[rows, target] = precision / precision.mean()
    return replace(phenotypes, weight=weight)


def _named(
    tables: Mapping[str, ErrorTable], traits: list[str]
) -> dict[str, ErrorTable]:
    if "" in tables:
        if len(traits) > 1:
            raise ConfigError(
                f"names one table for {len(traits)} traits",
                where="phenotypes.error_covariance",
                remedy="give { trait = file }, one per trait, or choose one in "
                f"phenotypes.traits: {', '.join(traits[:_N_NAMED])}",
            )
        return {traits[0]: tables[""]}
    unknown = sorted(set(tables) - set(traits))
    if unknown:
        raise ConfigError(
            f"names {unknown[0]!r}, which is no trait here",
            where="phenotypes.error_covariance",
            remedy=f"use some of: {', '.join(traits)}",
        )
    return dict(tables)


def _refuse_several(observations: Observations, trait: str, path: Path) -> None:
    rows = (observations.trait == trait) & ~np.isnan(observations.value)
    lines, count = np.unique(observations.sample_id[rows], return_counts=True)
    environments = np.unique(observations.environment[rows])
    if count.max(initial=0) > 1:
        fault = f"{lines[count > 1][0]} has {count.max()} values of {trait}"
    elif environments.size > 1:
        fault = f"the values of {trait} are of {environments.size} environments"
    else:
        return
    raise DataError(
        f"{fault}: the covariance is that of one adjusted mean per line",
        where=path,
        remedy="give the means of the first stage (phenotypes.environments takes one "
        "environment of many), or leave error_covariance out",
    )


def _places(table: ErrorTable, name: StrArray) -> np.ndarray:  # (n,)
    known = {line: k for k, line in enumerate(table.name.tolist())}
    lost = [line for line in name.tolist() if line not in known]
    if lost:
        listed = ", ".join(lost[:_N_NAMED]) + (" ..." if len(lost) > _N_NAMED else "")
        raise DataError(
            f"{len(lost)} of {name.size} lines with a value are not there: {listed} "
            f"(it has {', '.join(map(str, table.name[:3]))} ...)",
            where=table.path,
            remedy="use the same ids in both (or set fold_ids), or leave these lines "
            "out of the phenotypes",
        )
    return np.array([known[line] for line in name.tolist()], dtype=np.int64)


def _refuse_scale(
    matrix: FloatArray, value: FloatArray, trait: str, path: Path
) -> None:
    n = value.size
    if n < 2:
        return
    # of the difference of two lines, halved: what all lines share does not count
    error = (np.trace(matrix) - matrix.sum() / n) / (n - 1)
    if error > _IMPLAUSIBLE * np.var(value, ddof=1):
        raise DataError(
            f"the errors of {trait} have the variance {error:.3g} around their mean, "
            f"the values themselves {np.var(value, ddof=1):.3g}",
            where=path,
            remedy="give the covariance in squared units of the trait, or set "
            'phenotypes.error_scale = "estimated"',
        )


def _refuse_singular(name: StrArray, matrix: FloatArray, path: Path) -> None:
    """Refuse what is no covariance, or in which some errors follow from others."""
    if name.size == 0:
        return
    sd = np.sqrt(np.diag(matrix))
    scaled = matrix / sd / sd[:, None]
    try:
        root = scipy.linalg.cholesky(scaled, lower=True)
        if np.diag(root).min() ** 2 > _SINGULAR:
            return
    except scipy.linalg.LinAlgError:
        pass
    values, vectors = scipy.linalg.eigh(scaled, subset_by_index=[0, 0])
    direction = vectors[:, 0]
    size = np.abs(direction)
    large = np.flatnonzero(size > 0.1 * size.max())
    named = large[np.argsort(-size[large])][:_N_NAMED]
    parts = ", ".join(f"{direction[k]:+.2f} {name[k]}" for k in named)
    raise DataError(
        "is not positive definite: in units of their standard errors, the errors of "
        f"{parts}{' ...' if large.size > _N_NAMED else ''} add up to the variance "
        f"{values[0]:.3g}",
        where=path,
        remedy="give more digits; or the covariance of means, not of differences from "
        "a line or an average",
    )
