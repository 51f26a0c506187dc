"""Principal components of the markers: loadings of training rows, scores of any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.genetics.relationship import centre_block, gram
from meristem.prepare.scale import fit_scale
from meristem.records import FloatArray, Genotypes

BLOCK = 4096


@dataclass(frozen=True)
class MarkerAxes:
    """Loadings of the markers; scores have mean 0 and sd 1 on the training rows."""

    mean: FloatArray  # (n_variant,) dosage
    loading: FloatArray  # (n_variant, n_axis)

    @property
    def n_axis(self) -> int:
        """Number of axes."""
        return int(self.loading.shape[1])

    def scores(self, genotypes: Genotypes) -> FloatArray:  # (n_sample, n_axis)
        """Return the scores of samples with the variants of the training rows."""
        calls = genotypes.call_dosage
        out = np.zeros((calls.shape[0], self.n_axis))
        work = np.empty((calls.shape[0], min(BLOCK, calls.shape[1])), np.float32)
        for start in range(0, calls.shape[1], BLOCK):
            some = slice(start, min(start + BLOCK, calls.shape[1]))
            block = work[:, : some.stop - some.start]
            centre_block(calls[:, some], self.mean[some], None, block)
            out += block @ self.loading[some]
        return out


def marker_axes(train: Genotypes, n_axis: int) -> MarkerAxes:
    """Return the axes of the largest variance among training rows.

    Parameters
    ----------
    train
        Training rows.
    n_axis
        Axes wanted; fewer where the rows have fewer dimensions.

    References
    ----------
    Price et al. 2006, Nature Genetics 38:904 (principal components as covariates).
    """
    scale = fit_scale(train.call_dosage)
    mean = scale.mean
    n = train.n_sample
    kernel = gram(train.call_dosage, mean)
    wanted = min(n_axis, n - 1)
    values, vectors = scipy.linalg.eigh(kernel, subset_by_index=(n - wanted, n - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > 1e-6 * max(float(np.trace(kernel)), 1e-300)
    values, vectors = values[kept], vectors[:, kept]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(values.size)])
    loading = np.zeros((train.n_variant, values.size))
    for start in range(0, train.n_variant, BLOCK):
        some = slice(start, min(start + BLOCK, train.n_variant))
        block = np.empty((n, some.stop - some.start), np.float32)
        centre_block(train.call_dosage[:, some], mean[some], None, block)
        loading[some] = block.T @ (vectors * np.sqrt(n) / values)
    return MarkerAxes(mean, loading)
