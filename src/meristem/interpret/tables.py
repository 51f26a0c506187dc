"""The tables of a run folder: nodes.csv, variants.csv, genes.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from meristem.interpret.attribution.gradients import GeneEffects, VariantEffects
from meristem.interpret.importance.sensitivity import Sensitivity
from meristem.interpret.importance.shuffled_labels import Corrected
from meristem.plan.assemble import variant_edges
from meristem.plan.summary import count_parents
from meristem.records import FloatArray, GeneTable, NetworkPlan, Phenotypes, StrArray

NODE_COLUMNS = (
    "node",
    "kind",
    "model",
    "trait",
    "environment",
    "n_variants",
    "n_parents",
    "sensitivity",
    "sensitivity_low",
    "sensitivity_high",
    "null_q",
    "gradient",
    "agreement",
    "agreement_low",
    "agreement_high",
    "agreement_p",
    "measured_in",
    "rank",
    "sensitivity_absolute",
    "null_high",
    "held_slope",
    "held_p",
    "held_q",
    "inclusion",
    "inclusion_fdr",
)
VARIANT_COLUMNS = (
    "variant_id",
    "contig",
    "position",
    "gene",
    "trait",
    "environment",
    "effect_network",
    "effect_polygenic",
    "effect_total",
    "gwas_beta",
    "gwas_p",
)
GENE_COLUMNS = (
    "gene",
    "contig",
    "position",
    "trait",
    "environment",
    "n_variants",
    "effect",
    "sensitivity",
)


def node_table(
    plan: NetworkPlan,
    model: str,
    phenotypes: Phenotypes,
    sensitivity: Sensitivity,
    gradient: FloatArray,  # (n_node, n_target)
    agreement: pd.DataFrame | None = None,
    null: Mapping[int, Corrected] | None = None,
    further: Iterable[pd.DataFrame | None] = (),
) -> pd.DataFrame:
    """Return `nodes.csv`: every latent, one row per target.

    Parameters
    ----------
    plan
        Of the fitted network.
    model
        Label of the model.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    sensitivity
        Of all nodes of the plan.
    gradient
        Effect on the prediction per sd of the latent (`attribution.node_effects`).
    agreement
        From `validation.latent_agreement`; of a node measured by several tables the
        best agreement is kept.
    null
        Target number -> importance corrected by shuffled labels.
    further
        From `held_out.held_out_scan` and `inclusion.set_inclusion`: matched by node,
        trait and environment.
    """
    n_variants, n_parents = count_parents(plan)
    low, high = sensitivity.interval()
    mean, absolute = sensitivity.mean(), sensitivity.absolute.mean(axis=0)
    row = _positions(plan.node_name, sensitivity.node_name)
    frames = []
    for target in range(phenotypes.n_target):
        corrected = (null or {}).get(target)
        frame = pd.DataFrame(
            {
                "node": sensitivity.node_name,
                "kind": plan.node_kind[row],
                "model": model,
                "trait": str(phenotypes.trait_name[target]),
                "environment": str(phenotypes.environment_name[target]),
                "n_variants": n_variants[row],
                "n_parents": n_parents[row],
                "sensitivity": mean[:, target],
                "sensitivity_low": low[:, target],
                "sensitivity_high": high[:, target],
                "null_q": _of_null(sensitivity.node_name, corrected, "q"),
                "gradient": gradient[row, target],
                "rank": pd.Series(-mean[:, target]).rank(method="min").astype(int),
                "sensitivity_absolute": absolute[:, target],
                "null_high": _of_null(sensitivity.node_name, corrected, "high"),
            }
        )
        frames.append(frame.sort_values("rank", kind="stable"))
    table = pd.concat(frames, ignore_index=True)
    table = _with_agreement(table, agreement)
    key = ["node", "trait", "environment"]
    for given in further:
        if given is not None:
            table = table.merge(given, on=key, how="left")
    return table.reindex(columns=list(NODE_COLUMNS))


def variant_table(
    plan: NetworkPlan,
    phenotypes: Phenotypes,
    effects: VariantEffects,
    gwas: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return `variants.csv`: every variant, one row per target.

    Parameters
    ----------
    plan
        Of the fitted network; `gene` names the nodes that read a variant, `;` between.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    effects
        From `attribution.variant_effects`.
    gwas
        From `scans.gwas`; matched by variant, trait and environment.
    """
    variants = plan.variants
    gene = _readers(plan)
    row = _positions(variants.variant_id, effects.variant_id)
    frames = [
        pd.DataFrame(
            {
                "variant_id": effects.variant_id,
                "contig": variants.variant_contig[row],
                "position": variants.variant_position[row],
                "gene": gene[row],
                "trait": str(phenotypes.trait_name[target]),
                "environment": str(phenotypes.environment_name[target]),
                "effect_network": effects.network[:, target],
                "effect_polygenic": effects.polygenic[:, target],
                "effect_total": effects.total[:, target],
            }
        )
        for target in range(phenotypes.n_target)
    ]
    table = pd.concat(frames, ignore_index=True)
    if gwas is None:
        return table.assign(gwas_beta=np.nan, gwas_p=np.nan)[list(VARIANT_COLUMNS)]
    key = ["variant_id", "trait", "environment"]
    found = gwas[[*key, "beta", "p"]].rename(
        columns={"beta": "gwas_beta", "p": "gwas_p"}
    )
    return table.merge(found, on=key, how="left")[list(VARIANT_COLUMNS)]


def gene_table(
    plan: NetworkPlan,
    phenotypes: Phenotypes,
    effects: GeneEffects,
    sensitivity: Sensitivity,
    genes: GeneTable | None = None,
) -> pd.DataFrame:
    """Return `genes.csv`: every gene of the network, one row per target.

    Parameters
    ----------
    plan
        Of the fitted network.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    effects
        From `attribution.gene_effects`.
    sensitivity
        Of the nodes; genes outside it have none.
    genes
        Gene positions; a gene it lacks is placed at the middle of its variants.
    """
    contig, position = _gene_places(plan, effects, genes)
    mean = sensitivity.mean()
    frames = [
        pd.DataFrame(
            {
                "gene": effects.gene_id,
                "contig": contig,
                "position": position,
                "trait": str(phenotypes.trait_name[target]),
                "environment": str(phenotypes.environment_name[target]),
                "n_variants": effects.n_variants,
                "effect": effects.effect[:, target],
                "sensitivity": _matched(
                    effects.gene_id, sensitivity.node_name, mean[:, target]
                ),
            }
        )
        for target in range(phenotypes.n_target)
    ]
    return pd.concat(frames, ignore_index=True)[list(GENE_COLUMNS)]


def _positions(names: StrArray, wanted: StrArray) -> np.ndarray:
    return pd.Index(names).get_indexer(pd.Index(wanted))


def _matched(wanted: StrArray, names: StrArray, values: FloatArray) -> FloatArray:
    """Return the values of the wanted names; NaN where there is none."""
    row = _positions(names, wanted)
    return np.where(row >= 0, values[row], np.nan)


def _of_null(
    names: StrArray, corrected: Corrected | None, part: str
) -> FloatArray | float:
    if corrected is None:
        return float("nan")
    return _matched(names, corrected.node_name, getattr(corrected, part))


def _with_agreement(
    table: pd.DataFrame, agreement: pd.DataFrame | None
) -> pd.DataFrame:
    given = ["agreement", "agreement_low", "agreement_high", "agreement_p"]
    if agreement is None or agreement.empty:
        return table.assign(**dict.fromkeys(given, np.nan), measured_in="")
    best = agreement.sort_values("agreement", ascending=False).drop_duplicates("node")
    best = best.rename(columns={"omics": "measured_in"})
    merged = table.merge(best[["node", *given, "measured_in"]], on="node", how="left")
    return merged.assign(measured_in=merged["measured_in"].fillna(""))


def _readers(plan: NetworkPlan) -> np.ndarray:
    """Return the names of the nodes that read each variant, `;` between."""
    node, variant = variant_edges(plan)
    names: list[list[str]] = [[] for _ in range(plan.variants.n_variant)]
    for reader, column in zip(node.tolist(), variant.tolist(), strict=True):
        names[column].append(str(plan.node_name[reader]))
    return np.array([";".join(sorted(readers)) for readers in names], dtype=object)


def _gene_places(
    plan: NetworkPlan, effects: GeneEffects, genes: GeneTable | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return contig and position (bp, middle of the gene) of every gene."""
    node, variant = variant_edges(plan)
    variants = plan.variants
    order = np.argsort(node, kind="stable")
    node, variant = node[order], variant[order]
    known = {} if genes is None else {str(g): k for k, g in enumerate(genes.gene_id)}
    contig = np.full(effects.gene_id.size, "", dtype=object)
    position = np.zeros(effects.gene_id.size, dtype=np.int64)
    for place, (name, number) in enumerate(
        zip(effects.gene_id.tolist(), effects.node.tolist(), strict=True)
    ):
        if genes is not None and name in known:
            row = known[name]
            contig[place] = str(genes.gene_contig[row])
            position[place] = (genes.gene_start[row] + genes.gene_end[row]) // 2 + 1
            continue
        first, last = np.searchsorted(node, [number, number + 1])
        members = variant[first:last]
        contigs = np.unique(variants.variant_contig[members])
        # variants of several contigs have no middle
        if contigs.size == 1:
            contig[place] = str(contigs[0])
            middle = np.median(variants.variant_position[members])
            position[place] = int(middle)
    return contig, position
