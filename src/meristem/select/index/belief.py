"""What the predictions of all traits together say of each trait.

Traits are predicted one at a time: each prediction has learned from the phenotypes of
its own trait alone. Lines chosen on several of them are better, or worse, in a trait
than its own prediction says, as far as traits are correlated. With P the covariance of
the predictions and C that of predictions with genetic values,

    E[u | u_hat] = mean + C' P^-1 (u_hat - mean),

and the expected merit w'u of a line is its Smith-Hazel index, whatever it is chosen by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from meristem.records import FloatArray, IntArray, Posterior


@dataclass(frozen=True)
class TraitBelief:
    """Genetic values of all traits, given the predictions of all traits.

    Errors of lines are those of the posterior; on top of them comes what is not known
    of the genetic covariances, which all lines share.

    References
    ----------
    Henderson 1963, in: Statistical genetics and plant breeding, NAS-NRC 982:141.

    Examples
    --------
    Chosen for a first trait alone, lines gain in a correlated second one of which
    little is known by itself:

    >>> belief = TraitBelief(
    ...     Posterior(
    ...         np.array(["a", "b"]), np.array(["t", "s"]), np.array(["", ""]),
    ...         mean=np.array([[1.0, 0.0], [-1.0, 0.0]]), factor=np.zeros((2, 2, 1)),
    ...         independent=np.zeros((2, 2)), prior_variance=np.ones((2, 2)),
    ...         noise=np.ones(2),
    ...     ),
    ...     used=np.array([0, 1]), level=np.zeros(2), p=np.diag([0.8, 0.1]),
    ...     c=np.array([[0.8, 0.4], [0.05, 0.1]]), error=np.zeros((2, 2)),
    ... )
    >>> belief.mean
    array([[ 1. ,  0.5],
           [-1. , -0.5]])
    """

    posterior: Posterior  # of traits predicted one at a time
    used: IntArray  # (n_used,) targets that say something of each other
    level: FloatArray  # (n_used,) mean prediction
    p: FloatArray  # (n_used, n_used) covariance of the predictions
    c: FloatArray  # (n_used, n_used) of predictions (rows) with genetic values
    error: FloatArray  # (n_used, n_used) of c: sd of what is not known of it

    @cached_property
    def loading(self) -> FloatArray:  # (n_sample, n_used)
        """P^-1 (u_hat - mean) of every line."""
        apart = self.posterior.mean[:, self.used] - self.level
        return np.asarray(np.linalg.solve(self.p, apart.T).T, dtype=np.float64)

    @cached_property
    def mean(self) -> FloatArray:  # (n_sample, n_target)
        """Expected genetic values."""
        value = self.posterior.mean.copy()
        value[:, self.used] = self.level + self.loading @ self.c
        return value

    def draws(
        self, n: int, rng: np.random.Generator
    ) -> FloatArray:  # (n, n_sample, n_target)
        """Return values drawn jointly over lines and targets."""
        value = self.posterior.draws(n, rng)
        value += self.mean - self.posterior.mean
        if self.error.any():
            step = rng.standard_normal((n, *self.error.shape))
            upper = np.triu(step, 1)
            step = upper + upper.transpose(0, 2, 1)  # one covariance of two traits
            value[:, :, self.used] += self.loading @ (step * self.error)
        return value
