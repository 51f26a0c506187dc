"""Expression of 109 yeast segregants from their genomes: new lines, all genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import CellTable, Progress, open_table, untold
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.representation.yeast import read_yeast
from meristem.config.expression.training import ExpressionModel, PreprocessOptions
from meristem.config.stages import GenotypeConfig
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.cis.published import published_scores, read_published
from meristem.expression.lines import ExpressionLines, cis_variants
from meristem.expression.questions.fit import run_holdout
from meristem.expression.questions.holdouts import (
    Holdout,
    line_holdouts,
    permuted_holdouts,
)
from meristem.expression.questions.scores import gene_scores
from meristem.io.genotypes.read import read_genotypes
from meristem.knowledge.files.genes import read_genes
from meristem.records import FloatArray, Genotypes, StrArray
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of
from meristem.runs.tasks import Task, run_tasks

CROSS = Path("sequence") / "yeast_byxrm"
COLUMNS = (
    "medium",
    "set",
    "question",
    "model",
    "repeat",
    "genes",
    "metric",
    "statistic",
    "value",
)
METRICS = ("r", "r_pooled")
STATISTICS = ("median", "mean", "above_0", "above_0.3")
WINDOW = 25_000
STRONG = 50
"""LOD in the other study above which a local eQTL counts as strong."""
MODELS: dict[str, tuple[ExpressionModel, ...]] = {
    "strong": ("cis_top", "cis_elastic_net", "cis_ridge"),
    "all": (
        "cis_polygenic",
        "gblup",
        "published",
        "cis_polygenic_published",
        "hotspots",
    ),
}


@dataclass(frozen=True)
class Cross:
    """The lines in one medium, and how strong local eQTL are elsewhere."""

    lines: ExpressionLines
    lod: FloatArray  # (n_gene,) in 1,012 other segregants, NaN not known
    found: str


def read_cross(data: Path, medium: str) -> Cross:
    """Read lines, R64 places of markers and genes, and weights of the other study."""
    yeast = read_yeast(data)
    folder = data / CROSS
    place = pd.read_csv(folder / "smith2008_markers_R64.csv.gz")
    genotypes = _placed(
        yeast.genotypes.take_samples(_rows(yeast.genotypes, yeast.line)), place
    )
    genes = read_genes(folder / "genes_R64-1-1.81.gff3.gz").genes
    names = yeast.gene.tolist()
    cis, contig = cis_variants(genotypes.variants, genes, names, WINDOW)
    weights = read_published(
        [
            folder / "eqtl1012_local_weights.csv.gz",
            folder / "eqtl1012_hotspot_weights.csv.gz",
        ]
    )
    dense = read_genotypes(GenotypeConfig(path=folder / "segregants.bed"))
    dense = dense.take_samples(_rows(dense, yeast.line))
    score, found = published_scores(weights, dense, yeast.gene)
    value = yeast.glucose if medium == "glucose" else yeast.ethanol
    effects = pd.read_csv(folder / "cis_effects.csv.gz").set_index("gene")
    lod = effects["local_eQTL_LOD"].reindex(names).to_numpy(float)
    lines = ExpressionLines(genotypes, yeast.gene, value, cis, contig, published=score)
    return Cross(lines, lod, found.line)


def run_yeast(
    out: Path,
    data: Path,
    *,
    sets: Sequence[str],
    media: Sequence[str],
    models: Sequence[str] = (),
    repeats: int,
    seed: int,
    progress: Progress = untold,
) -> str:
    """Predict lines held out, five folds, in strong genes and in all of them.

    `models` names those that are fitted; none: all.

    The rows of the table are statistics over genes: of r within folds, and of r pooled
    over the lines of a repeat. Permuted lines are one run.
    """
    settings: dict[str, object] = {"job": "yeast", "window": WINDOW, "seed": seed}
    table = open_table(out, settings, COLUMNS, COLUMNS[:-1])
    work = []
    for medium in media:
        cross = read_cross(data, medium)
        print(cross.found)
        for name in sets:
            lines = cross.lines
            if name == "strong":
                lines = lines.take_genes(np.flatnonzero(cross.lod > STRONG))
            n_line, n_gene = lines.value.shape
            held = line_holdouts(n_line, n_gene, folds=5, repeats=repeats, seed=seed)
            held += permuted_holdouts(n_line, n_gene, folds=5, runs=1, seed=seed)
            chosen = [m for m in MODELS[name] if not models or m in models]
            work += [(medium, name, model, lines, held) for model in chosen]
    for done, (medium, name, model, lines, held) in enumerate(work):
        _cell(table, out / "work", (medium, name, model), lines, held)
        progress(done + 1, len(work))
    return summary(pd.DataFrame(table.rows))


def _cell(
    table: CellTable,
    work: Path,
    names: tuple[str, str, ExpressionModel],
    lines: ExpressionLines,
    held: Sequence[Holdout],
) -> None:
    medium, name, model = names
    cell = {"medium": medium, "set": name, "model": model}
    known = {(row["question"], row["repeat"]) for row in table.of(cell)}
    held = [one for one in held if (one.question, str(one.repeat)) not in known]
    code = revision_of(run_holdout, CATALOG[model].model)
    options = PreprocessOptions()
    base = digest(lines.gene, lines.value, options, code)
    tasks = [
        Task(
            f"{medium}-{name}-{model}",
            digest(base, holdout, model),
            run_holdout,
            (lines, holdout, model, options, 4, 1),
        )
        for holdout in held
    ]
    results = dict(run_tasks(tasks, folder=work))
    keys = sorted({(holdout.question, holdout.repeat) for holdout in held})
    for question, repeat in keys:
        own = [
            (holdout, results[k])
            for k, holdout in enumerate(held)
            if (holdout.question, holdout.repeat) == (question, repeat)
        ]
        scores = gene_scores(own, lines.gene)
        told = {"question": question, "repeat": str(repeat), "genes": str(len(scores))}
        for metric in METRICS:
            r = scores[metric].fillna(0.0).to_numpy()
            found = (np.median(r), r.mean(), (r > 0).mean(), (r > 0.3).mean())
            rows = [
                cell
                | told
                | {"metric": metric, "statistic": s, "value": number(float(v))}
                for s, v in zip(STATISTICS, found, strict=True)
            ]
            table.add(rows)


def summary(rows: pd.DataFrame) -> str:
    """Return means over repeats, one line per set, question and model."""
    rows = rows.assign(value=rows["value"].astype(float))
    keys = ["medium", "set", "question", "model", "metric", "statistic"]
    wide = rows.groupby(keys, sort=False)["value"].mean().unstack("statistic")
    return str(wide[list(STATISTICS)].round(3).to_string())


def _rows(genotypes: Genotypes, names: StrArray) -> np.ndarray:
    place = {name: k for k, name in enumerate(genotypes.sample_id.tolist())}
    return np.array([place[name] for name in names.tolist()])


def _placed(genotypes: Genotypes, place: pd.DataFrame) -> Genotypes:
    """Return the markers at their places in R64, whose contigs the genes have."""
    variants = genotypes.variants
    known = place.set_index("marker")["pos_R64"].reindex(variants.variant_id)
    return replace(
        genotypes, variants=replace(variants, variant_position=known.to_numpy(np.int64))
    )
