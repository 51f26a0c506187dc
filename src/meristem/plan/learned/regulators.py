"""Edges from genes whose cis variant acts on other genes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import LearnOptions
from meristem.mixed.scan import associate
from meristem.plan.learned.cis import Pairs
from meristem.plan.learned.eqtl import prepare_features, scan_eqtl
from meristem.records import FloatArray, Genotypes, IntArray

MAX_REGULATORS = 3
"""Regulators kept per gene."""
ANCHOR_P = 1e-4
"""A gene's best cis variant must be at least this sure to stand for the gene."""
FAMILY_ERROR = 0.05
"""Chance of one false edge or more in the whole graph (Bonferroni)."""


def find_regulators(
    genotypes: Genotypes,
    value: FloatArray,  # (n_sample, n_gene) NaN missing
    cis: Pairs,
) -> tuple[IntArray, IntArray]:  # each (n_edge,): regulator, target
    """Return edges from regulators to the genes that their cis variants act on.

    Parameters
    ----------
    genotypes, value
        Training rows and the genes measured on them, each of which varies.
    cis
        Pairs of a gene and a variant in its cis window.

    Returns
    -------
    regulator, target
        Columns of `value`, at most three regulators per target; no cycles.
    """
    options = LearnOptions(trans=False, variants_per_gene=1, max_p=ANCHOR_P)
    regulation = scan_eqtl(genotypes, value, options, cis)
    nothing = np.zeros(0, dtype=np.int64)
    if regulation.feature.size == 0:
        return nothing, nothing
    prepared = prepare_features(genotypes, value)
    calls = genotypes.call_dosage[:, regulation.variant]
    columns = np.where(calls < 0, 0.0, calls - prepared.mean[regulation.variant])
    rotated = prepared.contrasts.rotate(columns)
    precision = prepared.contrasts.precision(prepared.h2)
    p = np.ones((value.shape[1], regulation.variant.size))
    for anchor in range(regulation.variant.size):
        z = np.broadcast_to(rotated[:, [anchor]], prepared.features.shape)
        p[:, anchor] = associate(z, prepared.features, precision).p
    n_variant = genotypes.n_variant
    near = set((cis.feature * n_variant + cis.variant).tolist())
    gene = np.arange(value.shape[1])
    forbidden = np.array(
        [
            [g * n_variant + v in near for v in regulation.variant.tolist()]
            for g in gene.tolist()
        ]
    )
    return regulator_edges(
        p, regulation.feature, forbidden, max_p=FAMILY_ERROR / max(p.size, 1)
    )


def regulator_edges(
    p: FloatArray,  # (n_gene, n_anchor)
    anchor_gene: IntArray,  # (n_anchor,)
    forbidden: NDArray[np.bool_],  # (n_gene, n_anchor)
    *,
    max_p: float,
    max_regulators: int = MAX_REGULATORS,
) -> tuple[IntArray, IntArray]:  # each (n_edge,): regulator, target
    """Return edges from genes whose cis variant acts on other genes.

    The variant is drawn at birth, so it gives the edge its direction. Two genes
    whose variants act on each other get the edge from the one with more targets:
    the edges cannot close a cycle.

    Parameters
    ----------
    p
        Of the effect of each anchor, the best cis variant of a gene, on every gene.
    anchor_gene
        The gene that the anchor belongs to.
    forbidden
        Pairs not to be joined: the anchor lies in cis to the gene as well.
    max_p
        Largest p value of an edge.
    max_regulators
        Edges kept per target, by p.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[1e-9, 1.0], [1e-5, 1e-9], [1e-6, 1e-7]])
    >>> own = np.array([[True, False], [False, True], [False, False]])
    >>> source, target = regulator_edges(p, np.array([0, 1]), own, max_p=1e-4)
    >>> source.tolist(), target.tolist()
    ([0, 0, 1], [1, 2, 2])
    """
    significant = (p <= max_p) & ~forbidden
    significant[anchor_gene, np.arange(anchor_gene.size)] = False
    n_target = significant.sum(axis=0)
    rank = np.full(p.shape[0], p.shape[0], dtype=np.int64)
    order = np.lexsort((anchor_gene, -n_target))
    rank[anchor_gene[order]] = np.arange(order.size)
    target, anchor = np.nonzero(significant)
    source = anchor_gene[anchor]
    forward = rank[source] < rank[target]
    target, anchor, source = target[forward], anchor[forward], source[forward]
    order = np.lexsort((source, p[target, anchor], target))
    target, source = target[order], source[order]
    first = np.searchsorted(target, target, side="left")
    kept = np.arange(target.size) - first < max_regulators
    source, target = source[kept], target[kept]
    order = np.lexsort((target, source))
    return source[order], target[order]
