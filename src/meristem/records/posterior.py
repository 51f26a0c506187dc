"""What a model believes of the genetic values of lines, jointly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from meristem.records.arrays import FloatArray, StrArray
from meristem.records.fitted import Predictions


@dataclass(frozen=True)
class Posterior:
    """Normal distribution of the genetic values of lines, joint over lines.

    It is of the value of a line itself (the level of the trait included), not of a
    phenotype of it: a phenotype of weight w adds noise / w to the variance. The
    covariance of target t is `factor[t] factor[t]' + diag(independent[:, t]^2)`, so
    that thousands of lines need no square matrix.

    Examples
    --------
    Two full sibs whose errors are shared to one half:

    >>> root = np.linalg.cholesky([[1.0, 0.5], [0.5, 1.0]])
    >>> belief = Posterior(
    ...     np.array(["a", "b"]), np.array(["yield"]), np.array([""]),
    ...     mean=np.array([[3.0], [2.0]]), factor=root[None],
    ...     independent=np.zeros((2, 1)), prior_variance=np.full((2, 1), 2.0),
    ...     noise=np.array([1.0]),
    ... )
    >>> belief.sd.ravel(), belief.reliability.ravel()
    (array([1., 1.]), array([0.5, 0.5]))
    >>> belief.draws(3, np.random.default_rng(1)).shape
    (3, 2, 1)
    """

    sample_id: StrArray  # (n_sample,)
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    mean: FloatArray  # (n_sample, n_target)
    factor: FloatArray  # (n_target, n_sample, n_factor) errors that lines share
    independent: FloatArray  # (n_sample, n_target) sd of errors no other line shares
    prior_variance: FloatArray  # (n_sample, n_target) genetic variance, no phenotypes
    noise: FloatArray  # (n_target,) variance of a phenotype of weight 1; NaN unknown
    correlation: FloatArray | None = None  # (n_target, n_target) of the factors of
    # two targets; None: errors of two targets are independent

    @cached_property
    def sd(self) -> FloatArray:  # (n_sample, n_target)
        """Standard deviation of every genetic value; NaN if none is known."""
        shared = np.einsum("tnf,tnf->nt", self.factor, self.factor)
        return np.sqrt(shared + self.independent**2)

    @property
    def reliability(self) -> FloatArray:  # (n_sample, n_target)
        """1 - error variance / genetic variance, between 0 and 1."""
        known = self.prior_variance > 0
        share = np.divide(
            self.sd**2, self.prior_variance, out=np.ones_like(self.mean), where=known
        )
        return np.clip(1 - share, 0, 1)

    def covariance(self, target: int) -> FloatArray:  # (n_sample, n_sample)
        """Return the covariance of the values of all lines for one target."""
        factor = self.factor[target]
        return factor @ factor.T + np.diag(self.independent[:, target] ** 2)

    def draws(
        self, n: int, rng: np.random.Generator
    ) -> FloatArray:  # (n, n_sample, n_target)
        """Return values drawn jointly over lines and targets."""
        n_target, n_sample, n_factor = self.factor.shape
        shared = rng.standard_normal((n, n_factor, n_target))
        if self.correlation is not None:
            values, vectors = np.linalg.eigh(self.correlation)
            shared = shared @ (vectors * np.sqrt(np.maximum(values, 0))).T
        value = rng.standard_normal((n, n_sample, n_target)) * self.independent
        value += self.mean
        for target, factor in enumerate(self.factor):
            value[:, :, target] += shared[:, :, target] @ factor.T
        return value

    def widened(
        self,
        scale: FloatArray,  # (n_target,) > 0
    ) -> Posterior:
        """Return the posterior with the error variance of every target times scale."""
        root = np.sqrt(scale)
        return replace(
            self,
            factor=self.factor * root[:, None, None],
            independent=self.independent * root,
        )

    def predictions(self) -> Predictions:
        """Return mean and standard deviation of every line, without covariances."""
        return Predictions(
            self.sample_id,
            self.trait_name,
            self.environment_name,
            self.mean,
            self.sd,
        )

    def take_target(self, target: int) -> Posterior:
        """Return the posterior of one target."""
        one = slice(target, target + 1)
        return Posterior(
            self.sample_id,
            self.trait_name[one],
            self.environment_name[one],
            self.mean[:, one],
            self.factor[one],
            self.independent[:, one],
            self.prior_variance[:, one],
            self.noise[one],
        )


def without_error(predictions: Predictions) -> Posterior:
    """Return predictions of which no error is known: every width is NaN."""
    n_sample, n_target = predictions.value.shape
    unknown = np.full((n_sample, n_target), np.nan)
    return Posterior(
        predictions.sample_id,
        predictions.trait_name,
        predictions.environment_name,
        predictions.value,
        factor=np.empty((n_target, n_sample, 0)),
        independent=unknown,
        prior_variance=unknown,
        noise=np.full(n_target, np.nan),
    )
