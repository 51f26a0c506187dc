"""Priors of marker effects, each with the draw of what it does not fix.

A prior is a mixture of normals for every effect. S is a scale with S / chi2(df) the
inverse chi-square distribution of a variance. `hyper` holds what is drawn, one row per
column (chain); priors are frozen, the dictionary changes in place.

References
----------
Meuwissen, Hayes & Goddard 2001, Genetics 157:1819 (A, B); Habier et al. 2011, BMC
Bioinformatics 12:186 (C pi); Park & Casella 2008, JASA 103:681 (Lasso); Erbe et al.
2012, J Dairy Sci 95:4114 (R); MacLeod et al. 2016, BMC Genomics 17:144 (RC: classes of
markers); Perez & de los Campos 2014, Genetics 198:483 (priors of
scales and inclusion).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray

Hyper = dict[str, FloatArray]
Effects = NDArray[np.floating[Any]]
"""(n_column, n_marker) effects, single or double precision."""
Marks = NDArray[np.int8]
"""(n_column, n_marker) component of every effect."""

_TINY = 1e-12
"""Smallest size of an effect beside which a Lasso variance is drawn."""


class EffectPrior(Protocol):
    """Prior of the effects of all markers."""

    def start(self, n_column: int, n_marker: int) -> Hyper:
        """Return values of everything drawn to start from."""
        ...

    def components(
        self, hyper: Hyper, noise: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return variance and log probability of every component.

        Each (n_column, n_marker), or (n_column, 1) where markers share it.
        """
        ...

    def update(
        self,
        hyper: Hyper,
        effect: Effects,  # (n_column, n_marker)
        component: Marks,
        noise: FloatArray,  # (n_column,)
        rng: np.random.Generator,
    ) -> None:
        """Draw variances, scales and inclusion rates given the effects."""
        ...

    def noise_terms(
        self, hyper: Hyper, effect: Effects
    ) -> tuple[float, FloatArray | float]:
        """Return what effects add to degrees of freedom and squares of the noise."""
        ...

    def scaled(
        self, hyper: Hyper, factor: FloatArray
    ) -> tuple[Hyper, FloatArray]:  # and (n_column,)
        """Return the state with all effects times a factor, and its log density.

        That of the factor's logarithm, with effects over their scale held.
        """
        ...


def _n_class(label: IntArray | None) -> int:
    return 1 if label is None else int(label.max()) + 1


def per_class(
    value: NDArray[Any],  # (n_column, n_marker)
    label: IntArray | None,  # (n_marker,) class of every marker; None: one
) -> FloatArray:  # (n_column, n_class)
    """Return sums over the markers of every class."""
    if label is None:
        return value.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.stack(
        [np.bincount(label, row, _n_class(label)) for row in value.astype(np.float64)]
    )


@dataclass(frozen=True)
class Inclusion:
    """Prior of the share of markers with an effect, by class of markers.

    The share of every class is Beta(yes, no) of its own.
    """

    yes: float = 5.0
    no: float = 5.0
    label: IntArray | None = None  # (n_marker,) class of every marker; None: one

    def start(self, n_column: int) -> FloatArray:  # (n_column, n_class)
        """Return the prior mean."""
        shape = (n_column, _n_class(self.label))
        return np.full(shape, self.yes / (self.yes + self.no))

    def log(self, rate: FloatArray) -> list[FloatArray]:
        """Return log probabilities of no effect and of an effect."""
        at = rate if self.label is None else rate[:, self.label]
        return [np.log1p(-at), np.log(at)]

    def draw(self, present: NDArray[np.bool_], rng: np.random.Generator) -> FloatArray:
        """Return the shares given which markers have an effect."""
        found = per_class(present, self.label)
        size = per_class(np.ones((1, present.shape[1])), self.label)
        rate = rng.beta(found + self.yes, size - found + self.no)
        return np.clip(rate, 1e-12, 1 - 1e-12)


@dataclass(frozen=True)
class Normal:
    """Effects of one variance (ridge); with an inclusion prior BayesC(pi)."""

    df: float
    scale: FloatArray  # (n_column,) S
    inclusion: Inclusion | None = None

    def start(self, n_column: int, n_marker: int) -> Hyper:
        """See `EffectPrior`."""
        hyper = {"variance": np.broadcast_to(self.scale, n_column) / (self.df + 2)}
        if self.inclusion is not None:
            hyper["rate"] = self.inclusion.start(n_column)
        return hyper

    def components(
        self, hyper: Hyper, noise: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """See `EffectPrior`."""
        variance = hyper["variance"][:, None]
        if self.inclusion is None:
            return [variance], [np.zeros_like(variance)]
        return [np.zeros_like(variance), variance], self.inclusion.log(hyper["rate"])

    def update(
        self,
        hyper: Hyper,
        effect: Effects,
        component: Marks,
        noise: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """See `EffectPrior`."""
        n_in: FloatArray | int = effect.shape[1]
        if self.inclusion is not None:
            present = component > 0
            n_in = present.sum(axis=1)
            hyper["rate"] = self.inclusion.draw(present, rng)
        squares = np.einsum("cj,cj->c", effect, effect, dtype=np.float64)
        hyper["variance"] = (squares + self.scale) / rng.chisquare(
            self.df + n_in, size=squares.size
        )

    def noise_terms(self, hyper: Hyper, effect: Effects) -> tuple[float, float]:
        """See `EffectPrior`."""
        return 0.0, 0.0

    def scaled(self, hyper: Hyper, factor: FloatArray) -> tuple[Hyper, FloatArray]:
        """See `EffectPrior`."""
        variance = factor**2 * hyper["variance"]
        density = -0.5 * (self.df * np.log(variance) + self.scale / variance)
        return {**hyper, "variance": variance}, density


@dataclass(frozen=True)
class Student:
    """A variance for every effect (BayesA); with an inclusion prior BayesB.

    Variances are S / chi2(df) with S ~ Gamma(shape, rate).
    """

    df: float
    scale: FloatArray  # (n_column,) mode of S
    inclusion: Inclusion | None = None
    shape: float = 1.1

    @property
    def rate(self) -> FloatArray:
        """Rate of the gamma distribution of S."""
        return (self.shape - 1) / self.scale

    def start(self, n_column: int, n_marker: int) -> Hyper:
        """See `EffectPrior`."""
        scale = np.array(np.broadcast_to(self.scale, n_column))
        variance = np.repeat(scale[:, None] / (self.df + 2), n_marker, axis=1)
        hyper = {"scale": scale, "variance": variance}
        if self.inclusion is not None:
            hyper["rate"] = self.inclusion.start(n_column)
        return hyper

    def components(
        self, hyper: Hyper, noise: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """See `EffectPrior`."""
        variance = hyper["variance"]
        if self.inclusion is None:
            return [variance], [np.zeros((variance.shape[0], 1))]
        none = np.zeros((variance.shape[0], 1))
        return [none, variance], self.inclusion.log(hyper["rate"])

    def update(
        self,
        hyper: Hyper,
        effect: Effects,
        component: Marks,
        noise: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """See `EffectPrior`; an excluded marker's variance is that of the prior."""
        n_marker = effect.shape[1]
        present = np.ones(effect.shape, dtype=bool)
        if self.inclusion is not None:
            present = component > 0
            hyper["rate"] = self.inclusion.draw(present, rng)
        squares = effect.astype(np.float64) ** 2 + hyper["scale"][:, None]
        chi2 = 2 * rng.standard_gamma((self.df + present) / 2)
        variance = hyper["variance"] = squares / chi2
        rate = self.rate + 0.5 * (1 / variance).sum(axis=1)
        shape = self.shape + 0.5 * self.df * n_marker
        hyper["scale"] = rng.gamma(shape, 1 / rate)

    def noise_terms(self, hyper: Hyper, effect: Effects) -> tuple[float, float]:
        """See `EffectPrior`."""
        return 0.0, 0.0

    def scaled(self, hyper: Hyper, factor: FloatArray) -> tuple[Hyper, FloatArray]:
        """See `EffectPrior`."""
        scale, grown = factor**2 * hyper["scale"], factor[:, None] ** 2
        new = {**hyper, "scale": scale, "variance": grown * hyper["variance"]}
        return new, self.shape * np.log(scale) - self.rate * scale


@dataclass(frozen=True)
class Laplace:
    """The Bayesian Lasso: variances s_e tau^2, tau^2 exponential."""

    penalty: FloatArray  # (n_column,) mode of lambda^2
    shape: float = 1.1

    @property
    def rate(self) -> FloatArray:
        """Rate of the gamma distribution of lambda^2."""
        return (self.shape - 1) / self.penalty

    def start(self, n_column: int, n_marker: int) -> Hyper:
        """See `EffectPrior`."""
        penalty = np.array(np.broadcast_to(self.penalty, n_column))
        return {
            "penalty": penalty,
            "tau2": np.repeat(2 / penalty[:, None], n_marker, axis=1),
        }

    def components(
        self, hyper: Hyper, noise: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """See `EffectPrior`."""
        return [noise[:, None] * hyper["tau2"]], [np.zeros((noise.size, 1))]

    def update(
        self,
        hyper: Hyper,
        effect: Effects,
        component: Marks,
        noise: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """See `EffectPrior`."""
        size = np.maximum(np.abs(effect.astype(np.float64)), _TINY)
        penalty = hyper["penalty"]
        centre = np.sqrt(noise * penalty)[:, None] / size
        inverse = rng.wald(centre, penalty[:, None])
        tau2 = hyper["tau2"] = 1 / np.maximum(inverse, _TINY)
        rate = self.rate + 0.5 * tau2.sum(axis=1)
        hyper["penalty"] = rng.gamma(self.shape + effect.shape[1], 1 / rate)

    def noise_terms(self, hyper: Hyper, effect: Effects) -> tuple[float, FloatArray]:
        """See `EffectPrior`."""
        squares = (effect.astype(np.float64) ** 2 / hyper["tau2"]).sum(axis=1)
        return float(effect.shape[1]), squares

    def scaled(self, hyper: Hyper, factor: FloatArray) -> tuple[Hyper, FloatArray]:
        """See `EffectPrior`."""
        penalty, grown = hyper["penalty"] / factor**2, factor[:, None] ** 2
        new = {**hyper, "penalty": penalty, "tau2": grown * hyper["tau2"]}
        return new, self.shape * np.log(penalty) - self.rate * penalty


@dataclass(frozen=True)
class Mixture:
    """BayesR: no effect, or variances of fixed proportions to one that is drawn.

    With classes of markers BayesRC: every class has shares of its own.
    """

    df: float
    scale: FloatArray  # (n_column,) S of the variance that sizes are shares of
    sizes: tuple[float, ...] = (0.0, 1e-4, 1e-3, 1e-2)
    counts: float = 1.0  # of the Dirichlet prior, each component
    label: IntArray | None = None  # (n_marker,) class of every marker; None: one

    def start(self, n_column: int, n_marker: int) -> Hyper:
        """See `EffectPrior`."""
        n_size = len(self.sizes)
        return {
            "variance": np.broadcast_to(self.scale, n_column) / (self.df + 2),
            "share": np.full((n_column, _n_class(self.label), n_size), 1 / n_size),
        }

    def components(
        self, hyper: Hyper, noise: FloatArray
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """See `EffectPrior`."""
        variance = hyper["variance"][:, None]
        chance = np.log(hyper["share"])  # (n_column, n_class, n_size)
        at = chance if self.label is None else chance[:, self.label]
        columns = [at[:, :, k] for k in range(at.shape[2])]
        return [variance * size for size in self.sizes], columns

    def update(
        self,
        hyper: Hyper,
        effect: Effects,
        component: Marks,
        noise: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """See `EffectPrior`."""
        n_in = (component > 0).sum(axis=1)
        inverse = np.array([0.0, *(1 / size for size in self.sizes[1:])])
        squares = (effect.astype(np.float64) ** 2 * inverse[component]).sum(axis=1)
        hyper["variance"] = (squares + self.scale) / rng.chisquare(self.df + n_in)
        which = range(len(self.sizes))
        count = np.stack([per_class(component == k, self.label) for k in which], axis=2)
        share = rng.standard_gamma(count + self.counts)
        share = np.maximum(share / share.sum(axis=2, keepdims=True), 1e-12)
        hyper["share"] = share

    def noise_terms(self, hyper: Hyper, effect: Effects) -> tuple[float, float]:
        """See `EffectPrior`."""
        return 0.0, 0.0

    def scaled(self, hyper: Hyper, factor: FloatArray) -> tuple[Hyper, FloatArray]:
        """See `EffectPrior`."""
        variance = factor**2 * hyper["variance"]
        density = -0.5 * (self.df * np.log(variance) + self.scale / variance)
        return {**hyper, "variance": variance}, density
