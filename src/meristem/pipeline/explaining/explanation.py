"""Explain the network of a run: nodes, genes, variants, with their controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError
from meristem.interpret.attribution.gradients import (
    gene_effects,
    node_effects,
    variant_effects,
)
from meristem.interpret.biology.latent_validation import latent_agreement
from meristem.interpret.biology.scans import gwas
from meristem.interpret.composition import parts_table
from meristem.interpret.importance.held_out import HeldOut, held_out_scan
from meristem.interpret.importance.inclusion import set_inclusion
from meristem.interpret.importance.sensitivity import (
    Sensitivity,
    clamping_sensitivity,
)
from meristem.interpret.importance.shuffled_labels import (
    Corrected,
    chance_importance,
    correct_importance,
)
from meristem.interpret.structure import node_family
from meristem.interpret.tables import gene_table, node_table, variant_table
from meristem.models.protocol import FittedNetwork, as_network
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.explaining.refits import (
    NullFits,
    Refitting,
    held_out_contributions,
    null_importances,
    refitting,
    spread_lines,
)
from meristem.pipeline.explaining.tables import TABLES, Explained, write_evidence
from meristem.pipeline.fitting import load_fitted, training_rows
from meristem.pipeline.prior_scores import with_prior_scores
from meristem.plan.summary import network_json
from meristem.records import NetworkPlan, Phenotypes
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of

OUTPUTS = ("nodes.csv", "genes.csv", "variants.csv", "parts.csv")


@dataclass(frozen=True)
class _Controls:
    """Refits of the network, each taken by itself, without the linear path."""

    null: NullFits | None
    held_out: HeldOut | None


def explain_model(analysis: Analysis) -> None:
    """Write what the network relies on, with its evidence; nothing without a network.

    The tables are those of `docs/run_folder.md` from `nodes.csv` on. Tables that need
    what a run does not have (omics, refits, terms) are left out.
    """
    label = analysis.explained_label
    if not label:
        return
    config = analysis.config
    key = digest(
        analysis.evaluation_key,
        config.explain,
        config.phenotypes.minimise,
        config.predict,
        revision_of(explain_model),
    )
    if analysis.folder.is_done("explain", key):
        return
    with analysis.timed("explain"), threadpool_limits(limits=1):
        _explain(analysis, label)
    learned = ("network.json",) if analysis.explains_learned else ()
    analysis.folder.mark_done("explain", key, OUTPUTS + TABLES + learned)


def _explain(analysis: Analysis, label: str) -> None:
    fitted = as_network(load_fitted(analysis, label))
    if fitted is None:
        raise ConfigError(
            f"{label} has no named nodes to explain",
            where="explain.model",
            remedy="name a network with a graph, or leave the field out",
        )
    train = training_rows(analysis)
    genotypes, phenotypes, plan = train.genotypes, train.phenotypes, fitted.plan
    sensitivity = clamping_sensitivity(
        fitted,
        spread_lines(genotypes),
        clamp_sd=analysis.config.explain.clamp_sd,
        progress=lambda done, total: analysis.notify("nodes", done, total),
    )
    refit = refitting(analysis, label, train, fitted)
    controls = _controls(analysis, label, refit, fitted)
    tested = None
    if controls.held_out is not None:
        tested = held_out_scan(train, controls.held_out, plan)
    effects = variant_effects(fitted, genotypes)
    nodes = node_table(
        plan,
        label,
        phenotypes,
        sensitivity,
        node_effects(fitted, genotypes),
        _agreement(analysis, label),
        _corrected(fitted, sensitivity, controls.null, phenotypes),
        (tested, set_inclusion(fitted)),
    )
    genes = gene_table(
        plan,
        phenotypes,
        gene_effects(plan, effects, genotypes),
        sensitivity,
        None if analysis.knowledge is None else analysis.knowledge.genes,
    )
    variants = variant_table(plan, phenotypes, effects, gwas(train))
    variants = with_prior_scores(variants, analysis.config.priors)
    explained = Explained(
        label=label,
        fitted=fitted,
        train=train,
        sensitivity=sensitivity,
        nodes=nodes,
        genes=genes,
        variants=variants,
        null=None if controls.null is None else controls.null.importance,
        held_out=controls.held_out,
    )
    write_evidence(analysis, explained)
    if analysis.explains_learned:
        drawn = network_json(_labelled(plan, analysis.plan))
        analysis.folder.write_json("network.json", drawn)
    tables = nodes, genes, variants, parts_table(label, fitted)
    for name, frame in zip(OUTPUTS, tables, strict=True):
        analysis.folder.write_table(name, frame)


def _labelled(plan: NetworkPlan, curated: NetworkPlan | None) -> NetworkPlan:
    """Return a plan with the readable names of the knowledge."""
    if curated is None or curated.node_label is None:
        return plan
    known = dict(
        zip(curated.node_name.tolist(), curated.node_label.tolist(), strict=True)
    )
    label = np.array([known.get(name, name) for name in plan.node_name.tolist()])
    return replace(plan, node_label=label)


def _controls(
    analysis: Analysis, label: str, refit: Refitting, fitted: FittedNetwork
) -> _Controls:
    config = analysis.config.explain
    null = held_out = None
    if config.null_fits > 0:
        null = null_importances(analysis, label, refit)
    if config.folds > 0:
        held_out = held_out_contributions(analysis, label, refit, fitted)
    return _Controls(null, held_out)


def _agreement(analysis: Analysis, label: str) -> pd.DataFrame | None:
    """Return how well held-out latents track their measurement, if both exist."""
    if not analysis.folder.file("latents.csv").is_file():
        return None
    latents = analysis.folder.read_table("latents.csv")
    own = latents[latents["model"] == label]
    if own.empty:
        return None
    return latent_agreement(
        own,
        analysis.rng("agreement", label),
        n_permutation=analysis.config.explain.permutations,
    )


def _corrected(
    fitted: FittedNetwork,
    sensitivity: Sensitivity,
    null: NullFits | None,
    phenotypes: Phenotypes,
) -> Mapping[int, Corrected] | None:
    """Return sensitivities beside those of networks of shuffled labels.

    The null networks count as if they had earned the share of the one explained.
    """
    if null is None:
        return None
    corrected = {}
    for target in range(phenotypes.n_target):
        y = phenotypes.value[:, target]
        known = y[~np.isnan(y)]
        importance = null.importance[:, :, target]
        chance = chance_importance(
            importance, null.spread[:, target], float(known.std()), known.size
        )
        corrected[target] = correct_importance(
            sensitivity.node_name,
            sensitivity.mean()[None, :, target],
            importance * fitted.share[target],
            chance=chance * fitted.share[target],
            family=node_family(fitted.plan),
        )
    return corrected
