"""Why a table is not in a run folder: what was not asked for, or cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meristem.report.artefacts import Artefacts

_UNEXPLAINED = "nothing was explained: use meristem run, or meristem explain"
_NO_NETWORK = "no model of the run is a network with a graph"
_NO_SHARE = "no model of the run was compared: use meristem run, or meristem evaluate"
_COMPARED = frozenset(
    "scores predictions intervals verdicts splits relatedness".split()
)
_EXPLAINED = frozenset(
    "nodes variants genes parts evidence interactions stability gain attribution "
    "line_explanations agreement_by_sensitivity enrichment".split()
)


def missing_reasons(artefacts: Artefacts) -> dict[str, list[str]]:
    """Return reason -> the artefacts that are not there for it; "" if none is known."""
    by_reason: dict[str, list[str]] = {}
    for name in artefacts.absent:
        by_reason.setdefault(_reason(name, artefacts), []).append(name)
    return by_reason


def _reason(name: str, artefacts: Artefacts) -> str:
    table = name.split(".")[0]
    config: Mapping[str, Any] = artefacts.run.get("config") or {}
    knows = bool(config.get("knowledge"))
    models = artefacts.run.get("models") or []
    network = any(model.get("nodes") for model in models)
    explain: Mapping[str, Any] = config.get("explain") or {}
    if table == "knowledge":
        return "" if knows else "the configuration names no knowledge"
    if table in ("network", *_EXPLAINED) and not network:
        return _NO_NETWORK
    if table in _EXPLAINED and artefacts.nodes.empty:
        return _UNEXPLAINED
    if table in _COMPARED:
        return _NO_SHARE
    if table in ("latents", "latent_validation", "agreement_by_sensitivity"):
        return _unmeasured(config)
    if table == "gain" and not explain.get("folds"):
        return "explain.folds is 0"
    asked: Mapping[str, Any] = config.get("predict") or {}
    if table == "candidates" and (asked.get("genotypes") or asked.get("hybrids")):
        return "new lines are predicted by meristem run"
    reasons = {
        "controls": "not asked for: meristem evaluate --controls",
        "candidates": "every genotyped line has a phenotype, and no new lines are "
        "named under [predict]",
        "enrichment": "it needs 20 genes in the network and terms above them",
        "gain": "no node reads several others, or too few lines were left out",
        "covariate_effects": "effects on all lines are written by meristem run",
        "convergence": "no model on all lines was fitted by sampling",
        "variant_inclusion": "no model gives chances that variants act",
        "variant_classes": "no model of variants has an annotation",
        "tuning": "no options are searched: [tune] asks for it",
        "representation": "no model was handed omics that are represented",
        "shares": "no model on all lines is a mixture",
        "variance_components": "no model on all lines estimates them",
        "network": "no graph was compiled: a learned one is drawn once it is explained",
    }
    return reasons.get(table, "")


def _unmeasured(config: Mapping[str, Any]) -> str:
    """Say why no latent stands beside a measurement."""
    tables = config.get("omics") or []
    if not tables:
        return "the configuration names no omics"
    if all(
        one.get("represent", "none") != "none" and one.get("gives") == "factors"
        for one in tables
    ):
        return (
            "nodes are taught by factors, and features alone are measured on lines "
            'left out: gives = "cleaned" teaches nodes that are features'
        )
    return "no omics feature measures a node of a network on lines left out"
