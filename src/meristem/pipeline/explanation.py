"""Explain the network of a run: nodes, genes, variants, with their controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.evaluate.splits import inner_splits
from meristem.interpret.attribution import gene_effects, node_effects, variant_effects
from meristem.interpret.scans import gwas
from meristem.interpret.sensitivity import Sensitivity, clamping_sensitivity
from meristem.interpret.stability import (
    Corrected,
    correct_importance,
    null_importance,
)
from meristem.interpret.structure import node_size
from meristem.interpret.tables import gene_table, node_table, variant_table
from meristem.interpret.validation import latent_agreement
from meristem.models.protocol import FittedNetwork
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.final import load_fitted, training_rows
from meristem.pipeline.folder import digest
from meristem.records import Dataset

OUTPUTS = ("nodes.csv", "genes.csv", "variants.csv")


def explain_model(analysis: Analysis) -> None:
    """Write `nodes.csv`, `genes.csv` and `variants.csv`; nothing without a network."""
    label = analysis.explained_label
    if not label:
        return
    parts = analysis.config.explain.model_dump(mode="json")
    key = digest(analysis.evaluation_key, parts)
    if analysis.folder.is_done("explain", key, OUTPUTS):
        return
    with analysis.timed("explain"):
        _explain(analysis, label)
    analysis.folder.mark_done("explain", key)


def _explain(analysis: Analysis, label: str) -> None:
    fitted = load_fitted(analysis, label)
    if not isinstance(fitted, FittedNetwork):
        raise ConfigError(
            f"{label} has no named nodes to explain",
            where="explain.model",
            remedy="name a model of kind binn, or leave the field out",
        )
    train = training_rows(analysis)
    genotypes, phenotypes, plan = train.genotypes, train.phenotypes, fitted.plan
    config = analysis.config.explain
    sensitivity = clamping_sensitivity(fitted, genotypes, clamp_sd=config.clamp_sd)
    effects = variant_effects(fitted, genotypes)
    nodes = node_table(
        plan,
        label,
        phenotypes,
        sensitivity,
        node_effects(fitted, genotypes),
        _agreement(analysis, label),
        _null(analysis, label, train, sensitivity, fitted),
    )
    genes = gene_table(
        plan,
        phenotypes,
        gene_effects(plan, effects, genotypes),
        sensitivity,
        None if analysis.knowledge is None else analysis.knowledge.genes,
    )
    variants = variant_table(plan, phenotypes, effects, gwas(train))
    for name, frame in zip(OUTPUTS, (nodes, genes, variants), strict=True):
        analysis.folder.write_table(name, frame)


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


def _null(
    analysis: Analysis,
    label: str,
    train: Dataset,
    sensitivity: Sensitivity,
    fitted: FittedNetwork,
) -> Mapping[int, Corrected] | None:
    """Return sensitivities corrected by networks trained on permuted phenotypes."""
    config = analysis.config.explain
    if config.null_fits == 0:
        return None
    predictor = dict(analysis.predictors)[label]
    inner = inner_splits(train, analysis.config.evaluate, analysis.rng("inner", label))

    def refit(shuffled: Dataset, rng: np.random.Generator) -> FittedNetwork:
        return cast(FittedNetwork, predictor.fit(shuffled, rng=rng, inner=inner))

    def importance(network: FittedNetwork) -> np.ndarray:
        return clamping_sensitivity(
            network,
            train.genotypes,
            clamp_sd=config.clamp_sd,
        ).mean()

    null = null_importance(
        refit,
        importance,
        train,
        analysis.rng("null", label),
        n_null=config.null_fits,
        progress=lambda done, total: analysis.notify("null networks", done, total),
    )  # (n_null, n_node, n_target)
    size = node_size(fitted.plan).n_upstream
    mean = sensitivity.mean()
    return {
        target: correct_importance(
            sensitivity.node_name, mean[None, :, target], null[:, :, target], size
        )
        for target in range(mean.shape[1])
    }
