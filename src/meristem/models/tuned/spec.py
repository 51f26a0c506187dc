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

import time
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
from meristem.records import Dataset, Environments, FloatArray, NetworkPlan, Split
from meristem.runs.keys import digest
from meristem.stats.folds import nested
from meristem.stats.metrics import pearson
from meristem.tune.optimisers import Trial, best_trials, make_optimiser, run_search

SIZE = 6
"""Points of a generation."""
SHORT = 0.25
"""Length of the first training of a point, as a share of the usual one."""
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
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> Fitted:
        """Search options, then fit the chosen ones on all rows."""
        chosen, _ = self.choose(dataset, rng=rng, inner=inner)
        return chosen.fit(dataset, rng=rng, inner=inner)

    def choose(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
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
            Tried(t.generation, _plain(space, t.point), t.reward, None, chosen=False)
            for t in trials
        ) + tuple(
            Tried(-1, _plain(space, point), value, len(splits), chosen=k == best)
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
    splits: tuple[Split, ...]
    seed: int

    @property
    def space(self) -> OptionSpace:
        return OptionSpace(self.model.options, bool(self.dataset.omics))

    def run(self) -> list[Trial]:
        """Return everything that was tried, of earlier starts too."""
        tune, rng = self.model.tune, np.random.default_rng(self.seed)
        about = digest(self.model, self.dataset, self.splits, self.seed)
        journal = None if tune.journal is None else tune.journal / f"{about}.journal"
        optimiser = make_optimiser(tune.method, self.space, rng, journal=journal)
        folder = self.model.folder
        started, further = time.process_time(), (tune.trials or 0) - 1
        return run_search(
            optimiser,
            self.space,
            self.rewards,
            generations=10**6 if tune.trials is None else 1 - (-further // SIZE),
            size=SIZE if tune.trials is None else min(SIZE, max(further, 1)),
            state=None if folder is None else folder / f"{about}.json",
            about=about,
            start=(self.space.start,),
            until=None
            if tune.minutes is None
            else lambda: time.process_time() - started >= self.model.seconds,
        )

    def rewards(self, options: Sequence[ModelOptions]) -> FloatArray:
        """Return rewards; those that fall out keep what their short training gave."""
        first = self.splits[:1]
        if len(options) == 1:
            return np.array([self.score(options[0], first, 1.0)])
        reward = np.array([self.score(one, first, SHORT) for one in options])
        kept = np.argsort(-reward, kind="stable")[: -(-len(options) // 2)]
        floor = reward[kept].min()
        for place in kept:
            reward[place] = self.score(options[int(place)], first, 1.0)
        # a point that fell out must not pass one that was trained in full
        fallen = np.setdiff1d(np.arange(len(options)), kept)
        least = min(floor, reward[kept].min()) - 1e-6
        reward[fallen] = np.maximum(np.minimum(reward[fallen], least), _WORST)
        return reward

    def score(
        self, options: ModelOptions, splits: tuple[Split, ...], share: float
    ) -> float:
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


def _plain(space: OptionSpace, point: dict[str, int]) -> dict[str, object]:
    return {name: space.values[name][place] for name, place in point.items()}
