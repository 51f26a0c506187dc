r"""Coefficients of linear selection indices.

P is the covariance (n_source, n_source) of what is selected on (phenotypes, or
predictions), C its covariance (n_source, n_trait) with the genetic values u of the
traits, w the economic weights: the value of one more unit of each trait. With
phenotypes C is the genetic covariance G. The index is I = b'x, the merit H = w'u.
"""

from __future__ import annotations

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray


def smith_hazel(
    p: FloatArray,  # (n_source, n_source)
    c: FloatArray,  # (n_source, n_trait)
    weight: FloatArray,  # (n_trait,)
) -> FloatArray:  # (n_source,)
    """Return b = P^-1 C w, the linear index most correlated with the merit.

    References
    ----------
    Smith 1936, Ann Eugen 7:240; Hazel 1943, Genetics 28:476.

    Examples
    --------
    >>> p, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([[2.0, 0.5], [0.5, 1.0]])
    >>> smith_hazel(p, g, np.array([1.0, 2.0])).round(6)
    array([0.590909, 0.636364])
    """
    return np.asarray(np.linalg.solve(p, c @ weight), dtype=np.float64)


def prediction_covariance(
    genetic: FloatArray,  # (n_trait, n_trait)
    reliability: FloatArray,  # (n_trait,) 0..1
) -> FloatArray:  # (n_trait, n_trait)
    """Return cov(prediction, genetic value) of traits predicted one at a time.

    A single-trait BLUP knows other traits through the genetic covariance alone:
    cov(u_hat_t, u_s) = r_t^2 G_ts. With `smith_hazel` this is the index of BLUPs
    that gives an inaccurate trait the weight it deserves; where all traits have one
    reliability and var(u_hat) = r^2 G, it is b = w.

    References
    ----------
    Henderson 1963, in: Statistical genetics and plant breeding, NAS-NRC 982:141.
    """
    return reliability[:, None] * genetic


def realised_reliability(
    p: FloatArray,  # (n_trait, n_trait) of the predictions
    genetic: FloatArray,  # (n_trait, n_trait)
) -> FloatArray:  # (n_trait,) 0..1
    """Return var(u_hat) / var(u): the reliability that the candidates show.

    A BLUP has cov(u_hat, u) = var(u_hat), so that this share, and no other, leaves
    the prediction of a trait by itself as it is. At most 1.

    Examples
    --------
    >>> realised_reliability(np.diag([0.5, 3.0]), np.diag([1.0, 2.0]))
    array([0.5, 1. ])
    """
    share = np.diag(p) / np.maximum(np.diag(genetic), np.finfo(float).tiny)
    return np.clip(share, 1e-6, 1.0)


def restricted(
    p: FloatArray,  # (n_source, n_source)
    c: FloatArray,  # (n_source, n_trait)
    weight: FloatArray,  # (n_trait,)
    direction: FloatArray,  # (n_trait, n_restriction) combinations that must not move
) -> FloatArray:  # (n_source,)
    """Return the best index under which some combinations of traits do not change.

    b = [I - P^-1 A (A' P^-1 A)^-1 A'] P^-1 C w with A = C direction.

    References
    ----------
    Kempthorne & Nordskog 1959, Biometrics 15:10; with the directions of `ratio`
    Tallis 1962, Biometrics 18:120, and Mallard 1972, Biometrics 28:713.

    Examples
    --------
    >>> p, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([[2.0, 0.5], [0.5, 1.0]])
    >>> restricted(p, g, np.array([1.0, 2.0]), np.array([[0.0], [1.0]])).round(6)
    array([ 0.466667, -0.233333])
    """
    best = smith_hazel(p, c, weight)
    a = c @ direction
    solved = np.linalg.solve(p, a)
    return best - solved @ np.linalg.solve(a.T @ solved, a.T @ best)


def ratio(
    proportion: FloatArray,  # (n_held,) wanted gains, up to a common factor
    position: IntArray,  # (n_held,) which traits, of n_trait
    n_trait: int,
) -> FloatArray:  # (n_trait, n_held - 1)
    """Return the combinations that stay put when gains keep to the proportions.

    References
    ----------
    Mallard 1972, Biometrics 28:713: the orthogonal complement of the proportions.

    Examples
    --------
    >>> ratio(np.array([2.0, 1.0]), np.array([0, 1]), 2).round(3).ravel().tolist()
    [-0.447, 0.894]
    """
    held = np.asarray(position, dtype=np.int64)
    complement = np.linalg.svd(proportion[None, :])[2][1:].T  # (n_held, n_held - 1)
    result = np.zeros((n_trait, held.size - 1))
    result[held] = complement
    sign = np.where(result[held[-1]] < 0, -1.0, 1.0)
    return result * sign


def desired_gains(
    p: FloatArray,  # (n_source, n_source)
    c: FloatArray,  # (n_source, n_goal) columns of the traits with a goal
    goal: FloatArray,  # (n_goal,) wanted gains, up to a common factor
) -> FloatArray:  # (n_source,)
    """Return the index of least variance whose gains are proportional to the goals.

    b = P^-1 C (C' P^-1 C)^-1 d; with a goal for every trait that is G^-1 d.

    References
    ----------
    Pesek & Baker 1969, Can J Plant Sci 49:803; Itoh & Yamada 1986, Genet Sel Evol
    18:501.

    Raises
    ------
    ConfigError
        If all goals are zero.

    Examples
    --------
    >>> p, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([[2.0, 0.5], [0.5, 1.0]])
    >>> desired_gains(p, g, np.array([2.0, 1.0])).round(6)
    array([0.857143, 0.571429])
    """
    if not np.any(goal):
        raise ConfigError(
            "all desired gains are zero",
            where="index.desired",
            remedy="give at least one trait a gain",
        )
    solved = np.linalg.solve(p, c)
    return solved @ np.linalg.solve(c.T @ solved, goal)
