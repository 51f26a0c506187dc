"""Whether a stated chance to be among the best happens as often as it is stated.

Selections in simulated populations of known genetic values: families of doubled
haploid lines, an additive trait, some lines phenotyped and the others candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.cells import Progress, Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import correlation
from meristem.config.models import (
    AutoOptions,
    BayesOptions,
    BINNOptions,
    BoostingOptions,
    CNNOptions,
    CombiningOptions,
    CoreOptions,
    DenseOptions,
    DominanceOptions,
    ElasticNetOptions,
    FeatureBLUPOptions,
    ForestOptions,
    GBLUPOptions,
    KernelAverageOptions,
    KernelOptions,
    KernelsOptions,
    MediatedOptions,
    ModelOptions,
    RidgeOptions,
    TrialOptions,
    WeightedGBLUPOptions,
)
from meristem.evaluate.intervals import top_probability
from meristem.genetics.inheritance.maps import even_map
from meristem.genetics.inheritance.meiosis import gametes
from meristem.models.catalog import build
from meristem.records import (
    Dataset,
    FloatArray,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    Posterior,
    VariantTable,
)
from meristem.runs.seeds import derived_rng
from meristem.simulate.population import mosaics, random_haplotypes, variant_table

N_TRAIN, N_CANDIDATE, N_FAMILY, TOP = 160, 60, 11, 12
N_LOCUS, N_QTL, N_GENE, N_SET = 600, 100, 60, 12
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Edges of the classes of stated probability."""

MODELS: dict[str, ModelOptions] = {
    "gblup": GBLUPOptions(),
    "ridge": RidgeOptions(),
    "rkhs": KernelOptions(),
    "dominance": DominanceOptions(),
    "kernels": KernelsOptions(kernels=("additive", "additive_additive")),
    "kernel_average": KernelAverageOptions(),
    "gxe": TrialOptions(),
    "bayes": BayesOptions(draws=200, most_draws=200),
    "combining": CombiningOptions(),
    "gwablup": WeightedGBLUPOptions(),
    "elastic_net": ElasticNetOptions(),
    "random_forest": ForestOptions(trees=100),
    "boosting": BoostingOptions(rounds=100),
    "gfblup": FeatureBLUPOptions(max_sets=4),
    "mediated": MediatedOptions(method="one_kernel"),
    "dense": DenseOptions(
        hidden=(16,), epochs=150, patience=30, seeds=1, inner_folds=3
    ),
    "cnn": CNNOptions(epochs=100, patience=20, seeds=1, inner_folds=3),
    "binn": BINNOptions(rounds=20, off_graph="none", seeds=1, inner_folds=3),
    "core": CoreOptions(inner_folds=3),
    "auto": AutoOptions(rounds=20, off_graph="none", seeds=1, inner_folds=3),
}
"""Every kind that predicts from genotypes, at settings that many fits can afford."""
SLOW = ("dense", "cnn", "binn", "auto")

KEY = ("replicate", "model")
_COUNTS = tuple(
    f"{what}_{number}"
    for number in range(1, len(EDGES))
    for what in ("lines", "stated", "happened")
)
COVERED = ("inside_80", "inside_90", "inside_95")
COLUMNS = (*KEY, "accuracy", "sd", *COVERED, *_COUNTS)
SUMMARY = (
    "model",
    "replicates",
    "accuracy",
    *COVERED,
    "class",
    "lines",
    "stated",
    "happened",
    "se",
)


@dataclass(frozen=True)
class Population:
    """Phenotyped lines, candidates, and what the candidates are worth."""

    train: Dataset
    candidates: Genotypes
    value: FloatArray  # (n_candidate,) true genetic values


def run_calibration(
    replicates: int,
    out: Path,
    seed: int = 1,
    *,
    slow_replicates: int = 60,
    models: Sequence[str] = tuple(MODELS),
    h2: float = 0.5,
    hidden: bool = False,
    progress: Progress | None = None,
) -> str:
    """Count how often stated chances happen; write `results.csv`, `summary.csv`.

    Parameters
    ----------
    replicates
        Populations, numbered from 1.
    slow_replicates
        Populations of the models in `SLOW`.
    models
        Names in `MODELS`.
    h2
        Heritability of the phenotyped values.
    hidden
        Whether causal loci are left out of the markers.

    Returns
    -------
    str
        One line per model.
    """
    refuse_unknown(models, tuple(MODELS), "model")
    table = open_table(out, {"seed": seed, "h2": h2, "hidden": hidden}, COLUMNS, KEY)
    cells = [
        (replicate, model)
        for replicate in range(1, replicates + 1)
        for model in models
        if model not in SLOW or replicate <= slow_replicates
    ]

    @lru_cache(maxsize=1)
    def population(replicate: int) -> Population:
        rng = derived_rng(seed, "population", replicate)
        return simulate_population(rng, h2=h2, hidden=hidden)

    def work(replicate: int, model: str) -> list[Row]:
        with threadpool_limits(limits=1):
            return [judge(model, population(replicate), seed, replicate)]

    table.fill(cells, work, progress)
    rows = summarise(table.rows, models)
    table.summarise(SUMMARY, rows)
    return "\n".join(
        f"{row['model']}: stated {row['stated']} happened {row['happened']} "
        f"({row['lines']} lines), 90 % intervals hold {row['inside_90']}"
        for row in rows
        if row["class"] == "0.7-0.9"
    )


def judge(model: str, population: Population, seed: int, replicate: int) -> Row:
    """Fit one model on one population; return its counts."""
    rng = derived_rng(seed, "fit", model, replicate)
    predictor = build(MODELS[model], simple_plan(population.train.genotypes.variants))
    belief = predictor.fit(population.train, rng=rng).posterior(population.candidates)
    stated = top_probability(belief, 0, TOP, rng)
    return counts(belief, stated, population.value)


def counts(
    belief: Posterior,
    stated: FloatArray,  # (n_candidate,)
    value: FloatArray,  # (n_candidate,)
) -> Row:
    """Return how much was stated and happened, class by class, and the coverage."""
    best = np.isin(np.arange(value.size), np.argsort(-value)[:TOP])
    mean, sd = belief.mean[:, 0], belief.sd[:, 0]
    error = np.abs(value - mean) / sd
    row = {
        "accuracy": f"{correlation(mean, value):.4f}",
        "sd": f"{sd.mean():.4f}",
    }
    for name in COVERED:
        level = int(name[-2:]) / 100
        row[name] = f"{np.mean(error < norm.ppf((1 + level) / 2)):.4f}"
    place = np.clip(np.searchsorted(EDGES, stated, side="right"), 1, len(EDGES) - 1)
    for number in range(1, len(EDGES)):
        here = place == number
        row[f"lines_{number}"] = str(int(here.sum()))
        row[f"stated_{number}"] = f"{stated[here].sum():.4f}"
        row[f"happened_{number}"] = str(int(best[here].sum()))
    return row


def summarise(rows: Sequence[Row], models: Sequence[str]) -> list[Row]:
    """Return one row per model and class of stated probability."""
    of_model: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_model[row["model"]].append(row)
    summary = []
    for model in models:
        own = of_model[model]
        shared = {"model": model, "replicates": str(len(own))}
        for name in ("accuracy", *COVERED):
            shared[name] = f"{np.mean([float(row[name]) for row in own]):.3f}"
        for number in range(1, len(EDGES)):
            names = ("lines", "stated", "happened")
            total = np.array(
                [[float(row[f"{name}_{number}"]) for name in names] for row in own]
            )
            lines, stated, happened = total.sum(axis=0)
            share = happened / lines if lines else np.nan
            # lines of one population are not independent: its residual counts once
            rest = total[:, 2] - share * total[:, 0]
            summary.append(
                shared
                | {
                    "class": f"{EDGES[number - 1]:g}-{EDGES[number]:g}",
                    "lines": f"{lines:.0f}",
                    "stated": f"{stated / max(lines, 1):.3f}",
                    "happened": f"{share:.3f}",
                    "se": f"{np.sqrt(np.sum(rest**2)) / max(lines, 1):.3f}",
                }
            )
    return summary


def simulate_population(
    rng: np.random.Generator, *, h2: float = 0.5, hidden: bool = False
) -> Population:
    """Return families of doubled haploid lines with an additive trait of mean 10.

    The genetic variance is 1. Every gene has an expression that its own markers
    explain to one half, measured on the phenotyped lines.
    """
    genome = even_map(5, N_LOCUS)
    founders = random_haplotypes(8, N_LOCUS, rng)
    parents = mosaics(founders, 2 * N_FAMILY, 30, genome, rng)
    n = N_TRAIN + N_CANDIDATE
    family = rng.permutation(n) % N_FAMILY
    line = gametes(parents.reshape(N_FAMILY, 2, N_LOCUS)[family], genome, rng)
    causal = np.sort(rng.choice(N_LOCUS, N_QTL, replace=False))
    value: FloatArray = line[:, causal] @ rng.normal(size=N_QTL)
    value = 10 + (value - value.mean()) / value.std()
    y = value + np.sqrt(1 / h2 - 1) * rng.normal(size=n)
    names = np.array([f"line_{i + 1}" for i in range(n)])
    marker = np.setdiff1d(np.arange(N_LOCUS), causal) if hidden else np.arange(N_LOCUS)
    variants = variant_table(genome).take(marker)
    calls = line[:, marker].astype(np.int8)
    genotypes = Genotypes(names, variants, 2 * calls, first_gamete=calls)
    nowhere = np.array([""])
    traits = Phenotypes(
        names, np.array(["trait"]), nowhere, y[:, None], np.ones((n, 1))
    )
    dataset = Dataset(genotypes, traits, (_expression(names, calls, rng),))
    train = np.arange(N_TRAIN)
    rest = np.arange(N_TRAIN, n)
    return Population(dataset.take(train), genotypes.take_samples(rest), value[rest])


def _expression(
    names: np.ndarray, calls: np.ndarray, rng: np.random.Generator
) -> OmicsTable:
    gene_of = np.arange(calls.shape[1]) * N_GENE // calls.shape[1]
    effect = np.asarray(rng.normal(size=calls.shape[1]))
    own = np.stack(
        [calls[:, gene_of == g] @ effect[gene_of == g] for g in range(N_GENE)], axis=1
    )
    own = (own - own.mean(axis=0)) / np.maximum(own.std(axis=0), 1e-9)
    genes = np.array([f"gene_{g + 1}" for g in range(N_GENE)])
    return OmicsTable(
        "expression", names, genes, genes, own + rng.normal(size=own.shape)
    )


def simple_plan(variants: VariantTable) -> NetworkPlan:
    """Return genes of neighbouring markers, and sets of neighbouring genes."""
    none = np.empty(0, dtype=np.int64)
    gene_of = np.arange(variants.n_variant) * N_GENE // variants.n_variant
    set_of = np.arange(N_GENE) * N_SET // N_GENE
    names = [f"gene_{g + 1}" for g in range(N_GENE)]
    names += [f"set_{s + 1}" for s in range(N_SET)]
    sizes = [N_GENE, N_SET]
    genes = PlanLevel(0, N_GENE, gene_of, np.arange(gene_of.size), none, none)
    sets = PlanLevel(N_GENE, N_SET, none, none, set_of, np.arange(N_GENE))
    return NetworkPlan(
        variants,
        np.array(names),
        np.repeat(["gene", "term"], sizes),
        np.repeat([0, 1], sizes),
        (genes, sets),
        np.arange(N_GENE, N_GENE + N_SET),
    )
