"""Commands of variants on a genome: consequences for genes and proteins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from meristem.sequence.genome.transcripts import Annotation
    from meristem.sequence.variants.consequences import ConsequenceSummary
    from meristem.sequence.variants.sites import VariantStream

GenomePath = Annotated[
    Path, typer.Option("--genome", "-g", help="FASTA, plain or compressed.")
]
VariantPath = Annotated[
    Path, typer.Option("--variants", "-v", help="VCF or BCF, with or without samples.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Table to write (TSV, .gz).")]
Names = Annotated[
    Path | None,
    typer.Option(help="Table name, contig: what contigs are called in the genome."),
]
Index = Annotated[
    Path | None, typer.Option(help="Where the .fai index of the genome is, or goes.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]


def consequences(
    genome: GenomePath,
    genes: Annotated[Path, typer.Option("--genes", help="GFF3 or GTF.")],
    variants: VariantPath,
    out: Out,
    load: Annotated[
        Path | None,
        typer.Option(help="Table of damaging alleles by line and gene to write."),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="Table of odd transcripts to write.")
    ] = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(
            help="Scores by transcript, position (and amino_acid), or by variant: "
            "SIFT, PROVEAN, pLDDT; may be repeated."
        ),
    ] = None,
    damaging: Annotated[
        list[str] | None,
        typer.Option(
            help="What counts as damaging besides a HIGH impact, such as "
            "sift_score<0.05; may be repeated."
        ),
    ] = None,
    flank: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="bp that count as near a gene.")
    ] = 2000,
    contig_names: Names = None,
    index: Index = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Say what every variant does to genes: codons, splice sites, start and stop."""
    from meristem.cli.console import progress
    from meristem.errors import DataError
    from meristem.runs.outputs import refuse_overwriting
    from meristem.sequence.genome.fasta import open_genome
    from meristem.sequence.genome.transcripts import read_transcripts
    from meristem.sequence.variants.consequences import (
        COLUMNS,
        ConsequenceOptions,
        write_consequences,
    )
    from meristem.sequence.variants.load import read_rule
    from meristem.sequence.variants.sites import open_stream
    from meristem.sequence.variants.user_scores import read_user_scores
    from meristem.text.files import count_lines, write_text

    inputs = [genome, genes, variants, *(scores or [])]
    for target in (out, load, faults):
        if target is not None:
            refuse_overwriting(target, inputs=inputs, force=force)
    tables = tuple(read_user_scores(path) for path in scores or [])
    columns = [*COLUMNS[-2:], *(n for t in tables for n in t.column_name)]
    rules = tuple(read_rule(text, columns) for text in damaging or [])
    sequence = open_genome(genome, index)
    annotation = read_transcripts(genes, sequence, contig_names)
    options = ConsequenceOptions(flank, tables, rules)
    with (
        open_stream(variants, sequence, contig_names) as stream,
        progress(quiet=quiet) as notify,
    ):
        if load is not None and stream.sample_id.size == 0:
            raise DataError(
                "lists sites alone: there are no lines whose load could be counted",
                where=variants,
                remedy="give a VCF with genotypes, or leave out --load",
            )
        total = count_lines(variants)
        summary = write_consequences(
            stream,
            annotation,
            out,
            options,
            lambda done: notify("variants", min(done, total), total),
        )
    if load is not None and summary.load is not None:
        write_text(load, "\n".join(summary.load.lines()) + "\n")
    if faults is not None:
        rows = (f"{f.transcript}\t{f.line}\t{f.what}" for f in annotation.faults)
        write_text(faults, "\n".join(["transcript\tline\tfault", *rows]) + "\n")
    _report(summary, annotation, stream, out)


def _report(
    summary: ConsequenceSummary,
    annotation: Annotation,
    stream: VariantStream,
    out: Path,
) -> None:
    """Say what was found, and on standard error what was left out."""
    from meristem.cli.console import say

    for why, count in stream.skipped.items():
        _caution(f"{count} variants {why} were skipped")
    if annotation.n_skipped:
        skipped = [fault for fault in annotation.faults if fault.skipped]
        example = f"{skipped[0].transcript} {skipped[0].what}"
        _caution(
            f"{len(skipped)} transcripts were skipped ({example}, line "
            f"{skipped[0].line}); --faults TABLE lists them"
        )
    if summary.n_unphased:
        _caution(
            f"the phase of {summary.n_unphased} pairs of sample and transcript is not "
            "known: their joint changes are not read together"
        )
    counts = ", ".join(
        f"{summary.impact[name]} {name}"
        for name in ("HIGH", "MODERATE", "LOW", "MODIFIER")
        if name in summary.impact
    )
    say(
        f"{summary.n_variant} variants, {summary.n_row} rows ({counts}), "
        f"{summary.n_joint} joint: {out}"
    )


def _caution(text: str) -> None:
    import sys

    sys.stderr.write(f"caution: {text}\n")


def attach(app: typer.Typer) -> None:
    """Add the commands to those of sequences."""
    app.command()(consequences)
