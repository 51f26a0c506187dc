"""How the columns of a plain matrix become dosages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.records import MISSING, FloatArray

STEPS = 126
"""Largest dosage that a column of other than whole numbers is written to."""

GREATEST_PLOIDY = 8


@dataclass(frozen=True)
class DosageCode:
    """How the columns of X become dosages: round((x - low) * per_unit)."""

    low: FloatArray  # (n_feature,)
    per_unit: FloatArray  # (n_feature,)
    ploidy: int  # largest code
    kind: Literal["whole", "imputed", "other"] = "other"

    def encode(self, x: FloatArray) -> NDArray[np.int8]:  # (n_sample, n_feature)
        """Return dosages, missing where x is NaN."""
        missing = np.isnan(x)
        steps = np.round((np.where(missing, self.low, x) - self.low) * self.per_unit)
        dosage = np.clip(steps, 0, self.ploidy).astype(np.int8)
        dosage[missing] = MISSING
        return dosage

    def refuse_other(self, x: FloatArray, names: NDArray[np.str_]) -> None:
        """Raise ValueError if dosages lie beyond, or between, those of the training."""
        if self.kind == "other":
            return
        step = (np.where(np.isnan(x), self.low, x) - self.low) * self.per_unit
        odd = (step < 0) | (step > self.ploidy)
        if self.kind == "whole":
            odd |= step != np.round(step)
        if odd.any():
            row, column = np.argwhere(odd)[0]
            low = self.low[column]
            high = low + self.ploidy / self.per_unit[column]
            what = "whole dosages" if self.kind == "whole" else "dosages"
            raise ValueError(
                f"column {names[column]} holds {x[row, column]:g}; the training held "
                f"{what} from {low:g} to {high:g}: code both alike"
            )


def learn_code(
    x: FloatArray,  # (n_sample, n_feature)
    names: NDArray[np.str_] | None = None,  # (n_feature,)
) -> DosageCode:
    """Return the code of a training matrix; every column is coded on its own values.

    Parameters
    ----------
    x
        Training rows; NaN is missing.
    names
        What columns are called in an error.

    Raises
    ------
    ValueError
        If some columns are dosages and others are not.
    """
    n_feature = x.shape[1]
    low = np.where(np.isnan(x), np.inf, x).min(axis=0)
    high = np.where(np.isnan(x), -np.inf, x).max(axis=0)
    blank = ~np.isfinite(low)
    low, high = np.where(blank, 0.0, low), np.where(blank, 0.0, high)
    seen = np.where(np.isnan(x), low, x)
    whole = (seen == np.round(seen)).all(axis=0)
    one, zero = np.ones(n_feature), np.zeros(n_feature)
    if whole.all() and low.min() == -1 and high.max() <= 1:
        return DosageCode(-one, one, 2, "whole")
    dosage = (low >= 0) & (high <= GREATEST_PLOIDY)
    if dosage.all():
        ploidy = max(2 * int(np.ceil(high.max() / 2)), 2)
        if whole.all():
            return DosageCode(zero, one, ploidy, "whole")
        return DosageCode(zero, one * (STEPS / ploidy), STEPS, "imputed")
    if (dosage & whole & (high > low)).any():
        raise _no_dosages(low, high, dosage, names)
    width = high - low
    per_unit = np.where(width > 0, STEPS / np.where(width > 0, width, 1.0), 1.0)
    return DosageCode(low, per_unit, STEPS)


def _no_dosages(
    low: FloatArray,  # (n_feature,)
    high: FloatArray,  # (n_feature,)
    dosage: NDArray[np.bool_],  # (n_feature,)
    names: NDArray[np.str_] | None,
) -> ValueError:
    odd = np.flatnonzero(~dosage)
    listed = ", ".join(
        f"{f'x{i}' if names is None else names[i]} ({low[i]:g} to {high[i]:g})"
        for i in odd[:5]
    )
    return ValueError(
        f"{odd.size} columns beside {int(dosage.sum())} columns of dosages are no "
        f"dosages: {listed}. Name them in `covariates`, or leave them out of X"
    )
