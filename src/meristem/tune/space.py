"""Variables of a search: choices and counts with their conjugate priors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from meristem.records import FloatArray

Point = dict[str, int]


@dataclass(frozen=True)
class Choice:
    """A value out of a list; every value counts `pseudo` times before any is seen."""

    options: tuple[int, ...]
    pseudo: float = 1.0

    def probabilities(self, seen: list[int]) -> FloatArray:  # (n_option,)
        """Return the Dirichlet posterior predictive after the values seen."""
        counts = np.array([seen.count(option) for option in self.options], float)
        weight = counts + self.pseudo
        return weight / weight.sum()

    def sample(self, seen: list[int], rng: np.random.Generator) -> int:
        """Draw one value from the posterior predictive."""
        return int(rng.choice(self.options, p=self.probabilities(seen)))


@dataclass(frozen=True)
class Count:
    """A count of at least one: zero-truncated negative binomial (Gamma-Poisson)."""

    shape: float = 5.0
    rate: float = 1.0
    most: int = 25

    @property
    def options(self) -> tuple[int, ...]:
        """Values that can be drawn."""
        return tuple(range(1, self.most + 1))

    def probabilities(self, seen: list[int]) -> FloatArray:  # (n_option,)
        """Return the posterior predictive over 1..most (truncated, renormalised).

        References
        ----------
        Gamma(shape + sum, rate + n) mixed over Poisson: negative binomial with
        success probability rate / (rate + 1).
        """
        shape = self.shape + sum(seen)
        rate = self.rate + len(seen)
        log_p = [
            math.lgamma(k + shape)
            - math.lgamma(shape)
            - math.lgamma(k + 1.0)
            - k * math.log1p(rate)
            for k in self.options
        ]
        weight = np.exp(np.array(log_p) - max(log_p))
        return weight / weight.sum()

    def sample(self, seen: list[int], rng: np.random.Generator) -> int:
        """Draw one value from the posterior predictive."""
        return int(rng.choice(self.options, p=self.probabilities(seen)))


Variable = Choice | Count


def choices(values: Mapping[str, Sequence[Any]]) -> dict[str, Variable]:
    """Return one choice per option: a point holds places in the option's values."""
    return {name: Choice(tuple(range(len(known)))) for name, known in values.items()}


def values_at(values: Mapping[str, Sequence[Any]], point: Point) -> dict[str, Any]:
    """Return the values that a point of `choices` stands for.

    Examples
    --------
    >>> values_at({"width": (8, 16, 32)}, {"width": 2})
    {'width': 32}
    """
    return {name: values[name][place] for name, place in point.items()}


class Space(Protocol):
    """Named variables, and what a point of their values stands for."""

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Variables by name."""
        ...

    def build(self, point: Point) -> Any:
        """Return what a point stands for."""
        ...
