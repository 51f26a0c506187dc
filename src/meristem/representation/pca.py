"""Principal components with missing values, and the linear auto-encoder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray
from meristem.representation.protocol import Values

_SWEEPS = 60
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class LinearCode:
    """Factors that are linear in the values.

    A row with missing values has the factors of highest posterior probability given
    those it has: values are loadings times unit-normal factors, plus noise.

    References
    ----------
    Tipping & Bishop 1999, J R Stat Soc B 61:611 (probabilistic PCA).
    """

    loading: FloatArray  # (n_feature, n_factor)
    noise: FloatArray  # (n_feature,) variance left, > 0
    weight: FloatArray | None = None  # (n_feature, n_factor) of complete rows; None:
    # those of the posterior mean

    @property
    def n_factor(self) -> int:
        """Number of factors."""
        return int(self.loading.shape[1])

    @property
    def best(self) -> int:
        """The one member."""
        return 0

    def encode(self, x: FloatArray) -> FloatArray:  # (1, n_sample, n_factor)
        """Return the factors."""
        z = np.empty((x.shape[0], self.n_factor))
        for rows, seen in _patterns(~np.isnan(x)):
            if seen.all() and self.weight is not None:
                z[rows] = x[rows] @ self.weight
                continue
            scaled = self.loading[seen] / self.noise[seen, None]
            normal = scaled.T @ self.loading[seen] + np.eye(self.n_factor)
            z[rows] = np.linalg.solve(normal, scaled.T @ x[np.ix_(rows, seen)].T).T
        return z[None]

    def decode(self, z: FloatArray) -> FloatArray:
        """Return loadings times factors."""
        return z @ self.loading.T


def _patterns(
    known: NDArray[np.bool_],  # (n_sample, n_feature)
) -> Iterator[tuple[IntArray, NDArray[np.bool_]]]:
    """Yield rows that have the same features, and which."""
    rows: dict[bytes, list[int]] = {}
    for row, packed in enumerate(np.packbits(known, axis=1)):
        rows.setdefault(packed.tobytes(), []).append(row)
    for members in rows.values():
        yield np.array(members), known[members[0]]


@dataclass(frozen=True)
class PCA:
    """Principal components; missing values are filled by the components in turn."""

    k: int

    def fit(self, values: Values, *, rng: np.random.Generator) -> LinearCode:
        """Learn loadings; no randomness is used."""
        del rng
        return fit_pca(values.x, self.k)


def fit_pca(x: FloatArray, k: int) -> LinearCode:
    """Return the first k principal components of values with gaps.

    Parameters
    ----------
    x
        Standardised values, shape (n_sample, n_feature); NaN missing.
    k
        Components; at most as many as rows or columns less one.

    Notes
    -----
    Gaps start at 0 and are replaced by the shrunken reconstruction until it settles.
    Factors have variance 1 over rows without gaps.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = np.outer(rng.normal(size=30), [1.0, -1.0, 0.5])
    >>> code = fit_pca((x - x.mean(axis=0)) / x.std(axis=0), 1)
    >>> np.abs(code.loading[:, 0]).round(2).tolist()
    [1.0, 1.0, 1.0]
    """
    missing = np.isnan(x)
    k = max(1, min(k, min(x.shape) - 1))
    filled = np.where(missing, 0.0, x)
    before = np.zeros(missing.sum())
    for _ in range(_SWEEPS):
        code = _components(filled, k)
        if not missing.any():
            break
        shrunk = code.decode(code.encode(filled))[0][missing]
        filled[missing] = shrunk
        moved = np.sqrt(((shrunk - before) ** 2).mean())
        if moved < _TOLERANCE * (1e-3 + np.sqrt((shrunk**2).mean())):
            break
        before = shrunk
    if not missing.any():
        return code
    return LinearCode(code.loading, _noise(x, code), None)


def _components(filled: FloatArray, k: int) -> LinearCode:
    n, p = filled.shape
    size, right = _leading(filled, k)
    variance = size**2 / n
    rest = max(float((filled**2).sum() / n - variance.sum()), 0.0)
    noise = max(rest / max(p - k, 1), 1e-6)
    # the likelihood's estimate: what noise adds to every direction is taken off
    scale = np.sqrt(np.maximum(variance - noise, 1e-12))
    loading = right.T * scale
    weight = right.T * (scale / np.maximum(variance, 1e-12))
    return LinearCode(loading, np.full(p, noise), weight)


def _leading(x: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Return the k largest singular values and their right vectors, (k, n_feature)."""
    n, p = x.shape
    gram = x @ x.T if n <= p else x.T @ x
    size, vector = np.linalg.eigh(gram)
    size = np.sqrt(np.maximum(size[: -k - 1 : -1], 0.0))
    vector = vector[:, : -k - 1 : -1]
    if n <= p:
        return size, (x.T @ vector / np.maximum(size, 1e-12)).T
    return size, vector.T


def _noise(x: FloatArray, code: LinearCode) -> FloatArray:
    """Return the residual variance of every feature over its own values."""
    error = x - code.decode(code.encode(x))[0]
    known = ~np.isnan(x)
    left = np.where(known, error, 0.0)
    share = (left**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.maximum(share, 1e-3))


@dataclass(frozen=True)
class LinearAutoEncoder:
    """An auto-encoder without hidden layers: it learns the subspace of PCA.

    Encoder and decoder are solved in turn, each given the other, until the subspace
    stands still.

    References
    ----------
    Baldi & Hornik 1989, Neural Networks 2:53.
    """

    k: int
    sweeps: int = 5000
    tolerance: float = 1e-7

    def fit(self, values: Values, *, rng: np.random.Generator) -> LinearCode:
        """Learn from training rows; gaps are filled as PCA fills them."""
        x = values.x
        filled = x
        if np.isnan(x).any():
            start = fit_pca(x, self.k)
            filled = np.where(np.isnan(x), start.decode(start.encode(x))[0], x)
        k = max(1, min(self.k, min(x.shape) - 1))
        decoder = np.linalg.qr(rng.standard_normal((x.shape[1], k)))[0]
        for _ in range(self.sweeps):
            z = filled @ decoder  # the least-squares encoder of an orthonormal decoder
            new = np.linalg.qr(filled.T @ z)[0]  # span of the least-squares decoder
            moved = np.linalg.norm(new - decoder @ (decoder.T @ new))
            decoder = new
            if moved < self.tolerance:
                break
        z = filled @ decoder
        sd = np.maximum(z.std(axis=0), 1e-12)
        rest = (filled - z @ decoder.T).var(axis=0)
        return LinearCode(decoder * sd, np.maximum(rest, 1e-3), decoder / sd)
