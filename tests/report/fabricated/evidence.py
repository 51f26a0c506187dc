"""Tables of the evidence for a network, made from a seed: the shapes are real."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.interpret.attribution.shares import ATTRIBUTION_COLUMNS
from meristem.interpret.importance.interactions import INTERACTION_COLUMNS
from meristem.interpret.importance.stability import STABILITY_COLUMNS
from meristem.pipeline.explaining.tables import LINE_COLUMNS

Targets = list[tuple[str, str]]


def bh(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def gene_evidence_rows(
    rng: np.random.Generator, genes: list[str], targets: Targets, twas: bool = True
) -> pd.DataFrame:
    """The first gene is found by the network alone, the second by all, the third by
    GWAS."""
    frames = []
    n = len(genes)
    for trait, env in targets:
        p = {
            method: 0.3 + 0.7 * rng.random(n) for method in ("network", "gwas", "twas")
        }
        p["network"][:2], p["gwas"][1:3], p["twas"][1] = 1e-9, 1e-12, 1e-5
        q = {method: bh(values) for method, values in p.items()}
        found = [
            ";".join(m for m in p if q[m][k] <= 0.1 and (twas or m != "twas"))
            for k in range(n)
        ]
        size = np.sort(rng.gamma(0.6, 0.4, n))[::-1]
        frame = {
            "gene": genes,
            "trait": trait,
            "environment": env,
            "sensitivity": size,
            "sensitivity_low": 0.8 * size,
            "sensitivity_high": 1.2 * size,
            "rank": np.arange(1, n + 1),
            "n_variants": 10,
            "null_q": 0.2,
            "network_p": p["network"],
            "network_q": q["network"],
            "gwas_p": p["gwas"],
            "gwas_q": q["gwas"],
            "gwas_variant": [f"v{k}" for k in range(n)],
            "twas_p": p["twas"] if twas else np.nan,
            "twas_q": q["twas"] if twas else np.nan,
            "agreement": np.nan,
            "agreement_p": np.nan,
            "found_by": found,
        }
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True)


def enrichment_rows(
    rng: np.random.Generator, terms: list[str], targets: Targets
) -> pd.DataFrame:
    frames = []
    for trait, env in targets:
        for method in ("network", "gwas", "twas", "sensitivity"):
            p = rng.random(len(terms))
            p[0] = 1e-6
            tested = method != "sensitivity"
            frame = {
                "term": terms,
                "label": terms,
                "method": method,
                "trait": trait,
                "environment": env,
                "n_genes": rng.integers(3, 300, len(terms)),
                "score": -np.log10(p),
                "p": p if tested else np.nan,
                "q": bh(p) if tested else np.nan,
                "genes": "g1;g2",
            }
            frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True).sort_values("p")


def interaction_rows(
    rng: np.random.Generator, nodes: list[str], targets: Targets, size: float = 0.3
) -> pd.DataFrame:
    rows = []
    for trait, env in targets:
        for i, one in enumerate(nodes):
            for two in nodes[:i]:
                signed = size * rng.standard_normal() if (i % 3) else 0.0
                spread = (abs(signed), signed - 0.05, signed + 0.05)
                rows.append((two, one, trait, env, signed, *spread))
    return pd.DataFrame(rows, columns=list(INTERACTION_COLUMNS))


def part_rows(targets: Targets) -> pd.DataFrame:
    """A core for every target; the last one has products."""
    rows = [
        {
            "model": "binn",
            "trait": trait,
            "environment": env,
            "fit": "variance components",
            "network_share": 0.8 - 0.1 * k,
            "linear_share": 0.2 + 0.1 * k,
            "scan_share": 0.05,
            "products_share": float(k + 1 == len(targets)),
            "off_graph": False,
        }
        for k, (trait, env) in enumerate(targets)
    ]
    return pd.DataFrame(rows)


def mixture_rows(targets: Targets) -> pd.DataFrame:
    """A mixture of two parts and a network, and one without a network."""
    parts = [("binn", "kernels", 0.2), ("binn", "scan", 0.05), ("binn", "core", 0.7)]
    rows = [
        {
            "model": model,
            "trait": trait,
            "environment": env,
            "part": part,
            "share": share,
            "low": 0.5 * share,
            "high": min(1.0, share + 0.2),
        }
        for trait, env in targets
        for model, part, share in [*parts, ("auto", "kernels", 1.0)]
    ]
    return pd.DataFrame(rows)


def stability_rows(targets: Targets) -> pd.DataFrame:
    kinds = {"seeds": 0.95, "folds": 0.7, "shuffled labels": 0.2, "other": -0.05}
    rows = [
        (t, e, kind, r, r - 0.1, min(r + 0.1, 1.0), 5, 11)
        for t, e in targets
        for kind, r in kinds.items()
    ]
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def gain_rows(
    rng: np.random.Generator, nodes: list[str], targets: Targets
) -> pd.DataFrame:
    frames = []
    for trait, env in targets:
        one, other = rng.random(len(nodes)), rng.random(len(nodes)) - 0.2
        frame = {
            "trait": trait,
            "environment": env,
            "node": nodes,
            "n_sources": np.arange(len(nodes)) % 4 + 1,
            "r_node": one,
            "r_sources": other,
            "gain": one - other,
            "n_rows": 100,
        }
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True)


def line_rows(
    rng: np.random.Generator, nodes: list[str], targets: Targets, lines: int = 8
) -> pd.DataFrame:
    rows = []
    for trait, env in targets:
        for line in range(lines):
            size = np.sort(rng.gamma(1.0, 0.5, 5))[::-1] * rng.choice([-1, 1], 5)
            for rank, value in enumerate(size):
                node = nodes[(rank + line) % len(nodes)]
                name = f"N{line:03d}"
                values = (node, rng.standard_normal(), value, rank + 1)
                rows.append((name, trait, env, line + 1, 12.0, "candidate", *values))
    return pd.DataFrame(rows, columns=list(LINE_COLUMNS))


def share_rows(
    rng: np.random.Generator, nodes: list[str], targets: Targets
) -> pd.DataFrame:
    rows = []
    for trait, env in targets:
        for kind, names in (("node", nodes), ("variant", ["qtl_1", "qtl_2", "qtl_3"])):
            size = np.sort(rng.gamma(1.0, 0.5, len(names)))[::-1]
            for rank, (name, value) in enumerate(zip(names, size, strict=True)):
                shares = (value, 0.9 * value, rank + 1)
                rows.append((kind, name, trait, env, *shares, 1e-5, 1e-7, 120))
    return pd.DataFrame(rows, columns=list(ATTRIBUTION_COLUMNS))


def class_rows(nodes: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (trait, env), own in nodes.groupby(["trait", "environment"], sort=False):
        known = own.dropna(subset=["agreement"]).sort_values("sensitivity")
        places = np.array_split(np.arange(len(known)), min(2, len(known)))
        for number, place in enumerate(places):
            part = known.iloc[place]
            means = part[["sensitivity", "agreement"]].mean()
            rows.append((trait, env, number + 1, *means, len(part), 0.6))
    names = ["trait", "environment", "class", "sensitivity", "agreement", "n", "rank_r"]
    return pd.DataFrame(rows, columns=names)


def tables_of(
    rng: np.random.Generator, network: dict, nodes: pd.DataFrame, targets: Targets
) -> dict[str, pd.DataFrame]:
    """All tables of a run, from the nodes of its network."""
    named = [node["name"] for node in network["nodes"]]
    genes = [node["name"] for node in network["nodes"] if node["n_variants"] > 0]
    others = [name for name in named if name not in set(genes)]
    top = nodes.sort_values("rank")["node"].drop_duplicates().head(9).tolist()
    return {
        "evidence": gene_evidence_rows(rng, genes, targets),
        "enrichment": enrichment_rows(rng, others, targets),
        "interactions": interaction_rows(rng, top, targets),
        "stability": stability_rows(targets),
        "parts": part_rows(targets),
        "shares": mixture_rows(targets),
        "gain": gain_rows(rng, others, targets),
        "line_explanations": line_rows(rng, top, targets),
        "attribution": share_rows(np.random.default_rng(1), top, targets),
        "agreement_by_sensitivity": class_rows(nodes),
    }
