"""Relationship matrices from dosages, block by block.

A whole-matrix float copy is never made: int8 blocks become float32 in one small
buffer, their products are summed in float64, one triangle of them (syrk).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg.blas import ssyrk

from meristem.errors import DataError
from meristem.genetics.frequency import BLOCK
from meristem.records import FloatArray

MOST_VARIANTS = 50_000
"""Variants that the nearest relative is looked for by, evenly over the genome."""
_FEW = 4  # blocks that are summed in float32
_STRIP = 256  # rows that are mirrored at once
_DIRECT = 4000  # lines up to which all eigenvalues are as cheap as a few


def dosage_blocks(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    block: int = BLOCK,
) -> Iterator[NDArray[np.int8]]:
    """Yield views of `block` variants each."""
    for start in range(0, call_dosage.shape[1], block):
        yield call_dosage[:, start : start + block]


def centre_block(
    calls: NDArray[np.int8],  # (n_sample, width)
    mean: FloatArray,  # (width,)
    factor: FloatArray | None,  # (width,)
    out: NDArray[np.float32],  # (n_sample, width)
) -> None:
    """Write (dosage - mean) * factor into `out`; a missing call becomes 0."""
    out[:] = calls
    out -= mean.astype(np.float32)
    if factor is not None:
        out *= factor.astype(np.float32)
    if calls.size and calls.min() < 0:
        out[calls < 0] = 0


def vanraden_scale(mean: FloatArray, ploidy: int = 2) -> float:
    """Return ploidy * sum p (1 - p), the denominator of VanRaden's first matrix.

    References
    ----------
    VanRaden 2008, J Dairy Sci 91:4414, method 1.
    """
    frequency = mean / ploidy
    scale = float(ploidy * np.sum(frequency * (1 - frequency)))
    if scale <= 0:
        raise DataError(
            "no variant segregates in the training rows",
            remedy="check the marker filters, or give more lines",
        )
    return scale


def gram(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    mean: FloatArray,  # (n_variant,)
    factor: FloatArray | None = None,  # (n_variant,)
    *,
    block: int = BLOCK,
) -> FloatArray:  # (n_sample, n_sample)
    """Return Z Z' for Z = (dosage - mean) * factor, missing calls at the mean.

    References
    ----------
    Own measurements: 56 MB beyond the result at 2,000 x 50,000, the time of a
    full float32 copy, half the time of float64.
    """
    n_sample, n_variant = call_dosage.shape
    total = ProductSum(n_sample)
    work = np.empty((n_sample, min(block, n_variant)), dtype=np.float32)
    for start in range(0, n_variant, block):
        columns = slice(start, min(start + block, n_variant))
        values = work[:, : columns.stop - columns.start]
        scale = None if factor is None else factor[columns]
        centre_block(call_dosage[:, columns], mean[columns], scale, values)
        total.add(values)
    return total.whole()


class ProductSum:
    """The sum of Z Z' over blocks Z: a few in float32, all in float64.

    Parameters
    ----------
    n_sample
        Rows of every block.

    Examples
    --------
    >>> total = ProductSum(2)
    >>> total.add(np.array([[1, 2, 0], [0, 1, 1]], dtype=np.float32))
    >>> total.add(np.array([[1], [1]], dtype=np.float32))
    >>> total.whole().tolist()
    [[6.0, 3.0], [3.0, 3.0]]
    """

    def __init__(self, n_sample: int) -> None:
        self._sum = np.zeros((n_sample, n_sample))
        self._few = np.zeros((n_sample, n_sample), dtype=np.float32, order="F")
        self._n = 0

    def add(self, block: NDArray[np.float32]) -> None:  # (n_sample, width)
        """Add the products of the rows of a block, one triangle of them."""
        if block.size == 0:  # BLAS takes no empty matrix
            return
        if self._n == _FEW:
            self._settle()
        beta = 1.0 if self._n else 0.0
        # the transposed block is in the order of BLAS: nothing is copied
        ssyrk(1.0, block.T, beta, self._few, trans=1, lower=0, overwrite_c=1)
        self._n += 1

    def _settle(self) -> None:
        self._sum += self._few.T
        self._n = 0

    def whole(self) -> FloatArray:  # (n_sample, n_sample)
        """Return the sum; the object is used up."""
        if self._n:
            self._settle()
        for start in range(0, self._sum.shape[0], _STRIP):  # no copy of the matrix
            own = slice(start, start + _STRIP)
            self._sum[:start, own] = self._sum[own, :start].T
            corner = self._sum[own, own]
            corner += np.tril(corner, -1).T
        return self._sum


def cross_gram(
    left: NDArray[np.int8],  # (n_left, n_variant)
    right: NDArray[np.int8],  # (n_right, n_variant)
    mean: FloatArray,  # (n_variant,)
    factor: FloatArray | None = None,  # (n_variant,)
    *,
    block: int = BLOCK,
) -> FloatArray:  # (n_left, n_right)
    """Return Z_left Z_right' with the same training mean and factor for both."""
    n_variant = left.shape[1]
    width = min(block, n_variant)
    result = np.zeros((left.shape[0], right.shape[0]))
    work_left = np.empty((left.shape[0], width), dtype=np.float32)
    work_right = np.empty((right.shape[0], width), dtype=np.float32)
    for start in range(0, n_variant, block):
        columns = slice(start, min(start + block, n_variant))
        width = columns.stop - columns.start
        scale = None if factor is None else factor[columns]
        centre_block(left[:, columns], mean[columns], scale, work_left[:, :width])
        centre_block(right[:, columns], mean[columns], scale, work_right[:, :width])
        result += work_left[:, :width] @ work_right[:, :width].T
    return result


def diagonal_gram(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    mean: FloatArray,  # (n_variant,)
    factor: FloatArray | None = None,  # (n_variant,)
    *,
    block: int = BLOCK,
) -> FloatArray:  # (n_sample,)
    """Return the diagonal of `gram` without forming the matrix."""
    n_sample, n_variant = call_dosage.shape
    result = np.zeros(n_sample)
    work = np.empty((n_sample, min(block, n_variant)), dtype=np.float32)
    for start in range(0, n_variant, block):
        columns = slice(start, min(start + block, n_variant))
        values = work[:, : columns.stop - columns.start]
        scale = None if factor is None else factor[columns]
        centre_block(call_dosage[:, columns], mean[columns], scale, values)
        result += np.einsum("ij,ij->i", values, values)
    return result


def nearest_relationship(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    train_dosage: NDArray[np.int8],  # (n_train, n_variant)
    mean: FloatArray,  # (n_variant,) of the training lines
) -> FloatArray:  # (n_sample,)
    """Return each line's largest genomic correlation with a training line.

    That of the centred dosages, -1 to 1: a line that is a copy of a training line has
    1, full sibs about one half, lines without a relative in training about 0. Of more
    than `MOST_VARIANTS` every second, third, ... variant is read.

    Examples
    --------
    >>> import numpy as np
    >>> train = np.array([[0, 2, 0, 2], [2, 0, 2, 0]], dtype=np.int8)
    >>> new = np.array([[0, 2, 0, 2], [0, 2, 2, 0]], dtype=np.int8)
    >>> nearest_relationship(new, train, train.mean(axis=0))
    array([1., 0.])
    """
    if mean.size > MOST_VARIANTS:
        some = slice(None, None, -(-mean.size // MOST_VARIANTS))
        call_dosage, train_dosage = call_dosage[:, some], train_dosage[:, some]
        mean = mean[some]
    size = np.sqrt(diagonal_gram(call_dosage, mean))
    train_size = np.sqrt(diagonal_gram(train_dosage, mean))
    cross = cross_gram(call_dosage, train_dosage, mean)
    cross /= np.maximum(train_size, 1e-12)
    cross /= np.maximum(size, 1e-12)[:, None]
    return np.minimum(cross.max(axis=1), 1.0)


def relationship_matrix(
    call_dosage: NDArray[np.int8],  # (n_sample, n_variant)
    *,
    ploidy: int = 2,
    mean: FloatArray | None = None,  # (n_variant,)
    block: int = BLOCK,
) -> FloatArray:  # (n_sample, n_sample)
    """Return VanRaden's genomic relationship matrix.

    Parameters
    ----------
    call_dosage
        Dosage 0..ploidy; negative is missing and takes the mean.
    ploidy
        Copies of the genome.
    mean
        Mean dosage per variant, learned elsewhere (on the training rows);
        default: that of these samples.
    block
        Variants converted to float32 at a time.

    Raises
    ------
    DataError
        If no variant segregates.

    References
    ----------
    VanRaden 2008, J Dairy Sci 91:4414, method 1: G = Z Z' / (2 sum p (1 - p)).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0, 2, 1], [2, 0, 1]], dtype=np.int8)
    >>> relationship_matrix(x).round(2)
    array([[ 1.33, -1.33],
           [-1.33,  1.33]])
    """
    if mean is None:
        parts = dosage_blocks(call_dosage, block)
        return relationship_from_blocks(parts, call_dosage.shape[0], ploidy=ploidy)
    result = gram(call_dosage, mean, block=block)
    result /= vanraden_scale(mean, ploidy)
    return result


def relationship_from_blocks(
    blocks: Iterable[NDArray[np.int8]],  # each (n_sample, width)
    n_sample: int,
    *,
    ploidy: int = 2,
) -> FloatArray:  # (n_sample, n_sample)
    """Return VanRaden's matrix from blocks read one after the other.

    Holds the result, one float32 product and one float32 block: 1.3 GB for 10,000
    lines however many variants there are.
    """
    total = ProductSum(n_sample)
    work = np.empty((n_sample, BLOCK), dtype=np.float32)
    scale = 0.0
    for wide in blocks:
        for calls in dosage_blocks(wide):
            values = work[:, : calls.shape[1]]
            mean = centre_on_itself(calls, values)
            total.add(values)
            scale += float(np.sum(mean * (1 - mean / ploidy)))
    if scale <= 0:
        raise DataError(
            "no variant segregates",
            remedy="check the marker filters, or give more lines",
        )
    # in place: a temporary would cost another n x n
    result = total.whole()
    result /= scale
    return result


def centre_on_itself(
    calls: NDArray[np.int8],  # (n_sample, width)
    out: NDArray[np.float32],  # (n_sample, width)
) -> FloatArray:  # (width,)
    """Write dosage - mean into `out` in one pass over the calls; return the mean."""
    out[:] = calls
    n_called: FloatArray | int = calls.shape[0]
    missing = calls < 0 if calls.size and calls.min() < 0 else None
    if missing is not None:
        out[missing] = 0
        n_called = np.maximum((~missing).sum(axis=0), 1).astype(np.float64)
    # float32 sums of whole numbers are exact below 2^24
    mean = out.sum(axis=0).astype(np.float64) / n_called
    out -= mean.astype(np.float32)
    if missing is not None:
        out[missing] = 0
    return mean


def principal_axes(
    kernel: FloatArray,  # (n_sample, n_sample)
    n_axis: int = 4,
) -> tuple[FloatArray, FloatArray]:  # (n_sample, n_axis), (n_axis,)
    """Return principal coordinates of a relationship matrix and their share.

    The kernel is centred first. Each axis' sign is fixed so that its largest
    coordinate is positive. The scores of all axes are the input of a k-means
    clustering by relationship.
    """
    n_sample = kernel.shape[0]
    n_axis = min(n_axis, n_sample)
    centred = centre_kernel(kernel)
    if n_sample > _DIRECT:  # a few axes of many lines: the others are not computed
        start = np.random.default_rng(0).standard_normal(n_sample)
        from scipy.sparse.linalg import eigsh  # noqa: PLC0415 - loads slowly

        values, vectors = eigsh(centred, n_axis, which="LA", v0=start, tol=1e-9)
    else:
        values, vectors = scipy.linalg.eigh(
            centred, subset_by_index=(n_sample - n_axis, n_sample - 1)
        )
    values = np.maximum(values[::-1], 0)
    scores = vectors[:, ::-1] * np.sqrt(values)
    largest = np.abs(scores).argmax(axis=0)
    scores *= np.where(scores[largest, np.arange(n_axis)] < 0, -1.0, 1.0)
    total = float(np.trace(centred))
    return scores, values / total if total > 0 else np.zeros(n_axis)


def centre_kernel(
    kernel: FloatArray,  # (n_sample, n_sample)
) -> FloatArray:  # (n_sample, n_sample)
    """Return the kernel with the samples' mean taken out of the features."""
    mean = kernel.mean(axis=0)
    centred = kernel - mean
    centred -= mean[:, None]
    centred += mean.mean()
    return centred
