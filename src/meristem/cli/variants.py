"""Commands of variants on a genome: consequences for genes and proteins."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meristem.cli.options import Threads

if TYPE_CHECKING:
    from meristem.sequence.genome.transcripts import Annotation
    from meristem.sequence.variants.consequences import ConsequenceSummary
    from meristem.sequence.variants.effects import Scorer
    from meristem.sequence.variants.load import DamageRule
    from meristem.sequence.variants.sites import VariantStream
    from meristem.sequence.variants.user_scores import UserScores


class Edge(StrEnum):
    """What becomes of windows beyond a contig."""

    refuse = "refuse"
    pad = "pad"


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
    from meristem.errors import ConfigError, DataError
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
    targets = [target for target in (out, load, faults) if target is not None]
    if len({target.absolute() for target in targets}) < len(targets):
        raise ConfigError(
            "two tables would be one file",
            where="--out, --load, --faults",
            remedy="give each a name of its own",
        )
    for target in targets:
        refuse_overwriting(target, inputs=inputs, force=force)
    tables = tuple(read_user_scores(path) for path in scores or [])
    columns = [*COLUMNS[-2:], *(n for t in tables for n in t.column_name)]
    rules = tuple(read_rule(text, columns) for text in damaging or [])
    sequence = open_genome(genome, index)
    annotation = read_transcripts(genes, sequence, contig_names)
    known = {name for t in annotation.transcripts for name in (t.name, t.gene)}
    _refuse_unfit(dict(zip(scores or [], tables, strict=True)), known, rules)
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
    _caution_unused(scores or [], summary)
    _report(summary, annotation, stream, out)


def effects(
    genome: GenomePath,
    out: Out,
    variants: Annotated[
        Path | None, typer.Option("--variants", "-v", help="VCF or BCF.")
    ] = None,
    region: Annotated[
        str,
        typer.Option(help="Every substitution of contig:first-last instead of a VCF."),
    ] = "",
    run: Annotated[
        Path | None,
        typer.Argument(help="Run folder of `sequence train`; none: --model motif."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="Model of the run (the best by default), or `motif` without a run: "
            "change of motif occupancy, nothing is trained."
        ),
    ] = "",
    motifs: Annotated[
        Path | None, typer.Option(help="Motifs (MEME or JASPAR), for --model motif.")
    ] = None,
    genes: Annotated[
        Path | None,
        typer.Option(help="GFF3 or GTF: names the genes whose promoter is hit."),
    ] = None,
    upstream: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="Promoter before the start, bp.")
    ] = 1000,
    downstream: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="Promoter behind the start, bp.")
    ] = 200,
    window: Annotated[
        int,
        typer.Option(min=0, max=10_000_000, help="Window, bp; 0: the model's, or 110."),
    ] = 0,
    placements: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            help="Evenly spaced windows around a variant, for a run; 0: all that hold "
            "it.",
        ),
    ] = 9,
    contig_names: Names = None,
    index: Index = None,
    force: Force = False,
    quiet: Quiet = False,
    threads: Threads = 2,
) -> None:
    """Predict what every variant does to activity, or to the motifs it lies in."""
    from meristem.cli.console import progress, say
    from meristem.errors import ConfigError
    from meristem.runs.outputs import refuse_overwriting
    from meristem.sequence.genome.fasta import open_genome
    from meristem.sequence.genome.promoters import PromoterIndex, promoters
    from meristem.sequence.genome.transcripts import read_transcripts
    from meristem.sequence.variants.effects import write_effects
    from meristem.sequence.variants.saturation import read_region
    from meristem.sequence.variants.sites import open_stream
    from meristem.text.files import count_lines
    from meristem.train.descent import limited_threads

    if (variants is None) == (not region):
        raise ConfigError(
            "there is nothing to score" if not region else "give one of both",
            where="--variants, --region",
            remedy="name a VCF with --variants, or a region such as chr1:1001-1200",
        )
    inputs = [path for path in (genome, variants, genes, motifs, run) if path]
    refuse_overwriting(out, inputs=inputs, force=force)
    scorer = _scorer(run, model, motifs, window, placements)
    sequence = open_genome(genome, index)
    near = None
    if genes is not None:
        annotation = read_transcripts(genes, sequence, contig_names)
        near = PromoterIndex(promoters(annotation.transcripts, upstream, downstream))
    with limited_threads(threads), progress(quiet=quiet) as notify:
        if variants is None:
            stream = read_region(region, sequence)
            n_row = write_effects(stream, scorer, out, genes=near)
            n_site = stream.n_site
        else:
            total = count_lines(variants)
            with open_stream(variants, sequence, contig_names) as sites:
                n_row = write_effects(
                    sites,
                    scorer,
                    out,
                    genes=near,
                    notify=lambda done: notify("variants", min(done, total), total),
                )
            n_site = sites.n_site
            for why, count in sites.skipped.items():
                _caution(f"{count} variants {why} were skipped")
    say(f"{n_site} alternate alleles, {n_row} rows: {out}")


def windows(
    genome: GenomePath,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="FASTA to write; with tracks a table (CSV, or TSV)."
        ),
    ],
    bed: Annotated[Path | None, typer.Option(help="Intervals (BED).")] = None,
    genes: Annotated[
        Path | None, typer.Option(help="GFF3 or GTF: windows around gene starts.")
    ] = None,
    upstream: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="bp before a gene's start.")
    ] = 500,
    downstream: Annotated[
        int, typer.Option(min=0, max=10_000_000, help="bp behind a gene's start.")
    ] = 100,
    track: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=FILE: the mean of a signal (bedGraph, bigWig) over every "
            "window, a column to train on; may be repeated."
        ),
    ] = None,
    edge: Annotated[
        Edge, typer.Option(help="Windows beyond a contig: refuse, or pad with N.")
    ] = Edge.refuse,
    contig_names: Names = None,
    index: Index = None,
    force: Force = False,
) -> None:
    """Cut windows of a genome along their strand, ready for a model of DNA."""
    from meristem.cli.console import say
    from meristem.errors import ConfigError
    from meristem.runs.outputs import refuse_overwriting
    from meristem.sequence.genome.fasta import open_genome
    from meristem.sequence.genome.promoters import promoters
    from meristem.sequence.genome.tracks import read_track
    from meristem.sequence.genome.transcripts import read_transcripts
    from meristem.sequence.genome.windows import cut, promoter_windows, read_bed
    from meristem.sequence.variants.tables import open_table

    if (bed is None) == (genes is None) or (genes and upstream + downstream == 0):
        raise ConfigError(
            "there is no one kind of window",
            where="--bed, --genes",
            remedy="name intervals with --bed, or genes with --genes and a length",
        )
    inputs = [path for path in (genome, bed, genes) if path]
    signals = _named_files(track or [])
    refuse_overwriting(out, inputs=[*inputs, *signals.values()], force=force)
    sequence = open_genome(genome, index)
    if bed is not None:
        asked = read_bed(bed, sequence, contig_names)
    else:
        found = read_transcripts(inputs[-1], sequence, contig_names).transcripts
        starts = promoters(found, upstream, downstream)
        asked = promoter_windows(starts, upstream, downstream)
    tracks = {n: read_track(p, sequence, contig_names) for n, p in signals.items()}
    n = 0
    with open_table(out) as handle:
        mark = "\t" if out.name.removesuffix(".gz").endswith(".tsv") else ","
        if tracks:
            handle.write(mark.join(["sequence_id", "contig", "sequence", *tracks]))
            handle.write("\n")
        for window, text in cut(sequence, asked, edge.value):
            n += 1
            if not tracks:
                handle.write(f">{window.name}\n{text}\n")
                continue
            means = [float(one.means([window])[0]) for one in tracks.values()]
            cells = ["" if v != v else f"{v:.6g}" for v in means]
            handle.write(mark.join([window.name, window.contig, text, *cells]) + "\n")
    say(f"{n} windows: {out}")


def _named_files(words: list[str]) -> dict[str, Path]:
    """Return files by name of NAME=FILE."""
    from meristem.errors import ConfigError

    found: dict[str, Path] = {}
    for word in words:
        name, _, path = word.partition("=")
        fine = name.isidentifier() and path and name not in found
        if not fine or name in ("sequence_id", "contig", "sequence"):
            raise ConfigError(
                f"{word!r} is not NAME=FILE with a name of its own",
                where="--track",
                remedy="write such as --track leaf=leaf.bw",
            )
        found[name] = Path(path)
    return found


def _scorer(
    run: Path | None, model: str, motifs: Path | None, window: int, placements: int
) -> Scorer:
    """Return what scores variants: a trained model, or motifs as they are."""
    from meristem.errors import ConfigError
    from meristem.sequence.motifs.reading import read_motifs
    from meristem.sequence.motifs.scan import make_bank
    from meristem.sequence.variants.effects import MotifScorer
    from meristem.sequence.variants.model_effects import ModelScorer

    if run is not None:
        if motifs is not None:
            raise ConfigError(
                "a run knows its own motifs",
                where="--motifs",
                remedy="leave out --motifs, or leave out the run and say --model motif",
            )
        from meristem.sequence.commands.predict import open_model, trained_length

        fitted = open_model(run, model)
        if window == 0 and fitted.window is None:
            window = trained_length(run)
        return ModelScorer(fitted, model or str(run), window, placements)
    if model not in ("", "motif"):
        raise ConfigError(
            f"there is no model {model!r} without a run folder",
            where="--model",
            remedy="name the run folder first, or say --model motif",
        )
    if motifs is None:
        raise ConfigError(
            "there are no motifs",
            where="--motifs",
            remedy="give motifs, MEME text or counts (JASPAR has them for plants "
            "and fungi), or the run folder of a trained model",
        )
    return MotifScorer(make_bank(read_motifs(motifs)), window or 110)


def _refuse_unfit(
    tables: dict[Path, UserScores], known: set[str], rules: tuple[DamageRule, ...]
) -> None:
    """Refuse scores of other genes, and words where a rule compares numbers."""
    for path, table in tables.items():
        table.refuse_strangers(known, path)
        for rule in rules:
            table.refuse_words(rule.column, path)


def _caution_unused(paths: list[Path], summary: ConsequenceSummary) -> None:
    for number, path in enumerate(paths):
        if not summary.n_scored[number]:
            _caution(
                f"{path} has a score of no substitution that these variants make: are "
                "its positions of this version of the genes?"
            )


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
    app.command()(effects)
    app.command()(windows)
