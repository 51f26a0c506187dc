"""Random forest and histogram gradient boosting on dosages.

scikit-learn grows the trees; a fitted model keeps them as plain node arrays, so that
it is written without pickle and predicts the same numbers after reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from meristem.config.models import BoostingOptions, ForestOptions
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.models.trees.arrays import TreeArrays, boosted_trees, forest_trees
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Predictions,
    Split,
    StrArray,
    VariantTable,
)


@dataclass(frozen=True)
class RandomForest:
    """Mean of many trees grown on bootstrap samples."""

    options: ForestOptions = ForestOptions()

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedTrees:
        """Learn from the training rows; nothing is tuned, `inner` is not used."""
        del inner
        scale = fit_scale(dataset.genotypes.call_dosage)
        features = scale.centre(dataset.genotypes.call_dosage)
        trees, level = [], []
        for target in training_targets(dataset.phenotypes):
            centre = float(np.average(target.y, weights=target.weight))
            model = RandomForestRegressor(
                n_estimators=self.options.trees,
                max_features=self.options.max_features,
                min_samples_leaf=self.options.min_leaf,
                random_state=int(rng.integers(2**31)),
            )
            model.fit(features[target.rows], target.y - centre, target.weight)
            trees.append(forest_trees(model))
            level.append(centre)
        return _fitted("random_forest", dataset, scale, trees, level)


@dataclass(frozen=True)
class Boosting:
    """Histogram gradient boosting; the number of rounds by inner splits."""

    options: BoostingOptions = BoostingOptions()

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedTrees:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        splits = inner or random_inner(dataset.n_sample, rng)
        scale = fit_scale(dataset.genotypes.call_dosage)
        features = scale.centre(dataset.genotypes.call_dosage)
        trees, level = [], []
        for target in training_targets(dataset.phenotypes):
            centre = float(np.average(target.y, weights=target.weight))
            seed = int(rng.integers(2**31))
            grower = self._grower(dataset.genotypes.ploidy, target.y.size, seed)
            rounds = self._rounds(grower, features, target, splits)
            model = clone(grower).set_params(max_iter=rounds)
            model.fit(features[target.rows], target.y - centre, target.weight)
            trees.append(boosted_trees(model))
            level.append(centre + float(np.ravel(model._baseline_prediction)[0]))
        return _fitted("boosting", dataset, scale, trees, level)

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
        inner: tuple[Split, ...],
    ) -> int:
        observed = features[target.rows]
        loss = np.zeros(self.options.rounds)
        for train, test in target_splits(inner, target.rows):
            weight = target.weight[train]
            centre = float(np.average(target.y[train], weights=weight))
            model = clone(grower)
            model.fit(observed[train], target.y[train] - centre, weight)
            stages = np.stack(list(model.staged_predict(observed[test])))
            error = (stages + centre - target.y[test]) ** 2
            loss += error @ target.weight[test]
        return int(np.argmin(loss)) + 1


@dataclass(frozen=True)
class FittedTrees:
    """Fitted trees of every target, over centred dosages."""

    kind: str
    variants: VariantTable
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    scale: MarkerScale
    trees: tuple[TreeArrays, ...]  # per target
    level: FloatArray  # (n_target,) added to the trees' sum or mean

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; a forest's spread is the sd over its trees."""
        aligned = align_variants(genotypes, self.variants)
        features = self.scale.centre(aligned.call_dosage)
        value = np.empty((aligned.n_sample, self.level.size))
        spread = np.full(value.shape, np.nan)
        for column, trees in enumerate(self.trees):
            each = trees.predict(features)
            if self.kind == "random_forest":
                value[:, column] = self.level[column] + each.mean(axis=0)
                spread[:, column] = each.std(axis=0)
            else:
                value[:, column] = self.level[column] + each.sum(axis=0)
        return Predictions(
            genotypes.sample_id, self.trait_name, self.environment_name, value, spread
        )

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **pack_variants(self.variants),
            **pack_scale(self.scale),
            **pack_targets(self.trait_name, self.environment_name),
            "level": self.level,
        }
        for number, trees in enumerate(self.trees):
            for name, array in trees.arrays().items():
                arrays[f"trees{number}_{name}"] = array
        return FittedState(self.kind, arrays, {})


def restore_trees(state: FittedState) -> FittedTrees:
    """Return the fitted model of a state."""
    traits, environments = unpack_targets(state.arrays)
    names = ("root", "left", "right", "feature", "threshold", "value")
    trees = tuple(
        TreeArrays(*(state.arrays[f"trees{number}_{name}"] for name in names))
        for number in range(traits.size)
    )
    return FittedTrees(
        state.kind,
        unpack_variants(state.arrays),
        traits,
        environments,
        unpack_scale(state.arrays),
        trees,
        state.arrays["level"],
    )


def _fitted(
    kind: str,
    dataset: Dataset,
    scale: MarkerScale,
    trees: list[TreeArrays],
    level: list[float],
) -> FittedTrees:
    return FittedTrees(
        kind,
        dataset.genotypes.variants,
        dataset.phenotypes.trait_name,
        dataset.phenotypes.environment_name,
        scale,
        tuple(trees),
        np.array(level),
    )
