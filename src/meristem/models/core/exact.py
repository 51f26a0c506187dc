"""Exact answers of an explicit network: what holding nodes does, and shares.

A core is linear but for products of set activities. What happens when a
node is held follows from its effects, without another prediction; and since a product
is quadratic, its gradient halfway between the average line and a line is the mean of
the gradients between them. Integrated gradients therefore need one point, and
DeepLIFT's chord, half of a product's change to either factor, is the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from meristem.models.core.core import Core, CoreHead
from meristem.models.core.products import Products
from meristem.models.protocol import Contributions
from meristem.prepare.match import align_variants
from meristem.prepare.scale import MarkerScale
from meristem.records import FloatArray, Genotypes, IntArray, NetworkPlan

_ROWS = 512
"""Samples computed at a time."""


@dataclass(frozen=True)
class ExplicitNetwork:
    """A fitted core and where its genes and sets stand in the plan."""

    plan: NetworkPlan  # compiled for the training variants
    core: Core
    gene_node: IntArray  # (n_gene,) numbers in the plan
    set_node: IntArray  # (n_set,) numbers in the plan
    markers: MarkerScale
    products_share: FloatArray  # (n_target,) of the products, from inner folds


class CoreState:
    """Values inside a core for some lines, and what changes when nodes are held.

    Parameters
    ----------
    fitted
        A fitted core.
    genotypes
        Samples.
    """

    def __init__(self, fitted: ExplicitNetwork, genotypes: Genotypes) -> None:
        core = fitted.core
        dosage = align_variants(genotypes, fitted.plan.variants).call_dosage
        starts = range(0, dosage.shape[0], _ROWS)
        own = [np.zeros((0, core.latents.genes.n_group))]
        for start in starts:
            rows = fitted.markers.standardise(dosage[start : start + _ROWS])
            own.append(core.latents.own(rows))
        self.fitted = fitted
        self.own = np.concatenate(own)  # (n_sample, n_gene) from own variants
        self.genes = core.latents.join(self.own)
        self.activity = [core.activity(self.genes, t) for t in range(len(core.heads))]
        self.gene_place = _places(fitted.plan.n_node, fitted.gene_node)
        self.set_place = _places(fitted.plan.n_node, fitted.set_node)
        self.regulator_place = _places(self.own.shape[1], core.latents.regulator)
        self.heads = [
            _Head(core.loadings(t).tocsr(), head, float(fitted.products_share[t]))
            for t, head in enumerate(core.heads)
        ]

    def hold(
        self,
        nodes: list[int],
        values: FloatArray,  # (n_held,)
    ) -> FloatArray:  # (n_sample, n_target)
        """Return the change of the predictions when nodes of the plan are held."""
        place, level = np.array(nodes, dtype=np.int64), np.asarray(values, dtype=float)
        is_gene, is_set = self.gene_place[place] >= 0, self.set_place[place] >= 0
        gene, gene_level = self.gene_place[place[is_gene]], level[is_gene]
        held, held_level = self.set_place[place[is_set]], level[is_set]
        step = gene_level - self.genes[:, gene]  # (n_sample, n_held_gene)
        regulates = self.regulator_place[gene] >= 0
        own_step = gene_level[regulates] - self.own[:, gene[regulates]]
        trans = self.fitted.core.latents.trans[self.regulator_place[gene[regulates]]]
        trans = trans.copy()
        trans[:, gene] = 0.0  # a held gene is not regulated
        moved = [
            head.change(activity, (gene, step), (trans, own_step), (held, held_level))
            for head, activity in zip(self.heads, self.activity, strict=True)
        ]
        return np.column_stack(moved)


class _Head:
    """One target: linear effects of genes, sets included, and products."""

    def __init__(
        self,
        loading: scipy.sparse.csr_array,  # (n_gene, n_set)
        head: CoreHead,
        share: float,
    ) -> None:
        products = head.products
        self.set_effect, self.share = head.set_effect, share
        self.loading = loading.tocsc()
        self.linear = head.gene_effect + np.asarray(loading @ head.set_effect)
        both = np.concatenate([products.first, products.second])
        self.multiplied = np.unique(both)  # sets that some product reads
        self.products = Products(
            np.searchsorted(self.multiplied, products.first),
            np.searchsorted(self.multiplied, products.second),
            products.effect,
            products.centre,
        )
        self.into = self.loading[:, self.multiplied].toarray()  # (n_gene, n_multiplied)

    def change(
        self,
        activity: FloatArray,  # (n_sample, n_set)
        genes: tuple[IntArray, FloatArray],  # held, (n_sample, n_held) steps
        regulated: tuple[FloatArray, FloatArray],  # (n, n_gene) trans, own steps
        sets: tuple[IntArray, FloatArray],  # held, levels
    ) -> FloatArray:  # (n_sample,)
        (gene, step), (trans, own_step), (held, level) = genes, regulated, sets
        value = step @ self.linear[gene] + own_step @ (trans @ self.linear)
        for k, at in zip(held.tolist(), level.tolist(), strict=True):
            column = self.loading[:, [k]].toarray()[:, 0]
            through = step @ column[gene] + own_step @ (trans @ column)
            value += self.set_effect[k] * (at - activity[:, k] - through)
        if self.multiplied.size:
            before = activity[:, self.multiplied]
            after = before + step @ self.into[gene] + own_step @ (trans @ self.into)
            for k, at in zip(held.tolist(), level.tolist(), strict=True):
                after[:, self.multiplied == k] = at
            moved = self.products.value(after) - self.products.value(before)
            value += self.share * moved
        return value


def explicit_shares(fitted: ExplicitNetwork, genotypes: Genotypes) -> Contributions:
    """Account for the network's part of each prediction, exactly.

    Parameters
    ----------
    fitted
        A fitted core.
    genotypes
        Samples to explain, relative to the average line of the training rows.

    Returns
    -------
    Contributions
        Integrated gradients and DeepLIFT at once (see the module). The share of a
        gene holds what it does to the genes it regulates; the variants' shares add
        up to the difference but for rounding.

    References
    ----------
    Sundararajan, Taly & Yan 2017, ICML; Shrikumar, Greenside & Kundaje 2017, ICML.
    """
    core, plan = fitted.core, fitted.plan
    dosage = align_variants(genotypes, plan.variants).call_dosage
    n_sample, n_target = dosage.shape[0], len(core.heads)
    variant = np.zeros((n_sample, plan.variants.n_variant, n_target))
    node = np.zeros((n_sample, plan.n_node, n_target))
    difference = np.zeros((n_sample, n_target))
    cis = core.latents.genes.matrix(core.latents.cis, plan.variants.n_variant)
    origin = -core.latents.centre[None]  # own values of the average line
    regulator = core.latents.regulator
    for start in range(0, n_sample, _ROWS):
        rows = slice(start, start + _ROWS)
        x = fitted.markers.standardise(dosage[rows])
        own = core.latents.own(x)
        genes, genes_0 = core.latents.join(own), core.latents.join(origin)
        for t, head in enumerate(core.heads):
            activity, start_0 = core.activity(genes, t), core.activity(genes_0, t)
            bend = _product_slopes(head.products, (activity + start_0) / 2)
            to_set = head.set_effect + fitted.products_share[t] * bend  # (rows, n_set)
            to_gene = head.gene_effect + np.asarray(core.loadings(t) @ to_set.T).T
            regulation = to_gene @ core.latents.trans.T  # (rows, n_regulator)
            to_own = to_gene.copy()
            to_own[:, regulator] += regulation
            variant[rows, :, t] = x * np.asarray(cis @ to_own.T).T
            part = (genes - genes_0) * to_gene
            part[:, regulator] += (own - origin)[:, regulator] * regulation
            node[rows, :, t][:, fitted.gene_node] = part
            node[rows, :, t][:, fitted.set_node] = (activity - start_0) * to_set
            difference[rows, t] = (genes - genes_0) @ head.gene_effect
            difference[rows, t] += (activity - start_0) @ head.set_effect
            products = head.products.value(activity) - head.products.value(start_0)
            difference[rows, t] += fitted.products_share[t] * products
    return Contributions(
        variant_id=plan.variants.variant_id,
        node_name=plan.node_name,
        variant=variant,
        node=node,
        difference=difference,
        gap=variant.sum(axis=1) - difference,
    )


def multiplied_sets(
    fitted: ExplicitNetwork, target: int
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of different sets that a target's network multiplies."""
    products = fitted.core.heads[target].products
    names = fitted.core.sets.name.tolist()
    acting = (products.effect != 0) & (products.first != products.second)
    if fitted.products_share[target] == 0:
        return ()
    first, second = products.first[acting], products.second[acting]
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return tuple((names[a], names[b]) for a, b in pairs)


def _product_slopes(
    products: Products,
    activity: FloatArray,  # (n_sample, n_set)
) -> FloatArray:  # (n_sample, n_set) of every sample by itself
    slope = np.zeros(activity.shape)
    for a, b, effect in zip(
        products.first.tolist(),
        products.second.tolist(),
        products.effect.tolist(),
        strict=True,
    ):
        slope[:, a] += effect * activity[:, b]
        slope[:, b] += effect * activity[:, a]
    return slope


def _places(n: int, numbers: IntArray) -> IntArray:  # (n,) position, -1: not there
    place = np.full(n, -1)
    place[numbers] = np.arange(numbers.size)
    return place
