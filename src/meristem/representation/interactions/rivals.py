"""What any predictor of interactions has to beat: partners counted, and homology."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from meristem.records import FloatArray, IntArray
from meristem.representation.interactions.pairs import Pairs


def degree_score(
    train: Pairs, n_protein: int, first: IntArray, second: IntArray
) -> FloatArray:  # (n_pair,)
    """Return the sum of the log numbers of partners in training, and nothing else.

    Examples
    --------
    >>> one = np.array([0, 0]), np.array([1, 2])
    >>> train = Pairs(*one, np.array([1, 1]))
    >>> degree_score(train, 3, np.array([0, 1]), np.array([1, 2])).round(2).tolist()
    [1.79, 1.39]
    """
    real = train.level > 0
    ends = np.concatenate([train.first[real], train.second[real]])
    log = np.log1p(np.bincount(ends, minlength=n_protein))
    return np.asarray(log[first] + log[second])


def similarity_score(
    train: Pairs,
    similarity: scipy.sparse.csr_array,  # (n_protein, n_protein)
    first: IntArray,
    second: IntArray,
) -> FloatArray:  # (n_pair,)
    """Return how far similar proteins interact in training: S A S', by its level.

    Divided by what it would be if all pairs interacted, so that partners do not count.

    References
    ----------
    Yu et al. 2004, Genome Res 14:1107 (interologs).
    """
    n = similarity.shape[0]
    one = np.concatenate([train.first, train.second])
    two = np.concatenate([train.second, train.first])
    level = np.concatenate([train.level, train.level]).astype(np.float64)
    shape = (n, n)
    known = scipy.sparse.csr_array((level, (one, two)), shape=shape)
    seen = scipy.sparse.csr_array((np.ones(one.size), (one, two)), shape=shape)
    near = similarity.copy()
    near.data = near.data**3  # the nearest relatives tell most
    told = _at(near @ known @ near.T, first, second)
    total = _at(near @ seen @ near.T, first, second)
    return np.where(total > 0, told / np.maximum(total, 1e-12), 0.0)


def _at(
    table: scipy.sparse.csr_array, first: IntArray, second: IntArray
) -> FloatArray:  # (n_pair,)
    if first.size == 0:
        return np.zeros(0)  # a sparse table would stay sparse
    return np.asarray(table[first, second]).ravel()
