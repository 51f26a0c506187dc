"""Fill the gaps of a table: methods weighted on gaps made in known values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from meristem.errors import DataError
from meristem.records import FloatArray, OmicsTable
from meristem.representation.impute.methods import Sources, fill_methods
from meristem.representation.scale import FeatureScale, fit_feature_scale

ROUNDS = 4
"""Times that gaps are made."""
HIDDEN_ROWS = 0.15
"""Rows that get more gaps each time; few, so that the rest is as in truth."""
LEVEL = 0.9
ABSENT, PARTIAL = 0, 1
"""Classes of gaps: of rows without any value, and of rows with some."""
NAMES = ("rows without values", "gaps in measured rows")
_SAMPLED = 200_000  # entries that weights are fitted on
_LEAST = 50


@dataclass(frozen=True)
class Imputed:
    """A table without gaps, and how sure each filled value is."""

    table: OmicsTable  # value without NaN
    half_width: FloatArray  # (n_sample, n_feature) of 90 % intervals; NaN measured
    method: tuple[str, ...]
    weight: FloatArray  # (2, n_method) of each class of gaps; NaN: no such gap
    rmse: FloatArray  # (2, n_method + 1) on gaps made, in sds; the mixture last
    coverage: FloatArray  # (2,) of the intervals, on gaps made in another round


def impute(
    table: OmicsTable,
    sources: Sources | None = None,
    *,
    rng: np.random.Generator,
    counts: bool = False,
) -> Imputed:
    """Fill the gaps of a table.

    Gaps like the true ones are made in values that are known: a row is given the gaps
    of another row. Every method fills them; methods are mixed with the weights (none
    negative, adding up to 1) that told these values best, apart for rows without any
    value and for
    gaps in measured rows. Intervals are quantiles of the errors there, scaled by the
    noise of each feature (split conformal).

    Counts are filled on the scale of their normalised logarithms and rounded; intervals
    are those of counts. A row without any value counts as one of average size.

    Parameters
    ----------
    table
        Rows that may be learned from; in an analysis training rows.
    sources
        Genotypes, other omics, a network.
    rng
        Makes the gaps.
    counts
        Whether values are raw counts.

    Raises
    ------
    DataError
        If fewer than 8 rows hold values.

    References
    ----------
    Lei et al. 2018, J Am Stat Assoc 113:1094 (conformal intervals with a local scale).
    """
    known = ~np.isnan(table.value)
    if known.any(axis=1).sum() < 8:
        raise DataError(
            f"{table.name}: fewer than 8 rows hold values",
            where=table.source,
            remedy="measure more lines, or leave the imputation out",
        )
    scale = fit_feature_scale(table.value, counts=counts, where=table.source)
    x, size = scale.apply(table.value), scale.size(table.value)
    methods = fill_methods(sources or Sources())
    names = tuple(methods)
    n_round = 0 if known.all() else ROUNDS
    rounds = [_round(x, size, methods, rng) for _ in range(n_round)]
    weight = np.full((2, len(names)), np.nan)
    rmse = np.full((2, len(names) + 1), np.nan)
    coverage = np.full(2, np.nan)
    width = np.full(x.shape, np.nan)  # in sds
    filled = np.where(known, x, 0.0)
    kind = _classes(known)
    needed = [c for c in (ABSENT, PARTIAL) if (~known & (kind == c)[:, None]).any()]
    said = None
    for c in needed:
        tests = [_of_class(one, c) for one in rounds]
        if sum(t.truth.size for t in tests) < _LEAST:
            tests = [_of_class(one, None) for one in rounds]
        if sum(t.truth.size for t in tests) < _LEAST:
            raise DataError(
                f"{table.name}: too few values to judge how well gaps are filled",
                where=table.source,
                remedy="leave the imputation out",
            )
        weight[c] = _weights(tests, rng)
        rmse[c] = _errors(tests, weight[c])
        noise = _feature_noise(tests, weight[c], x.shape[1])
        apart = [_apart(test, weight[c], scale) for test in tests]
        quantile, coverage[c] = _quantile(tests, apart, noise)
        if said is None:
            said = np.stack([fill(x) for fill in methods.values()])
        gaps = ~known & (kind == c)[:, None]
        mixture = np.tensordot(weight[c], said, axes=1)
        filled[gaps] = mixture[gaps]
        width[gaps] = np.broadcast_to(quantile * noise, x.shape)[gaps]
    value = scale.undo(filled, size)
    half = width * scale.slope(value, size)
    value = np.where(known, table.value, np.round(value) if counts else value)
    whole = OmicsTable(
        table.name,
        table.sample_id,
        table.feature_id,
        table.node_name,
        value,
        table.source,
        table.reliability,
        table.derived,
    )
    return Imputed(whole, half, names, weight, rmse, coverage)


@dataclass(frozen=True)
class _Test:
    """Values that were hidden, and what every method said of them."""

    truth: FloatArray  # (n,)
    said: FloatArray  # (n_method, n)
    feature: NDArray[np.int64]  # (n,)
    kind: NDArray[np.int64]  # (n,)
    size: FloatArray  # (n,) of the rows


def _classes(known: NDArray[np.bool_]) -> NDArray[np.int64]:  # (n_sample,)
    return np.where(known.any(axis=1), PARTIAL, ABSENT)


def _round(
    x: FloatArray, size: FloatArray, methods: dict, rng: np.random.Generator
) -> _Test:
    """Hide values: some measured rows take the gaps of other rows beside their own."""
    known = ~np.isnan(x)
    rows = np.flatnonzero(known.any(axis=1))
    gappy = np.flatnonzero(~known.all(axis=1))
    n_hide = max(2, round(HIDDEN_ROWS * rows.size))
    chosen = rng.permutation(rows)[:n_hide]
    donor = rng.choice(gappy, chosen.size)
    absent = gappy[~known[gappy].any(axis=1)]
    if absent.size and not np.isin(donor, absent).any():
        donor[-1] = absent[0]  # rows without values are judged in every round
    hidden = np.zeros_like(known)
    hidden[chosen] = known[chosen] & ~known[donor]
    holed = np.where(hidden, np.nan, x)
    kind = _classes(~np.isnan(holed))
    row, column = np.nonzero(hidden)
    if row.size > _SAMPLED:
        some = np.sort(rng.choice(row.size, _SAMPLED, replace=False))
        row, column = row[some], column[some]
    # scales are those of the values left: their errors count as well
    scale = fit_feature_scale(holed)
    own, ones = scale.apply(holed), np.ones(holed.shape[0])
    said = np.stack(
        [scale.undo(fill(own), ones)[row, column] for fill in methods.values()]
    )
    return _Test(x[row, column], said, column, kind[row], size[row])


def _of_class(test: _Test, kind: int | None) -> _Test:
    keep = np.ones(test.kind.size, bool) if kind is None else test.kind == kind
    return _Test(
        test.truth[keep],
        test.said[:, keep],
        test.feature[keep],
        test.kind[keep],
        test.size[keep],
    )


def _weights(tests: list[_Test], rng: np.random.Generator) -> FloatArray:
    said = np.concatenate([t.said for t in tests], axis=1)
    truth = np.concatenate([t.truth for t in tests])
    gram = said @ said.T / truth.size
    right = said @ truth / truth.size
    # the ridge keeps methods that say the same at equal weights
    gram += 1e-6 * np.eye(gram.shape[0])
    root = np.linalg.cholesky(gram)
    # a heavy row makes the weights add up to one: gaps made leave less to learn from
    # than the true ones, and weights above one would undo a shrinkage that is not there
    heavy = 1e3 * np.sqrt(np.trace(gram))
    design = np.vstack([root.T, np.full(gram.shape[0], heavy)])
    target = np.append(np.linalg.solve(root, right), heavy)
    weight = nnls(design, target)[0]
    return np.asarray(weight / weight.sum())


def _errors(tests: list[_Test], weight: FloatArray) -> FloatArray:
    """Return the RMSE of every method and, weights fitted without it, of the mixture.

    The mixture's is that of each round by weights of the other rounds.
    """
    said = np.concatenate([t.said for t in tests], axis=1)
    truth = np.concatenate([t.truth for t in tests])
    single = np.sqrt(((said - truth) ** 2).mean(axis=1))
    square = []
    for number, test in enumerate(tests):
        others = [t for i, t in enumerate(tests) if i != number and t.truth.size]
        own = _weights(others, np.random.default_rng(0)) if others else weight
        square.append((own @ test.said - test.truth) ** 2)
    return np.r_[single, np.sqrt(np.concatenate(square).mean())]


def _feature_noise(
    tests: list[_Test], weight: FloatArray, n_feature: int
) -> FloatArray:  # (n_feature,)
    """Return the error's sd of every feature, shrunk to that of all."""
    error = np.concatenate([weight @ t.said - t.truth for t in tests])
    feature = np.concatenate([t.feature for t in tests])
    total = np.bincount(feature, error**2, n_feature)
    count = np.bincount(feature, minlength=n_feature)
    prior = 10.0
    return np.sqrt((total + prior * (error**2).mean()) / (count + prior))


def _apart(
    test: _Test, weight: FloatArray, scale: FeatureScale
) -> FloatArray:  # (n,) in sds
    """Return how far filled values are from the truth; of counts, counts rounded."""
    said = weight @ test.said
    if scale.profile is None:
        return np.abs(said - test.truth)
    own = scale.take(test.feature)
    filled, truth = (own.undo(x, test.size) for x in (said, test.truth))
    return np.abs(np.round(filled) - truth) / own.slope(filled, test.size)


def _quantile(
    tests: list[_Test], apart: list[FloatArray], noise: FloatArray
) -> tuple[float, float]:
    """Return the quantile of scaled errors, and its coverage across rounds.

    The coverage of each round is that of the quantile of the others; NaN if there are
    none.
    """
    scaled = [a / noise[t.feature] for a, t in zip(apart, tests, strict=True)]
    everything = np.concatenate(scaled)
    n = everything.size
    level = min(1.0, np.ceil((n + 1) * LEVEL) / n)
    inside, judged = 0.0, 0
    for number, one in enumerate(scaled):
        others = [s for i, s in enumerate(scaled) if i != number]
        rest = np.concatenate(others) if others else one
        if rest.size:
            inside += float((one <= np.quantile(rest, LEVEL)).sum())
            judged += one.size
    return float(np.quantile(everything, level)), inside / judged if judged else np.nan
