"""Tables of a run folder made from a seed: no model is fitted, the shapes are real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from meristem.evaluate import scores
from meristem.evaluate.crossval import LATENT_COLUMNS
from meristem.interpret.biology import gene_evidence
from meristem.interpret.biology.terms import ENRICHMENT_COLUMNS
from meristem.interpret.tables import GENE_COLUMNS, NODE_COLUMNS, VARIANT_COLUMNS
from meristem.pipeline.explaining.validation import VALIDATION_COLUMNS

HOSTILE = '<img src=x onerror="alert(1)"> & "Öl" 黑麦'


def score_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    keys = ["model", "trait", "environment", "split", "replicate", "fold"]
    rows = []
    for key, part in predictions.groupby(keys, sort=False):
        y, p = part["observed"].to_numpy(), part["predicted"].to_numpy()
        slope = np.polyfit(p, y, 1)[0]
        values = {
            "pearson": np.corrcoef(y, p)[0, 1],
            "spearman": np.corrcoef(y.argsort().argsort(), p.argsort().argsort())[0, 1],
            "slope": slope,
            "mse": ((y - p) ** 2).mean(),
            "bias": (p - y).mean(),
        }
        named = dict(zip(keys, key, strict=True))
        rows += [
            {**named, "group": "", "metric": m, "value": v} for m, v in values.items()
        ]
    return pd.DataFrame(rows)


def verdict_rows(table: pd.DataFrame, reference: str, refused: set[str]) -> list[dict]:
    rows = []
    part = table[(table["metric"] == "pearson") & (table["split"] == "kfold")]
    if part.groupby(["trait", "environment"]).ngroups > 1:
        part = pd.concat([part, part.assign(trait="all", environment="all")])
    for (trait, env), block in part.groupby(["trait", "environment"], sort=False):
        wide = block.pivot_table(
            index=["replicate", "fold"], columns="model", values="value", aggfunc="mean"
        )
        for model in wide.columns:
            difference = (wide[model] - wide[reference]).to_numpy()
            half = 1.96 * difference.std(ddof=1) / np.sqrt(difference.size)
            low, high = difference.mean() - half, difference.mean() + half
            verdict = (
                "better" if low > 0 else "worse" if high < 0 else "not distinguishable"
            )
            if model == reference:
                continue
            rows.append(
                {
                    "model": model,
                    "trait": trait,
                    "environment": env,
                    "metric": "pearson",
                    "mean": wide[model].mean(),
                    "reference": reference,
                    "reference_mean": wide[reference].mean(),
                    "difference": difference.mean(),
                    "interval": [low, high],
                    "n_folds": int(difference.size),
                    "verdict": verdict,
                    "deployable": model not in refused,
                    "line": f"{model}: {verdict} than {reference} on {trait}",
                }
            )
    return rows


def predictions_of(
    rng: np.random.Generator,
    quality: dict[str, float],
    targets: list[tuple[str, str]],
    n: int,
    folds: int,
    replicates: int,
) -> pd.DataFrame:
    frames = []
    for trait, env in targets:
        truth = rng.standard_normal(n)
        observed = 12 + 3 * (truth + 0.7 * rng.standard_normal(n))
        for model, share in quality.items():
            common = rng.standard_normal(n)
            for replicate in range(replicates):
                noise = 0.9 * common + 0.4 * rng.standard_normal(n)
                value = share * truth + np.sqrt(1 - share**2) * noise
                frames.append(
                    pd.DataFrame(
                        {
                            "sample_id": [f"L{i:04d}" for i in range(n)],
                            "trait": trait,
                            "environment": env,
                            "split": "kfold",
                            "replicate": replicate,
                            "fold": rng.permutation(n) % folds,
                            "model": model,
                            "observed": observed,
                            "predicted": 12 + 2.4 * share * value,
                            "spread": 0.2 + 0.1 * rng.random(n),
                        }
                    )
                )
    return pd.concat(frames, ignore_index=True)


def node_rows(rng: np.random.Generator, network: dict, targets: list) -> pd.DataFrame:
    rows = []
    for trait, env in targets:
        size = rng.gamma(0.6, 0.4, len(network["nodes"]))
        for rank, (node, value) in enumerate(zip(network["nodes"], size, strict=True)):
            measured = node["name"] in ("A", "S", "CK", "SL", "I")
            rows.append(
                {
                    "node": node["name"],
                    "kind": node["kind"],
                    "model": "binn+metabolites",
                    "trait": trait,
                    "environment": env,
                    "n_variants": node["n_variants"],
                    "n_parents": node["n_parents"],
                    "sensitivity": value,
                    "sensitivity_low": value * 0.8,
                    "sensitivity_high": value * 1.25,
                    "null_q": min(1.0, 0.002 * 1.9 ** (12 * rank / len(size))),
                    "gradient": value * rng.choice([-1, 1]),
                    "agreement": 0.98 - 0.02 * rank if measured else np.nan,
                    "agreement_low": 0.9 - 0.02 * rank if measured else np.nan,
                    "agreement_high": 0.99 - 0.01 * rank if measured else np.nan,
                    "agreement_p": 0.005 if measured else np.nan,
                    "measured_in": "metabolites" if measured else "",
                    "rank": rank + 1,
                }
            )
    return pd.DataFrame(rows)


def variant_rows(
    rng: np.random.Generator, contigs: list[str], each: int, genes: int, targets: list
) -> tuple[pd.DataFrame, pd.DataFrame]:
    variant_frames, gene_frames = [], []
    n = each * len(contigs)
    contig = np.repeat(contigs, each)
    position = np.tile(np.arange(1, each + 1) * 2500, len(contigs))
    gene = np.array([f"G{i * genes // n:05d}" for i in range(n)])
    for trait, env in targets:
        effect = rng.standard_normal(n) * rng.gamma(0.3, 0.2, n)
        p = rng.random(n)
        p[rng.integers(0, n, 6)] = 10.0 ** -rng.uniform(5, 14, 6)
        frame = pd.DataFrame(
            {
                "variant_id": [
                    f"{c}:{b}:A:T" for c, b in zip(contig, position, strict=True)
                ],
                "contig": contig,
                "position": position,
                "gene": gene,
                "trait": trait,
                "environment": env,
                "effect_network": 0.8 * effect,
                "effect_polygenic": 0.2 * effect,
                "effect_total": effect,
                "gwas_beta": effect + 0.05 * rng.standard_normal(n),
                "gwas_p": p,
            }
        )
        variant_frames.append(frame)
        grouped = frame.groupby(
            ["gene", "contig", "trait", "environment"], as_index=False
        )
        summed = grouped.agg(
            position=("position", "min"),
            n_variants=("position", "size"),
            effect=("effect_total", lambda v: float(np.abs(v).sum())),
        )
        gene_frames.append(summed.assign(sensitivity=summed["effect"] * 0.7))
    return pd.concat(variant_frames), pd.concat(gene_frames)


def structure_rows(rng: np.random.Generator, n: int, groups: int) -> pd.DataFrame:
    label = rng.integers(0, groups, n)
    centre = rng.standard_normal((groups, 4)) * 2
    axes = centre[label] + rng.standard_normal((n, 4)) * 0.6
    frame = pd.DataFrame(axes, columns=["pc1", "pc2", "pc3", "pc4"])
    frame.insert(0, "sample_id", [f"L{i:04d}" for i in range(n)])
    return frame.assign(group=[f"family {chr(65 + g)}" for g in label])


def latent_rows(
    rng: np.random.Generator, nodes: list[str], n: int, model: str
) -> pd.DataFrame:
    frames = []
    for position, node in enumerate(nodes):
        measured = rng.standard_normal(n)
        noise = rng.standard_normal(n)
        turn = np.where(np.arange(n) % 5 == 2, -3.0, 1.0)
        frames.append(
            pd.DataFrame(
                {
                    "sample_id": [f"L{i:04d}" for i in range(n)],
                    "node": node,
                    "omics": "metabolites",
                    "latent": turn * (measured + (0.1 + 0.15 * position) * noise),
                    "measured": 3 + 2 * measured,
                    "replicate": 0,
                    "fold": np.arange(n) % 5,
                    "model": model,
                    "split": "kfold",
                }
            )
        )
    return pd.concat(frames)


def validation_rows(
    rng: np.random.Generator, nodes: list[str], target: tuple[str, str]
) -> pd.DataFrame:
    frames = []
    for model, how in (("binn", "none"), ("binn+metabolites", "soft")):
        sensitivity = rng.random(len(nodes))
        frames.append(
            pd.DataFrame(
                {
                    "model": model,
                    "supervision": how,
                    "node": nodes,
                    "omics": "metabolites",
                    "trait": target[0],
                    "environment": target[1],
                    "sensitivity": sensitivity,
                    "agreement": 0.3 + 0.6 * sensitivity,
                    "null_mean": 0.1,
                }
            )
        )
    return pd.concat(frames)


WRITTEN = {
    "scores": scores.COLUMNS,
    "nodes": NODE_COLUMNS,
    "variants": VARIANT_COLUMNS,
    "genes": GENE_COLUMNS,
    "latents": LATENT_COLUMNS,
    "latent_validation": VALIDATION_COLUMNS,
    "evidence": gene_evidence.COLUMNS,
    "enrichment": ENRICHMENT_COLUMNS,
}
"""Columns of the tables, as their writers list them."""


def write_tables(folder: Path, **tables: pd.DataFrame) -> None:
    """Write the tables, whole as a run writes them: no other column, none missing."""
    for name, made in tables.items():
        columns = list(WRITTEN.get(name, made.columns))
        assert set(made.columns) <= set(columns), f"no run writes these {name}"
        frame = made.reindex(columns=columns)
        frame.to_csv(folder / f"{name}.csv", index=False)


def candidate_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    first = predictions[predictions["replicate"] == 0].head(0)
    frames = [first]
    for _, part in predictions.groupby(["trait", "environment", "model"], sort=False):
        top = part.drop_duplicates("sample_id").nlargest(40, "predicted").copy()
        frames.append(top.assign(rank=range(1, len(top) + 1)))
    joined = pd.concat([frame for frame in frames if not frame.empty])
    joined["deviation"] = joined["predicted"] - 0.5
    joined["low"] = joined["predicted"] - 1.5
    joined["high"] = joined["predicted"] + 1.5
    joined["top_probability"] = 1 / joined["rank"]
    columns = ["sample_id", "trait", "environment", "model", "predicted", "spread"]
    columns += ["deviation", "low", "high", "rank", "top_probability"]
    return joined[columns].assign(sample_id="N" + joined["sample_id"])


def interval_rows(models: list[str], targets: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [
        (m, t, e, "kfold", 0.9, 2.5, 0.893, 200) for m in models for t, e in targets
    ]
    names = ["model", "trait", "environment", "split", "level", "half_width"]
    return pd.DataFrame(rows, columns=[*names, "coverage", "n"])


def relatedness_rows(folds: int = 5) -> pd.DataFrame:
    columns = ["split", "replicate", "fold", "train", "test", "mean", "low", "high"]
    rows = [("kfold", 0, f, 160, 40, 0.42 + 0.01 * f, 0.2, 0.6) for f in range(folds)]
    return pd.DataFrame(rows, columns=columns)


def control_rows(
    arms: dict[str, str], network: str, target: tuple[str, str]
) -> pd.DataFrame:
    rows = []
    for position, (label, ingredient) in enumerate(arms.items()):
        gain = 0.22 - 0.06 * position
        rows.append(
            (
                network,
                ingredient,
                label,
                *target,
                gain,
                gain - 0.05,
                gain + 0.05,
                "line",
            )
        )
    names = ["network", "ingredient", "control", "trait", "environment"]
    return pd.DataFrame(rows, columns=[*names, "difference", "low", "high", "line"])


def component_rows(targets: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [
        ("gblup", *target, name, value, se)
        for target in targets
        for name, value, se in (
            ("genetic", 2.0, 0.5),
            ("residual", 6.0, 0.7),
            ("h2", 0.25, 0.06),
        )
    ]
    columns = ["model", "trait", "environment", "component", "value", "se"]
    return pd.DataFrame(rows, columns=columns)


def convergence_rows(targets: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [
        ("bayes_c", *target, name, 0.5, 0.1, rhat, size, size)
        for target in targets
        for name, rhat, size in (
            ("residual", 1.002, 900.0),
            ("inclusion_rate", 1.08, 40.0),
            ("prediction_1", 1.001, 700.0),
        )
    ]
    columns = ["model", "trait", "environment", "quantity", "mean", "sd", "rhat"]
    return pd.DataFrame(rows, columns=[*columns, "ess_bulk", "ess_tail"])


def tuning_rows() -> pd.DataFrame:
    columns = "model split replicate fold generation compared_on reward chosen options"
    rows = [
        ("dense", "kfold", 0, fold, generation, size, reward, won, options)
        for fold in (0, 1)
        for generation, size, reward, won, options in (
            (0, 1, 0.4, False, '{"dropout": 0.0}'),
            (1, 1, 0.6, False, '{"dropout": 0.4}'),
            (-1, 5, 0.41, fold == 1, '{"dropout": 0.0}'),
            (-1, 5, 0.5 - 0.2 * fold, fold == 0, '{"dropout": 0.4}'),
        )
    ]
    return pd.DataFrame(rows, columns=columns.split())


def represented_rows() -> pd.DataFrame:
    columns = "model split replicate fold omics kind gives factors confounders"
    rows = [
        ("binn+metabolites", "kfold", 0, fold, "leaf", "pca", "factors", k)
        + ("batch", "combat", 160 - fold)
        for fold, k in enumerate((5, 10))
    ]
    return pd.DataFrame(rows, columns=[*columns.split(), "deconfound", "rows"])


def class_rows(targets: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [
        ("bayes_c", *target, name, size, *3 * [value, 0.8 * value, 1.2 * value])
        for target in targets
        for name, size, value in (("in no gene", 15, 0.2), ("in a gene", 5, 2.0))
    ]
    columns = ["model", "trait", "environment", "class", "variants"]
    for name in ("rate", "enrichment", "share"):
        columns += [name, f"{name}_low", f"{name}_high"]
    return pd.DataFrame(rows, columns=columns)


def inclusion_rows(
    rng: np.random.Generator, targets: list[tuple[str, str]]
) -> pd.DataFrame:
    rows = [
        ("bayes_c", *target, f"snp{k}", "1", 10 * k, effect, chance, k // 5, 0.9)
        for target in targets
        for k, (effect, chance) in enumerate(rng.uniform(size=(20, 2)))
    ]
    columns = ["model", "trait", "environment", "variant_id", "contig", "position"]
    columns += ["effect", "inclusion", "window", "window_inclusion"]
    return pd.DataFrame(rows, columns=columns)
