"""The command `haplotypes`: sequences of all lines, or of one line and interval."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.config.expression.panel import ExpressionConfig
from meristem.expression.commands.inputs import (
    PanelInputs,
    input_files,
    panel_embedder,
    read_panel_inputs,
)
from meristem.expression.haplotypes.build import GeneHaplotypes
from meristem.expression.haplotypes.calls import read_calls
from meristem.expression.haplotypes.counts import (
    Workload,
    count_haplotypes,
    distinct_sequences,
    estimate_work,
)
from meristem.expression.haplotypes.interval import (
    PersonalSequence,
    personal_sequence,
    read_interval,
)
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.folder import RunFolder
from meristem.runs.record import Run, command_line
from meristem.sequence.genome.fasta import open_genome

COUNTS, VARIANTS = "haplotypes.csv", "haplotype_variants.csv"
SEQUENCES, CARRIERS, WORK = "haplotypes.fa.gz", "carriers.csv", "work.json"


def interval_sequence(
    config: ExpressionConfig, interval: str, sample: str
) -> PersonalSequence:
    """Return the sequence of an interval as the copies of one line have it."""
    genome = open_genome(config.genome.fasta, config.genome.index)
    window = read_interval(interval, genome)
    calls = read_calls(
        config.variants,
        genome,
        [window],
        seed=config.run.seed,
        contig_names=config.genome.contig_names,
        may_be_none=True,
    )
    return personal_sequence(genome, calls, window, sample)


@in_locked_folder
def haplotypes_run(
    config: ExpressionConfig,
    to: Destination,
) -> Workload:
    """Write the distinct haplotypes of every gene, and which of them lines carry.

    Parameters
    ----------
    config
        Genome, genes, variants; the embedder, for the estimate of its work.

    Returns
    -------
    Workload
        What there is to embed.
    """
    run = expression_run(config, to)
    run.folder.refuse_foreign((COUNTS, VARIANTS, SEQUENCES, CARRIERS, WORK))
    with run.timed("haplotypes"):
        inputs = read_panel_inputs(config, to.notify)
    run.write(finished=False)
    work = write_haplotypes(run, config, inputs)
    with run.folder.writing(SEQUENCES) as temporary, temporary.open("wb") as plain:
        with gzip.GzipFile("", "wb", 6, plain, mtime=0) as packed:
            for gene in inputs.haplotypes:
                packed.writelines(_fasta(gene))
    run.folder.write_table(CARRIERS, _carriers(inputs))
    run.write(finished=True)
    return work


def expression_run(config: ExpressionConfig, to: Destination) -> Run:
    """Return the run of a command of this domain; nothing is written yet."""
    return Run(
        RunFolder(to.folder, to.force),
        config.run.title,
        config.run.question,
        config.model_dump(mode="json"),
        {"seed": config.run.seed},
        input_files(config),
        kind="expression",
        command=command_line(),
    )


def write_haplotypes(
    run: Run, config: ExpressionConfig, inputs: PanelInputs
) -> Workload:
    """Write the tables about the haplotypes, and the work of embedding them."""
    run.folder.write_table(COUNTS, count_haplotypes(inputs.haplotypes))
    run.folder.write_table(VARIANTS, carried_variants(inputs))
    row = distinct_sequences(inputs.haplotypes)
    work = replace(
        estimate_work(panel_embedder(config, inputs), inputs.haplotypes, row),
        absent=len(inputs.genes.absent),
        skipped=sum(inputs.calls.skipped.values()),
    )
    content = {
        "genes": work.n_gene,
        "haplotypes": work.n_haplotype,
        "sequences": work.n_sequence,
        "numbers_each": work.width,
        "megabytes": round(work.megabytes, 1),
        "seconds_in_one_process": round(work.seconds, 1),
        "variants_in_file": inputs.calls.n_read,
        "variants_near_genes": inputs.calls.n_site,
        "variants_skipped": dict(inputs.calls.skipped),
        "genes_with_measured_start": inputs.genes.n_measured,
        "genes_absent_from_annotation": list(inputs.genes.absent),
        "lines": int(inputs.calls.sample_id.size),
        "ploidy": inputs.calls.ploidy,
    }
    run.folder.write_json(WORK, content)
    return work


def carried_variants(inputs: PanelInputs) -> pd.DataFrame:
    """Return which alleles each haplotype carries, and how far from the start."""
    rows = []
    for gene in inputs.haplotypes:
        own = inputs.calls.on(gene.contig)
        for number, carried in enumerate(gene.carried):
            for place in carried:
                first = int(own.start[place])
                if gene.strand < 0:  # the base of it that is nearest to the gene
                    first = max(int(own.end[place]) - 1, first)
                rows.append(
                    (
                        gene.gene,
                        number,
                        str(own.name[place]),
                        (first - gene.tss) * gene.strand,
                    )
                )
    return pd.DataFrame(rows, columns=["gene", "haplotype", "variant", "distance"])


def _fasta(gene: GeneHaplotypes) -> Iterator[bytes]:
    yield f">{gene.gene} reference\n{gene.reference}\n".encode()
    for number, text in enumerate(gene.sequence):
        yield f">{gene.gene}.{number}\n{text}\n".encode()


def _carriers(inputs: PanelInputs) -> pd.DataFrame:
    """Return genes by lines: the haplotypes of the copies, such as 0/2; . flagged."""
    lines = inputs.calls.sample_id
    columns: Sequence[np.ndarray] = [
        np.array(
            [
                "/".join("." if c < 0 else str(c) for c in copies)
                for copies in gene.call.tolist()
            ]
        )
        for gene in inputs.haplotypes
    ]
    genes = [gene.gene for gene in inputs.haplotypes]
    table = pd.DataFrame(np.stack(columns), columns=lines)
    table.insert(0, "gene", genes)
    return table
