"""What a training set is for: candidates to phenotype, and contrasts to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray

Criterion = Literal["cd", "pev"]
"""Mean coefficient of determination of the contrasts, or their mean error variance."""


@dataclass(frozen=True)
class DesignProblem:
    """Candidates for phenotyping and the contrasts that are to be predicted."""

    covariance: FloatArray  # (n, n) of the genetic values of the candidates
    contrast: FloatArray  # (n_target, n) covariance of each contrast with them
    prior: FloatArray  # (n_target,) variance of each contrast before any phenotype
    known: FloatArray  # (n_target,) of that, what is known beforehand
    noise: FloatArray  # (n,) residual variance of a phenotype of each candidate
    cost: FloatArray  # (n,) > 0
    intercept: bool  # whether a mean is estimated from the new phenotypes

    @property
    def n(self) -> int:
        """Number of candidates."""
        return int(self.noise.size)

    def weights(self, criterion: Criterion) -> FloatArray:  # (n_target,)
        """Return how much the explained variance of each contrast counts."""
        if criterion == "pev":
            return np.full(self.prior.size, 1 / self.prior.size)
        positive = self.prior > 1e-12 * self.prior.max(initial=0)
        share = np.divide(1, self.prior, out=np.zeros_like(self.prior), where=positive)
        return share / max(int(positive.sum()), 1)

    def start(self, criterion: Criterion) -> float:
        """Return the criterion before any candidate is phenotyped."""
        weight = self.weights(criterion)
        if criterion == "pev":
            return float(weight @ (self.prior - self.known))
        return float(weight @ self.known)


def line_problem(
    kernel: FloatArray,  # (n_line, n_line) genetic covariance
    noise: float,
    *,
    candidates: IntArray,  # (n,) rows that may be phenotyped
    targets: IntArray,  # (n_target,) rows to be predicted
    observed: IntArray | None = None,  # (n_observed,) rows phenotyped already
    cost: FloatArray | None = None,  # (n,)
) -> DesignProblem:
    """Return the choice of lines to phenotype.

    The contrasts are "line minus the mean of the targets".

    Parameters
    ----------
    kernel
        Over all lines.
    noise
        Residual variance of a phenotype, in the units of the kernel.
    candidates, targets, observed
        Rows of the kernel; what is phenotyped already is taken as it is.
    cost
        Of a phenotype of each candidate; default 1.

    Raises
    ------
    ConfigError
        If there are fewer than two targets, or no candidates.
    """
    if targets.size < 2 or candidates.size < 1:
        raise ConfigError(
            f"{candidates.size} candidates and {targets.size} lines to predict make "
            "no design",
            remedy="give lines without phenotypes",
        )
    centred = kernel[targets] - kernel[targets].mean(axis=0)
    own = centred[:, targets] - centred[:, targets].mean(axis=1)[:, None]
    prior = np.diagonal(own).copy()
    known = np.zeros_like(prior)
    covariance = kernel[np.ix_(candidates, candidates)].copy()
    contrast = centred[:, candidates].copy()
    if observed is not None and observed.size:
        seen = kernel[np.ix_(observed, observed)]
        inverse = np.linalg.inv(seen + noise * np.eye(observed.size))
        weight = inverse.sum(axis=0)
        total = float(weight.sum())
        projection = inverse - np.outer(weight, weight) / total
        cross = kernel[np.ix_(observed, candidates)]
        shown = centred[:, observed]
        explained = shown @ projection
        known = np.einsum("ij,ij->i", explained, shown)
        level = 1 - weight @ cross
        covariance -= cross.T @ inverse @ cross
        covariance += np.outer(level, level) / total
        contrast -= explained @ cross
        contrast -= np.outer(shown @ weight, np.ones(candidates.size)) / total
    return DesignProblem(
        covariance,
        contrast,
        prior,
        known,
        np.full(candidates.size, float(noise)),
        np.ones(candidates.size) if cost is None else cost,
        intercept=observed is None or not observed.size,
    )


def cell_problem(
    kernel: FloatArray,  # (n_line, n_line) of mean diagonal 1
    n_environment: int,
    *,
    main: float,
    interaction: float,
    noise: float,
    environment_sd: float = 10.0,
    candidates: IntArray | None = None,  # (n_candidate,) rows that may be grown
    observed: IntArray | None = None,  # (n_observed,) rows phenotyped already
) -> DesignProblem:
    """Return the choice of line x environment cells: sparse testing.

    Values are main effects of lines plus interactions, both with the kernel, plus the
    mean of the environment, of which nearly nothing is known. What is learned are the
    main effects of the candidates: each minus the mean of all. Cell (candidate,
    environment) is number `candidate * n_environment + environment`. Phenotypes of
    other environments tell of main effects, through relatives: they are known.

    Parameters
    ----------
    kernel
        Relationship of the lines.
    n_environment
        Environments, exchangeable.
    main, interaction, noise
        Variances.
    environment_sd
        Standard deviation of environment means, in sd of a phenotype.
    candidates
        Lines of the cells; default all.
    observed
        Lines with one phenotype each, from an environment that is not to come.

    Examples
    --------
    >>> problem = cell_problem(np.eye(3), 2, main=1.0, interaction=0.5, noise=1.0)
    >>> problem.n, problem.covariance[0, 1] - problem.covariance[0, 2]
    (6, np.float64(-249.0))
    """
    new = np.arange(kernel.shape[0]) if candidates is None else candidates
    own = np.asarray(kernel[np.ix_(new, new)], dtype=np.float64)
    before = main * own
    now = before
    if observed is not None and observed.size:
        seen = kernel[np.ix_(observed, observed)]
        explained = _projection((main + interaction) * seen, noise)
        cross = main * kernel[np.ix_(new, observed)]
        now = before - cross @ explained @ cross.T
    same = np.eye(n_environment)
    level = (main + interaction + noise) * environment_sd**2
    covariance: FloatArray = np.kron(now, np.ones_like(same)).astype(np.float64)
    covariance += np.kron(own, interaction * same)
    covariance += np.kron(np.ones_like(own), level * same)
    prior = np.diagonal(_contrasts(before))
    centred = now - now.mean(axis=0)
    n = new.size * n_environment
    return DesignProblem(
        covariance,
        np.repeat(centred, n_environment, axis=1),
        prior,
        prior - np.diagonal(_contrasts(now)),
        np.full(n, float(noise)),
        np.ones(n),
        intercept=True,
    )


def _contrasts(covariance: FloatArray) -> FloatArray:  # (n, n)
    """Return the covariance of each value minus the mean of all."""
    centred = covariance - covariance.mean(axis=0)
    return centred - centred.mean(axis=1)[:, None]


def _projection(genetic: FloatArray, noise: float) -> FloatArray:  # (n, n)
    """Return the inverse covariance of phenotypes whose mean is unknown."""
    inverse = np.linalg.inv(genetic + noise * np.eye(len(genetic)))
    weight = inverse.sum(axis=0)
    return inverse - np.outer(weight, weight) / weight.sum()
