"""A panel with a known answer: genes, pathways and expression behind a trait.

The question it asks: when do known pathways and expression of the training lines
help to predict lines of which nothing but the genotypes is known?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import GeneticMap
from meristem.records import (
    Dataset,
    FloatArray,
    GeneTable,
    Genotypes,
    IntArray,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    StrArray,
    VariantTable,
)
from meristem.simulate.expression import (
    ExpressionLaw,
    draw_expression_law,
    genetic_expression,
    nearest_variants,
    standardise,
)
from meristem.simulate.population import mosaics, random_haplotypes

TRAIT = "trait"
N_ACTIVITY = 5
"""Causal pathways; each enters the trait through a function of its own."""
VARIANT_SPACING = 10_000
"""Distance between neighbouring variants, bp."""


@dataclass(frozen=True)
class RecoveryConfig:
    """Sizes and shares of the panel; the defaults are the benchmark."""

    n_train: int = 600
    n_test: int = 300
    n_chromosome: int = 10
    variants_per_chromosome: int = 2000
    n_founder: int = 12
    n_ancestor: int = 40
    ancestor_tract: float = 30.0  # variants
    n_subpopulation: int = 4
    ancestors_per_subpopulation: int = 14
    line_tract: float = 200.0  # variants
    n_gene: int = 2000
    window: int = 20  # variants
    cis_causal: int = 3
    n_regulator: int = 60
    regulators_per_gene: int = 2
    trans_scale: float = 0.5
    reliability: float = 0.6  # of measured expression
    measured_share: float = 1.0  # of the training lines
    n_pathway: int = 100
    pathway_size: int = 20
    causal_genes_per_pathway: int = 10
    pathway_share: float = 0.8  # of the genetic variance
    h2: float = 0.5
    trait: Literal["pathways", "additive"] = "pathways"

    def __post_init__(self) -> None:
        for name in ("reliability", "measured_share", "pathway_share", "h2"):
            if not 0 <= getattr(self, name) <= 1 or (name == "h2" and self.h2 == 0):
                raise ConfigError(
                    f"{name} is {getattr(self, name)}", remedy="give a share up to 1"
                )
        limits = {
            "ancestors_per_subpopulation": self.n_ancestor,
            "n_founder": self.n_ancestor,
            "n_regulator": self.n_gene,
            "regulators_per_gene": self.n_regulator,
            "pathway_size": self.n_gene,
            "causal_genes_per_pathway": self.pathway_size,
            "cis_causal": self.window,
            "window": self.variants_per_chromosome,
        }
        for name, limit in limits.items():
            if not 1 <= getattr(self, name) <= limit:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}", remedy=f"give 1 to {limit}"
                )
        if self.n_pathway < N_ACTIVITY:
            raise ConfigError(
                f"n_pathway is {self.n_pathway}", remedy=f"give at least {N_ACTIVITY}"
            )


@dataclass(frozen=True)
class RecoveryTruth:
    """What a model cannot see; lines are the training lines, then the test lines."""

    genetic: FloatArray  # (n_line,) variance 1
    expression: FloatArray  # (n_line, n_gene) genetic expression, variance 1
    activity: FloatArray  # (n_line, 5) of the causal pathways, variance 1
    law: ExpressionLaw
    causal_gene: StrArray  # (n_causal,) unique, sorted
    causal_pathway: tuple[str, ...]  # empty when the known sets are random
    polygenic_effect: FloatArray  # (n_variant,) on standardised dosage


@dataclass(frozen=True)
class RecoveryPanel:
    """Training data, test genotypes, knowledge, and the truth."""

    train: Dataset  # omics `expression`, NaN on lines not measured; `subpopulation`
    test: Genotypes
    test_groups: SampleGroups
    test_expression: OmicsTable  # measured; for references that are not deployable
    train_genetic: FloatArray  # (n_train,)
    test_genetic: FloatArray  # (n_test,)
    genes: GeneTable
    cis_window: IntArray  # (n_gene, window) positions in the variant table
    pathways: tuple[tuple[str, tuple[str, ...]], ...]  # name, gene ids
    truth: RecoveryTruth
    config: RecoveryConfig


def simulate_recovery(
    config: RecoveryConfig,
    *,
    rng: np.random.Generator,
) -> RecoveryPanel:
    """Simulate the recovery panel.

    Lines are inbred mosaics of ancestral haplotypes, subpopulation by subpopulation.
    Expression comes from cis variants and regulators. Five pathways act through the
    activity a_k, a weighted sum of expression: tanh(2 a1), 2 relu(a2), a3^2,
    tanh(2 a4) and a5, each standardised, plus a1 a2. The rest of the genetic
    variance comes from all variants. With `trait = "additive"` the activities enter
    as they are, and the known pathways are random sets.

    Lines of the subpopulations alternate, so that the first n training lines are a
    training set of size n.

    Parameters
    ----------
    config
        Sizes and shares.
    rng
        The only source of randomness; genomes, expression, pathways, noise and
        measurement have streams of their own.

    Returns
    -------
    RecoveryPanel
        Everything, effects drawn anew.

    Examples
    --------
    >>> import numpy as np
    >>> small = RecoveryConfig(n_train=20, n_test=8, n_chromosome=2,
    ...     variants_per_chromosome=100, n_gene=40, n_regulator=4, n_pathway=6,
    ...     pathway_size=8, causal_genes_per_pathway=4)
    >>> panel = simulate_recovery(small, rng=np.random.default_rng(1))
    >>> panel.train.omics[0].value.shape, panel.test.call_dosage.shape
    ((20, 40), (8, 200))
    """
    genome_rng, law_rng, set_rng, trait_rng, noise_rng, measure_rng = rng.spawn(6)
    n_line = config.n_train + config.n_test
    genetic_map = _variant_map(config)
    dosage, group = _lines(config, genetic_map, genome_rng)
    variants = _variant_table(genetic_map)
    genes, gene_chromosome = _genes(config)
    window = nearest_variants(
        (genes.gene_start + genes.gene_end) // 2,
        gene_chromosome,
        variants.variant_position,
        genetic_map.chromosome,
        config.window,
    )
    law = draw_expression_law(
        window,
        dosage.min(axis=0) < dosage.max(axis=0),
        n_cis=config.cis_causal,
        n_regulator=config.n_regulator,
        n_trans=config.regulators_per_gene,
        trans_scale=config.trans_scale,
        rng=law_rng,
    )
    expression = genetic_expression(dosage, law)
    members = _draw_sets(config, set_rng)  # (n_pathway, pathway_size)
    causal = members[:N_ACTIVITY, : config.causal_genes_per_pathway]
    activity = _activities(expression, causal, trait_rng)
    effect = trait_rng.standard_normal(variants.n_variant)
    genetic = _genetic_value(config, activity, _polygenic_value(dosage, effect))
    if config.trait == "additive":
        members = _draw_sets(config, set_rng)
    noise = np.sqrt((1 - config.h2) / config.h2) * noise_rng.standard_normal(n_line)
    names = np.array([f"line_{i + 1:05d}" for i in range(n_line)])
    genotypes = Genotypes(names, variants, dosage, source="recovery simulation")
    groups = SampleGroups(
        names,
        np.array(["subpopulation"]),
        np.array([f"pop_{number + 1}" for number in group])[:, None],
    )
    measured = _measure(config, names, genes.gene_id, expression, measure_rng)
    train = np.arange(config.n_train)
    test = np.arange(config.n_train, n_line)
    pathways = _name_sets(members, genes.gene_id, set_rng)
    return RecoveryPanel(
        train=Dataset(
            genotypes.take_samples(train),
            _phenotypes(names[train], (genetic + noise)[train]),
            (measured.take_samples(train),),
            groups.take_samples(train),
        ),
        test=genotypes.take_samples(test),
        test_groups=groups.take_samples(test),
        test_expression=measured.take_samples(test),
        train_genetic=genetic[train],
        test_genetic=genetic[test],
        genes=genes,
        cis_window=window,
        pathways=tuple(sorted(pathways)),
        truth=RecoveryTruth(
            genetic=genetic,
            expression=expression,
            activity=activity,
            law=law,
            causal_gene=genes.gene_id[np.unique(causal)],
            causal_pathway=tuple(name for name, _ in pathways[:N_ACTIVITY])
            if config.trait == "pathways"
            else (),
            polygenic_effect=effect,
        ),
        config=config,
    )


def _variant_map(config: RecoveryConfig) -> GeneticMap:
    """Return the loci; lines are made by tracts, so distance counts in variants."""
    size = config.variants_per_chromosome
    chromosome = np.repeat(np.arange(config.n_chromosome), size)
    return GeneticMap(chromosome, np.tile(np.arange(size) / size, config.n_chromosome))


def _variant_table(genetic_map: GeneticMap) -> VariantTable:
    n = genetic_map.n_locus
    size = int(np.bincount(genetic_map.chromosome)[0])
    return VariantTable(
        variant_id=np.array([f"snp_{i + 1:06d}" for i in range(n)]),
        variant_contig=(genetic_map.chromosome + 1).astype(np.str_),
        variant_position=(np.arange(n) % size + 1) * VARIANT_SPACING,
        variant_ref=np.full(n, "A"),
        variant_alt=np.full(n, "G"),
    )


def _lines(
    config: RecoveryConfig, genetic_map: GeneticMap, rng: np.random.Generator
) -> tuple[NDArray[np.int8], IntArray]:  # dosage (n_line, n_variant), group (n_line,)
    founders = random_haplotypes(config.n_founder, genetic_map.n_locus, rng)
    n_mosaic = config.n_ancestor - config.n_founder
    young = mosaics(founders, n_mosaic, config.ancestor_tract, genetic_map, rng)
    ancestors = np.concatenate([founders, young])
    n_line = config.n_train + config.n_test
    group = np.arange(n_line) % config.n_subpopulation
    dosage = np.empty((n_line, genetic_map.n_locus), dtype=np.int8)
    for number in range(config.n_subpopulation):
        rows = np.flatnonzero(group == number)
        shuffled = rng.permutation(config.n_ancestor)
        pool = ancestors[shuffled[: config.ancestors_per_subpopulation]]
        lines = mosaics(pool, rows.size, config.line_tract, genetic_map, rng)
        dosage[rows] = 2 * lines
    return dosage, group


def _genes(config: RecoveryConfig) -> tuple[GeneTable, IntArray]:
    """Return genes of 2 kb, evenly spaced, and the chromosome of each."""
    chromosome = np.arange(config.n_gene) * config.n_chromosome // config.n_gene
    count = np.bincount(chromosome, minlength=config.n_chromosome)
    first = np.cumsum(count) - count
    rank = np.arange(config.n_gene) - first[chromosome]
    length = (config.variants_per_chromosome + 1) * VARIANT_SPACING
    centre = ((rank + 0.5) / count[chromosome] * length).astype(np.int64)
    genes = GeneTable(
        gene_id=np.array([f"gene_{i + 1:05d}" for i in range(config.n_gene)]),
        gene_contig=(chromosome + 1).astype(np.str_),
        gene_start=np.maximum(centre - 1000, 0),
        gene_end=np.maximum(centre - 1000, 0) + 2000,
        gene_strand=np.full(config.n_gene, "+"),
        source="recovery simulation",
    )
    return genes, chromosome


def _draw_sets(config: RecoveryConfig, rng: np.random.Generator) -> IntArray:
    """Return the genes of every pathway in random order; pathways may overlap."""
    draws = [
        rng.choice(config.n_gene, config.pathway_size, replace=False)
        for _ in range(config.n_pathway)
    ]
    return np.array(draws)  # (n_pathway, pathway_size)


def _name_sets(
    members: IntArray, gene_id: StrArray, rng: np.random.Generator
) -> list[tuple[str, tuple[str, ...]]]:
    """Name the sets so that neither name nor order of genes tells the causal ones."""
    number = rng.permutation(members.shape[0])
    return [
        (f"pathway_{k + 1:04d}", tuple(gene_id[np.sort(genes)].tolist()))
        for k, genes in zip(number, members, strict=True)
    ]


def _activities(
    expression: FloatArray,  # (n_line, n_gene)
    causal: IntArray,  # (5, causal genes per pathway)
    rng: np.random.Generator,
) -> FloatArray:  # (n_line, 5)
    weight = rng.standard_normal(causal.shape)
    sums = [expression[:, g] @ w for g, w in zip(causal, weight, strict=True)]
    return standardise(np.column_stack(sums))


def _polygenic_value(
    dosage: NDArray[np.int8],  # (n_line, n_variant)
    effect: FloatArray,  # (n_variant,)
) -> FloatArray:  # (n_line,) variance 1
    value = np.zeros(dosage.shape[0])
    for start in range(0, dosage.shape[1], 4096):
        block = slice(start, start + 4096)
        value += standardise(dosage[:, block].astype(np.float64)) @ effect[block]
    return standardise(value)


def _genetic_value(
    config: RecoveryConfig,
    activity: FloatArray,  # (n_line, 5)
    polygenic: FloatArray,  # (n_line,)
) -> FloatArray:  # (n_line,) variance 1
    a1, a2, a3, a4, a5 = activity.T
    if config.trait == "additive":
        through_pathways = activity.sum(axis=1)
    else:
        terms = [np.tanh(2 * a1), 2 * np.maximum(a2, 0), a3**2, np.tanh(2 * a4), a5]
        through_pathways = standardise(np.column_stack(terms)).sum(axis=1) + a1 * a2
    share = config.pathway_share
    value = np.sqrt(share) * standardise(through_pathways)
    return standardise(value + np.sqrt(1 - share) * polygenic)


def _measure(
    config: RecoveryConfig,
    names: StrArray,
    gene_id: StrArray,
    expression: FloatArray,  # (n_line, n_gene)
    rng: np.random.Generator,
) -> OmicsTable:
    """Return measured expression; training lines left out of the share are NaN."""
    noise = rng.standard_normal(expression.shape)
    value = np.sqrt(config.reliability) * expression
    value += np.sqrt(1 - config.reliability) * noise
    n_left_out = config.n_train - round(config.measured_share * config.n_train)
    value[rng.permutation(config.n_train)[:n_left_out]] = np.nan
    return OmicsTable(
        "expression", names, gene_id, gene_id, value, "recovery simulation"
    )


def _phenotypes(names: StrArray, value: FloatArray) -> Phenotypes:
    return Phenotypes(
        sample_id=names,
        trait_name=np.array([TRAIT]),
        environment_name=np.array([""]),
        value=value[:, None],
        weight=np.ones((names.size, 1)),
    )
