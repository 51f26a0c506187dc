"""Scale of the markers: learned on the training rows, applied block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.frequency import dosage_moments
from meristem.records import FloatArray


@dataclass(frozen=True)
class MarkerScale:
    """Mean and spread of every variant in the training rows.

    A missing call takes the mean. A variant that does not vary in the training
    rows has sd 1 and weight 0: it is 0 for every sample, whatever a new sample
    carries there.
    """

    mean: FloatArray  # (n_variant,)
    sd: FloatArray  # (n_variant,) > 0
    weight: FloatArray  # (n_variant,) 0 or 1

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return int(self.mean.size)

    def take(self, index: NDArray | slice) -> MarkerScale:
        """Return the scale of the variants at `index`."""
        return MarkerScale(self.mean[index], self.sd[index], self.weight[index])

    def standardise(
        self,
        call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
        dtype: type[np.floating] = np.float32,
    ) -> NDArray:  # (n_sample, n_variant)
        """Return (dosage - mean) / sd * weight; a missing call becomes 0."""
        return self._scaled(call_dosage, self.weight / self.sd, dtype)

    def centre(
        self,
        call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
        dtype: type[np.floating] = np.float32,
    ) -> NDArray:  # (n_sample, n_variant)
        """Return (dosage - mean) * weight; a missing call becomes 0."""
        return self._scaled(call_dosage, self.weight, dtype)

    def _scaled(
        self,
        call_dosage: NDArray[np.int8],
        factor: FloatArray,
        dtype: type[np.floating],
    ) -> NDArray:
        values = call_dosage.astype(dtype)
        values -= self.mean.astype(dtype)
        values *= factor.astype(dtype)
        values[call_dosage < 0] = 0
        return values


def fit_scale(
    call_dosage: NDArray[np.int8],  # (n_train, n_variant)
) -> MarkerScale:
    """Learn the markers' scale on the training rows.

    Parameters
    ----------
    call_dosage
        Dosages of the training rows; negative is missing.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0, 1], [2, 1]], dtype=np.int8)
    >>> scale = fit_scale(x)
    >>> scale.standardise(np.array([[-1, 2], [2, 1]], dtype=np.int8))
    array([[0., 0.],
           [1., 0.]], dtype=float32)
    """
    moments = dosage_moments(call_dosage)
    sd = np.sqrt(moments.variance)
    # dosages are whole numbers: a true sd is never this small
    varies = sd > 1e-6
    return MarkerScale(
        mean=moments.mean,
        sd=np.where(varies, sd, 1.0),
        weight=varies.astype(np.float64),
    )
