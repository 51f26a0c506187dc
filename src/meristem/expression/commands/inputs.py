"""What the commands read: genome, genes, calls, and the haplotypes made of them."""

from __future__ import annotations

from dataclasses import dataclass

from meristem.config.expression.panel import ExpressionConfig
from meristem.expression.embedding.catalog import Request, build_embedder
from meristem.expression.embedding.protocol import Embedder
from meristem.expression.haplotypes.build import GeneHaplotypes, build_haplotypes
from meristem.expression.haplotypes.calls import PanelCalls, read_calls
from meristem.expression.haplotypes.genes import GeneWindows, gene_windows
from meristem.io.tables.omics import read_omics
from meristem.records import OmicsTable
from meristem.runs.progress import Notify, silent
from meristem.runs.record import InputFile, input_file
from meristem.sequence.genome.fasta import Genome, open_genome
from meristem.sequence.genome.transcripts import read_transcripts


@dataclass(frozen=True)
class PanelInputs:
    """Everything a configuration names, read."""

    genome: Genome
    genes: GeneWindows
    calls: PanelCalls
    haplotypes: tuple[GeneHaplotypes, ...]  # per window
    expression: OmicsTable | None  # features are genes

    @property
    def references(self) -> list[str]:
        """Sequence of every gene in the reference genome."""
        return [gene.reference for gene in self.haplotypes]


def read_panel_inputs(config: ExpressionConfig, notify: Notify = silent) -> PanelInputs:
    """Read genome, genes, calls and expression, and build all haplotypes.

    Genes are those of `genes.only`, else those with expression, else all.

    Raises
    ------
    MeristemError
        If an input cannot be used.
    """
    genome = open_genome(config.genome.fasta, config.genome.index)
    names = config.genome.contig_names
    annotation = read_transcripts(config.genome.annotation, genome, names)
    expression = None
    if config.expression is not None:
        expression = read_omics(config.expression, None)
    measured = None if expression is None else expression.node_name.tolist()
    genes = gene_windows(annotation, genome, config.genes, measured)
    notify("calls", 0, 1)
    calls = read_calls(
        config.variants,
        genome,
        genes.windows,
        seed=config.run.seed,
        contig_names=names,
    )
    notify("calls", 1, 1)
    found, total = [], len(genes.windows)
    for gene in build_haplotypes(genome, calls, genes, config.variants):
        found.append(gene)
        if len(found) % 100 == 0 or len(found) == total:
            notify("haplotypes", len(found), total)
    return PanelInputs(genome, genes, calls, tuple(found), expression)


def panel_embedder(config: ExpressionConfig, inputs: PanelInputs) -> Embedder:
    """Return the embedder of a configuration, tried on the references."""
    length = config.genes.upstream + config.genes.downstream
    return build_embedder(
        Request(config.embed, length, config.run.seed, inputs.references)
    )


def input_files(config: ExpressionConfig) -> list[InputFile]:
    """Return the entries of `run.json` of all files that are read."""
    named = [
        ("genome", config.genome.fasta),
        ("annotation", config.genome.annotation),
        ("contig names", config.genome.contig_names),
        ("starts", config.genes.starts),
        ("genes", config.genes.only),
        ("variants", config.variants.path),
        ("motifs", config.embed.motifs),
        ("model", config.embed.model),
    ]
    if config.expression is not None:
        named.append(("expression", config.expression.path))
    return [input_file(role, path) for role, path in named if path is not None]
