"""A tiny plan, lines for it, and a network over it whose answers are known by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from tests import toys

from meristem.models.protocol import Composition
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    Latents,
    NetworkPlan,
    OmicsTable,
    Posterior,
    Predictions,
    VariantTable,
)
from meristem.records.posterior import without_error

NODES = ("g1", "g2", "g3", "term")


def variant_table(n: int) -> VariantTable:
    contig = np.where(np.arange(n) < n - 3, "1", "2")
    return toys.variant_table(n, contig, 10 * np.arange(1, n + 1))


def tiny_plan(n_variant: int = 9) -> NetworkPlan:
    """g1 reads v0-v2, g2 v2-v4, g3 v5; term reads g1 and g2; v6- are unclaimed."""
    return toys.network_plan(
        {"g1": (0, 1, 2), "g2": (2, 3, 4), "g3": (5,)},
        {"term": ("g1", "g2")},
        variants=variant_table(n_variant),
        heads=("term", "g3"),
    )


@dataclass(frozen=True)
class TinyNetwork:
    """g = sign * (X a); term = g1 + g2 + product g1 g2; y = term + c g3 + X b.

    Member m flips the sign of its g1 and scales it by m + 1, and undoes both in the
    term: the prediction is the same for all members, the latents are not.
    """

    plan: NetworkPlan
    n_member: int = 3
    product: float = 0.0
    c: float = 2.0
    polygenic: float = 0.25

    def scale(self, m: int) -> float:
        return (-1.0) ** m * (m + 1.0)

    def weights(self) -> np.ndarray:  # (n_variant, 3)
        a = np.zeros((self.plan.variants.n_variant, 3))
        for row, col in zip(
            self.plan.levels[0].variant_row,
            self.plan.levels[0].variant_col,
            strict=True,
        ):
            a[col, row] = 1.0 + 0.5 * row
        return a

    def run(self, genotypes: Genotypes, held: dict[str, np.ndarray]):
        x = genotypes.call_dosage.astype(float)
        gene = x @ self.weights()
        n_sample = x.shape[0]
        latent = np.zeros((self.n_member, n_sample, 4))
        value = np.zeros((self.n_member, n_sample, 2))
        for m in range(self.n_member):
            g = gene * np.array([self.scale(m), 1.0, 1.0])
            for k in range(3):
                if NODES[k] in held:
                    g[:, k] = held[NODES[k]][m]
            g1 = g[:, 0] / self.scale(m)
            term = g1 + g[:, 1] + self.product * g1 * g[:, 1]
            if "term" in held:
                term = np.full(n_sample, held["term"][m])
            latent[m] = np.column_stack([g, term])
            value[m, :, 0] = term + self.c * g[:, 2] + self.polygenic * x.sum(axis=1)
            value[m, :, 1] = -g[:, 2]
        return latent, value

    def predict(self, genotypes: Genotypes) -> Predictions:
        value = self.run(genotypes, {})[1]
        return Predictions(
            genotypes.sample_id,
            np.array(["yield", "height"]),
            np.array(["", ""]),
            value.mean(axis=0),
            value.std(axis=0),
        )

    def posterior(self, genotypes: Genotypes) -> Posterior:
        return without_error(self.predict(genotypes))

    def state(self) -> FittedState:
        return FittedState("tiny")

    def member_predictions(self, genotypes: Genotypes) -> np.ndarray:
        return self.run(genotypes, {})[1]

    def member_latents(self, genotypes: Genotypes) -> np.ndarray:
        return self.run(genotypes, {})[0]

    def latents(self, genotypes: Genotypes) -> Latents:
        raw = self.member_latents(genotypes)
        for m in range(self.n_member):
            raw[m, :, 0] /= self.scale(m)
        names = self.plan.node_name
        return Latents(genotypes.sample_id, names, raw.mean(axis=0))

    nodes = np.array(NODES)
    trait_name = np.array(["yield", "height"])
    environment_name = np.array(["", ""])
    share = np.ones(2)

    def clamp(self, genotypes, nodes, values) -> np.ndarray:
        held = {name: values[:, k] for k, name in enumerate(nodes)}
        return self.run(genotypes, held)[1]

    def hold(self, genotypes):
        base = self.member_predictions(genotypes)
        return lambda nodes, values: self.clamp(genotypes, nodes, values) - base

    def contributions(self, genotypes, *, rule="integrated", steps=32):
        raise NotImplementedError

    def network_value(self, genotypes) -> np.ndarray:
        return self.predict(genotypes).value

    def alone(self) -> TinyNetwork:
        return self

    def inclusion(self) -> None:
        return None

    def multiplied(self, target) -> tuple[tuple[str, str], ...]:
        return ()

    def composition(self) -> Composition:
        return Composition("descent", self.share)

    def dosage_gradient(self, genotypes):
        a = self.weights()
        network = np.zeros((a.shape[0], 2))
        network[:, 0] = a[:, 0] + a[:, 1] + self.c * a[:, 2]
        network[:, 1] = -a[:, 2]
        polygenic = np.zeros_like(network)
        polygenic[:, 0] = self.polygenic
        return network, polygenic

    def node_gradient(self, genotypes) -> np.ndarray:
        slope = np.zeros((self.n_member, 4, 2))
        for m in range(self.n_member):
            slope[m, :, 0] = [1 / self.scale(m), 1.0, self.c, 1.0]
            slope[m, :, 1] = [0.0, 0.0, -1.0, 0.0]
        return slope


def tiny_genotypes(n_sample: int = 50, n_variant: int = 9, seed: int = 3) -> Genotypes:
    rng = np.random.default_rng(seed)
    dosage = rng.binomial(2, 0.4, (n_sample, n_variant))
    return toys.genotypes(dosage, variants=variant_table(n_variant))


def tiny_data(
    n_sample: int = 50, n_variant: int = 9, *, noise: float = 1.0, seed: int = 3
) -> Dataset:
    """The trait depends on v2; two features, of which one follows the trait."""
    called = tiny_genotypes(n_sample, n_variant, seed)
    rng = np.random.default_rng(seed + 1)
    y = 1.5 * called.call_dosage[:, [2]] + noise * rng.standard_normal((n_sample, 1))
    y = np.column_stack([y, rng.standard_normal(n_sample)])
    omics = np.column_stack([y[:, 0], rng.standard_normal(n_sample)])
    feature, node = np.array(["f1", "f2"]), np.array(["g1", ""])
    lines = called.sample_id
    return Dataset(
        called,
        toys.phenotypes(y, lines, ["yield", "height"]),
        (OmicsTable("expression", lines, feature, node, omics),),
    )


@pytest.fixture
def plan() -> NetworkPlan:
    return tiny_plan()


@pytest.fixture
def genotypes() -> Genotypes:
    return tiny_genotypes()
