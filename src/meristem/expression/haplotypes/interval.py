"""The sequence of one line over any stretch of the genome, in one call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meristem.config.expression.panel import VariantsConfig
from meristem.errors import DataError
from meristem.expression.haplotypes.calls import PanelCalls, read_calls
from meristem.genetics.contigs import match_contigs
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.genome.fasta import Genome, open_genome
from meristem.sequence.genome.windows import Window
from meristem.sequence.variants.coding import Edit
from meristem.sequence.variants.haplotypes import compatible, splice

_INTERVAL = re.compile(
    r"(?P<contig>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)(?P<strand>:[+-])?\Z"
)


@dataclass(frozen=True)
class PersonalSequence:
    """What the copies of a line read; indels change their length."""

    sample: str
    window: Window
    copies: tuple[str, ...]  # along the strand of the window
    n_variant: int  # alternate alleles that a copy carries
    n_missing: int  # alleles without a call, taken as reference
    n_unphased: int  # heterozygous alleles whose copy is not known


def read_interval(text: str, genome: Genome) -> Window:
    """Return an interval `contig:start-end` or `contig:start-end:-`, 1-based, closed.

    Raises
    ------
    DataError
        If it is none, or not on the genome.
    """
    match = _INTERVAL.match(text.strip())
    if match is None:
        raise DataError(
            f"{text!r} is no interval",
            where="--interval",
            remedy="write contig:start-end, counted from 1, such as chr1:1001-1600; "
            "`:-` behind it for the reverse strand",
        )
    name = match["contig"]
    known = match_contigs([name], genome.length).partner
    if name not in known:
        raise DataError(
            f"there is no contig {name!r} in the genome "
            f"({', '.join(list(genome.length)[:4])}, ...)",
            where="--interval",
            remedy="name it as the genome does",
        )
    contig = known[name]
    start, end = (int(match[part].replace(",", "")) for part in ("start", "end"))
    if not 1 <= start <= end <= genome.length[contig]:
        raise DataError(
            f"{text!r} is not within {contig} ({genome.length[contig]} bp)",
            where="--interval",
            remedy="count from 1, the smaller position first",
        )
    return Window(text, contig, start - 1, end, -1 if match["strand"] == ":-" else 1)


def personal_sequence(
    genome: Genome, calls: PanelCalls, window: Window, sample: str
) -> PersonalSequence:
    """Return the bases of every copy of a line over a stretch.

    Parameters
    ----------
    genome
        Reference.
    calls
        Alleles near the window, see `read_calls`.
    window
        The stretch, within its contig.
    sample
        The line.

    Raises
    ------
    DataError
        If there is no such line.
    """
    found = np.flatnonzero(calls.sample_id == sample)
    if not found.size:
        raise DataError(
            f"there is no line {sample!r} among {calls.sample_id.size} "
            f"({', '.join(map(str, calls.sample_id[:4]))}, ...)",
            where="--sample",
            remedy="name it as the file of variants does",
        )
    line, own = int(found[0]), calls.on(window.contig)
    bases, copies = genome.bases(window.contig), []
    near = own.inside(window.start, window.end)
    for copy in range(calls.ploidy):
        places = near[own.carried[near, line, copy] == 1]
        edits = [Edit(int(own.start[i]), int(own.end[i]), own.alt[i]) for i in places]
        text = splice(bases, compatible(edits), window.start, window.end).decode()
        copies.append(text if window.strand > 0 else complement_strand(text))
    state = own.carried[near, line]
    return PersonalSequence(
        sample,
        window,
        tuple(copies),
        int((state == 1).any(axis=1).sum()),
        int((state < 0).any(axis=1).sum()),
        int(own.unphased[near, line].sum()),
    )


def read_personal_sequence(
    fasta: str | Path,
    variants: str | Path,
    interval: str,
    sample: str,
    *,
    inbred: bool = False,
    seed: int = 1,
) -> PersonalSequence:
    """Return the personal sequence of an interval and a line, from files.

    Parameters
    ----------
    fasta, variants
        Genome; VCF (BCF) or another genotype file.
    interval
        See `read_interval`.
    sample
        The line.
    inbred
        One copy; heterozygous calls are missing ones.
    seed
        Of the copies that alleles of unknown phase are dealt to.
    """
    genome = open_genome(fasta)
    window = read_interval(interval, genome)
    options = VariantsConfig(path=Path(variants), inbred=inbred)
    calls = read_calls(options, genome, [window], seed=seed, may_be_none=True)
    return personal_sequence(genome, calls, window, sample)
