"""Gradient-based effects of variants, genes and nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.genetics.frequency import dosage_moments
from meristem.models.protocol import FittedNetwork
from meristem.plan.assemble import variant_edges
from meristem.records import FloatArray, Genotypes, IntArray, NetworkPlan, StrArray


@dataclass(frozen=True)
class VariantEffects:
    """Mean change of the prediction per copy of the counted allele."""

    variant_id: StrArray  # (n_variant,) of the training data
    network: FloatArray  # (n_variant, n_target) through the network
    polygenic: FloatArray  # (n_variant, n_target) along the linear path

    @property
    def total(self) -> FloatArray:
        """Both paths together, shape (n_variant, n_target)."""
        return self.network + self.polygenic


@dataclass(frozen=True)
class GeneEffects:
    """What the variants of each gene explain of the predictions together."""

    gene_id: StrArray  # (n_gene,)
    node: IntArray  # (n_gene,) number in the plan
    n_variants: IntArray  # (n_gene,)
    effect: FloatArray  # (n_gene, n_target) sd over samples, in units of the trait


def variant_effects(fitted: FittedNetwork, genotypes: Genotypes) -> VariantEffects:
    """Return the mean gradient of the prediction for every variant.

    Parameters
    ----------
    fitted
        A fitted network.
    genotypes
        Samples to average over.

    Returns
    -------
    VariantEffects
        In units of the trait per allele copy.
    """
    network, polygenic = fitted.dosage_gradient(genotypes)
    return VariantEffects(fitted.plan.variants.variant_id, network, polygenic)


def gene_nodes(plan: NetworkPlan) -> IntArray:
    """Return the numbers of the nodes that stand for genes.

    Those of kind `gene`; in a graph without any, the nodes that read variants.
    """
    genes = np.flatnonzero(plan.node_kind == "gene")
    if genes.size > 0:
        return genes
    node, _ = variant_edges(plan)
    return np.unique(node)


def gene_effects(
    plan: NetworkPlan,
    effects: VariantEffects,
    genotypes: Genotypes,
) -> GeneEffects:
    """Return, per gene, the sd over samples of its variants' summed effects.

    Signs and linkage are taken into account: two variants that cancel leave nothing,
    two that always travel together add up. A missing call counts as the mean.

    Parameters
    ----------
    plan
        Of the fitted network.
    effects
        Of the same network.
    genotypes
        Samples; variants are matched by id, absent ones contribute nothing.
    """
    genes = gene_nodes(plan)
    node, variant = variant_edges(plan)
    column_of = {str(name): k for k, name in enumerate(genotypes.variants.variant_id)}
    n_target = effects.total.shape[1]
    effect = np.zeros((genes.size, n_target))
    count = np.zeros(genes.size, dtype=np.int64)
    order = np.argsort(node, kind="stable")
    node, variant = node[order], variant[order]
    first = np.searchsorted(node, genes, side="left")
    last = np.searchsorted(node, genes, side="right")
    for place in range(genes.size):
        members = variant[first[place] : last[place]]
        count[place] = members.size
        names = plan.variants.variant_id[members]
        found = [k for k, name in enumerate(names) if str(name) in column_of]
        columns = [column_of[str(names[k])] for k in found]
        centred = centred_dosage(genotypes.call_dosage[:, columns])
        score = centred @ effects.total[members[found]]  # (n_sample, n_target)
        effect[place] = score.std(axis=0)
    return GeneEffects(plan.node_name[genes], genes, count, effect)


def centred_dosage(
    call_dosage: np.ndarray,  # (n_sample, n_variant) int8
) -> FloatArray:  # (n_sample, n_variant)
    """Return dosage minus its mean over the calls; a missing call becomes 0."""
    mean = dosage_moments(call_dosage).mean
    return np.where(call_dosage < 0, 0.0, call_dosage - mean)


def node_effects(
    fitted: FittedNetwork,
    genotypes: Genotypes,
) -> FloatArray:  # (n_node, n_target)
    """Return the mean change of the prediction per sd of each latent.

    Members' signs are aligned to the ensemble's latent before averaging, so that a
    member whose latent runs the other way does not cancel the others.
    """
    gradient = fitted.node_gradient(genotypes)  # (n_member, n_node, n_target)
    latent = fitted.member_latents(genotypes)  # (n_member, n_sample, n_node)
    mean = fitted.latents(genotypes).value  # (n_sample, n_node)
    step = member_signs(latent, mean) * latent.std(axis=1)  # (n_member, n_node)
    return (gradient * step[:, :, None]).mean(axis=0)


def member_signs(
    latent: FloatArray,  # (n_member, n_sample, n_node)
    mean: FloatArray,  # (n_sample, n_node) of the ensemble
) -> FloatArray:  # (n_member, n_node) 1 or -1
    """Return on which side of the ensemble's latent each member's latent runs."""
    centred = latent - latent.mean(axis=1, keepdims=True)
    along = np.einsum("msj,sj->mj", centred, mean - mean.mean(axis=0))
    return np.where(along < 0, -1.0, 1.0)
