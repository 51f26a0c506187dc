"""A model whose options are searched inside the rows that it is fitted on.

Every generation of a search is halved: all points are trained for a quarter of the
usual length on one inner split, the better half of them in full. The best few, and the
options as they were set, are then compared on all inner splits. Rows that `fit` is not
given cannot reach any of it.

References
----------
Jamieson & Talwalkar 2016, AISTATS (successive halving); Cawley & Talbot 2010, JMLR
11:2079 (why the choice is nested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from meristem.config.models import ModelOptions
from meristem.config.tune import TuneOptions
from meristem.mixed.targets import MIN_ROWS, random_inner
from meristem.models.catalog import build
from meristem.models.protocol import Fitted, Predictor, Tried, predict_measured
from meristem.models.tuned.space import OptionSpace, lean
from meristem.records import (
    Dataset,
    Environments,
    FloatArray,
    NetworkPlan,
    Split,
    Splits,
)
from meristem.runs.keys import digest
from meristem.stats.folds import nested
from meristem.stats.metrics import pearson
from meristem.tune.budget import search_within
from meristem.tune.halving import halve
from meristem.tune.optimisers import Trial, best_trials
from meristem.tune.space import values_at

FINALISTS = 3
"""Best points that are compared on all inner splits, beside the options as set."""
_WORST = -1.0
"""Reward of a point that could not be fitted or predicts one value for all."""


@dataclass(frozen=True)
class Tuned:
    """Specification of a model with searched options.

    Parameters
    ----------
    options
        As they are set: the first point.
    tune
        Method, and number of trials or minutes.
    plan, environments
        For models that read them.
    seconds
        CPU seconds of one search, where minutes are the budget.
    folder
        Where searches are kept, to be continued; None keeps none.
    """

    options: ModelOptions
    tune: TuneOptions
    plan: NetworkPlan | None = None
    environments: Environments | None = None
    seconds: float = 0.0
    folder: Path | None = field(default=None, compare=False)

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Search options, then fit the chosen ones on all rows."""
        chosen, _ = self.choose(dataset, rng=rng, inner=inner)
        return chosen.fit(dataset, rng=rng, inner=inner)

    def choose(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> tuple[Predictor, tuple[Tried, ...]]:
        """Return the model with the options found, and everything that was tried."""
        splits = inner or random_inner(dataset.n_sample, rng)
        search = _Search(self, dataset, splits, int(rng.integers(2**31)))
        trials = search.run()
        space = search.space
        short = [t for t in best_trials(trials, FINALISTS + 1) if t.reward > _WORST]
        points = [space.start, *(t.point for t in short if t.point != space.start)]
        final = [search.score(space.build(p), splits, 1.0) for p in points[:4]]
        best = int(np.argmax(final))
        tried = tuple(
            Tried(
                t.generation,
                values_at(space.values, t.point),
                t.reward,
                None,
                chosen=False,
            )
            for t in trials
        ) + tuple(
            Tried(
                -1, values_at(space.values, point), value, len(splits), chosen=k == best
            )
            for k, (point, value) in enumerate(zip(points, final, strict=False))
        )
        return self._build(space.build(points[best])), tried

    def _build(self, options: ModelOptions) -> Predictor:
        return build(options, self.plan, self.environments)


@dataclass(frozen=True)
class _Search:
    """One search on one set of training rows."""

    model: Tuned
    dataset: Dataset
    splits: Splits
    seed: int

    @property
    def space(self) -> OptionSpace:
        return OptionSpace(self.model.options, bool(self.dataset.omics))

    def run(self) -> list[Trial]:
        """Return everything that was tried, of earlier starts too."""
        return search_within(
            self.model.tune,
            self.space,
            self.rewards,
            start=(self.space.start,),
            rng=np.random.default_rng(self.seed),
            about=digest(self.model, self.dataset, self.splits, self.seed),
            seconds=self.model.seconds,
            folder=self.model.folder,
        )

    def rewards(self, options: Sequence[ModelOptions]) -> FloatArray:
        """Return rewards; those that fall out keep what their short training gave."""
        first = self.splits[:1]
        return halve(options, lambda one, share: self.score(one, first, share), _WORST)

    def score(self, options: ModelOptions, splits: Splits, share: float) -> float:
        """Return the mean correlation over splits and targets, on rows left out."""
        predictor = self.model._build(lean(options, share))
        found = [self._correlation(predictor, split) for split in splits]
        known = [value for value in found if not np.isnan(value)]
        return float(np.mean(known)) if known else _WORST

    def _correlation(self, predictor: Predictor, split: Split) -> float:
        value = self.dataset.phenotypes.value
        if (~np.isnan(value[split.train])).sum(axis=0).min() < MIN_ROWS:
            return float("nan")
        train, test = self.dataset.take(split.train), self.dataset.take(split.test)
        fitted = predictor.fit(
            train,
            rng=np.random.default_rng(self.seed),
            inner=nested(self.splits, split),
        )
        guess = predict_measured(fitted, test.genotypes, test.omics).value
        seen = ~np.isnan(test.phenotypes.value)
        found = [
            pearson(test.phenotypes.value[rows, t], guess[rows, t])
            for t, rows in enumerate(seen.T)
            if rows.sum() >= MIN_ROWS
        ]
        return float(np.mean(np.nan_to_num(found, nan=0.0))) if found else np.nan
