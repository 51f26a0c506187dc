"""Which shape, how many factors: what tells best what was held out of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.config.represent import RepresentOptions
from meristem.models.protocol import Tried
from meristem.records import FloatArray, OmicsTable, Split
from meristem.representation.architecture.search import Place, search_shape
from meristem.representation.architecture.space import Shape
from meristem.representation.confound.confounders import Confounder
from meristem.representation.confound.linear import fit_regression
from meristem.representation.represented import (
    LEAST_ROWS,
    fit_representation,
    most_factors,
)
from meristem.representation.sets.membership import FeatureSets
from meristem.stats.metrics import pearson

HIDDEN = 0.1
"""Values hidden to judge a number of factors."""
_PENALTIES = np.geomspace(1e-2, 1e3, 16)


class HiddenValues:
    """Errors of values that were hidden from the fit, a tenth of those known.

    The truth is the values less what confounders tell linearly, whatever removes them:
    what a way of removal has already made simple is no easier to tell.
    """

    def __init__(
        self,
        table: OmicsTable,
        confounders: Sequence[Confounder],
        sets: FeatureSets | None,
        rng: np.random.Generator,
    ) -> None:
        self._table, self._confounders, self._sets = table, confounders, sets
        known = ~np.isnan(table.value)
        self._hidden = known & (rng.random(known.shape) < HIDDEN)
        value = np.where(self._hidden, np.nan, table.value)
        self._holed = replace(table, value=value, reliability=None)
        self._seed = int(rng.integers(2**62))

    def error(self, options: RepresentOptions, k: int) -> float:
        """Return the RMSE in sds of a representation with k factors."""
        found = fit_representation(
            self._holed,
            options,
            rng=np.random.default_rng(self._seed),
            k=k,
            confounders=self._confounders,
            sets=self._sets,
        )
        truth = found.scale.apply(self._table.value)
        if self._confounders:
            holed = found.scale.apply(self._holed.value)
            effects = fit_regression(holed, self._confounders)
            truth = effects.clean(truth, self._confounders)
        x = found.cleaned_values(self._holed, self._confounders)
        said = found.reconstruct(x)
        return float(np.sqrt(np.nanmean((said - truth)[self._hidden] ** 2)))


def choose_by_values(
    table: OmicsTable,
    options: RepresentOptions,
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
) -> tuple[int, dict[int, float]]:
    """Return the number of factors that tells hidden values best, and all errors.

    A tenth of the known values is hidden; the error is the RMSE in sds there.
    """
    candidates = _possible(table, options.k)
    if len(candidates) == 1 or options.represent == "sets":
        return candidates[0], {}
    hidden = HiddenValues(table, confounders, None, rng)
    errors = {k: hidden.error(options, k) for k in candidates}
    return min(errors, key=lambda k: errors[k]), errors


@dataclass(frozen=True)
class TraitsTold:
    """Traits of inner test rows, told from factors learned on inner training rows."""

    table: OmicsTable
    trait: FloatArray  # (n_sample, n_target) NaN missing
    splits: Sequence[Split]
    confounders: Sequence[Confounder]
    sets: FeatureSets | None
    seed: int

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows with values and traits."""
        seen = (~np.isnan(self.table.value)).any(axis=1)
        return np.asarray(seen & (~np.isnan(self.trait)).any(axis=1))

    def enough(self) -> TraitsTold:
        """Return the same over the splits that have rows of both on both sides."""
        usable = self.usable
        splits = [s for s in self.splits if usable[s.test].sum() >= 2]
        splits = [s for s in splits if usable[s.train].sum() >= LEAST_ROWS]
        return replace(self, splits=splits)

    def judge(self, options: RepresentOptions, k: int) -> tuple[float, float]:
        """Return squared error over variance, summed, and mean correlation."""
        error, r = 0.0, []
        for split in self.splits:
            found = fit_representation(
                self.table.take_samples(split.train),
                options,
                rng=np.random.default_rng(self.seed),
                k=k,
                confounders=[one.take(split.train) for one in self.confounders],
                sets=self.sets,
            )
            z = found.factors(self.table, self.confounders).value
            for truth, said, variance in _told(z, self.trait, split, self.usable):
                error += float(((said - truth) ** 2).mean() / variance)
                r.append(np.nan_to_num(pearson(truth, said)))
        return error, float(np.mean(r)) if r else 0.0


def choose_by_traits(
    table: OmicsTable,
    options: RepresentOptions,
    trait: FloatArray,  # (n_sample, n_target) NaN missing
    inner: Sequence[Split],
    *,
    rng: np.random.Generator,
    confounders: Sequence[Confounder] = (),
    sets: FeatureSets | None = None,
) -> int:
    """Return the number of factors from which held-out traits are told best.

    The representation is learned anew on the training rows of every inner split, and
    ridge regression of the traits on its factors is tried on the test rows. Where
    there are too few rows with both, hidden values decide.
    """
    candidates = _possible(table, options.k)
    if len(candidates) == 1 or options.represent == "sets":
        return candidates[0]
    told = TraitsTold(table, trait, inner, confounders, sets, 0).enough()
    if not told.splits:
        return choose_by_values(table, options, rng=rng, confounders=confounders)[0]
    told = replace(told, seed=int(rng.integers(2**62)))
    return min(candidates, key=lambda k: told.judge(options, k)[0])


def choose_shape(
    table: OmicsTable,
    options: RepresentOptions,
    place: Place,
    *,
    confounders: Sequence[Confounder] = (),
    sets: FeatureSets | None = None,
    trait: FloatArray | None = None,  # (n_sample, n_target) NaN missing
    inner: Sequence[Split] = (),
) -> tuple[Shape, tuple[Tried, ...]]:
    """Search kind, factors, width and penalty; return what was found and tried.

    With traits the reward is the correlation of those of inner test rows with what
    ridge regression on the factors tells of them, of the first inner split while
    searching and of all in the comparison at the end. Without, it is minus the RMSE
    (in sds) of hidden values; other values are hidden for the comparison.
    """
    if trait is not None:
        told = TraitsTold(table, trait, inner, confounders, sets, place.seed).enough()
        if told.splits:
            first = replace(told, splits=told.splits[:1])
            return search_shape(
                options,
                most_factors(table),
                lambda shape: first.judge(shape.options, shape.k)[1],
                lambda shape: told.judge(shape.options, shape.k)[1],
                place,
                compared_on=len(told.splits),
            )
    rng = np.random.default_rng(place.seed)
    once, again = (HiddenValues(table, confounders, sets, rng) for _ in range(2))
    return search_shape(
        options,
        most_factors(table),
        lambda shape: -once.error(shape.options, shape.k),
        lambda shape: -again.error(shape.options, shape.k),
        place,
    )


def _possible(table: OmicsTable, candidates: Sequence[int]) -> list[int]:
    most = most_factors(table)
    return sorted({min(k, most) for k in candidates})


def _told(
    z: FloatArray, trait: FloatArray, split: Split, usable: NDArray[np.bool_]
) -> Iterator[tuple[FloatArray, FloatArray, float]]:
    """Yield held-out traits, what ridge on factors says, and the training variance."""
    for column in range(trait.shape[1]):
        ok = usable & ~np.isnan(trait[:, column]) & ~np.isnan(z).any(axis=1)
        train, test = split.train[ok[split.train]], split.test[ok[split.test]]
        if train.size < LEAST_ROWS or test.size < 2:
            continue
        y = trait[train, column]
        x = z[train] - z[train].mean(axis=0)
        left, size, right = np.linalg.svd(x, full_matrices=False)
        rotated = left.T @ (y - y.mean())
        best = _penalty(size, rotated, float(((y - y.mean()) ** 2).sum()), y.size)
        slope = right.T @ (size / (size**2 + best) * rotated)
        said = y.mean() + (z[test] - z[train].mean(axis=0)) @ slope
        yield trait[test, column], said, max(float(y.var()), 1e-12)


def _penalty(size: FloatArray, rotated: FloatArray, total: float, n: int) -> float:
    rest = total - float((rotated**2).sum())
    score = []
    for penalty in _PENALTIES:
        keep = size**2 / (size**2 + penalty)
        error = rest + (((1 - keep) * rotated) ** 2).sum()
        score.append(error / max(1 - (keep.sum() + 1) / n, 1e-3) ** 2)
    return float(_PENALTIES[int(np.argmin(score))])
