"""Common scale of the features: learned on training rows, undone at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray
from meristem.representation.protocol import Counts, Values


@dataclass(frozen=True)
class FeatureScale:
    """Mean and sd of every feature; of counts, of their normalised logarithm.

    Counts are divided by the size of their sample (its total over that expected from
    the mean profile of the features measured in it), then log(1 + x).
    """

    mean: FloatArray  # (n_feature,)
    sd: FloatArray  # (n_feature,) > 0; 1 where a feature does not vary
    profile: FloatArray | None = None  # (n_feature,) mean counts; None: no counts

    def size(self, value: FloatArray) -> FloatArray:  # (n_sample,)
        """Return the size of every sample relative to the mean profile."""
        if self.profile is None:
            return np.ones(value.shape[0])
        known = ~np.isnan(value)
        total = np.where(known, value, 0.0).sum(axis=1)
        expected = known @ self.profile
        ratio = total / np.where(expected > 0, expected, 1.0)
        return np.where((expected > 0) & (total > 0), ratio, 1.0)

    def apply(self, value: FloatArray) -> FloatArray:  # (n_sample, n_feature)
        """Return standardised values; NaN stays NaN."""
        if self.profile is not None:
            value = np.log1p(value / self.size(value)[:, None])
        return (value - self.mean) / self.sd

    def values(self, value: FloatArray) -> Values:
        """Return values as representations learn from them."""
        x = self.apply(value)
        if self.profile is None:
            return Values(x)
        return Values(
            x, Counts(value, self.size(value), self.profile, self.mean, self.sd)
        )

    def undo(
        self,
        x: FloatArray,  # (n_sample, n_feature) standardised; or a value of each feature
        size: FloatArray,  # (n_sample,); or one of each value
    ) -> FloatArray:
        """Return standardised values in the units of the table."""
        value = x * self.sd + self.mean
        if self.profile is None:
            return value
        return np.expm1(np.clip(value, 0.0, 50.0)) * _as_rows(size, value)

    def slope(self, value: FloatArray, size: FloatArray) -> FloatArray:
        """Return the units of the table for one sd, at values of the table."""
        if self.profile is None:
            return np.broadcast_to(self.sd, value.shape)
        return (value + _as_rows(size, value)) * self.sd

    def take(self, feature: IntArray) -> FeatureScale:
        """Return the scale of some features, one for each value."""
        profile = None if self.profile is None else self.profile[feature]
        return FeatureScale(self.mean[feature], self.sd[feature], profile)


def fit_feature_scale(
    value: FloatArray,  # (n_sample, n_feature) NaN missing
    *,
    counts: bool = False,
    where: str = "",
) -> FeatureScale:
    """Learn the scale of every feature.

    Raises
    ------
    DataError
        If no value is known.

    Examples
    --------
    >>> scale = fit_feature_scale(np.array([[1.0, 5.0], [3.0, np.nan]]))
    >>> scale.apply(np.array([[3.0, 5.0]])).tolist()
    [[1.0, 0.0]]
    """
    if np.isnan(value).all():
        raise DataError(
            "holds no value in these rows", where=where, remedy="leave the table out"
        )
    profile = None
    if counts:
        profile = _mean(value)
        first = FeatureScale(np.zeros(0), np.zeros(0), profile)
        value = np.log1p(value / first.size(value)[:, None])
    mean = _mean(value)
    known = ~np.isnan(value)
    centred = np.where(known, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    varies = sd > 1e-9 * np.abs(mean)
    return FeatureScale(mean, np.where(varies, sd, 1.0), profile)


def _as_rows(size: FloatArray, value: FloatArray) -> FloatArray:
    return size[:, None] if value.ndim > 1 else size


def _mean(value: FloatArray) -> FloatArray:  # (n_feature,) 0 where nothing is known
    known = ~np.isnan(value)
    total = np.where(known, value, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))
