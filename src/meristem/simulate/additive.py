"""A purely additive trait in a population with linkage: where GBLUP is the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import GeneticMap, even_map
from meristem.genetics.inheritance.meiosis import Haplotypes, gametes
from meristem.records import (
    Dataset,
    FloatArray,
    Genotypes,
    Phenotypes,
    SampleGroups,
    StrArray,
)
from meristem.simulate.population import mosaics, random_haplotypes, variant_table

TRAIT = "additive"


@dataclass(frozen=True)
class AdditivePopulation:
    """Simulated lines and the truth about their trait."""

    dataset: Dataset  # groups: `subpopulation`, or `family`, `parent_1`, `parent_2`
    genetic: FloatArray  # (n,) true genetic value, variance 1
    effect: FloatArray  # (n_variant,) true effect of one allele copy
    h2: float


@dataclass(frozen=True)
class _Lines:
    haplotype_1: Haplotypes  # (n, n_variant)
    haplotype_2: Haplotypes  # (n, n_variant)
    group_name: tuple[str, ...]
    label: StrArray  # (n, n_group)


def simulate_additive(
    *,
    n: int,
    n_variant: int,
    h2: float,
    rng: np.random.Generator,
    n_causal: int | None = None,
    subpopulations: int = 1,
    families: int = 0,
    inbred: bool = True,
) -> AdditivePopulation:
    """Simulate lines and a trait that is a weighted sum of allele copies.

    Twenty ancestral haplotypes are mosaics of eight random ones (tracts of 1/20
    chromosome on average); lines are mosaics of the ancestors (tracts of a fifth of
    a chromosome). With subpopulations each draws from its own half of the ancestors.
    With families lines are doubled haploids from biparental crosses instead. Causal
    variants are drawn at random, their effects are normal on standardised dosage.

    Parameters
    ----------
    n
        Number of lines.
    n_variant
        Number of variants, evenly over 5 chromosomes of 1 Morgan.
    h2
        Heritability, above 0 and at most 1.
    rng
        The only source of randomness.
    n_causal
        Number of variants with an effect; default a tenth.
    subpopulations
        Number of subpopulations; 1 for none.
    families
        Number of biparental families; 0 for none.
    inbred
        Dosage 0 or 2 alone; else two independent haplotypes per line.

    Returns
    -------
    AdditivePopulation
        Dataset and truth.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> made = simulate_additive(
    ...     n=30, n_variant=100, h2=0.5, rng=np.random.default_rng(1), families=3)
    >>> made.dataset.genotypes.call_dosage.shape
    (30, 100)
    >>> made.dataset.groups.group_name.tolist()
    ['family', 'parent_1', 'parent_2']
    """
    n_causal = max(1, n_variant // 10) if n_causal is None else n_causal
    _check(n, n_variant, h2, n_causal)
    if subpopulations > 1 and families:
        raise ConfigError(
            "subpopulations and families are asked for at once",
            remedy="choose one of them",
        )
    founder_rng, line_rng, effect_rng, noise_rng = rng.spawn(4)
    genetic_map = even_map(5, n_variant)
    per_chromosome = n_variant / 5
    random = random_haplotypes(8, n_variant, founder_rng)
    tract = max(1.0, per_chromosome / 20)
    ancestors = mosaics(random, 20, tract, genetic_map, founder_rng)
    if families:
        lines = _family_lines(ancestors, n, families, genetic_map, line_rng)
    else:
        lines = _mosaic_lines(
            ancestors, n, subpopulations, inbred, genetic_map, line_rng
        )
    dosage = lines.haplotype_1 + lines.haplotype_2
    effect, genetic = _additive_value(dosage, n_causal, effect_rng)
    noise = np.sqrt((1 - h2) / h2) * noise_rng.standard_normal(n)
    names = np.array([f"line_{i + 1:05d}" for i in range(n)])
    dataset = Dataset(
        genotypes=Genotypes(
            names, variant_table(genetic_map), dosage, source="additive simulation"
        ),
        phenotypes=Phenotypes(
            names,
            np.array([TRAIT]),
            np.array([""]),
            (genetic + noise)[:, None],
            np.ones((n, 1)),
        ),
        groups=SampleGroups(names, np.array(lines.group_name), lines.label),
    )
    return AdditivePopulation(dataset, genetic, effect, h2)


def _check(n: int, n_variant: int, h2: float, n_causal: int) -> None:
    if not 0 < h2 <= 1:
        raise ConfigError(f"h2 is {h2}", remedy="give 0 < h2 <= 1")
    if n < 2 or n_variant < 5:
        raise ConfigError(
            f"{n} lines and {n_variant} variants are too few",
            remedy="give at least 2 lines and 5 variants",
        )
    if not 1 <= n_causal <= n_variant:
        raise ConfigError(
            f"{n_causal} of {n_variant} variants are causal",
            remedy="give at least 1 and at most all",
        )


def _mosaic_lines(
    ancestors: Haplotypes,
    n: int,
    subpopulations: int,
    inbred: bool,
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> _Lines:
    tract = max(1.0, genetic_map.n_locus / 25)
    group = np.arange(n) % subpopulations
    first = np.empty((n, genetic_map.n_locus), dtype=np.int8)
    second = np.empty_like(first)
    for number in range(subpopulations):
        rows = np.flatnonzero(group == number)
        founders = ancestors
        if subpopulations > 1:
            half = ancestors.shape[0] // 2
            founders = ancestors[rng.permutation(ancestors.shape[0])[:half]]
        first[rows] = mosaics(founders, rows.size, tract, genetic_map, rng)
        if inbred:
            second[rows] = first[rows]
        else:
            second[rows] = mosaics(founders, rows.size, tract, genetic_map, rng)
    label = np.array([f"pop_{number + 1}" for number in group])[:, None]
    return _Lines(first, second, ("subpopulation",), label)


def _family_lines(
    ancestors: Haplotypes,
    n: int,
    families: int,
    genetic_map: GeneticMap,
    rng: np.random.Generator,
) -> _Lines:
    """Return doubled haploids of F1 plants between two ancestors each."""
    n_ancestor = ancestors.shape[0]
    parents = np.array(
        [rng.choice(n_ancestor, 2, replace=False) for _ in range(families)]
    )  # (n_family, 2)
    family = np.arange(n) % families
    gamete = gametes(ancestors[parents[family]], genetic_map, rng)
    label = np.column_stack(
        [
            np.char.add("family_", (family + 1).astype(np.str_)),
            np.char.add("founder_", (parents[family, 0] + 1).astype(np.str_)),
            np.char.add("founder_", (parents[family, 1] + 1).astype(np.str_)),
        ]
    )
    return _Lines(gamete, gamete, ("family", "parent_1", "parent_2"), label)


def _additive_value(
    dosage: NDArray[np.int8],  # (n, n_variant)
    n_causal: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:  # effect (n_variant,), value (n,) of variance 1
    varying = np.flatnonzero(dosage.min(axis=0) < dosage.max(axis=0))
    causal = np.sort(rng.permutation(varying)[:n_causal])
    effect = np.zeros(dosage.shape[1])
    effect[causal] = rng.standard_normal(causal.size) / dosage[:, causal].std(axis=0)
    genetic = dosage @ effect
    scale = genetic.std()
    return effect / scale, (genetic - genetic.mean()) / scale
