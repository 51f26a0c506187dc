"""Ways to fill the gaps of a table, each from another source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from meristem.genetics.relationship import relationship_matrix
from meristem.records import FloatArray, Genotypes, OmicsTable
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.pca import fit_pca
from meristem.representation.scale import fit_feature_scale

SWEEPS = 30
NEIGHBOURS = 10
_RATIOS: list[float] = np.geomspace(3.0, 0.02, 10).tolist()
"""Noise over variance: candidates of a ridge on the rows."""


@dataclass(frozen=True)
class Sources:
    """What a table can be imputed from, besides itself; rows are those of the table."""

    genotypes: FloatArray | None = None  # (n_sample, n_sample) relationship
    other: FloatArray | None = None  # (n_sample, n_sample) kernel of other omics
    network: GeneNetwork | None = None  # of the features


Fill = Callable[[FloatArray], FloatArray]
"""Standardised values with gaps -> the same without."""


def omics_kernel(
    tables: Sequence[tuple[OmicsTable, bool]],  # and whether its values are raw counts
    n_sample: int,
) -> FloatArray:
    """Return the kernel of other tables over the rows; gaps count as the mean."""
    kernel = np.zeros((n_sample, n_sample))
    for table, counts in tables:
        scale = fit_feature_scale(table.value, counts=counts, where=table.source)
        x = scale.apply(table.value)
        x = np.where(np.isnan(x), 0.0, x)
        kernel += x @ x.T / x.shape[1]
    return kernel / max(len(tables), 1)


def genomic_kernel(genotypes: Genotypes) -> FloatArray:
    """Return the relationship of the rows."""
    return relationship_matrix(genotypes.call_dosage, ploidy=genotypes.ploidy)


def fill_methods(sources: Sources) -> dict[str, Fill]:
    """Return every method that the sources allow, by name."""
    methods: dict[str, Fill] = {
        "mean": _mean,
        "knn": nearest_rows,
        "ridge": ridge_rows,
        "pca_5": lambda x: components(x, 5),
        "pca_20": lambda x: components(x, 20),
        "soft_impute": soft_impute,
    }
    if sources.genotypes is not None:
        kernel = sources.genotypes
        methods["genotypes"] = lambda x: smooth(x, kernel)
        methods["genotypes_and_ridge"] = lambda x: ridge_rows(x, kernel)
    if sources.other is not None:
        other = sources.other
        methods["other_omics"] = lambda x: smooth(x, other)
        methods["other_omics_and_ridge"] = lambda x: ridge_rows(x, other)
    if sources.network is not None:
        network = sources.network
        methods["network"] = lambda x: neighbour_ridge(x, network)
    return methods


def _mean(x: FloatArray) -> FloatArray:
    return np.where(np.isnan(x), 0.0, x)


def nearest_rows(x: FloatArray, k: int = NEIGHBOURS) -> FloatArray:
    """Fill a gap with the mean of the k nearest rows that have the value.

    Distances are mean squared differences over the features that both rows have,
    weights one over distance.

    References
    ----------
    Troyanskaya et al. 2001, Bioinformatics 17:520 (KNNimpute).
    """
    known = ~np.isnan(x)
    filled = np.where(known, x, 0.0)
    flag = known.astype(float)
    square = (filled**2) @ flag.T
    both = flag @ flag.T
    distance = square + square.T - 2 * filled @ filled.T
    distance = np.where(both > 0, np.maximum(distance, 0) / np.maximum(both, 1), np.inf)
    np.fill_diagonal(distance, np.inf)
    out = filled.copy()
    for row in np.flatnonzero(~known.all(axis=1)):
        gaps = np.flatnonzero(~known[row])
        order = np.argsort(distance[row], kind="stable")
        order = order[np.isfinite(distance[row, order])]
        if order.size == 0:
            continue  # a row without values: the mean
        has = known[np.ix_(order, gaps)]
        use = has & (has.cumsum(axis=0) <= k)
        weight = use / np.maximum(distance[row, order], 1e-9)[:, None]
        total = weight.sum(axis=0)
        mean = (weight * filled[np.ix_(order, gaps)]).sum(axis=0)
        out[row, gaps] = np.where(total > 0, mean / np.maximum(total, 1e-30), 0.0)
    return out


def ridge_rows(x: FloatArray, kernel: FloatArray | None = None) -> FloatArray:
    """Fill gaps by ridge regression of every feature on all others, in turns.

    In its dual form: rows that are alike in the values known (and, with `kernel`, in
    what it stands for) are alike in the missing one. Kernel and values are renewed
    until both settle. The penalty is the one under which entries left out (a
    twentieth) are told best: a feature is part of the kernel, so that how well it
    fits says little.
    """

    def step(holed: FloatArray, start: FloatArray, ratio: float) -> FloatArray:
        return _settle(holed, start, kernel, ratio, rounds=3)

    ratio, start = _walk(x, _RATIOS, step)
    return _settle(x, start, kernel, ratio)


def _settle(
    x: FloatArray,
    start: FloatArray,
    kernel: FloatArray | None,
    ratio: float,
    rounds: int = 8,
) -> FloatArray:
    """Renew the kernel of the rows and the values in the gaps until both settle."""
    missing = np.isnan(x)
    filled = np.where(missing, start, x)
    for _ in range(rounds):
        both = filled @ filled.T / x.shape[1]
        if kernel is not None:
            both = 0.5 * (both + kernel * _scale_ratio(both, kernel))
        new = smooth(x, both, ratio)
        moved = np.abs(new - filled)[missing].mean() if missing.any() else 0.0
        filled = new
        if moved < 1e-3:
            break
    return filled


def _walk(
    x: FloatArray,
    path: list[float],  # strongest penalty first
    step: Callable[[FloatArray, FloatArray, float], FloatArray],
) -> tuple[float, FloatArray]:
    """Return the penalty after which entries left out are told worse, and a fill.

    `step` fills a table under a penalty, from the fill under the one before.
    """
    test = ~np.isnan(x) & (np.random.default_rng(0).random(x.shape) < 0.05)
    holed = np.where(test, np.nan, x)
    best, low = path[0], float("inf")
    filled = np.zeros(x.shape)
    for penalty in path:
        filled = step(holed, filled, penalty)
        error = float(((filled - x)[test] ** 2).mean()) if test.any() else 0.0
        if error > low * 1.001:
            break
        best, low = penalty, min(error, low)
    return best, filled


def _scale_ratio(one: FloatArray, other: FloatArray) -> float:
    return float(np.trace(one) / max(np.trace(other), 1e-12))


def smooth(x: FloatArray, kernel: FloatArray, ratio: float | None = None) -> FloatArray:
    """Return the values with gaps filled by their expectation under a kernel of rows.

    Each feature is kernel times a variance, plus noise; the gaps are those values
    that the smoother, given all others, returns unchanged (EM of a Gaussian process
    with a common noise). The noise over the variance is `ratio`, or chosen by
    generalised cross-validation.
    """
    missing = np.isnan(x)
    value, vector = np.linalg.eigh(kernel)
    value = np.maximum(value, 0.0) / max(float(value.mean()), 1e-12)
    filled = _mean(x)
    if ratio is None:
        ratio = _best_noise(value, ((vector.T @ filled) ** 2).sum(axis=1))
    shrink = (value / (value + ratio))[:, None]
    for _ in range(SWEEPS):
        said = vector @ (shrink * (vector.T @ filled))
        moved = np.abs(said - filled)[missing].mean() if missing.any() else 0.0
        filled = np.where(missing, said, x)
        if moved < 1e-3:
            break
    return filled


def _best_noise(
    value: FloatArray,  # (n,) eigenvalues
    power: FloatArray,  # (n,) squared rotated values, of all features
) -> float:
    candidates = np.geomspace(1e-2, 1e2, 17)
    left = candidates[:, None] / (value + candidates[:, None])
    free = np.maximum(left.mean(axis=1), 1e-9)
    return float(candidates[np.argmin((left**2 @ power) / free**2)])


def components(x: FloatArray, k: int) -> FloatArray:
    """Fill gaps by k principal components, in turns."""
    code = fit_pca(x, k)
    return np.where(np.isnan(x), code.decode(code.encode(x))[0], x)


def soft_impute(x: FloatArray) -> FloatArray:
    """Fill gaps by a matrix of small nuclear norm.

    The penalty walks down a warm-started path and stops where entries left out (a
    twentieth) are told worse.

    References
    ----------
    Mazumder, Hastie & Tibshirani 2010, JMLR 11:2287.
    """
    known = ~np.isnan(x)
    largest = np.linalg.norm(np.where(known, x, 0.0), 2)
    path = (largest * np.geomspace(0.7, 0.02, 10)).tolist()
    best, filled = _walk(x, path, _soften)
    return np.where(known, x, _soften(x, filled, best))


def _soften(x: FloatArray, start: FloatArray, penalty: float) -> FloatArray:
    known = ~np.isnan(x)
    low = start
    for _ in range(20):
        filled = np.where(known, x, low)
        n, p = filled.shape
        gram = filled @ filled.T if n <= p else filled.T @ filled
        value, vector = np.linalg.eigh(gram)
        size = np.sqrt(np.maximum(value, 1e-12))
        keep = np.maximum(size - penalty, 0.0) / size
        if n <= p:
            new = (vector * keep) @ (vector.T @ filled)
        else:
            new = (filled @ vector) * keep @ vector.T
        moved = np.linalg.norm(new - low) / max(float(np.linalg.norm(low)), 1e-9)
        low = new
        if moved < 1e-3:
            break
    return low


def neighbour_ridge(x: FloatArray, network: GeneNetwork) -> FloatArray:
    """Fill a gap of a feature by ridge regression on its neighbours in a network.

    A feature without neighbours stays at its mean; gaps of neighbours count as theirs.
    """
    known = ~np.isnan(x)
    filled = _mean(x)
    out = filled.copy()
    for feature in np.flatnonzero(~known.all(axis=0)):
        near = network.neighbours(int(feature))
        rows = np.flatnonzero(known[:, feature])
        if near.size == 0 or rows.size < 3:
            continue
        design = filled[:, near]
        out[~known[:, feature], feature] = _ridge(
            design[rows], x[rows, feature], design[~known[:, feature]]
        )
    return out


def _ridge(x: FloatArray, y: FloatArray, new: FloatArray) -> FloatArray:
    """Return ridge predictions, the penalty by generalised cross-validation."""
    mean = y.mean()
    left, size, right = np.linalg.svd(x, full_matrices=False)
    rotated = left.T @ (y - mean)
    rest = float(((y - mean) ** 2).sum() - (rotated**2).sum())
    best, low = 1.0, float("inf")
    path = float(size[0]) ** 2 * np.geomspace(1e-3, 10, 13) + 1e-9
    for penalty in path.tolist():
        keep = size**2 / (size**2 + penalty)
        error = rest + (((1 - keep) * rotated) ** 2).sum()
        score = error / max(1 - (keep.sum() + 1) / y.size, 1e-3) ** 2
        if score < low:
            best, low = penalty, score
    return mean + new @ (right.T @ (size / (size**2 + best) * rotated))
