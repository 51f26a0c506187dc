"""The variance-component core of a BINN: an explicit network with few bends.

Variants -> genes (expression learned on the training rows, regulators in trans) ->
sets (weighted sums of their genes) -> trait, beside a path from all genes and a
polygenic path from all variants. The weights are best linear unbiased predictions
under learned variances; products of set activities are the only nonlinear part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from meristem.mixed.groups import Members
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.spike_slab import GroupFit, fit_groups
from meristem.mixed.targets import Target
from meristem.models.core.genes import GeneLatents, fit_gene_latents
from meristem.models.core.heritability import cis_heritability
from meristem.models.core.products import Products, fit_products, no_products
from meristem.models.core.settings import CoreSettings
from meristem.models.panel import MarkerPanel
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class CoreProblem:
    """Everything known of the training rows, phenotypes apart."""

    panel: MarkerPanel
    markers: NDArray[np.float32]  # (n_train, n_variant) standardised
    genes: Members  # variants of every measured gene
    sets: Members  # genes of every set
    expression: FloatArray  # (n_train, n_gene) standardised, NaN missing
    reliability: FloatArray | None = None  # (n_gene,) of expression, NaN not known
    polygenic: bool = True  # whether there is a path from all variants
    settings: CoreSettings = CoreSettings()
    known: FloatArray | None = None  # (n_member,) see `genes.fit_gene_latents`


@dataclass(frozen=True)
class CoreHead:
    """What one target reads; set activities have spread 1 on the training rows."""

    intercept: float
    gene_effect: FloatArray  # (n_gene,) beside the sets
    loading: FloatArray  # (n_member,) of every gene of every set
    set_effect: FloatArray  # (n_set,) of one sd of the activity
    inclusion: FloatArray  # (n_set,) posterior probability that the set matters
    products: Products
    variance: FloatArray  # (2,) polygenic, genes
    residual: float


@dataclass(frozen=True)
class Core:
    """A fitted core: explicit weights of one network."""

    latents: GeneLatents
    sets: Members
    heads: tuple[CoreHead, ...]  # one per target
    marker_effect: FloatArray  # (n_variant, n_target) polygenic, per allele copy

    def activity(
        self,
        genes: FloatArray,  # (n_sample, n_gene) gene latents
        target: int,
    ) -> FloatArray:  # (n_sample, n_set)
        """Return the activities of the sets as one target reads them."""
        return np.asarray(self.loadings(target).T @ genes.T).T

    def loadings(self, target: int) -> scipy.sparse.csc_array:  # (n_gene, n_set)
        """Return the weight of every gene in every set."""
        return self.sets.matrix(self.heads[target].loading, self.latents.genes.n_group)


def fit_core(
    problem: CoreProblem,
    rows: IntArray,  # (n_rows,) rows to learn from, those with omics alone included
    targets: Sequence[Target],
) -> Core:
    """Fit the core on some of the training rows.

    Parameters
    ----------
    problem
        All training rows.
    rows
        Rows to learn expression from.
    targets
        Values of rows among `rows`.

    References
    ----------
    Lee, Bahri, Novak et al. 2018, ICLR (a wide hidden layer is a kernel); Henderson
    1975, Biometrics 31:423 (BLUP).
    """
    settings, sets = problem.settings, problem.sets
    markers, expression = problem.markers[rows], problem.expression[rows]
    penalty = cis_heritability(
        markers, problem.genes, expression, problem.reliability, problem.known
    )[1]
    latents = fit_gene_latents(
        markers,
        problem.genes,
        expression,
        penalty,
        reliability=problem.reliability,
        max_regulators=settings.max_regulators,
        prior=settings.regulators,
        known=problem.known,
    )
    genes = latents.join(latents.own(problem.markers))
    gene_kernel, gene_factor = unit_diagonal(genes[rows] @ genes[rows].T)
    members = [sets.of(k) for k in range(sets.n_group)]
    size = set_scales(genes[rows], sets)
    place = np.full(problem.markers.shape[0], -1)
    place[rows] = np.arange(rows.size)
    heads, duals = [], np.zeros((problem.markers.shape[0], len(targets)))
    for number, target in enumerate(targets):
        inside, seen = place[target.rows], genes[target.rows]
        base = [gene_kernel[np.ix_(inside, inside)]]
        if problem.polygenic:
            base.append(problem.panel.kernel[np.ix_(target.rows, target.rows)])
        factors = [
            seen[:, own] * np.sqrt(s) for own, s in zip(members, size, strict=True)
        ]
        fit = fit_groups(base, factors, target, settings=settings.sets)
        heads.append(_head(sets, seen, gene_factor, factors, fit, target, settings))
        if problem.polygenic:
            duals[target.rows, number] = fit.base[1] * fit.dual
    return Core(latents, sets, tuple(heads), problem.panel.effects(duals))


def set_scales(
    genes: FloatArray,  # (n, n_gene) predicted from genotypes
    sets: Members,
) -> FloatArray:  # (n_set,)
    """Return the factors that make kernels of sets comparable, 1 on average.

    A set of as many genes counts the more, the more of their expression genotypes
    tell: sets are weighed by the heritability of what they hold.

    Examples
    --------
    >>> from meristem.mixed.groups import gather
    >>> genes = np.array([[1.0, 2.0], [-1.0, -2.0]])
    >>> set_scales(genes, gather(["a", "b"], [np.array([0]), np.array([1])])).tolist()
    [0.4, 0.4]
    """
    told = np.mean(genes**2, axis=0)
    size = np.array([sets.of(k).size for k in range(sets.n_group)], dtype=np.float64)
    each = [told[sets.of(k)].mean() for k in range(sets.n_group)]
    level = float(np.mean(each)) if each else 0.0
    return 1 / (size * level) if level > 1e-12 else np.zeros(size.size)


def _head(
    sets: Members,
    genes: FloatArray,  # (n, n_gene) of the target's rows
    gene_factor: float,
    factors: list[FloatArray],  # each (n, n_member)
    fit: GroupFit,
    target: Target,
    settings: CoreSettings,
) -> CoreHead:
    image = genes.T @ fit.dual  # (n_gene,)
    loading = image[sets.member].copy()
    effect = np.zeros(sets.n_group)
    contribution = np.zeros((genes.shape[0], sets.n_group))
    for k in range(sets.n_group):
        own = slice(int(sets.start[k]), int(sets.start[k + 1]))
        spread = float((genes[:, sets.of(k)] @ loading[own]).std())
        if spread <= 1e-12 * float(np.abs(loading[own]).max(initial=0.0)):
            loading[own] = 0.0
            continue
        loading[own] /= spread
        contribution[:, k] = fit.variance[k] * (factors[k] @ (factors[k].T @ fit.dual))
        effect[k] = contribution[:, k].std()
    products = no_products()
    if sets.n_group:
        products = fit_products(contribution, factors, fit, target, settings)
    return CoreHead(
        intercept=fit.intercept,
        gene_effect=fit.base[0] * gene_factor * image,
        loading=loading,
        set_effect=effect,
        inclusion=fit.inclusion,
        products=products.of_activities(effect),
        variance=np.array([fit.base[1] if fit.base.size > 1 else 0.0, fit.base[0]]),
        residual=fit.residual,
    )
