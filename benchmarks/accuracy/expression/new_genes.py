"""Genes whose expression trains nothing: the RM - BY difference of 3,340 yeast genes.

Models of DNA see random promoters alone (Vaishnav 2022, DREAM 2022). Zero-shot is the
mean of their predicted difference over the windows of a promoter; the head is a ridge
shared by all genes, trained on the expression of 109 segregants in the genes of the
other chromosomes. The truth is
allele-specific expression of the hybrid. Genes without a variant in the windows are
left out; ties count as wrong signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import Progress, open_table, untold
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.promoters import LENGTH, MOTIFS, read_sets
from meristem.config.expression.heads import SharedRidgeOptions
from meristem.config.expression.panel import GenesConfig, VariantsConfig
from meristem.config.stages import OmicsConfig
from meristem.expression.embedding.cache import embed_distinct
from meristem.expression.embedding.protocol import Embedding, bin_middles
from meristem.expression.embedding.supervised import SupervisedEmbedder
from meristem.expression.haplotypes.build import GeneHaplotypes, build_haplotypes
from meristem.expression.haplotypes.calls import read_calls
from meristem.expression.haplotypes.counts import distinct_sequences
from meristem.expression.haplotypes.genes import gene_windows
from meristem.expression.heads.shared_ridge import fit_shared_ridge
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.zero_shot import ZeroShot
from meristem.io.tables.omics import read_omics
from meristem.records import FloatArray, IntArray, OmicsTable
from meristem.runs.seeds import derived_rng
from meristem.sequence.genome.fasta import Genome, open_genome
from meristem.sequence.genome.transcripts import Annotation, read_transcripts
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import Specification, fit_model, restore_model
from meristem.sequence.models.options import KmerOptions, MotifOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.motif import read_meme
from meristem.sequence.training.fit import Rows
from meristem.stats.bootstrap import draw_counts, percentile_interval, weighted_pearson
from meristem.stats.metrics import pearson

COLUMNS = ("model", "set", "genes", "r", "low", "high", "sign", "chance")
CROSS = Path("sequence") / "yeast_byxrm"
UPSTREAM, DOWNSTREAM, BINS, PLACEMENTS = 700, 100, 8, 3
MODELS = {"kmer": KmerOptions(), "motif": MotifOptions()}
DEALS = 5
_DRAWS = 1000


@dataclass(frozen=True)
class Truth:
    """What was measured of the alleles of every gene of a panel."""

    ase: FloatArray  # (n_gene,) log2 RM / BY in the hybrid, NaN not known
    lod: FloatArray  # (n_gene,) of the local eQTL in 1,012 other segregants
    sure: IntArray  # (n_gene,) data sets in which ASE is significant

    def sets(self) -> dict[str, np.ndarray]:
        """Return which genes belong to the rows of the table."""
        known = np.isfinite(self.ase)
        return {
            "LOD > 20": known & (self.lod > 20),
            "LOD > 50": known & (self.lod > 50),
            "LOD > 50, ASE significant": known & (self.lod > 50) & (self.sure > 0),
        }


def run_new_genes(
    out: Path, data: Path, *, seed: int, progress: Progress = untold
) -> str:
    """Predict the difference of the alleles by every way; return the table."""
    settings = {
        "job": "new_genes",
        "seed": seed,
        "bins": BINS,
        "placements": PLACEMENTS,
        "upstream": UPSTREAM,
        "downstream": DOWNSTREAM,
    }
    table = open_table(out, settings, COLUMNS, ("model",))
    models = random_dna_models(data, out / "work" / "models", seed)
    progress(1, 4)
    lines, parents = _panels(data, models, out / "work")
    progress(3, 4)
    value = measured_mean(data, lines)
    truth = _truth(data, parents)
    both = ["BY", "RM"]
    row = np.array([parents.lines.tolist().index(name) for name in both])
    every = np.arange(parents.genes.size)
    told = ZeroShot().predict(parents, row, every)
    found = {"zero-shot": told[1] - told[0]}
    found["shared ridge, other chromosomes"] = _left_out(
        lines, parents, value, row, seed
    )
    rng = derived_rng(seed, "permuted")
    turned = np.where(rng.random(lines.genes.size) < 0.5, -1.0, 1.0)
    found["shared ridge, alleles permuted"] = _left_out(
        lines, parents, value * turned, row, seed
    )
    for name, change in found.items():
        if not table.holds({"model": name}):
            table.add(_figures(name, change, truth, parents))
    np.savez_compressed(out / "work" / "differences.npz", genes=parents.genes, **found)
    progress(4, 4)
    return new_gene_table(table.rows)


def random_dna_models(data: Path, folder: Path, seed: int) -> dict[str, SequenceModel]:
    """Return the models of random DNA; those fitted before are read."""
    if not all((folder / name).exists() for name in MODELS):
        sequence, value, _, _ = read_sets(data)
        onehot = encode(sequence, LENGTH, "left")
        given = Rows(onehot, value, np.arange(len(value)))
        motifs = tuple(read_meme(data / MOTIFS))
        for name, options in MODELS.items():
            own = Specification(name, options, motifs=motifs)
            rng = derived_rng(seed, name)
            fit_model(own, given, tasks=[name], rng=rng, pad="left").save(folder / name)
    return {name: restore_model(folder / name) for name in MODELS}


def _panels(
    data: Path, models: dict[str, SequenceModel], work: Path
) -> tuple[EmbeddedPanel, EmbeddedPanel]:
    """Return the segregants, and their two parents, embedded by all models."""
    folder = data / CROSS
    genome = open_genome(folder / "sacCer3.fa.gz")
    annotation = read_transcripts(folder / "genes_R64-1-1.81.gff3.gz", genome)
    measured = _table(data, "glucose").feature_id.tolist()
    tested = pd.read_csv(folder / "cis_effects.csv.gz")["gene"].unique().tolist()
    built = [
        _haplotypes(genome, annotation, folder, path, genes)
        for path, genes in (
            ("segregants.bed", measured),
            ("by_rm_variants.vcf.gz", tested),
        )
    ]
    row = distinct_sequences([gene for _, genes in built for gene in genes])
    embedding, channels = _embedded(models, list(row), work)
    panels = [_panel(own, genes, row, embedding, channels) for own, genes in built]
    return panels[0], panels[1]


def segregants(
    data: Path, models: dict[str, SequenceModel], work: Path, genes: Sequence[str]
) -> tuple[EmbeddedPanel, list[str]]:
    """Return the segregants in some genes, embedded, and the sequences."""
    folder = data / CROSS
    genome = open_genome(folder / "sacCer3.fa.gz")
    annotation = read_transcripts(folder / "genes_R64-1-1.81.gff3.gz", genome)
    names, built = _haplotypes(genome, annotation, folder, "segregants.bed", genes)
    row = distinct_sequences(built)
    embedding, channels = _embedded(models, list(row), work)
    return _panel(names, built, row, embedding, channels), list(row)


def _embedded(
    models: dict[str, SequenceModel], sequences: list[str], work: Path
) -> tuple[Embedding, np.ndarray]:
    """Return predictions by bin, all models side by side, and the channels."""
    length, parts = UPSTREAM + DOWNSTREAM, []
    for name, model in models.items():
        key = f"{name}-{BINS}-{PLACEMENTS}"
        embedder = SupervisedEmbedder(
            length, BINS, model, key, hidden=False, placements=PLACEMENTS
        )
        value = np.empty((len(sequences), BINS), np.float32)
        embed_distinct(embedder, sequences, value, folder=work)
        parts.append(value)
    embedding = np.stack(parts, axis=2).reshape(len(sequences), -1)
    return embedding, np.array([f"predicted {name}" for name in models])


def _haplotypes(
    genome: Genome,
    annotation: Annotation,
    folder: Path,
    path: str,
    genes: Sequence[str],
) -> tuple[np.ndarray, list[GeneHaplotypes]]:
    options = GenesConfig(
        upstream=UPSTREAM, downstream=DOWNSTREAM, starts=folder / "tss.csv.gz"
    )
    windows = gene_windows(annotation, genome, options, genes)
    variants = VariantsConfig(path=folder / path, inbred=True)
    calls = read_calls(variants, genome, windows.windows, seed=1)
    built = build_haplotypes(genome, calls, windows, variants)
    return calls.sample_id, [gene for gene in built if len(gene.sequence) > 1]


def _panel(
    lines: np.ndarray,
    genes: list[GeneHaplotypes],
    row: dict[str, int],
    embedding: np.ndarray,
    channels: np.ndarray,
) -> EmbeddedPanel:
    return EmbeddedPanel(
        lines=lines,
        genes=np.array([gene.gene for gene in genes]),
        contig=np.array([gene.contig for gene in genes]),
        tss=np.array([gene.tss for gene in genes]),
        strand=np.array([gene.strand for gene in genes]),
        embedding=embedding,
        reference_row=np.array([row[gene.reference] for gene in genes]),
        haplotype_row=tuple(
            np.array([row[text] for text in gene.sequence]) for gene in genes
        ),
        call=np.stack([gene.call for gene in genes]),
        missing=np.stack([gene.missing for gene in genes]),
        positions=bin_middles(UPSTREAM + DOWNSTREAM, BINS, UPSTREAM),
        channels=channels,
    )


def _table(data: Path, medium: str) -> OmicsTable:
    path = data / "gp" / "yeast_smith2008" / f"expression_{medium}.csv.gz"
    return read_omics(OmicsConfig(path=path, layout="samples_in_rows"))


def measured_mean(data: Path, panel: EmbeddedPanel) -> FloatArray:
    """Return the mean of both media, lines and genes as in the panel."""
    total = np.zeros((panel.lines.size, panel.genes.size))
    for medium in ("glucose", "ethanol"):
        table = _table(data, medium)
        line = {name: i for i, name in enumerate(table.sample_id.tolist())}
        gene = {name: i for i, name in enumerate(table.feature_id.tolist())}
        rows = [line[name] for name in panel.lines.tolist()]
        columns = [gene[name] for name in panel.genes.tolist()]
        value = table.value[np.ix_(rows, columns)]
        total += (value - value.mean(axis=0)) / 2
    return total


def _truth(data: Path, parents: EmbeddedPanel) -> Truth:
    frame = pd.read_csv(data / CROSS / "cis_effects.csv.gz").drop_duplicates("gene")
    own = frame.set_index("gene").reindex(parents.genes)
    return Truth(
        own["ASE_fc"].to_numpy(float),
        own["local_eQTL_LOD"].to_numpy(float),
        own["numberSig_ASESets"].fillna(0).to_numpy(int),
    )


def _left_out(
    lines: EmbeddedPanel,
    parents: EmbeddedPanel,
    value: FloatArray,  # (n_line, n_gene)
    row: IntArray,
    seed: int,
) -> FloatArray:  # (n_gene of the parents,)
    """Return RM - BY, each chromosome by heads trained on the others.

    The mean of heads whose penalties were chosen on other deals of the inner folds.
    """
    out = np.zeros(parents.genes.size)
    everyone = np.arange(lines.lines.size)
    for contig in np.unique(parents.contig):
        hidden = np.where(lines.contig == contig, np.nan, value)
        tested = np.flatnonzero(parents.contig == contig)
        for deal in range(DEALS):
            rng = derived_rng(seed, "ridge", contig, deal)
            head = fit_shared_ridge(lines, hidden, everyone, SharedRidgeOptions(), rng)
            unknown = replace(head, level={})  # in sd, as of genes never measured
            told = unknown.predict(parents, row, tested)
            out[tested] += (told[1] - told[0]) / DEALS
    return out


def _figures(
    name: str, change: FloatArray, truth: Truth, parents: EmbeddedPanel
) -> list[dict[str, str]]:
    rows = []
    for label, used in truth.sets().items():
        y, guess, place = truth.ase[used], change[used], parents.contig[used]
        counts = draw_counts((place,), _DRAWS, np.random.default_rng(1))
        low, high = percentile_interval(weighted_pearson(counts, y, guess), 0.95)
        signs = np.random.default_rng(2).choice([-1.0, 1.0], (_DRAWS, y.size))
        null = [pearson(y * sign, guess) for sign in signs]
        rows.append(
            {
                "model": name,
                "set": label,
                "genes": str(int(used.sum())),
                "r": number(pearson(y, guess)),
                "low": number(float(low)),
                "high": number(float(high)),
                "sign": number(float(np.mean(np.sign(guess) == np.sign(y)))),
                "chance": number(float(np.std(null))),
            }
        )
    return rows


def new_gene_table(rows: Sequence[dict[str, str]]) -> str:
    """Return the figures in Markdown."""
    body = [
        [
            row["model"],
            row["set"],
            row["genes"],
            f"{float(row['r']):.3f} [{float(row['low']):.3f}, "
            f"{float(row['high']):.3f}]",
            f"{float(row['sign']):.3f}",
            f"{float(row['chance']):.3f}",
        ]
        for row in rows
    ]
    head = ["model", "genes", "n", "r", "sign", "sd of r by chance"]
    return markdown_table(head, body)
