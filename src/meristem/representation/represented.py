"""From a table of training rows to factors, reconstruction and cleaned values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, IntArray, OmicsTable, StrArray
from meristem.representation.catalog import make_kind
from meristem.representation.confound.clean import Cleaner, fit_cleaner
from meristem.representation.confound.confounders import Confounder
from meristem.representation.protocol import Code, Counts, Values
from meristem.representation.scale import FeatureScale, fit_feature_scale
from meristem.representation.sets.membership import FeatureSets

LEAST_ROWS = 8
"""Rows with a value from which anything is learned."""
WHOLE = 1e-6
"""Relative distance to a whole number up to which a value is a count."""


@dataclass(frozen=True)
class Represented:
    """A representation learned on training rows; never changes.

    Factors are ordered by the variance they explain, each with the sign of its
    largest loading, and scaled to unit variance over the training rows.
    """

    options: RepresentOptions
    feature_id: StrArray  # (n_feature,)
    scale: FeatureScale
    cleaner: Cleaner | None
    code: Code
    order: FloatArray  # (n_factor,) position of each factor in the code
    centre: FloatArray  # (n_factor,) of the code's factors on training rows
    factor_sd: FloatArray  # (n_factor,) signed
    factor_name: StrArray  # (n_factor,)
    factor_node: StrArray  # (n_factor,) node each measures, "" none
    loading: FloatArray  # (n_feature, n_factor) slope of a feature (in sds) on factors

    @property
    def n_factor(self) -> int:
        """Number of factors."""
        return int(self.order.size)

    def factors(
        self, table: OmicsTable, confounders: Sequence[Confounder] = ()
    ) -> OmicsTable:
        """Return the factors of rows of the same features; rows without any: NaN."""
        x = self.cleaned_values(table, confounders)
        z = self.scores(x)
        z[np.isnan(x).all(axis=1)] = np.nan
        return OmicsTable(
            name=table.name,
            sample_id=table.sample_id,
            feature_id=self.factor_name,
            node_name=self.factor_node,
            value=z,
            source=table.source,
            derived=table.derived,
        )

    def cleaned(
        self, table: OmicsTable, confounders: Sequence[Confounder] = ()
    ) -> OmicsTable:
        """Return every feature as the factors tell it, without confounders.

        Units are those of the table; rows without any value stay NaN.
        """
        x = self.cleaned_values(table, confounders)
        said = self.reconstruct(x)
        value = self.scale.undo(said, np.ones(said.shape[0]))
        value[np.isnan(x).all(axis=1)] = np.nan
        return replace(table, value=value, reliability=None)

    def cleaned_values(
        self, table: OmicsTable, confounders: Sequence[Confounder]
    ) -> FloatArray:
        """Return standardised values without confounders.

        Rows without any value stay NaN, also where the cleaner tells every value anew.
        """
        if not np.array_equal(table.feature_id, self.feature_id):
            raise DataError(
                f"{table.name}: has other features than the representation learned",
                where=table.source,
                remedy="give the same features in the same order",
            )
        x = self.scale.apply(table.value)
        if self.cleaner is None:
            return x
        unmeasured = np.isnan(x).all(axis=1, keepdims=True)
        return np.where(unmeasured, np.nan, self.cleaner.clean(x, confounders))

    def scores(self, x: FloatArray) -> FloatArray:  # (n_sample, n_factor)
        """Return the factors of standardised, cleaned values."""
        z = self.code.encode(x)[self.code.best]
        return (z[:, self.order] - self.centre) / self.factor_sd

    def reconstruct(self, x: FloatArray) -> FloatArray:  # (n_sample, n_feature)
        """Return the mean over members of what they make of standardised values."""
        return self.code.decode(self.code.encode(x)).mean(axis=0)


def learnable(
    table: OmicsTable, options: RepresentOptions
) -> tuple[IntArray, FeatureScale]:
    """Return the rows that hold values, and the scale of every feature in them.

    Raises
    ------
    DataError
        If fewer than 8 rows hold values, or values are no counts where counts are
        asked for.
    """
    rows = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    if rows.size < LEAST_ROWS:
        raise DataError(
            f"{table.name}: {rows.size} training rows hold values; a representation "
            f"needs {LEAST_ROWS}",
            where=table.source,
            remedy="measure more lines, or leave the representation out",
        )
    counts = options.likelihood != "gaussian"
    if counts:
        _refuse_no_counts(table)
    value = table.value[rows]
    return rows, fit_feature_scale(value, counts=counts, where=table.source)


def _refuse_no_counts(table: OmicsTable) -> None:
    """Refuse values that are below 0 or not whole: their likelihood is no count's."""
    value = table.value
    odd = (value < 0) | (np.abs(value - np.round(value)) > WHOLE * np.abs(value))
    if not odd.any():
        return
    row, column = np.argwhere(odd)[0]
    raise DataError(
        f"{value[row, column]:.6g} is no count, and {int(odd.sum())} of "
        f"{int((~np.isnan(value)).sum())} values are none",
        where=f"{table.source or table.name}, sample {table.sample_id[row]}, "
        f"feature {table.feature_id[column]}",
        remedy='give raw counts; set transform = "round" for estimated counts '
        '(kallisto, salmon, RSEM), or likelihood = "gaussian" for logarithms, TPM and '
        "FPKM",
    )


def most_factors(table: OmicsTable) -> int:
    """Return the most factors that the values of a table can have."""
    rows = int((~np.isnan(table.value).all(axis=1)).sum())
    return max(1, min(rows - 1, table.feature_id.size - 1))


def refuse_unlearnable(table: OmicsTable, options: RepresentOptions) -> None:
    """Refuse a table that has not what a representation is learned from.

    Raises
    ------
    DataError
        As `learnable`, or if no feature differs between samples.
    ConfigError
        If more factors are asked for than the table can have; where features are
        handed on cleaned, that takes the confounders off and nothing else.
    """
    rows, _ = learnable(table.direct(), options)
    value = table.value[rows]
    known = ~np.isnan(value)
    low = np.where(known, value, np.inf).min(axis=0)
    high = np.where(known, value, -np.inf).max(axis=0)
    if not (high > low).any():
        raise DataError(
            f"{table.name}: no feature differs between samples",
            where=table.source,
            remedy="leave the table out: there is nothing to learn",
        )
    most = most_factors(table)
    counted = options.represent != "sets" and options.gives != "cleaned"
    if counted and min(options.k) > most:
        raise ConfigError(
            f"{min(options.k)} is no number of factors here: {rows.size} rows of "
            f"{table.feature_id.size} features hold {most}",
            where=f"omics {table.name}, k",
            remedy=f"give whole numbers from 1 to {most}",
        )


def fit_representation(
    table: OmicsTable,
    options: RepresentOptions,
    *,
    rng: np.random.Generator,
    k: int,
    confounders: Sequence[Confounder] = (),
    sets: FeatureSets | None = None,
) -> Represented:
    """Learn a representation from the rows of a table that hold values.

    Parameters
    ----------
    table
        Training rows and nothing else; counts where the likelihood is of counts.
    options
        What is learned.
    rng
        Source of randomness.
    k
        Factors (of `sets`: ignored).
    confounders
        Of the same rows.
    sets
        Gene sets over the features of the table; `sets` needs them.

    Raises
    ------
    DataError
        If fewer than 8 rows hold values.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> name = np.array([f"g{j}" for j in range(6)])
    >>> x = np.outer(rng.normal(size=20), np.ones(6)) + 0.1 * rng.normal(size=(20, 6))
    >>> rows = np.array([f"l{i}" for i in range(20)])
    >>> table = OmicsTable("rna", rows, name, name, x)
    >>> found = fit_representation(table, RepresentOptions(represent="pca"), rng=rng,
    ...     k=1)
    >>> found.factors(table).feature_id.tolist()
    ['rna.1']
    """
    table = table.direct()
    rows, scale = learnable(table, options)
    own = table.take_samples(rows)
    about = [one.take(rows) for one in confounders]
    values = scale.values(own.value)
    cleaner = fit_cleaner(values.x, about, options, rng)
    if cleaner is not None:
        values = _without(values, cleaner.clean(values.x, about))
    code = make_kind(options, k, sets).fit(values, rng=rng)
    return _named(table, options, scale, cleaner, code, values.x, sets)


def _without(values: Values, x: FloatArray) -> Values:
    """Return values with cleaned logarithms, and counts as they would have been."""
    counts = values.counts
    if counts is None:
        return Values(x)
    level = np.clip(x * counts.sd + counts.mean, 0.0, 30.0)
    count = np.round(np.expm1(level) * counts.size[:, None])
    return Values(x, Counts(count, counts.size, counts.profile, counts.mean, counts.sd))


def _named(
    table: OmicsTable,
    options: RepresentOptions,
    scale: FeatureScale,
    cleaner: Cleaner | None,
    code: Code,
    x: FloatArray,
    sets: FeatureSets | None,
) -> Represented:
    z = code.encode(x)[code.best]
    centre, sd = z.mean(axis=0), np.maximum(z.std(axis=0), 1e-9)
    unit = (z - centre) / sd
    filled = np.where(np.isnan(x), 0.0, x)
    named = options.represent == "sets" and sets is not None
    if named:  # latents overlap: each by itself
        loading = filled.T @ unit / unit.shape[0]
        order = np.arange(unit.shape[1])
        sign = np.ones(order.size)
    else:
        ridge = unit.T @ unit + 1e-6 * unit.shape[0] * np.eye(unit.shape[1])
        loading = np.linalg.solve(ridge, unit.T @ filled).T
        order = np.argsort(-(loading**2).sum(axis=0), kind="stable")
        top = np.abs(loading).argmax(axis=0)
        sign = np.sign(loading[top, np.arange(loading.shape[1])])
        sign[sign == 0] = 1.0
    if named and sets is not None:
        name = node = sets.name
    else:
        name = np.array([f"{table.name}.{i + 1}" for i in range(order.size)])
        node = name
    return Represented(
        options,
        table.feature_id,
        scale,
        cleaner,
        code,
        order,
        centre[order],
        (sign * sd)[order],
        name,
        node,
        (loading * sign)[:, order],
    )
