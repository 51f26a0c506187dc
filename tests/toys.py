"""Makers of small records: every axis has a length of its own unless a test asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from meristem.records import (
    Dataset,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    SampleGroups,
    VariantTable,
)

Names = int | str | Sequence[str] | np.ndarray
"""Names themselves, or a prefix or a number of names to be numbered."""


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def numbered(prefix: str, n: int) -> np.ndarray:
    """Return `prefix0`, `prefix1`, ..."""
    return np.array([f"{prefix}{k}" for k in range(n)], dtype=np.str_)


def _names(given: Names, n: int) -> np.ndarray:
    return numbered(given, n) if isinstance(given, str) else np.asarray(given)


def _each(value: ArrayLike, n: int) -> np.ndarray:
    """Return one value per item; a single value is that of all."""
    return np.array(np.broadcast_to(np.asarray(value), n))


def variant_table(
    ids: Names = 11,
    contig: ArrayLike = "1",
    position: ArrayLike | None = None,
    ref: ArrayLike = "A",
    alt: ArrayLike = "C",
) -> VariantTable:
    """Return variants `ids` (a number: v0, v1, ...), from base 1 on unless placed."""
    name = numbered("v", ids) if isinstance(ids, int) else np.asarray(ids)
    n = name.size
    place = 1 + np.arange(n) if position is None else _each(position, n)
    return VariantTable(name, _each(contig, n), place, _each(ref, n), _each(alt, n))


def swapped(table: VariantTable) -> VariantTable:
    """Return the variants with the reference allele counted."""
    return variant_table(
        table.variant_id,
        table.variant_contig,
        table.variant_position,
        table.variant_alt,
        table.variant_ref,
    )


def genotypes(
    dosage: ArrayLike,
    lines: Names = "s",
    variants: VariantTable | None = None,
    ploidy: int = 2,
    source: str = "",
) -> Genotypes:
    """Return the calls of lines s0, s1, ... unless named."""
    calls = np.asarray(dosage, dtype=np.int8)
    n_line, n_variant = calls.shape
    table = variant_table(n_variant) if variants is None else variants
    return Genotypes(_names(lines, n_line), table, calls, ploidy, source)


def phenotypes(
    value: np.ndarray,
    lines: Names = "s",
    traits: Names = "t",
    environments: ArrayLike = "",
    weight: ArrayLike = 1.0,
) -> Phenotypes:
    """Return values of one trait, (n,), or of several, (n, n_trait)."""
    y = np.asarray(value, dtype=np.float64)
    y = y.reshape(len(y), -1)
    w = np.asarray(weight, dtype=np.float64)
    w = w[:, None] if w.ndim == 1 and w.size == len(y) else w
    n_target = y.shape[1]
    return Phenotypes(
        _names(lines, len(y)),
        _names(traits, n_target),
        _each(environments, n_target),
        y,
        np.array(np.broadcast_to(w, y.shape)),
    )


def labels_of(lines: np.ndarray, columns: Mapping[str, Sequence[str]]) -> SampleGroups:
    """Return the labels of lines, one column per entry."""
    return SampleGroups(lines, np.array(list(columns)), np.array([*columns.values()]).T)


def dataset(
    dosage: ArrayLike,
    value: np.ndarray,
    lines: Names = "s",
    traits: Names = "t",
    environments: ArrayLike = "",
    *,
    weight: ArrayLike = 1.0,
    variants: VariantTable | None = None,
    omics: tuple[OmicsTable, ...] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    ploidy: int = 2,
) -> Dataset:
    """Return genotypes and phenotypes of the same lines."""
    called = genotypes(dosage, lines, variants, ploidy)
    name = called.sample_id
    return Dataset(
        called,
        phenotypes(value, name, traits, environments, weight),
        omics,
        None if groups is None else labels_of(name, groups),
    )


def network_plan(
    *levels: Mapping[str, Sequence[int | str]],
    variants: VariantTable | int,
    heads: Sequence[str],
    kinds: Mapping[str, str] | None = None,
    node_label: Sequence[str] | None = None,
) -> NetworkPlan:
    """Return the plan of levels of nodes, each with what it reads.

    What is read is the number of a variant or the name of a node of a lower level.
    Nodes of the first level are genes, the others terms, unless `kinds` says so.
    """
    table = variant_table(variants) if isinstance(variants, int) else variants
    names: list[str] = []
    built, node_level, node_kind = [], [], []
    for number, level in enumerate(levels):
        read: dict[type, tuple[list[int], list[int]]] = {int: ([], []), str: ([], [])}
        for row, sources in enumerate(level.values()):
            for source in sources:
                by_name = isinstance(source, str)
                rows, columns = read[str if by_name else int]
                rows.append(row)
                columns.append(names.index(source) if by_name else int(source))
        edges = [np.array(x, dtype=np.int64) for t in (int, str) for x in read[t]]
        built.append(PlanLevel(len(names), len(level), *edges))
        names += level
        node_level += [number] * len(level)
        node_kind += [(kinds or {}).get(n, "term" if number else "gene") for n in level]
    return NetworkPlan(
        table,
        np.array(names, dtype=np.str_),
        np.array(node_kind, dtype=np.str_),
        np.array(node_level, dtype=np.int64),
        tuple(built),
        np.array([names.index(name) for name in heads], dtype=np.int64),
        node_label=None if node_label is None else np.array(node_label),
    )


def two_gene_plan(n_variant: int = 11) -> NetworkPlan:
    """Two genes of 4 and 3 variants, one term over both; 4 variants unclaimed."""
    return network_plan(
        {"g1": range(4), "g2": range(4, 7)},
        {"t": ("g1", "g2")},
        variants=n_variant,
        heads=["t"],
    )


def additive_dataset(
    n_sample: int = 40,
    n_variant: int = 23,
    n_target: int = 2,
    *,
    seed: int = 1,
    groups: Mapping[str, Sequence[str]] | None = None,
    omics: bool = False,
    h2: float = 0.6,
) -> Dataset:
    """Additive traits; sample ids are in no sorted order."""
    draw = rng(seed)
    names = np.array([f"line{k}" for k in draw.permutation(n_sample)])
    frequency = draw.uniform(0.2, 0.8, n_variant)
    dosage = draw.binomial(2, frequency, (n_sample, n_variant)).astype(np.int8)
    effect = draw.standard_normal((n_variant, n_target))
    genetic = (dosage - dosage.mean(0)) @ effect
    genetic /= genetic.std(0)
    noise = draw.standard_normal((n_sample, n_target))
    value = np.sqrt(h2) * genetic + np.sqrt(1 - h2) * noise
    trait = ["yield", "height", "yield", "height"][:n_target]
    environment = ["dry", "dry", "wet", "wet"] if n_target > 2 else ["", ""]
    tables: tuple[OmicsTable, ...] = ()
    if omics:
        feature = np.array(["geneA", "geneB", "geneC"])
        measured = dosage[:, :3] + 0.1 * draw.standard_normal((n_sample, 3))
        tables = (OmicsTable("expression", names, feature, feature, measured),)
    place = environment[:n_target]
    return dataset(dosage, value, names, trait, place, omics=tables, groups=groups)
