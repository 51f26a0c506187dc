"""Products of set activities: what two pathways do together, or one of them squared.

Few products are asked, so each is a column of a spike-and-slab regression. Columns
and response are left-one-out values of the linear model: a row's own noise is not on
both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from meristem.mixed.spike_slab import SetFit
from meristem.mixed.stacking import held_out_slopes
from meristem.records import FloatArray, IntArray

MAX_SETS = 8
"""Sets whose products are asked, those of the largest contributions."""
_SMALLEST = 0.05
"""A contribution smaller than this share of the largest one has no products."""
_RATE = 0.05
_SLAB = 0.03
"""Variance of a product's effect, as a share of the response's."""
_SWEEPS = 50
BENT = 0.2
"""Share of traits whose products act, beforehand."""


@dataclass(frozen=True)
class Products:
    """A sum of effect x (activity a x activity b - centre)."""

    first: IntArray  # (n_product,) sets
    second: IntArray  # (n_product,) sets; equal to `first`: a square
    effect: FloatArray  # (n_product,)
    centre: FloatArray  # (n_product,)

    def value(
        self,
        activity: FloatArray,  # (n_sample, n_set)
    ) -> FloatArray:  # (n_sample,)
        """Return the sum for every sample."""
        products = activity[:, self.first] * activity[:, self.second]
        return np.asarray((products - self.centre) @ self.effect)

    def slope(
        self,
        activity: FloatArray,  # (n_sample, n_set)
    ) -> FloatArray:  # (n_set,)
        """Return the mean derivative by the activity of each set."""
        mean = activity.mean(axis=0)
        slope = np.zeros(activity.shape[1])
        np.add.at(slope, self.first, self.effect * mean[self.second])
        np.add.at(slope, self.second, self.effect * mean[self.first])
        return slope


def no_products() -> Products:
    """Return the empty sum."""
    none = np.empty(0, dtype=np.int64)
    return Products(none, none, np.empty(0), np.empty(0))


def fit_products(
    contribution: FloatArray,  # (n, n_set) of the sets, where they were learned
    factors: list[FloatArray],  # each (n, n_member)
    fit: SetFit,
) -> Products:
    """Return products of contributions that the linear model leaves unexplained.

    With P of the linear model, a row left out has residual (P y)_i / P_ii, and its
    contribution of set k loses v_k (K_k P)_ii (P y)_i / P_ii.

    Parameters
    ----------
    contribution
        v_k K_k P y of every set.
    factors
        Of the set kernels, K_k = F_k F_k'.
    fit
        The linear model.

    References
    ----------
    Cook & Weisberg 1982, ch. 2 (left-out residuals); Carbonetto & Stephens 2012,
    Bayesian Analysis 7:73 (variational spike and slab).
    """
    diagonal = np.diag(fit.projection)
    left_out = fit.dual / diagonal
    spread = contribution.std(axis=0)
    sets = np.argsort(-spread, kind="stable")[:MAX_SETS]
    sets = np.sort(sets[spread[sets] > _SMALLEST * max(spread.max(initial=0), 1e-300)])
    response = left_out - left_out.mean()
    if sets.size == 0 or response.std() <= 0:
        return no_products()
    honest = np.empty((left_out.size, sets.size))
    for column, k in enumerate(sets):
        factor = factors[k]
        hat = np.einsum("ij,ij->i", factor, fit.projection @ factor)
        honest[:, column] = contribution[:, k] - fit.variance[k] * hat * left_out
    a, b = np.triu_indices(sets.size)
    product = honest[:, a] * honest[:, b]
    centre, size = product.mean(axis=0), product.std(axis=0)
    usable = size > 1e-12 * response.std() ** 2
    a, b, centre, size = a[usable], b[usable], centre[usable], size[usable]
    columns = (product[:, usable] - centre) / size
    effect = _spike_and_slab(columns, response / response.std())
    return Products(sets[a], sets[b], effect * response.std() / size, centre)


def confirmed_share(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    linear: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    extra: FloatArray,  # (n_sample, n_target) out of fold, NaN where none
    prior: float = BENT,
) -> FloatArray:  # (n_target,) in [0, 1]
    """Return how probable held-out rows make it that an extra part is real.

    The part (products, say) is shrunk already, so that the question is whether it
    acts at all. With b its least-squares weight on what the rest leaves and v its
    (sandwich) variance, b is 1 if it does and 0 if not: the share is
    1 / (1 + (1 / prior - 1) exp(-(b - 1/2) / v)), and 0 where nothing was held out.

    References
    ----------
    Jeffreys 1961, Theory of Probability, ch. 5 (posterior odds of two hypotheses).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> extra = rng.normal(size=(200, 1))
    >>> noise = rng.normal(size=(200, 1))
    >>> ones, none = np.ones((200, 1)), np.zeros((200, 1))
    >>> confirmed_share(extra + noise, ones, none, extra).round(2)
    array([1.])
    >>> confirmed_share(noise, ones, none, extra).round(2)
    array([0.])
    """
    share = np.zeros(observed.shape[1])
    for t, (b, variance) in held_out_slopes(observed, weight, linear, extra).items():
        share[t] = expit(logit(prior) + (b - 0.5) / variance)
    return share


def _spike_and_slab(
    x: FloatArray,  # (n, p) standardised
    y: FloatArray,  # (n,) standardised
) -> FloatArray:  # (p,)
    gram, inner = x.T @ x, x.T @ y
    effect = np.zeros(inner.size)
    for _ in range(_SWEEPS):
        for j in range(inner.size):
            rest = inner[j] - gram[j] @ effect + gram[j, j] * effect[j]
            variance = 1 / (gram[j, j] + 1 / _SLAB)
            mean = variance * rest
            log_odds = logit(_RATE) + 0.5 * np.log(variance / _SLAB)
            effect[j] = expit(log_odds + 0.5 * mean**2 / variance) * mean
    return effect
