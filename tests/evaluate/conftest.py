"""Small data sets and models with known behaviour."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from joblib.externals.loky import cloudpickle_wrapper
from tests.toys import additive_dataset

from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    Latents,
    Posterior,
    Predictions,
)
from meristem.records.posterior import without_error

# other processes cannot import test modules by name; where cloudpickle lives
# depends on joblib's version
cloudpickle = sys.modules[cloudpickle_wrapper.dumps.__module__]
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def dataset_factory() -> Callable[..., Dataset]:
    return additive_dataset


@dataclass(frozen=True)
class FittedLinear:
    mean: np.ndarray
    effect: np.ndarray
    trait: np.ndarray
    environment: np.ndarray
    variant_id: np.ndarray
    noise: float
    inner: tuple

    def predict(self, genotypes: Genotypes) -> Predictions:
        assert np.array_equal(genotypes.variants.variant_id, self.variant_id)
        value = self.mean + genotypes.call_dosage @ self.effect + self.noise
        return Predictions(
            genotypes.sample_id,
            self.trait,
            self.environment,
            value,
            np.full(value.shape, 0.5),
        )

    def posterior(self, genotypes: Genotypes) -> Posterior:
        found = self.predict(genotypes)
        return replace(without_error(found), independent=found.spread)

    def state(self) -> FittedState:
        arrays = {"mean": self.mean, "effect": self.effect}
        for number, split in enumerate(self.inner):
            arrays[f"inner{number}"] = split.test
        return FittedState("linear", arrays)


@dataclass(frozen=True)
class Linear:
    """Ridge regression that also draws one random number, to test seeds."""

    penalty: float = 1.0
    jitter: float = 0.0

    def fit(self, dataset, *, rng, inner=()):
        y = dataset.phenotypes.value
        known = ~np.isnan(y).any(axis=1)
        x = dataset.genotypes.call_dosage[known].astype(float)
        mean_x, mean_y = x.mean(0), y[known].mean(0)
        z = x - mean_x
        gram = z.T @ z + self.penalty * np.eye(z.shape[1])
        effect = np.linalg.solve(gram, z.T @ (y[known] - mean_y))
        return FittedLinear(
            mean_y - mean_x @ effect,
            effect,
            dataset.phenotypes.trait_name,
            dataset.phenotypes.environment_name,
            dataset.genotypes.variants.variant_id,
            self.jitter * float(rng.standard_normal()),
            inner,
        )


@pytest.fixture
def linear() -> type[Linear]:
    return Linear


@dataclass(frozen=True)
class Network:
    """A linear model that claims three nodes, two of them measured."""

    linear: object
    plan: object = None

    def fit(self, dataset, *, rng, inner=()):
        return FittedNet(self.linear.fit(dataset, rng=rng, inner=inner))


@dataclass(frozen=True)
class FittedNet:
    fitted: object
    plan: object = None

    def predict(self, genotypes):
        return self.fitted.predict(genotypes)

    def posterior(self, genotypes):
        return self.fitted.posterior(genotypes)

    def state(self):
        return self.fitted.state()

    def member_predictions(self, genotypes):
        return self.predict(genotypes).value[None]

    def member_latents(self, genotypes):
        return genotypes.call_dosage[None, :, :3].astype(float)

    def latents(self, genotypes):
        names = np.array(["geneC", "other", "geneA"])
        return Latents(genotypes.sample_id, names, self.member_latents(genotypes)[0])

    nodes = trait_name = environment_name = share = None

    def hold(self, genotypes):
        raise NotImplementedError

    contributions = network_value = alone = inclusion = hold
    multiplied = composition = hold

    def dosage_gradient(self, genotypes):
        raise NotImplementedError

    def node_gradient(self, genotypes):
        n_target = self.predict(genotypes).value.shape[1]
        return np.array([2.0, 5.0, -3.0])[None, :, None] * np.ones(n_target)


@pytest.fixture
def network() -> type[Network]:
    return Network
