"""The variance-component core of a BINN: an explicit network with few bends.

Variants -> genes (expression learned on the training rows, regulators in trans) ->
sets (weighted sums of their genes) -> trait, beside a path from all genes and a
polygenic path from all variants, of which a few may have large effects. The weights
are best linear unbiased predictions under learned variances; products of set
activities are the only nonlinear part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from meristem.mixed.groups import Members
from meristem.mixed.majors import EXPECTED_MAJOR, major_candidates
from meristem.mixed.sampling import sample_inclusion
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.spike_slab import SetFit, fit_sets, set_rate
from meristem.mixed.targets import Target
from meristem.models.core.genes import GeneLatents, fit_gene_latents
from meristem.models.core.products import Products, fit_products, no_products
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
    penalty: float  # ridge penalty of a gene's own variants
    polygenic: bool = True  # whether there is a path from all variants


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
    rng: np.random.Generator | None = None,
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
    rng
        If given, the inclusion of sets is sampled: slower, and not too sure.

    References
    ----------
    Lee, Bahri, Novak et al. 2018, ICLR (a wide hidden layer is a kernel); Henderson
    1975, Biometrics 31:423 (BLUP).
    """
    latents = fit_gene_latents(
        problem.markers[rows], problem.genes, problem.expression[rows], problem.penalty
    )
    genes = latents.join(latents.own(problem.markers))
    gene_kernel, _ = unit_diagonal(genes[rows] @ genes[rows].T)
    gene_factor = _factor(genes[rows])
    size = np.array(
        [
            _factor(genes[np.ix_(rows, problem.sets.of(k))])
            for k in range(problem.sets.n_group)
        ]
    )
    place = np.full(problem.markers.shape[0], -1)
    place[rows] = np.arange(rows.size)
    heads, duals = [], np.zeros((problem.markers.shape[0], len(targets)))
    major = np.zeros((problem.markers.shape[1], len(targets)))
    for number, target in enumerate(targets):
        inside = place[target.rows]
        block = np.ix_(inside, inside)
        base = [gene_kernel[block]]
        if problem.polygenic:
            base.append(problem.panel.kernel[np.ix_(target.rows, target.rows)])
        seen = genes[target.rows]
        factors = [
            seen[:, problem.sets.of(k)] * np.sqrt(size[k]) for k in range(size.size)
        ]
        n_set, n_variant = size.size, problem.markers.shape[1]
        x = problem.markers[target.rows]
        candidates = np.empty(0, dtype=np.int64)
        if problem.polygenic:
            candidates = major_candidates(x, base, target)
        single = [x[:, [j]].astype(np.float64) for j in candidates.tolist()]
        rare = np.full(candidates.size, EXPECTED_MAJOR / n_variant)
        rate = np.concatenate([set_rate(n_set), rare])
        fit = fit_sets(base, factors + single, target, rate)
        inclusion = fit.inclusion
        if rng is not None and n_set:
            inclusion = sample_inclusion(
                base, factors + single, target, rate, fit, rng=rng
            )
        head = _head(problem.sets, seen, gene_factor, factors, fit)
        heads.append(replace(head, inclusion=inclusion[:n_set]))
        if problem.polygenic:
            duals[target.rows, number] = fit.base[1] * fit.dual
            image = x[:, candidates].T @ fit.dual
            major[candidates, number] = fit.variance[n_set:] * image
    effect = problem.panel.effects(duals)
    scale = problem.panel.scale
    effect += major * (scale.weight / scale.sd)[:, None]
    return Core(latents, problem.sets, tuple(heads), effect)


def mix_core(
    core: Core,
    effect: FloatArray,  # (n_variant, n_target) of the path alone, per allele copy
    intercept: FloatArray,  # (n_target,) of the path alone
    trust: FloatArray,  # (n_target,) in [0, 1]
) -> Core:
    """Return (1 - trust) path from all variants alone + trust core, as one core."""
    heads = [
        replace(
            head,
            intercept=(1 - t) * float(constant) + t * head.intercept,
            gene_effect=t * head.gene_effect,
            set_effect=t * head.set_effect,
            products=replace(head.products, effect=t * head.products.effect),
        )
        for head, constant, t in zip(core.heads, intercept, trust.tolist(), strict=True)
    ]
    joined = (1 - trust) * effect + trust * core.marker_effect
    return replace(core, heads=tuple(heads), marker_effect=joined)


def _factor(values: FloatArray) -> float:
    """Return the factor that brings the mean squared row norm to 1 (0 if null)."""
    mean_square = float(np.mean(np.sum(values**2, axis=1)))
    return 1 / mean_square if mean_square > 1e-12 else 0.0


def _head(
    sets: Members,
    genes: FloatArray,  # (n, n_gene) of the target's rows
    gene_factor: float,
    factors: list[FloatArray],  # each (n, n_member)
    fit: SetFit,
) -> CoreHead:
    image = genes.T @ fit.dual  # (n_gene,)
    n_set = sets.n_group
    loading = image[sets.member].copy()
    effect = np.zeros(n_set)
    contribution = np.zeros((genes.shape[0], n_set))
    for k in range(n_set):
        own = slice(int(sets.start[k]), int(sets.start[k + 1]))
        activity = genes[:, sets.of(k)] @ loading[own]
        spread = float(activity.std())
        if spread <= 1e-12:
            loading[own] = 0.0
            continue
        loading[own] /= spread
        contribution[:, k] = fit.variance[k] * (factors[k] @ (factors[k].T @ fit.dual))
        effect[k] = contribution[:, k].std()
    products = fit_products(contribution, factors, fit) if n_set else no_products()
    return CoreHead(
        intercept=fit.intercept,
        gene_effect=fit.base[0] * gene_factor * image,
        loading=loading,
        set_effect=effect,
        inclusion=fit.inclusion[:n_set],
        products=_of_activities(products, effect),
        variance=np.array([fit.base[1] if fit.base.size > 1 else 0.0, fit.base[0]]),
        residual=fit.residual,
    )


def _of_activities(products: Products, effect: FloatArray) -> Products:
    """Return products of contributions as products of activities of spread 1."""
    scale = effect[products.first] * effect[products.second]
    kept = scale > 0
    return Products(
        products.first[kept],
        products.second[kept],
        products.effect[kept] * scale[kept],
        products.centre[kept] / scale[kept],
    )
