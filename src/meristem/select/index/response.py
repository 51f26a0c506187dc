"""What a linear index promises: gain per trait, accuracy, implied weights, loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray
from meristem.select.index.coefficients import smith_hazel


@dataclass(frozen=True)
class IndexResponse:
    """Expected response to selection on an index b'x, symbols as in `coefficients`."""

    coefficient: FloatArray  # (n_source,) b
    gain: FloatArray  # (n_trait,) expected, trait units, at the intensity
    merit: float  # expected gain of w'u
    accuracy: float  # corr(index, merit), -1..1
    heritability: float  # corr(index, b'u)^2, 0..1; b'Gb / b'Pb of phenotypes
    implied_weight: FloatArray  # (n_trait,) weights for which b would be Smith-Hazel
    efficiency: float  # gain in merit relative to Smith-Hazel with the same weights


def respond(
    coefficient: FloatArray,  # (n_source,)
    p: FloatArray,  # (n_source, n_source)
    c: FloatArray,  # (n_source, n_trait)
    genetic: FloatArray,  # (n_trait, n_trait)
    weight: FloatArray,  # (n_trait,)
    intensity: float,
) -> IndexResponse:
    """Return the expected response to selection on an index.

    E = i C'b / sqrt(b'Pb), R = w'E, r_HI = w'C'b / sqrt(b'Pb w'Gw).

    Parameters
    ----------
    coefficient
        b of the index.
    p, c, genetic
        Covariances of the sources, of the sources with the genetic values, and of
        the genetic values, trait units^2.
    weight
        Economic weights of the traits.
    intensity
        Selection intensity, SD.

    Raises
    ------
    DataError
        If the covariances do not go together: the index would be more accurate than
        the merit itself.

    References
    ----------
    Cunningham 1969, Animal breeding theory; Pesek & Baker 1969, Can J Plant Sci
    49:803 for implied weights.

    Examples
    --------
    >>> p, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([[2.0, 0.5], [0.5, 1.0]])
    >>> w = np.array([1.0, 2.0])
    >>> found = respond(w, p, g, g, w, intensity=1.755)
    >>> found.gain.round(6), round(found.accuracy, 6)
    (array([1.17729 , 0.981075]), 0.632456)
    """
    variance = float(coefficient @ p @ coefficient)
    sd = np.sqrt(variance) if variance > 0 else np.inf
    gain = intensity * (c.T @ coefficient) / sd
    spread = np.sqrt(max(float(weight @ genetic @ weight), 0))
    explained = float(weight @ c.T @ coefficient) / sd
    if spread > 0 and abs(explained) > spread * (1 + 1e-6):
        raise DataError(
            f"the covariances do not go together: the accuracy of the index would be "
            f"{explained / spread:.2f}",
            where="index",
            remedy="give genetic variances that fit the predictions (index.genetic), "
            'or another `kind` of index, "base" for example',
        )
    best = smith_hazel(p, c, weight)
    most = np.sqrt(max(float(best @ p @ best), 0))
    implied = np.linalg.lstsq(c, p @ coefficient, rcond=None)[0]
    # of sources and traits that are the same list: phenotypes, or predictions
    own = float(coefficient @ c @ coefficient) if c.shape[0] == c.shape[1] else np.nan
    return IndexResponse(
        coefficient,
        gain,
        merit=float(weight @ gain),
        accuracy=float(np.clip(explained / spread, -1, 1)) if spread > 0 else np.nan,
        heritability=_squared(own, variance, coefficient, genetic),
        implied_weight=np.asarray(implied, dtype=np.float64),
        efficiency=explained / most if most > 0 else np.nan,
    )


def _squared(
    own: float, variance: float, coefficient: FloatArray, genetic: FloatArray
) -> float:
    """Return the squared correlation of an index with the same sum of true values."""
    if not np.isfinite(own):
        return np.nan
    product = variance * float(coefficient @ genetic @ coefficient)
    return float(np.clip(own**2 / product, 0, 1)) if product > 0 else np.nan
