"""Panels with a known answer: for the core, for every model, for marker weights."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from tests.toys import dataset, network_plan, variant_table

from meristem.config import models as options
from meristem.config.models import CoreOptions
from meristem.models.core.fit import core_part
from meristem.models.core.fitted import FittedCore
from meristem.models.mixture.problem import make_problem
from meristem.records import Dataset, NetworkPlan, OmicsTable, Split
from meristem.stats.folds import random_splits

N_GENE, OWN, N_SET, SET_SIZE, SPARE = 36, 4, 7, 6, 11
"""Genes with variants of their own, sets of genes, variants that no gene claims."""
N_VARIANT = N_GENE * OWN + SPARE
CORE_IDS = [f"v{i:03d}" for i in range(N_VARIANT)]


def set_genes() -> list[list[int]]:
    """Members of every set; neighbours overlap by one gene."""
    return [
        [(5 * k + i) % N_GENE for i in range(SET_SIZE - (k == 3))] for k in range(N_SET)
    ]


def core_plan() -> NetworkPlan:
    return network_plan(
        {f"g{i:02d}": range(OWN * i, OWN * (i + 1)) for i in range(N_GENE)},
        {
            f"set{k}": [f"g{i:02d}" for i in sorted(members)]
            for k, members in enumerate(set_genes())
        },
        variants=variant_table(CORE_IDS),
        heads=[f"set{k}" for k in range(N_SET)],
    )


def core_data(
    n: int = 160, seed: int = 0, noise: float = 0.5, effect_seed: int = 99
) -> tuple[Dataset, np.ndarray]:
    """Return lines and the true value of two traits, (n, 2).

    Trait `y` reads the sums of set 0 and of set 4 and their product, and an unclaimed
    variant; trait `z` reads set 2 alone. Gene 0 regulates genes 20 to 29.
    """
    law = np.random.default_rng(effect_seed)
    weight = law.normal(size=(N_GENE, OWN))
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (n, N_VARIANT)).astype(np.int8)
    coded = (dosage - 1.0) / np.sqrt(2 / 3)
    genes = np.stack(
        [coded[:, OWN * g : OWN * (g + 1)] @ weight[g] for g in range(N_GENE)], axis=1
    )
    genes /= np.linalg.norm(weight, axis=1)
    genes[:, 20:30] += genes[:, [0]]
    total = [genes[:, m].sum(axis=1) / np.sqrt(len(m)) for m in set_genes()]
    y = total[0] + total[4] + 0.7 * total[0] * total[4] + 0.5 * coded[:, -1]
    true = np.stack([y, 2 * total[2]], axis=1)
    ids = np.array([f"s{seed}_{i:03d}" for i in range(n)])
    measured = genes + noise * rng.normal(size=genes.shape)
    omics = OmicsTable(
        "expression",
        ids,
        np.array([f"f{i}" for i in range(N_GENE)]),
        np.array([f"g{i:02d}" for i in range(N_GENE)]),
        measured,
    )
    y = true + noise * rng.normal(size=true.shape)
    table = variant_table(CORE_IDS)
    data = dataset(
        dosage, y, ids, ["y", "z"], ["", "dry"], variants=table, omics=(omics,)
    )
    return data, true


def fitted_core(data: Dataset, folds: int) -> FittedCore:
    """Return the core of the plan, tuned over some folds."""
    inner = random_splits(data.n_sample, folds, np.random.default_rng(1))
    rng = np.random.default_rng(0)
    problem = make_problem(data, inner, folds, rng)
    return core_part(problem, core_plan(), (), CoreOptions(), rng).fitted


N, N_NEW, P, N_PANEL_GENE = 44, 7, 30, 5


MONOMORPHIC = 4


PRIOR_SCORES = Path(__file__).with_name("prior_scores.tsv")
"""Scores of two thirds of the variants of toys, whatever their prefix."""


QUICK = {"epochs": 30, "patience": 30, "seeds": 1, "inner_folds": 2}


SHORT = {"chains": 2, "burn_in": 100, "draws": 200, "most_draws": 200, "thin": 1}


OPTIONS = {
    "gblup": options.GBLUPOptions(),
    "dominance": options.DominanceOptions(),
    "combining": options.CombiningOptions(),
    "ridge": options.RidgeOptions(),
    "elastic_net": options.ElasticNetOptions(l1_ratio=(0.5,), n_alphas=8),
    "random_forest": options.ForestOptions(trees=12, max_features=0.5),
    "boosting": options.BoostingOptions(rounds=12, learning_rate=0.2),
    "rkhs": options.KernelOptions(),
    "bayes": options.BayesOptions(**SHORT),
    "gxe": options.TrialOptions(),
    "reaction_network": options.ReactionOptions(
        network=options.DenseOptions(hidden=(8,), **QUICK)
    ),
    "multi_trait": options.MultiTraitOptions(),
    "kernels": options.KernelsOptions(
        kernels=("additive", "dominance", "additive_additive")
    ),
    "kernel_average": options.KernelAverageOptions(),
    "dense": options.DenseOptions(hidden=(8,), **QUICK),
    "cnn": options.CNNOptions(channels=4, hidden=8, **(QUICK | {"epochs": 150})),
    "binn": options.BINNOptions(hidden=(4,), rounds=4, **QUICK),
    "core": options.CoreOptions(inner_folds=2),
    "auto": options.AutoOptions(hidden=(4,), rounds=4, **QUICK),
    "mediated": options.MediatedOptions(method="pathway_reml", set_counts=(0, 1, 2)),
    "gfblup": options.FeatureBLUPOptions(max_sets=2),
    "gwablup": options.WeightedGBLUPOptions(prior=(0.05, 1.0)),
    "prior_gblup": options.PriorOptions(scores=PRIOR_SCORES, shares=(0.0, 0.5)),
    "measured_omics": options.MeasuredOmicsOptions(),
    "stack": options.StackOptions(
        models=(options.GBLUPOptions(), options.KernelOptions())
    ),
}


def make_plan(variants):
    """Return five genes of five variants each, two terms over them."""
    return network_plan(
        {f"g{i}": range(5 * i, 5 * i + 5) for i in range(N_PANEL_GENE)},
        {"term1": ("g0", "g1", "g2"), "term2": ("g2", "g3", "g4")},
        variants=variants,
        heads=("term1", "term2"),
    )


@cache
def panel(n_variant=P, seed=7):
    """Return N + N_NEW samples, two targets, expression of the five genes."""
    rng = np.random.default_rng(seed)
    n = N + N_NEW
    frequency = rng.uniform(0.2, 0.8, n_variant)
    dosage = rng.binomial(2, frequency, (n, n_variant)).astype(np.int8)
    dosage[:, MONOMORPHIC] = 2
    genes = min(N_PANEL_GENE * 5, n_variant)
    signal = dosage[:, :genes] @ rng.normal(size=genes)
    signal = (signal - signal.mean()) / signal.std()
    y = np.column_stack([signal, 5 - signal]) + 0.4 * rng.normal(size=(n, 2))
    y[3:6, 1] = np.nan
    y[8] = np.nan
    dosage[rng.random(dosage.shape) < 0.03] = -1
    dosage[:N, MONOMORPHIC] = 2
    sample = np.array([f"s{i:02d}" for i in range(n)])
    expression = rng.normal(size=(n, N_PANEL_GENE))
    expression += signal[:, None]
    expression[1, 2] = np.nan
    expression[12:15] = np.nan
    names = np.array([f"g{i}" for i in range(N_PANEL_GENE)])
    omics = OmicsTable("expression", sample, names, names, expression)
    return dataset(dosage, y, sample, ["a", "b"], ["", "field"], omics=(omics,))


def halves(n_variant=P):
    whole = panel(n_variant)
    return whole.take(np.arange(N)), whole.take(np.arange(N, N + N_NEW))


def inner_of(data):
    fold = np.arange(data.n_sample) % 2
    return tuple(
        Split("kfold", 0, f, np.flatnonzero(fold != f), np.flatnonzero(fold == f))
        for f in range(2)
    )


def marker_panel(n_causal, seed=3, n=210, p=300):
    """Return lines, their genetic values and the places of the causal variants.

    The variants lie on two contigs.
    """
    rng = np.random.default_rng(seed)
    calls = rng.integers(0, 3, (n, p)).astype(np.int8)
    causal = rng.choice(p, n_causal, replace=False)
    g = calls[:, causal] @ rng.normal(size=n_causal)
    y = g / g.std() + 0.7 * rng.normal(size=g.size)
    table = variant_table(p, np.repeat(["1", "2"], p // 2))
    return dataset(calls, y, variants=table), g, causal


def recovery_plan(simulated) -> NetworkPlan:
    """Return the plan of a simulated recovery panel: cis windows, pathways."""
    windows = np.sort(simulated.cis_window, axis=1)
    genes = simulated.genes.gene_id.tolist()
    place = {name: number for number, name in enumerate(genes)}
    return network_plan(
        dict(zip(genes, windows.tolist(), strict=True)),
        {name: sorted(m, key=place.get) for name, m in simulated.pathways},
        variants=simulated.train.genotypes.variants,
        heads=[name for name, _ in simulated.pathways],
    )
