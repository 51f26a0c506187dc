"""Whether what a node adds to a prediction follows the trait, on lines left out.

Sensitivity says what a network does with a node, true or not. Here every line gets the
contributions of a network that was trained without it, and the trait is regressed on
them under the same mixed model as GWAS and TWAS: one test per node, comparable with
one per marker and one per feature. A node that only fits noise has contributions that
are unrelated to the lines left out, however important it is in training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from meristem.genetics.relationship import relationship_matrix
from meristem.interpret.structure import node_family, upstream_variants
from meristem.mixed.scan import associate_all, error_contrasts, restricted_h2
from meristem.records import (
    Dataset,
    FloatArray,
    IntArray,
    NetworkPlan,
    StrArray,
)
from meristem.stats.correlation import MIN_ROWS
from meristem.stats.discoveries import q_within

HELD_OUT_COLUMNS = ("node", "trait", "environment", "held_slope", "held_p", "held_q")

WIDE = 0.05
"""Nodes with more than this share of the variants below them get their own K."""

MOST_KERNELS = 50
"""Kernels made, for the widest nodes first; the others share that of all variants."""

SPOKEN_TWICE = 2.0
"""Variance of a sum over folds that learn from each other, over that of fixed ones."""


@dataclass(frozen=True)
class HeldOut:
    """Contributions to lines by networks that were not trained on them."""

    node_name: StrArray  # (n_node,)
    fold: IntArray  # (n_sample,) which network; -1 where none left the line out
    contribution: FloatArray  # (n_sample, n_node, n_target) units of the trait
    latent: FloatArray  # (n_sample, n_node) in the signs of one network of all lines
    importance: FloatArray  # (n_fold, n_node, n_target) of each of the networks


def held_out_scan(
    dataset: Dataset,
    held_out: HeldOut,
    plan: NetworkPlan,
) -> pd.DataFrame:
    """Test every node for contributions that predict lines not seen.

    y = fold + b c + u + e with u ~ N(0, s K) and c the contributions of one node. K is
    the relationship by the variants that are not below the node: those below it would
    take away what is tested. For nodes with few variants below, one K of all variants
    serves. The test is one-sided: contributions against the trait are no evidence.

    The contributions of every fold were learned from the traits of the others, so that
    each pair of folds speaks twice: for a linear learner without any signal,
    sum_kl y_k' A_kl y_l has twice the variance that a regression on fixed
    contributions would give it. The t value is divided by sqrt(2) for that.

    Parameters
    ----------
    dataset
        The rows of `held_out`.
    held_out
        Contributions, each by a network trained without the line.
    plan
        Of the network, compiled for the variants of the dataset.

    Returns
    -------
    DataFrame
        One row per node and target: `held_slope` (1 where contributions have their
        true size), `held_p`, `held_q` (false discovery rate over genes, and over
        the nodes above them). A node that contributes nothing has no slope and a p of
        1; a target with too few rows is left out.

    References
    ----------
    Bengio & Grandvalet 2004, J Mach Learn Res 5:1089 (dependence between folds);
    Gamazon et al. 2015, Nat Genet 47:1091 (association of a predicted intermediate);
    Kang et al. 2010, Nat Genet 42:348 (the mixed model); Listgarten et al. 2012, Nat
    Methods 9:525 (kernels without what is tested).
    """
    frames = []
    phenotypes = dataset.phenotypes
    kernels = _Kernels(dataset, plan)
    for target in range(phenotypes.n_target):
        y = phenotypes.value[:, target]
        rows = np.flatnonzero((held_out.fold >= 0) & ~np.isnan(y))
        n_fold = np.unique(held_out.fold[rows]).size
        if rows.size < n_fold + MIN_ROWS:
            continue
        slope, p = _scan(dataset, held_out, target, rows, kernels)
        frames.append(
            pd.DataFrame(
                {
                    "node": held_out.node_name,
                    "trait": str(phenotypes.trait_name[target]),
                    "environment": str(phenotypes.environment_name[target]),
                    "held_slope": slope,
                    "held_p": p,
                    "held_q": q_within(p, node_family(plan)),
                }
            )
        )
    if not frames:
        return pd.DataFrame(columns=list(HELD_OUT_COLUMNS))
    return pd.concat(frames, ignore_index=True)


def _scan(
    dataset: Dataset,
    held_out: HeldOut,
    target: int,
    rows: IntArray,
    kernels: _Kernels,
) -> tuple[FloatArray, FloatArray]:  # each (n_node,)
    """Return slope and one-sided p of every node."""
    # the networks differ in their averages: lines are compared within folds
    _, fold = np.unique(held_out.fold[rows], return_inverse=True)
    fixed = np.eye(int(fold.max()) + 1)[fold]
    weight = dataset.phenotypes.weight[rows, target]
    y = dataset.phenotypes.value[rows, target]
    slope = np.full(held_out.node_name.size, np.nan)
    p = np.ones(slope.size)
    for nodes, kernel in kernels.of(rows):
        contrasts = error_contrasts(kernel, fixed=fixed, weight=weight)
        h2 = float(restricted_h2(contrasts.values, contrasts.rotate(y[:, None]))[0])
        columns = held_out.contribution[:, :, target][np.ix_(rows, nodes)]
        found = associate_all(contrasts, columns, y, h2)
        slope[nodes] = found.beta
        known = ~np.isnan(found.beta)
        error = np.maximum(found.se[known], np.finfo(float).tiny)
        t = found.beta[known] / error / np.sqrt(SPOKEN_TWICE)
        p[nodes[known]] = scipy.stats.t.sf(t, contrasts.n_contrast - 1)
    return slope, p


class _Kernels:
    """Relationship matrices without the variants below a node."""

    def __init__(self, dataset: Dataset, plan: NetworkPlan) -> None:
        self.genotypes = dataset.genotypes
        below = upstream_variants(plan)
        share = below.sum(axis=1) / max(plan.variants.n_variant, 1)
        wide = np.flatnonzero(np.asarray(share).ravel() > WIDE)
        widest = wide[np.argsort(-np.asarray(share).ravel()[wide], kind="stable")]
        alike: dict[bytes, list[int]] = {}
        for node in widest.tolist():
            columns = np.sort(
                below.indices[below.indptr[node] : below.indptr[node + 1]]
            )
            alike.setdefault(columns.tobytes(), []).append(node)
        self.without = [
            (np.array(nodes), np.frombuffer(key, dtype=below.indices.dtype))
            for key, nodes in list(alike.items())[:MOST_KERNELS]
        ]
        own = np.zeros(plan.n_node, dtype=bool)
        for nodes, _ in self.without:
            own[nodes] = True
        rest = np.flatnonzero(~own)
        self.without.append((rest, np.zeros(0, dtype=np.int64)))

    def of(self, rows: IntArray) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield nodes with their kernel of the rows."""
        dosage = self.genotypes.call_dosage[rows]
        for nodes, columns in self.without:
            if nodes.size == 0:
                continue
            kept = np.ones(dosage.shape[1], dtype=bool)
            kept[columns] = False
            kernel = np.zeros((rows.size, rows.size))
            if kept.any():
                kernel = relationship_matrix(
                    dosage[:, kept], ploidy=self.genotypes.ploidy
                )
            yield nodes, kernel
