"""Expression of genes from genotypes: cis variants, and regulators in trans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class ExpressionLaw:
    """Which variants and regulators make the genetic expression of each gene."""

    cis_variant: IntArray  # (n_gene, n_cis) positions in the variant table
    cis_effect: FloatArray  # (n_gene, n_cis) on standardised dosage
    regulator: IntArray  # (n_regulator,) genes, sorted
    regulator_of: IntArray  # (n_gene, n_trans) genes
    trans_effect: FloatArray  # (n_gene, n_trans) 0 for regulators themselves


def standardise(values: FloatArray) -> FloatArray:
    """Return columns with mean 0 and variance 1; constant columns become 0."""
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0)
    return centred / np.where(spread > 1e-12, spread, 1.0)


def nearest_variants(
    gene_position: IntArray,  # (n_gene,)
    gene_chromosome: IntArray,  # (n_gene,)
    variant_position: IntArray,  # (n_variant,) ascending within its chromosome
    variant_chromosome: IntArray,  # (n_variant,) ascending
    window: int,
) -> IntArray:  # (n_gene, window)
    """Return the `window` nearest variants of each gene, all on its chromosome."""
    chosen = np.empty((gene_position.size, window), dtype=np.int64)
    for chromosome in np.unique(gene_chromosome):
        on = np.flatnonzero(variant_chromosome == chromosome)
        for gene in np.flatnonzero(gene_chromosome == chromosome):
            distance = np.abs(variant_position[on] - gene_position[gene])
            nearest = np.argpartition(distance, window - 1)[:window]
            chosen[gene] = np.sort(on[nearest])
    return chosen


def draw_expression_law(
    window: IntArray,  # (n_gene, n_window) variants of the cis window
    varying: NDArray[np.bool_],  # (n_variant,)
    *,
    n_cis: int,
    n_regulator: int,
    n_trans: int,
    trans_scale: float,
    rng: np.random.Generator,
) -> ExpressionLaw:
    """Draw causal variants, regulators and normal effects.

    Parameters
    ----------
    window
        Variants of the cis window of each gene.
    varying
        Variants that differ between lines; others are causal only where the window
        holds too few.
    n_cis
        Causal variants per gene.
    n_regulator, n_trans
        Regulators in all, and regulators that act on each other gene.
    trans_scale
        Standard deviation of a regulator's effect on standardised expression.
    rng
        The only source of randomness.
    """
    n_gene = window.shape[0]
    # Varying variants first, at random among themselves.
    rank = np.argsort(rng.random(window.shape) + ~varying[window], axis=1)
    cis_variant = np.take_along_axis(window, rank[:, :n_cis], axis=1)
    regulator = np.sort(rng.choice(n_gene, n_regulator, replace=False))
    draw = np.argsort(rng.random((n_gene, n_regulator)), axis=1)[:, :n_trans]
    trans_effect = trans_scale * rng.standard_normal((n_gene, n_trans))
    trans_effect[regulator] = 0.0
    return ExpressionLaw(
        cis_variant=cis_variant,
        cis_effect=rng.standard_normal(cis_variant.shape),
        regulator=regulator,
        regulator_of=regulator[draw],
        trans_effect=trans_effect,
    )


def genetic_expression(
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
    law: ExpressionLaw,
) -> FloatArray:  # (n_sample, n_gene) mean 0, variance 1
    """Return the genetic expression of every gene.

    The cis part is scaled to variance 1, then each gene that is no regulator gets
    the weighted expression of its regulators, and all is scaled to variance 1.
    """
    cis = np.zeros((dosage.shape[0], law.cis_variant.shape[0]))
    for k in range(law.cis_variant.shape[1]):
        columns = standardise(dosage[:, law.cis_variant[:, k]].astype(np.float64))
        cis += columns * law.cis_effect[:, k]
    cis = standardise(cis)
    total = cis.copy()
    for k in range(law.regulator_of.shape[1]):
        total += cis[:, law.regulator_of[:, k]] * law.trans_effect[:, k]
    return standardise(total)
