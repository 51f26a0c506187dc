"""A crop-like panel whose trait runs through motifs in promoters.

The question it asks: does it help to know which variants change a binding site?
Variants
act on the occupancy of motifs (cis), factors act on the genes that carry their sites
(trans), and genes act on the trait, beside a polygenic rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import (
    FloatArray,
    Genotypes,
    IntArray,
    StrArray,
    VariantScores,
    VariantTable,
)
from meristem.sequence.genome.bases import CodeArray
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import MotifBank
from meristem.sequence.variants.occupancy import Change, occupancy_changes
from meristem.simulate.population import GeneticMap, mosaics, random_haplotypes

PROMOTER = 400
"""bp in front of a transcription start that hold the sites."""
TRAIT = "yield"
_UTR, _N_CODON = 60, 200
_LETTER = np.array(list("ACGT"))


@dataclass(frozen=True)
class RegulatoryConfig:
    """Sizes and shares of the panel."""

    n_train: int = 300
    n_test: int = 100
    n_chromosome: int = 5
    n_gene: int = 250
    gene_gap: int = 6000  # bp from start to start
    n_variant: int = 15_000
    n_factor: int = 8
    sites_per_gene: int = 4
    n_causal_gene: int = 120
    trans_scale: float = 0.5  # sd of trans over sd of cis expression
    regulatory_share: float = 0.7  # of the genetic variance
    h2: float = 0.5
    reliability: float = 0.7  # of measured expression
    measured_share: float = 0.5  # of the training lines
    n_ancestor: int = 30
    ancestor_tract: float = 12.0  # variants
    line_tract: float = 250.0  # variants

    def __post_init__(self) -> None:
        for name in ("regulatory_share", "h2", "reliability", "measured_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1 or (name in ("h2", "reliability") and value == 0):
                raise ConfigError(f"{name} is {value}", remedy="give a share up to 1")
        limits = {
            "n_causal_gene": (1, self.n_gene),
            "n_factor": (1, self.n_gene),
            "n_variant": (100, self.n_gene * self.gene_gap // 10),
            "gene_gap": (2000, 1_000_000),
            "n_chromosome": (1, self.n_gene),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}", remedy=f"give {low} to {high}"
                )


@dataclass(frozen=True)
class SimulatedGene:
    """A gene of one exon; positions 0-based, end excluded, on the forward strand."""

    name: str
    contig: str
    strand: int
    exon: tuple[int, int]
    cds: tuple[int, int]

    @property
    def promoter(self) -> tuple[int, int]:
        """The bases that hold its sites."""
        if self.strand > 0:
            return self.exon[0] - PROMOTER, self.exon[0]
        return self.exon[1], self.exon[1] + PROMOTER


@dataclass(frozen=True)
class RegulatoryTruth:
    """What a model cannot see."""

    genetic: FloatArray  # (n_line,) variance 1; training lines, then test lines
    expression: FloatArray  # (n_line, n_gene) genetic
    gene_effect: FloatArray  # (n_gene,) on the trait, 0: not causal
    factor_gene: IntArray  # (n_factor,) the gene of every factor
    activity: FloatArray  # (n_factor,) of a bound site on expression
    variant: IntArray  # (n_hit,) variants that change a site, places in the table
    variant_gene: IntArray  # (n_hit,)
    variant_factor: IntArray  # (n_hit,) whose occupancy changes most
    change: FloatArray  # (n_hit, n_factor) of occupancy


@dataclass(frozen=True)
class RegulatoryPanel:
    """Genome, genes, lines and what was measured."""

    contigs: dict[str, CodeArray]
    genes: tuple[SimulatedGene, ...]
    motifs: tuple[Motif, ...]
    train: Genotypes
    test: Genotypes
    trait: FloatArray  # (n_train,)
    measured: FloatArray  # (n_train, n_gene) NaN rows: not measured
    scores: VariantScores
    truth: RegulatoryTruth
    config: RegulatoryConfig

    @property
    def gene_id(self) -> StrArray:
        """Names of the genes, (n_gene,)."""
        return np.array([gene.name for gene in self.genes])


def simulate_regulatory(
    config: RegulatoryConfig, *, rng: np.random.Generator
) -> RegulatoryPanel:
    """Simulate the panel.

    Every promoter carries sites drawn from the motifs of factors; a variant within a
    site, or one that makes a site, changes its occupancy (see `occupancy`), and with
    it the expression of the gene by the activity of the factor. Expression of the
    factors acts on all genes with their sites. Lines are inbred mosaics of ancestors.

    Parameters
    ----------
    config
        Sizes and shares.
    rng
        The only source of randomness.

    Examples
    --------
    >>> small = RegulatoryConfig(n_train=20, n_test=5, n_chromosome=2, n_gene=12,
    ...     n_variant=400, n_factor=3, n_causal_gene=6)
    >>> panel = simulate_regulatory(small, rng=np.random.default_rng(1))
    >>> panel.train.call_dosage.shape, panel.measured.shape
    ((20, 400), (20, 12))
    """
    genome_rng, site_rng, line_rng, law_rng, noise_rng = rng.spawn(5)
    motifs = _draw_motifs(config.n_factor, genome_rng)
    contigs, genes = _draw_genome(config, genome_rng)
    wanted = _plant_sites(contigs, genes, motifs, config.sites_per_gene, site_rng)
    variants, chromosome = _draw_variants(config, contigs, site_rng)
    dosage = _draw_lines(config, chromosome, line_rng)
    n_line = dosage.shape[0]
    hit = _changes(contigs, genes, variants, MotifBank(motifs))
    activity = law_rng.choice([-1.0, 1.0], config.n_factor) * law_rng.uniform(
        0.5, 1.5, config.n_factor
    )
    factor_gene = law_rng.choice(config.n_gene, config.n_factor, replace=False)
    cis = np.zeros((n_line, config.n_gene))
    for place, gene, change in zip(*hit, strict=True):
        cis[:, gene] += dosage[:, place] / 2 * (change @ activity)
    expression = _with_trans(cis, wanted, factor_gene, activity, config.trans_scale)
    gene_effect = np.zeros(config.n_gene)
    causal = law_rng.choice(config.n_gene, config.n_causal_gene, replace=False)
    gene_effect[causal] = law_rng.standard_normal(causal.size)
    genetic = _genetic_value(config, expression @ gene_effect, dosage, law_rng)
    noise = noise_rng.standard_normal(n_line) * np.sqrt((1 - config.h2) / config.h2)
    names = np.array([f"line_{i + 1:05d}" for i in range(n_line)])
    lines = Genotypes(names, variants, dosage, source="regulatory simulation")
    train = np.arange(config.n_train)
    place, gene, change = hit
    best = np.abs(change).argmax(axis=1) if place.size else np.zeros(0, np.int64)
    truth = RegulatoryTruth(
        genetic,
        expression,
        gene_effect,
        factor_gene,
        activity,
        place,
        gene,
        best,
        change,
    )
    gene_id = np.array([g.name for g in genes])
    return RegulatoryPanel(
        contigs,
        genes,
        motifs,
        lines.take_samples(train),
        lines.take_samples(np.arange(config.n_train, n_line)),
        (genetic + noise)[train],
        _measure(config, expression[train], noise_rng),
        VariantScores(
            variants.variant_id[place],
            gene_id[gene],
            change[np.arange(place.size), best],
            np.full(place.size, "occupancy"),
            "true motifs",
        ),
        truth,
        config,
    )


def _draw_motifs(n: int, rng: np.random.Generator) -> tuple[Motif, ...]:
    """Return motifs of 8 to 12 bp, most positions nearly sure of their base."""
    motifs = []
    for number in range(n):
        width = int(rng.integers(8, 13))
        p = np.full((4, width), 0.0)
        sure = rng.uniform(0.75, 0.97, width)
        p[:] = (1 - sure) / 3
        p[rng.integers(0, 4, width), np.arange(width)] = sure
        motifs.append(Motif(f"TF{number + 1:02d}", f"factor_{number + 1}", p))
    return tuple(motifs)


def _draw_genome(
    config: RegulatoryConfig, rng: np.random.Generator
) -> tuple[dict[str, CodeArray], tuple[SimulatedGene, ...]]:
    count = np.bincount(
        np.arange(config.n_gene) * config.n_chromosome // config.n_gene,
        minlength=config.n_chromosome,
    )
    contigs: dict[str, CodeArray] = {}
    genes: list[SimulatedGene] = []
    for number, n in enumerate(count.tolist()):
        name = f"chr{number + 1}"
        codes = rng.integers(0, 4, (n + 1) * config.gene_gap).astype(np.uint8)
        for rank in range(n):
            strand = 1 if rng.random() < 0.5 else -1
            start = (rank + 1) * config.gene_gap - config.gene_gap // 2
            length = 2 * _UTR + 3 * _N_CODON
            exon, cds = (start, start + length), (start + _UTR, start + length - _UTR)
            codes[slice(*cds)] = _coding(strand, rng)
            gene_name = f"gene_{len(genes) + 1:04d}"
            genes.append(SimulatedGene(gene_name, name, strand, exon, cds))
        contigs[name] = codes
    return contigs, tuple(genes)


def _coding(strand: int, rng: np.random.Generator) -> CodeArray:
    """Return a reading frame with start and stop and no stop in between."""
    codons = rng.integers(0, 4, (_N_CODON, 3)).astype(np.uint8)
    stop = (codons[:, 0] == 3) & np.isin(codons[:, 1], (0, 2))  # TAx, TGx
    codons[stop, 0] = 1
    codons[0], codons[-1] = (0, 3, 2), (3, 0, 0)
    flat = codons.reshape(-1)
    return flat if strand > 0 else (3 - flat)[::-1]


def _plant_sites(
    contigs: dict[str, CodeArray],
    genes: tuple[SimulatedGene, ...],
    motifs: tuple[Motif, ...],
    n_site: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:  # (n_gene, n_factor) sites planted
    planted = np.zeros((len(genes), len(motifs)))
    for row, gene in enumerate(genes):
        start, end = gene.promoter
        slots = np.linspace(start + 5, end - 20, n_site + 1).astype(int)
        for low, high in zip(slots[:-1], slots[1:], strict=True):
            factor = int(rng.integers(len(motifs)))
            p = motifs[factor].probability
            site = np.array([rng.choice(4, p=column) for column in p.T], np.uint8)
            if rng.random() < 0.5:
                site = (3 - site)[::-1]
            at = int(rng.integers(low, max(high - site.size, low + 1)))
            contigs[gene.contig][at : at + site.size] = site
            planted[row, factor] += 1
    return planted


def _draw_variants(
    config: RegulatoryConfig,
    contigs: dict[str, CodeArray],
    rng: np.random.Generator,
) -> tuple[VariantTable, IntArray]:
    """Return SNPs spread at random over the genome, and the chromosome of each."""
    total = sum(codes.size for codes in contigs.values())
    place = np.sort(rng.choice(total, config.n_variant, replace=False))
    edges = np.cumsum([0, *(codes.size for codes in contigs.values())])
    chromosome = np.searchsorted(edges, place, side="right") - 1
    position = place - edges[chromosome]
    names = list(contigs)
    ref = np.concatenate(list(contigs.values()))[place]
    alt = (ref + rng.integers(1, 4, place.size)) % 4
    contig = np.array(names)[chromosome]
    return (
        VariantTable(
            np.array([f"{c}_{p + 1}" for c, p in zip(contig, position, strict=True)]),
            contig,
            position + 1,
            _LETTER[ref],
            _LETTER[alt],
        ),
        chromosome,
    )


def _draw_lines(
    config: RegulatoryConfig, chromosome: IntArray, rng: np.random.Generator
) -> NDArray[np.int8]:  # (n_line, n_variant) 0 or 2
    genetic_map = GeneticMap(chromosome, np.arange(chromosome.size, dtype=float))
    founders = random_haplotypes(12, chromosome.size, rng)
    n_young = max(config.n_ancestor - 12, 1)
    young = mosaics(founders, n_young, config.ancestor_tract, genetic_map, rng)
    ancestors = np.concatenate([founders, young])
    n_line = config.n_train + config.n_test
    return 2 * mosaics(ancestors, n_line, config.line_tract, genetic_map, rng)


def _changes(
    contigs: dict[str, CodeArray],
    genes: tuple[SimulatedGene, ...],
    variants: VariantTable,
    bank: MotifBank,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return variant, gene and change of occupancy where a promoter variant has one."""
    places, owners, changes = [], [], []
    for row, gene in enumerate(genes):
        start, end = gene.promoter
        here = variants.variant_contig == gene.contig
        position = variants.variant_position - 1
        inside = np.flatnonzero(here & (position >= start) & (position < end))
        if inside.size == 0:
            continue
        steps = [
            Change(int(position[i]), int(position[i]) + 1, str(variants.variant_alt[i]))
            for i in inside
        ]
        change = occupancy_changes(contigs[gene.contig], steps, bank, 110)
        hit = np.abs(change).max(axis=1) >= 0.01
        places.append(inside[hit])
        owners.append(np.full(int(hit.sum()), row))
        changes.append(change[hit].astype(np.float64))
    if not places:
        n_motif = len(bank.motifs)
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, n_motif))
    return np.concatenate(places), np.concatenate(owners), np.concatenate(changes)


def _with_trans(
    cis: FloatArray,  # (n_line, n_gene)
    planted: FloatArray,  # (n_gene, n_factor)
    factor_gene: IntArray,
    activity: FloatArray,
    scale: float,
) -> FloatArray:  # (n_line, n_gene)
    trans = cis[:, factor_gene] @ (planted * activity).T
    size = trans.std()
    if size > 0:
        trans *= scale * cis.std() / size
    return cis + trans


def _genetic_value(
    config: RegulatoryConfig,
    regulatory: FloatArray,  # (n_line,)
    dosage: NDArray[np.int8],
    rng: np.random.Generator,
) -> FloatArray:  # (n_line,) variance 1
    chosen = rng.choice(dosage.shape[1], min(500, dosage.shape[1]), replace=False)
    rest = dosage[:, chosen].astype(float) @ rng.standard_normal(chosen.size)
    share = config.regulatory_share
    value = np.sqrt(share) * _unit(regulatory) + np.sqrt(1 - share) * _unit(rest)
    return _unit(value)


def _unit(value: FloatArray) -> FloatArray:
    centred = value - value.mean()
    size = centred.std()
    return centred / size if size > 0 else centred


def _measure(
    config: RegulatoryConfig, expression: FloatArray, rng: np.random.Generator
) -> FloatArray:  # (n_train, n_gene)
    sd = expression.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    unit = (expression - expression.mean(axis=0)) / sd
    value = np.sqrt(config.reliability) * unit
    value += np.sqrt(1 - config.reliability) * rng.standard_normal(value.shape)
    n_out = config.n_train - round(config.measured_share * config.n_train)
    value[rng.permutation(config.n_train)[:n_out]] = np.nan
    return value
