"""Lines of a simulated programme: phenotypes, training, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from meristem.genetics.inheritance.maps import GeneticMap
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.genetics.relationship import BLOCK, dosage_blocks
from meristem.records import FloatArray
from meristem.select.contribution.coancestry import identity_by_state

Truth = Callable[[Haplotypes], FloatArray]  # (n, n_locus) dosages -> (n,) true values


@dataclass(frozen=True)
class Trait:
    """What is true in a simulation."""

    value: Truth
    effect: FloatArray  # (n_locus,) additive effect per copy (of its best line)
    noise: float  # residual variance of a phenotype


def dosages(plants: Haplotypes) -> Haplotypes:  # (n, 2, n_locus) -> (n, n_locus)
    """Return the copies of the alternate allele that plants carry."""
    return plants[:, 0] + plants[:, 1]


def phenotype(
    value: FloatArray,  # (n,) true
    noise: float,
    rng: np.random.Generator,
    *,
    plots: int = 1,
) -> FloatArray:  # (n,)
    """Return means over plots of true values with noise.

    Examples
    --------
    >>> phenotype(np.array([1.0, 2.0]), 0.0, np.random.default_rng(1))
    array([1., 2.])
    """
    return value + rng.normal(size=value.size) * np.sqrt(noise / plots)


@dataclass(frozen=True)
class Trained:
    """Marker effects learned from phenotypes."""

    effect: FloatArray  # (n_locus,) per copy
    mean: FloatArray  # (n_locus,) dosage
    level: float

    def value(self, call_dosage: Haplotypes) -> FloatArray:  # (n,)
        """Return predicted values."""
        total = np.full(call_dosage.shape[0], self.level - self.mean @ self.effect)
        for start in range(0, self.effect.size, BLOCK):
            part = slice(start, start + BLOCK)
            total += call_dosage[:, part] @ self.effect[part]
        return total


def train(
    call_dosage: Haplotypes,  # (n, n_locus)
    y: FloatArray,  # (n,)
) -> Trained:
    """Return ridge (RR-BLUP) effects, the variance ratio by REML.

    References
    ----------
    Endelman 2011, Plant Genome 4:250 (ridge regression BLUP by one decomposition).
    """
    mean = call_dosage.mean(axis=0)
    kernel = np.zeros((y.size, y.size))
    for calls in dosage_blocks(call_dosage):
        # copies less one: their products sum without rounding in float32
        copies = calls.astype(np.float32) - 1
        kernel += copies @ copies.T
    kernel -= kernel.mean(axis=0)
    kernel -= kernel.mean(axis=1)[:, None]
    scale = float(np.trace(kernel)) / max(y.size, 1) or 1.0
    values, vectors = scipy.linalg.eigh(kernel / scale)
    kept = values > 1e-9  # the mean's direction has no variance
    values, vectors = values[kept], vectors[:, kept]
    level = float(y.mean())
    rotated = vectors.T @ (y - level)
    shares = np.linspace(0.02, 0.98, 49)
    spread = shares[:, None] * values + (1 - shares[:, None])
    size = (rotated**2 / spread).mean(axis=1)
    loss = np.log(size) * values.size + np.log(spread).sum(axis=1)
    best = int(np.argmin(loss))
    dual = vectors @ (rotated * shares[best] / spread[best])
    dual -= dual.mean()
    effect = [dual @ calls for calls in dosage_blocks(call_dosage)]
    return Trained(np.concatenate(effect) / scale, mean, level)


@dataclass(frozen=True)
class Measures:
    """What is followed over cycles."""

    mean: float  # true value of the lines
    best: float
    genetic_sd: float
    genic_sd: float  # sum over loci of 2 p q (1 + F) a^2, with F = 1, as a sd
    coancestry: float  # identity by state, pairs with themselves included
    fixed_favourable: float  # share of loci with an effect
    lost_favourable: float


def measure(plants: Haplotypes, trait: Trait) -> Measures:
    """Return the measures of a set of lines."""
    p = plants.mean(axis=(0, 1))
    calls = dosages(plants)
    value = trait.value(calls)
    acting = trait.effect != 0
    good = np.where(trait.effect > 0, p, 1 - p)[acting]
    return Measures(
        float(value.mean()),
        float(value.max()),
        float(value.std()),
        float(np.sqrt(np.sum(4 * p * (1 - p) * trait.effect**2))),
        float(1 - np.mean(2 * p * (1 - p))),
        float((good == 1).mean()) if good.size else 0.0,
        float((good == 0).mean()) if good.size else 0.0,
    )


@dataclass(frozen=True)
class Stock:
    """Lines that may be crossed, and what has been learned so far."""

    plants: Haplotypes  # (n, 2, n_locus)
    genetic_map: GeneticMap
    trained: Trained

    @property
    def predicted(self) -> FloatArray:  # (n,)
        """Predicted value of every line."""
        return self.trained.value(dosages(self.plants))


def line_coancestry(plants: Haplotypes) -> FloatArray:  # (n, n)
    """Return the chance that alleles drawn from two plants are the same."""
    return identity_by_state(dosages(plants)).value
