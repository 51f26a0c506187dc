"""A small panel with a known answer for the variance-component core."""

from __future__ import annotations

import numpy as np

from meristem.records import (
    Dataset,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    VariantTable,
)

N_GENE, OWN, N_SET, SET_SIZE, SPARE = 36, 4, 7, 6, 11
"""Genes with variants of their own, sets of genes, variants that no gene claims."""
N_VARIANT = N_GENE * OWN + SPARE


def variant_table() -> VariantTable:
    names = np.array([f"v{i:03d}" for i in range(N_VARIANT)])
    place = 1 + np.arange(N_VARIANT)
    one = np.full(N_VARIANT, "1")
    return VariantTable(
        names, one, place, np.full(N_VARIANT, "A"), np.full(N_VARIANT, "C")
    )


def set_genes() -> list[list[int]]:
    """Members of every set; neighbours overlap by one gene."""
    return [
        [(5 * k + i) % N_GENE for i in range(SET_SIZE - (k == 3))] for k in range(N_SET)
    ]


def core_plan() -> NetworkPlan:
    none = np.empty(0, dtype=np.int64)
    members = set_genes()
    row = np.repeat(np.arange(N_SET), [len(m) for m in members])
    col = np.concatenate([np.sort(m) for m in members])
    names = [f"g{i:02d}" for i in range(N_GENE)] + [f"set{k}" for k in range(N_SET)]
    sizes = [N_GENE, N_SET]
    own = np.repeat(np.arange(N_GENE), OWN)
    return NetworkPlan(
        variant_table(),
        np.array(names),
        np.repeat(["gene", "term"], sizes),
        np.repeat([0, 1], sizes),
        (
            PlanLevel(0, N_GENE, own, np.arange(N_GENE * OWN), none, none),
            PlanLevel(N_GENE, N_SET, none, none, row, col),
        ),
        np.arange(N_GENE, N_GENE + N_SET),
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
    phenotypes = Phenotypes(
        ids,
        np.array(["y", "z"]),
        np.array(["", "dry"]),
        true + noise * rng.normal(size=true.shape),
        np.ones(true.shape),
    )
    return Dataset(Genotypes(ids, variant_table(), dosage), phenotypes, (omics,)), true
