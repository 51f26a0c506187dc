"""Standard errors of variance components of several kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.mixed.reml import Precision
from meristem.records import FloatArray


def several_errors(
    kernels: Sequence[FloatArray],  # each (n, n), of the model fitted
    weight: FloatArray,  # (n,)
    fitted: Precision,
) -> FloatArray:  # (n_kernel + 1,) the last one of the residual
    """Return standard errors from the expected information, tr(P K_i P K_j) / 2.

    Components at zero have the error of the others' information, and no symmetric
    distribution: a likelihood ratio tests them.

    References
    ----------
    Searle, Casella & McCulloch 1992, Variance Components, ch. 6.6.

    Examples
    --------
    >>> from meristem.mixed.several import precision_multi
    >>> family = np.kron(np.eye(4), np.ones((3, 3)))
    >>> one = np.ones((12, 1))
    >>> p = precision_multi([family], one, np.array([2.0]), 1.0)
    >>> several_errors([family], np.ones(12), p).round(3)
    array([1.912, 0.5  ])
    """
    images = [fitted.apply(np.asarray(kernel)) for kernel in kernels]
    images.append(fitted.apply(np.diag(1 / weight)))
    information = np.array([[np.vdot(a.T, b) for b in images] for a in images])
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    # kernels that are alike leave a direction without information: a large error
    known = np.maximum(values, 1e-12 * values[-1])
    return np.sqrt(2 * (vectors**2 / known).sum(axis=1))
