"""Random forest and histogram gradient boosting on dosages.

Forests are grown by `trees.grow`, boosted trees by scikit-learn; a fitted model keeps
either as plain node arrays, so that it is written without pickle and predicts the same
numbers after reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor

from meristem.config.models import BoostingOptions, ForestOptions
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.genomic_error import (
    GenomicError,
    borrowed_error,
    error_arrays,
    posterior_of,
    restore_error,
)
from meristem.models.marker_model import (
    MarkerModel,
    restored_fields,
    training_fields,
)
from meristem.models.packing import prefixed, with_prefix
from meristem.models.panel import make_panel
from meristem.models.trees.arrays import TreeArrays, boosted_trees
from meristem.models.trees.grow import Growth, grow_forest
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Posterior,
    Predictions,
    Splits,
)
from meristem.stats.choices import best_choice


@dataclass(frozen=True)
class RandomForest:
    """Mean of many trees grown on bootstrap samples."""

    options: ForestOptions = ForestOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedTrees:
        """Learn from the training rows; nothing is tuned.

        The width of the posterior comes from out-of-bag predictions.
        """
        del inner
        targets = training_targets(dataset.phenotypes)
        panel = make_panel(dataset.genotypes)
        fitted, unseen, _ = fit_forest(
            dataset, panel.scale, targets, (), self.options, rng
        )
        return replace(fitted, error=borrowed_error(panel, targets, (), unseen))


def fit_forest(
    dataset: Dataset,
    scale: MarkerScale,
    targets: tuple[Target, ...],
    inner: Splits,
    options: ForestOptions,
    rng: np.random.Generator,
) -> tuple[FittedTrees, FloatArray, FloatArray]:
    """Grow a forest for every target; its error is left open.

    Parameters
    ----------
    dataset
        Training rows.
    scale
        Of their markers.
    targets
        As from `training_targets`.
    inner
        Splits whose training rows the trees draw from, one after the other, and whose
        test rows they predict; empty: a row is predicted by the trees that did not
        draw it.
    options
        Of the forest.
    rng
        Draws of rows and markers.

    Returns
    -------
    fitted : FittedTrees
        The forest.
    held : FloatArray
        (n_sample, n_target) predictions of held-out rows, NaN where there are none.
    noise : FloatArray
        (n_sample, n_target) by how much their variance exceeds that of the whole
        forest, for fewer trees made them.
    """
    # a missing call goes where the mean goes, as in `FittedTrees.predict`
    calls = dataset.genotypes.call_dosage
    dosage = np.where(calls < 0, np.ceil(scale.mean - 0.5), calls).astype(np.int8)
    growth = Growth(options.trees, options.max_features, options.min_leaf)
    held = np.full((dataset.n_sample, len(targets)), np.nan)
    noise = np.zeros_like(held)
    trees, level = [], []
    for target in targets:
        centre = float(np.average(target.y, weights=target.weight))
        splits = target_splits(inner, target.rows) if inner else []
        own, away = dosage[target.rows], target.y - centre
        forest = grow_forest(own, away, target.weight, growth, rng, splits)
        threshold = forest.trees.threshold - scale.mean[forest.trees.feature]
        trees.append(replace(forest.trees, threshold=threshold))
        level.append(centre)
        held[target.rows, target.column] = centre + forest.unseen
        noise[target.rows, target.column] = forest.noise
    fitted = _fitted("random_forest", dataset, scale, trees, level, None)
    return fitted, held, noise


@dataclass(frozen=True)
class Boosting:
    """Histogram gradient boosting; the number of rounds by inner splits."""

    options: BoostingOptions = BoostingOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedTrees:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        splits = inner or random_inner(dataset.n_sample, rng)
        scale = fit_scale(dataset.genotypes.call_dosage)
        features = scale.centre(dataset.genotypes.call_dosage)
        targets = training_targets(dataset.phenotypes)
        held_out = np.full((dataset.n_sample, len(targets)), np.nan)
        trees, level = [], []
        for target in targets:
            centre = float(np.average(target.y, weights=target.weight))
            seed = int(rng.integers(2**31))
            grower = self._grower(dataset.genotypes.ploidy, target.y.size, seed)
            rounds, unseen = self._rounds(grower, features, target, splits)
            held_out[target.rows, target.column] = unseen
            model = clone(grower).set_params(max_iter=rounds)
            model.fit(features[target.rows], target.y - centre, target.weight)
            trees.append(boosted_trees(model))
            level.append(centre + float(np.ravel(model._baseline_prediction)[0]))
        panel = make_panel(dataset.genotypes)
        error = borrowed_error(panel, targets, splits, held_out)
        return _fitted("boosting", dataset, scale, trees, level, error)

    def _grower(
        self, ploidy: int, n_row: int, seed: int
    ) -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            max_iter=self.options.rounds,
            learning_rate=self.options.learning_rate,
            max_leaf_nodes=self.options.leaves,
            max_features=self.options.max_features,
            min_samples_leaf=min(20, max(1, n_row // 15)),
            # the dosages and the imputed mean; 255 would cost ten times as much
            max_bins=min(ploidy + 2, 255),
            early_stopping=False,
            random_state=seed,
        )

    def _rounds(
        self,
        grower: HistGradientBoostingRegressor,
        features: NDArray[np.float32],
        target: Target,
        inner: Splits,
    ) -> tuple[int, FloatArray]:  # and (n_observed,) predictions of unseen rows
        observed, tried = features[target.rows], []
        for train, test in target_splits(inner, target.rows):
            weight = target.weight[train]
            centre = float(np.average(target.y[train], weights=weight))
            model = clone(grower)
            model.fit(observed[train], target.y[train] - centre, weight)
            stages = np.stack(list(model.staged_predict(observed[test])))
            tried.append((test, stages + centre))
        best, unseen = best_choice(tried, target.y, target.weight)
        return best + 1, unseen


@dataclass(frozen=True)
class FittedTrees(MarkerModel):
    """Fitted trees of every target, over centred dosages."""

    trees: tuple[TreeArrays, ...]  # per target
    level: FloatArray  # (n_target,) added to the trees' sum or mean
    error: GenomicError | None = None

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; a forest's spread is the sd over its trees."""
        return self._predict(genotypes, self.dosage(genotypes))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        dosage = self.dosage(genotypes)
        return posterior_of(self.error, self._predict(genotypes, dosage), dosage)

    def _predict(
        self, genotypes: Genotypes, call_dosage: NDArray[np.int8]
    ) -> Predictions:
        features = self.scale.centre(call_dosage)
        value = np.empty((call_dosage.shape[0], self.level.size))
        spread = np.full(value.shape, np.nan)
        for column, trees in enumerate(self.trees):
            each = trees.predict(features)
            if self.kind == "random_forest":
                value[:, column] = self.level[column] + each.mean(axis=0)
                spread[:, column] = each.std(axis=0)
            else:
                value[:, column] = self.level[column] + each.sum(axis=0)
        return self.predictions(genotypes, value, spread)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **self.marker_arrays(),
            "level": self.level,
            **error_arrays(self.error),
        }
        for number, trees in enumerate(self.trees):
            arrays |= with_prefix(trees.arrays(), f"trees{number}_")
        return FittedState(self.kind, arrays, {})


def restore_trees(state: FittedState) -> FittedTrees:
    """Return the fitted model of a state."""
    level = state.arrays["level"]
    trees = tuple(
        TreeArrays(**prefixed(state.arrays, f"trees{number}_"))
        for number in range(level.size)
    )
    return FittedTrees(
        *restored_fields(state), trees, level, restore_error(state.arrays)
    )


def _fitted(
    kind: str,
    dataset: Dataset,
    scale: MarkerScale,
    trees: list[TreeArrays],
    level: list[float],
    error: GenomicError | None,
) -> FittedTrees:
    fields = training_fields(kind, dataset, scale)
    return FittedTrees(*fields, tuple(trees), np.array(level), error)
