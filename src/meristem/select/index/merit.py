"""Merit of candidates by draws: linear, with an optimum, a threshold or a cap.

No linear index is best for a merit that is not linear. Its expectation over the joint
posterior is; a linear merit is the special case in which that is the linear index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray

Form = Literal["linear", "optimum", "threshold", "capped"]

BLOCK = 40_000_000
"""Numbers of one block of draws (320 MB)."""


@dataclass(frozen=True)
class MeritTerm:
    """What the value of one target adds to the merit."""

    target: int  # position in the posterior
    weight: float  # merit per unit (per unit^2 of an optimum, per line of a threshold)
    form: Form = "linear"
    at: float = 0.0  # optimum, threshold or cap, units of the trait

    def of(self, value: FloatArray) -> FloatArray:
        """Return the merit of values, elementwise.

        Examples
        --------
        >>> v = np.array([1.0, 3.0])
        >>> MeritTerm(0, 2.0, "capped", 2.0).of(v)
        array([2., 4.])
        """
        found: NDArray
        if self.form == "optimum":
            found = -self.weight * (value - self.at) ** 2
        elif self.form == "threshold":
            found = self.weight * (value >= self.at)
        elif self.form == "capped":
            found = self.weight * np.minimum(value, self.at)
        else:
            found = self.weight * value
        return np.asarray(found, dtype=np.float64)


def merit(
    value: FloatArray,  # (..., n_target)
    terms: Sequence[MeritTerm],
) -> FloatArray:  # (...,)
    """Return the merit of genetic values: the sum of its terms."""
    total = np.zeros(value.shape[:-1])
    for term in terms:
        total += term.of(value[..., term.target])
    return total


class Belief(Protocol):
    """Values of lines and targets, with joint draws of them; a `Posterior` is one."""

    @property
    def mean(self) -> FloatArray:  # (n_sample, n_target)
        """Expected values."""
        ...

    def draws(
        self, n: int, rng: np.random.Generator
    ) -> FloatArray:  # (n, n_sample, n_target)
        """Return values drawn jointly."""
        ...


def antithetic_draws(
    belief: Belief, n_draw: int, rng: np.random.Generator
) -> FloatArray:  # (n_draw, n_sample, n_target)
    """Return joint draws in mirrored pairs, whose mean is that of the belief.

    Parameters
    ----------
    belief
        Of lines and targets.
    n_draw
        Even; an odd number is raised by one.
    rng
        Source of the draws.
    """
    half = belief.draws((n_draw + 1) // 2, rng)
    return np.concatenate([half, 2 * belief.mean - half])


def drawn_blocks(
    belief: Belief, n_draw: int, rng: np.random.Generator
) -> Iterator[FloatArray]:  # each (n_part, n_sample, n_target)
    """Yield joint draws block by block; one seed yields the same draws again."""
    pairs = (n_draw + 1) // 2
    block = max(1, BLOCK // (2 * belief.mean.size))
    for start in range(0, pairs, block):
        yield antithetic_draws(belief, 2 * min(block, pairs - start), rng)


def merit_draws(
    belief: Belief,
    terms: Sequence[MeritTerm],
    n_draw: int,
    rng: np.random.Generator,
) -> FloatArray:  # (n_draw, n_sample)
    """Return the merit of every line in joint draws, block by block.

    The mean over draws estimates the expected merit, exactly where all terms are
    linear; the rows are what lines are worth together.

    Examples
    --------
    >>> from meristem.records import Posterior
    >>> belief = Posterior(
    ...     np.array(["a", "b"]), np.array(["yield"]), np.array([""]),
    ...     mean=np.array([[3.0], [2.0]]), factor=np.ones((1, 2, 1)),
    ...     independent=np.zeros((2, 1)), prior_variance=np.full((2, 1), 2.0),
    ...     noise=np.array([1.0]),
    ... )
    >>> drawn = merit_draws(belief, [MeritTerm(0, 2.0)], 10, np.random.default_rng(1))
    >>> drawn.mean(axis=0).round(10)
    array([6., 4.])
    """
    return np.concatenate(
        [merit(drawn, terms) for drawn in drawn_blocks(belief, n_draw, rng)]
    )
