"""JSON artefacts of a run folder, as the pipeline writes them."""

from __future__ import annotations

import json
from pathlib import Path


def write_json(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def _options(name: str, kind: str) -> dict:
    options = {"name": name, "kind": kind}
    if kind == "binn":
        options["omics"] = "soft" if "+" in name else "none"
    return options


def run_record(models: list[tuple[str, str]], title: str, question: str) -> dict:
    return {
        "contract_version": 1,
        "title": title,
        "question": question,
        "config": {
            "run": {"title": title, "seed": 1},
            "genotypes": {"path": "data/genotypes.vcf.gz", "format": "auto"},
            "models": [_options(name, kind) for name, kind in models],
            "evaluate": {
                "scheme": "kfold",
                "folds": 5,
                "replicates": 2,
                "reference": "gblup",
            },
            "explain": {"top": 30},
        },
        "models": [
            {
                "label": name,
                "deployable": kind != "measured_omics",
                "nodes": kind == "binn",
            }
            for name, kind in models
        ],
        "versions": {"meristem": "0.1.0", "python": "3.11.9", "numpy": "2.4.0"},
        "seeds": {"run": 1},
        "inputs": [
            {
                "role": "genotypes",
                "path": "/home/anna/trial/data/genotypes.vcf.gz",
                "sha256": "9f" * 32,
                "bytes": 48_213,
            },
            {
                "role": "phenotypes",
                "path": "/home/anna/trial/data/phenotypes.csv",
                "sha256": "1c" * 32,
                "bytes": 5_120,
            },
        ],
        "timings": [
            {"stage": "prepare", "seconds": 0.8},
            {"stage": "evaluate", "seconds": 96.4},
        ],
        "started": "2026-11-20T09:12:03+00:00",
        "finished": "2026-11-20T09:14:01+00:00",
        "command": "meristem run analysis.toml",
    }


def data_record(n: int, p: int, targets: list[tuple[str, str]]) -> dict:
    return {
        "genotypes": {
            "samples": n,
            "variants": p,
            "ploidy": 2,
            "missing_share": 0.0123,
            "contigs": 4,
            "source": "data/genotypes.vcf.gz",
        },
        "phenotypes": [
            {"trait": t, "environment": e, "n": n - 12, "mean": 12.1, "sd": 3.4}
            for t, e in targets
        ],
        "omics": [
            {
                "name": "metabolites",
                "features": 5,
                "samples_measured": n // 2,
                "missing_share": 0.5,
                "features_with_node": 5,
            }
        ],
        "groups": [{"name": "family", "labels": 4}],
        "reconciliation": [
            {
                "left": "genotypes",
                "right": "phenotypes",
                "matched": n - 12,
                "dropped_left": 12,
                "dropped_right": 3,
                "duplicated_left": 0,
                "duplicated_right": 0,
                "would_match": {"separators": 1, "case": 2},
                "rules": ["separators", "case"],
                "would_match_together": 3,
                "examples": {
                    "dropped_left": ["L0007", "L-0011"],
                    "dropped_right": ["l0007", "L_0011"],
                    "duplicated_left": [],
                    "duplicated_right": [],
                    "would_match": [
                        ["L0007", "l0007"],
                        ["L-0011", "L_0011"],
                    ],
                },
                "folded": False,
            }
        ],
        "filters": {
            "variants before filters": p,
            "removed: minor allele frequency": 7,
            "variants kept": p - 7,
        },
        "structure": {"explained_share": [0.182, 0.094, 0.051, 0.033]},
    }


def network_record(graph: dict[str, list[str]], variants: int, total: int) -> dict:
    level: dict[str, int] = {}
    for node, parents in graph.items():
        level[node] = 1 + max((level[p] for p in parents), default=-1)
    nodes = [
        {
            "name": node,
            "kind": "term" if parents else "gene",
            "level": level[node],
            "n_variants": 0 if parents else variants,
            "n_parents": len(parents),
        }
        for node, parents in graph.items()
    ]
    edges = [
        {"source": p, "target": n} for n, parents in graph.items() for p in parents
    ]
    counts = {"nodes": len(nodes), "edges": len(edges), "variants": total}
    return {
        "nodes": nodes,
        "edges": edges,
        "counts": counts,
        "hash": "ab12cd34ef567890",
    }
