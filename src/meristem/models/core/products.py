"""Products of set activities: what two pathways do together, or one of them squared.

Few products are asked, and each is a group of one in a spike-and-slab regression.
Columns and response are leave-one-out values of the linear model: a row's own noise
is not on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.mixed.spike_slab import GroupFit, fit_groups
from meristem.mixed.targets import Target
from meristem.models.core.settings import CoreSettings
from meristem.records import FloatArray, IntArray


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

    def of_activities(
        self,
        effect: FloatArray,  # (n_set,) spread of every set's contribution
    ) -> Products:
        """Return products of contributions as products of activities of spread 1."""
        scale = effect[self.first] * effect[self.second]
        kept = scale > 0
        return Products(
            self.first[kept],
            self.second[kept],
            self.effect[kept] * scale[kept],
            self.centre[kept] / scale[kept],
        )


def no_products() -> Products:
    """Return the empty sum."""
    none = np.empty(0, dtype=np.int64)
    return Products(none, none, np.empty(0), np.empty(0))


def fit_products(
    contribution: FloatArray,  # (n, n_set) of the sets, where they were learned
    factors: list[FloatArray],  # each (n, n_member)
    fit: GroupFit,
    target: Target,
    settings: CoreSettings,
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
    target
        Its values and weights.
    settings
        Of the core.

    References
    ----------
    Cook & Weisberg 1982, ch. 2 (leave-one-out residuals).
    """
    spread = contribution.std(axis=0)
    sets = np.argsort(-spread, kind="stable")[: settings.product_sets]
    least = settings.product_size * max(spread.max(initial=0), 1e-300)
    sets = np.sort(sets[spread[sets] > least])
    residual, values = leave_one_out(contribution, factors, fit, sets)
    if sets.size == 0 or residual.std() <= 0:
        return no_products()
    a, b = np.triu_indices(sets.size)
    product = values[:, a] * values[:, b]
    centre, size = product.mean(axis=0), product.std(axis=0)
    usable = size > 1e-12 * residual.std() ** 2
    a, b, centre, size = a[usable], b[usable], centre[usable], size[usable]
    columns = [c[:, None] for c in ((product[:, usable] - centre) / size).T]
    rest = Target(target.column, target.rows, residual, target.weight)
    found = fit_groups([], columns, rest, settings=settings.products)
    slope = [
        v * float(c[:, 0] @ found.dual)
        for v, c in zip(found.variance, columns, strict=True)
    ]
    return Products(sets[a], sets[b], np.array(slope) / size, centre)


def leave_one_out(
    contribution: FloatArray,  # (n, n_set)
    factors: list[FloatArray],  # each (n, n_member)
    fit: GroupFit,
    sets: IntArray,  # (k,)
) -> tuple[FloatArray, FloatArray]:  # (n,), (n, k)
    """Return residuals and contributions, every row predicted without itself."""
    residual = fit.dual / np.diag(fit.projection)
    values = np.empty((residual.size, sets.size))
    for column, k in enumerate(sets.tolist()):
        hat = np.einsum("ij,ij->i", factors[k], fit.projection @ factors[k])
        values[:, column] = contribution[:, k] - fit.variance[k] * hat * residual
    return residual, values
