"""Complete run folders: one like the shoot-branching example, one large and odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from tests.report.fabricated import evidence, records, tables

HOSTILE = tables.HOSTILE
TARGET = ("days to bud outgrowth", "")
KINDS = {
    "ridge": "ridge",
    "gblup": "gblup",
    "dense": "dense",
    "binn": "binn",
    "binn+metabolites": "binn",
    "measured metabolites": "measured_omics",
}
QUALITY = dict(zip(KINDS, (0.62, 0.63, 0.45, 0.8, 0.92, 0.97), strict=True))
ARMS = {
    "binn+metabolites-shuffled-graph": 0.66,
    "binn+metabolites-random-graph": 0.6,
    "binn+metabolites-dense-equal": 0.5,
    "binn+metabolites-shuffled-omics": 0.78,
    "binn+metabolites-no-omics": 0.81,
}
INGREDIENTS = dict(
    zip(ARMS, ("structure", "structure", "capacity", "omics", "omics"), strict=True)
)


def shoot_graph() -> dict[str, list[str]]:
    graph: dict[str, list[str]] = {f"QTL_{c}": [] for c in ("A", "S", "CK", "SL")}
    graph |= {"A": ["QTL_A"], "S": ["QTL_S"], "CK": ["QTL_CK", "A", "S"]}
    graph |= {"SL": ["QTL_SL", "A"], "I": ["CK", "SL", "S"]}
    return graph | {"bud sugar signal": ["S"], "outgrowth": ["I", "bud sugar signal"]}


def learning_rows(rng: np.random.Generator) -> pd.DataFrame:
    frames = []
    for mark, half, sizes in (("n", 30, (40, 80, 160)), ("p", 9, (10, 20))):
        for size in sizes:
            worse = {label: q * size / (size + half) for label, q in QUALITY.items()}
            rows = tables.predictions_of(rng, worse, [TARGET], 200, 5, 1)
            frames.append(rows.assign(split=f"kfold:{mark}={size}"))
    return pd.concat(frames)


def fabricate_small(folder: Path) -> Path:
    """Return a shoot-branching-like run: 6 models, 11 nodes, 40 variants, controls."""
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    predictions = tables.predictions_of(rng, QUALITY | ARMS, [TARGET], 200, 5, 2)
    predictions = pd.concat([predictions, learning_rows(rng)])
    scores = tables.score_rows(predictions)
    own = scores[scores["split"] == "kfold"]
    within = pd.concat([own.assign(group=f"family={c}") for c in "ABCD"])
    within["value"] *= 0.9
    network = records.network_record(shoot_graph(), 10, 40)
    question = "Does knowing the hormone network predict bud outgrowth better?"
    record = records.run_record(list(KINDS.items()), "Shoot branching", question)
    variants, genes = tables.variant_rows(rng, ["1", "2", "3", "4"], 10, 8, [TARGET])
    nodes = tables.node_rows(rng, network, [TARGET])
    refused = {"measured metabolites"}
    genes_known = {"n_gene": 4, "n_unknown": 2, "unknown": ["SLx", "S<y"]}
    quality = {"n_node": 11, "depth": 5, "genes": genes_known}
    records.write_json(folder, "run.json", record)
    records.write_json(folder, "data.json", records.data_record(200, 40, [TARGET]))
    records.write_json(folder, "network.json", network)
    records.write_json(folder, "knowledge.json", quality)
    records.write_json(
        folder, "verdicts.json", tables.verdict_rows(scores, "gblup", refused)
    )
    tables.write_tables(
        folder,
        scores=pd.concat([scores, within]),
        predictions=predictions,
        structure=tables.structure_rows(rng, 200, 4),
        nodes=nodes,
        variants=variants,
        genes=genes,
        latents=pd.concat(
            tables.latent_rows(rng, ["A", "S", "CK", "SL", "I"], 100, model)
            for model in ("binn", "binn+metabolites")
        ),
        latent_validation=tables.validation_rows(
            rng, ["A", "S", "CK", "SL", "I"], TARGET
        ),
        intervals=tables.interval_rows(list(KINDS), [TARGET]),
        relatedness=tables.relatedness_rows(),
        controls=tables.control_rows(INGREDIENTS, "binn+metabolites", TARGET),
        variance_components=tables.component_rows([TARGET]),
        tuning=tables.tuning_rows(),
        representation=tables.represented_rows(),
        convergence=tables.convergence_rows([TARGET]),
        variant_inclusion=tables.inclusion_rows(rng, [TARGET]),
        variant_classes=tables.class_rows([TARGET]),
        candidates=tables.candidate_rows(
            predictions[predictions["model"].isin(list(KINDS)[:-1])]
        ),
        **evidence.tables_of(rng, network, nodes, [TARGET]),
    )
    return folder


def fabricate_large(folder: Path, each: int = 200, many: int = 1500) -> Path:
    """Return a yeast-like run: 12 models, 5 targets, many nodes, odd names, NaN."""
    rng = np.random.default_rng(11)
    folder.mkdir(parents=True, exist_ok=True)
    traits = [(f"YBL{i:03d}C", env) for i in range(2) for env in ("ethanol", "glucose")]
    targets = [*traits, (HOSTILE, "ethanol")]
    labels = ["gblup", "binn", "dense", HOSTILE]
    labels += [f"a model with quite a long name, number {i}" for i in range(8)]
    quality = {label: 0.35 + 0.03 * i for i, label in enumerate(labels)}
    predictions = tables.predictions_of(rng, quality, targets, 109, 5, 2)
    predictions.loc[::97, "predicted"] = np.nan
    scores = tables.score_rows(predictions.dropna(subset=["predicted"]))
    graph: dict[str, list[str]] = {f"Y{i:05d}": [] for i in range(many)}
    genes = list(graph)
    for i in range(60):
        graph[f"GO:{i:07d}"] = list(rng.choice(genes, 40, replace=False))
    terms = list(graph)[many:]
    for i in range(60, 90):
        graph[f"GO:{i:07d}"] = list(rng.choice(terms, 6, replace=False))
    network = records.network_record(graph, 2, 16 * each)
    for node in network["nodes"]:
        if node["kind"] == "term":
            node["label"] = f"carbohydrate metabolic process {node['name'][-2:]}"
    models = [(label, "gblup" if i == 0 else "binn") for i, label in enumerate(labels)]
    record = records.run_record(models, f"Yeast {HOSTILE}", "Why?")
    nodes = tables.node_rows(rng, network, targets[:2])
    many_measured = nodes["node"].str.endswith("0")
    nodes.loc[many_measured, "agreement"] = rng.random(int(many_measured.sum()))
    contigs = [f"chr{c}" for c in range(1, 17)]
    variants, gene_table = tables.variant_rows(rng, contigs, each, many, targets)
    records.write_json(folder, "run.json", record)
    records.write_json(
        folder, "data.json", records.data_record(109, 16 * each, targets)
    )
    records.write_json(folder, "network.json", network)
    records.write_json(
        folder, "verdicts.json", tables.verdict_rows(scores, "gblup", {"dense"})
    )
    tables.write_tables(
        folder,
        scores=scores,
        predictions=predictions,
        structure=tables.structure_rows(rng, 109, 14),
        nodes=nodes,
        variants=variants,
        genes=gene_table,
        latents=tables.latent_rows(rng, terms[:30], 60, "binn+metabolites"),
        candidates=tables.candidate_rows(predictions.dropna()),
        **evidence.tables_of(rng, network, nodes, targets[:2]),
    )
    return folder
