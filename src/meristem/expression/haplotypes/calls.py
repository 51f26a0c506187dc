"""The alleles that every copy of every line carries near the genes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.config.expression.panel import VariantsConfig
from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.read import genotype_format, read_genotypes
from meristem.records import Genotypes, IntArray, StrArray
from meristem.runs.keys import seed_words
from meristem.sequence.genome.contig_names import match_names
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.windows import Window
from meristem.sequence.variants.sites import open_stream, trim

LEAST_MARGIN = 1000
"""bp around windows from which bases that a deletion removed are made up for."""
GREATEST_PLOIDY = 8

Copies = NDArray[np.int8]  # (n_line, ploidy) 1 carries the allele, 0 not, -1 missing


@dataclass(frozen=True)
class ContigCalls:
    """Alternate alleles of a contig, ascending by place."""

    name: StrArray  # (n_site,)
    start: IntArray  # (n_site,) first base that differs, 0-based
    end: IntArray  # (n_site,)
    alt: tuple[str, ...]  # bases in place of those
    carried: NDArray[np.int8]  # (n_site, n_line, ploidy) 1, 0, -1 missing
    unphased: NDArray[np.bool_]  # (n_site, n_line) heterozygous, copy not known

    def inside(self, start: int, end: int) -> IntArray:
        """Return the alleles that touch a stretch, insertions at its ends too."""
        last = int(np.searchsorted(self.start, end, side="right"))
        return np.flatnonzero(self.end[:last] >= start)

    def changing(self, start: int, end: int) -> IntArray:
        """Return the alleles that change a base of a stretch, or insert one in it."""
        near = self.inside(start, end)
        last = np.maximum(self.end[near], self.start[near] + 1)
        return near[(self.start[near] < end) & (last > start)]


@dataclass(frozen=True)
class PanelCalls:
    """The calls of a panel near its windows."""

    sample_id: StrArray  # (n_line,)
    ploidy: int  # copies; 1 for inbred lines
    contigs: Mapping[str, ContigCalls]
    n_read: int  # alternate alleles of the file
    skipped: Mapping[str, int] = field(default_factory=dict)  # why, and how many

    def on(self, contig: str) -> ContigCalls:
        """Return the alleles of a contig, perhaps none."""
        none, shape = np.zeros(0, np.int64), (0, self.sample_id.size)
        empty = ContigCalls(
            np.zeros(0, np.str_),
            none,
            none,
            (),
            np.zeros((*shape, self.ploidy), np.int8),
            np.zeros(shape, np.bool_),
        )
        return self.contigs.get(contig, empty)

    @property
    def n_site(self) -> int:
        """Alternate alleles near the windows."""
        return sum(one.name.size for one in self.contigs.values())


@dataclass
class _Growing:
    """Alleles of a contig while they are read."""

    rows: list[tuple[int, int, str, str]] = field(default_factory=list)
    carried: list[Copies] = field(default_factory=list)
    unphased: list[NDArray[np.bool_]] = field(default_factory=list)

    def finish(self) -> ContigCalls:
        order = sorted(range(len(self.rows)), key=lambda i: self.rows[i])
        rows = [self.rows[i] for i in order]
        return ContigCalls(
            np.array([row[3] for row in rows]),
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            tuple(row[2] for row in rows),
            np.stack([self.carried[i] for i in order]),
            np.stack([self.unphased[i] for i in order]),
        )


def read_calls(
    options: VariantsConfig,
    genome: Genome,
    windows: Iterable[Window],
    *,
    seed: int,
    contig_names: Path | None = None,
    may_be_none: bool = False,
) -> PanelCalls:
    """Read the calls near windows from a VCF (BCF) or another genotype file.

    Alleles of heterozygous calls of unknown phase are dealt to the copies at random;
    the deal of a line at a variant depends on the seed and on their names alone.

    Parameters
    ----------
    options
        File, and how its calls are read.
    genome
        What the alleles are held against.
    windows
        Stretches of interest.
    seed
        Of the random phase.
    contig_names
        See `match_names`.
    may_be_none
        Accept that no variant lies near the windows.

    Raises
    ------
    DataError
        If the alleles do not fit the genome, the file has no lines or no variant near
        the windows, ploidy is mixed or above 8.
    """
    near = _Near(windows)
    path = options.path
    found: dict[str, _Growing] = defaultdict(_Growing)
    if genotype_format(path) == "vcf":
        with open_stream(path, genome, contig_names) as stream:
            if stream.sample_id.size == 0:
                raise DataError(
                    "lists sites alone: there are no lines",
                    where=path,
                    remedy="give a VCF with genotypes",
                )
            lines, phase = stream.sample_id, _Phase(stream.sample_id, seed)
            for site in stream.sites(with_calls=True, within=near):
                if site.calls is None:
                    raise DataError(
                        f"has no GT field ({site.contig}:{site.position})",
                        where=path,
                        remedy="give a VCF with genotypes in every record",
                    )
                start, ref, alt = trim(site.position, site.ref, site.alt)
                place = (site.contig, site.name, start, ref, alt)
                copies = _copies(site.calls[:, :-1], site.allele, path, site.name)
                known: NDArray[np.bool_] = site.calls[:, -1] > 0
                _enter(found, options, phase, place, copies, known)
            n_read, skipped = stream.n_site, dict(stream.skipped)
    else:
        genotypes = read_genotypes(GenotypeConfig(path=path))
        lines, phase = genotypes.sample_id, _Phase(genotypes.sample_id, seed)
        skipped = defaultdict(int)
        for contig, name, start, ref, alt, copies in _oriented(
            genotypes, genome, near, contig_names, skipped
        ):
            known = np.zeros(lines.size, bool)
            place = (contig, name, start, ref, alt)
            _enter(found, options, phase, place, copies, known)
        n_read = genotypes.n_variant
    contigs = {name: growing.finish() for name, growing in found.items()}
    if not contigs and not may_be_none:
        raise DataError(
            f"none of its {n_read} variants lies near the windows",
            where=path,
            remedy="give genome, genes and variants of one assembly, or longer windows",
        )
    ploidy = {one.carried.shape[2] for one in contigs.values()}
    if len(ploidy) > 1:
        raise DataError(
            f"has contigs of ploidy {' and '.join(map(str, sorted(ploidy)))}",
            where=path,
            remedy="keep one ploidy per file: leave sex and organelle chromosomes out",
        )
    n_copy = ploidy.pop() if ploidy else (1 if options.inbred else 2)
    return PanelCalls(lines, n_copy, contigs, n_read, skipped)


class _Near:
    """Whether a place lies in or around a window."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for window in windows:
            margin = max(LEAST_MARGIN, window.end - window.start)
            self._spans[window.contig].append(
                (window.start - margin, window.end + margin)
            )
        for contig, spans in self._spans.items():
            merged: list[tuple[int, int]] = []
            for start, end in sorted(spans):
                if merged and start <= merged[-1][1]:
                    merged[-1] = (merged[-1][0], max(merged[-1][1], end))
                else:
                    merged.append((start, end))
            self._spans[contig] = merged

    def __call__(self, contig: str, start: int, end: int) -> bool:
        spans = self._spans.get(contig, [])
        last = bisect_right(spans, (end, end)) - 1
        return last >= 0 and spans[last][1] >= start


class _Phase:
    """Deals alleles to copies by names, so that more lines change nothing."""

    def __init__(self, sample_id: StrArray, seed: int) -> None:
        self._seed = seed
        words = [seed_words(seed, str(name))[:2] for name in sample_id]
        self._line = np.array([(a << 32) | b for a, b in words], np.uint64)

    def deal(
        self, name: str, copies: Copies, which: NDArray[np.bool_]
    ) -> Copies:  # (n_line, ploidy)
        """Return the calls with the copies of some lines shuffled."""
        a, b = seed_words(self._seed, name)[:2]
        site = np.uint64((a << 32) | b)
        copy = np.arange(copies.shape[1], dtype=np.uint64)
        key = _mix((self._line[which] ^ site)[:, None] + copy)
        order = np.argsort(key, axis=1)
        dealt = copies.copy()
        dealt[which] = np.take_along_axis(copies[which], order, axis=1)
        return dealt


def _mix(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well mixed bits (the finaliser of splitmix64)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _enter(
    found: dict[str, _Growing],
    options: VariantsConfig,
    phase: _Phase,
    place: tuple[str, str, int, str, str],
    copies: Copies,
    known: NDArray[np.bool_],  # (n_line,) the file tells the phase
) -> None:
    contig, name, start, ref, alt = place
    if not options.indels and len(ref) != len(alt):
        return
    alike: NDArray[np.bool_] = (copies == copies[:, :1]).all(axis=1)
    if options.inbred:
        copies = np.where(alike, copies[:, 0], -1).astype(np.int8)[:, None]
        open_: NDArray[np.bool_] = np.zeros(copies.shape[0], bool)
    else:
        lost = np.asarray((copies < 0).any(axis=1))
        copies = np.where(lost[:, None], -1, copies).astype(np.int8)
        open_ = ~alike & ~known & (copies[:, 0] >= 0)
        if open_.any():
            copies = phase.deal(name, copies, open_)
    growing = found[contig]
    if growing.carried and growing.carried[0].shape != copies.shape:
        raise DataError(
            f"{name} has calls of {copies.shape[1]} alleles where others have "
            f"{growing.carried[0].shape[1]}: the ploidy is mixed",
            where=options.path,
            remedy="keep one ploidy per file (bcftools +fixploidy)",
        )
    growing.rows.append((start, start + len(ref), alt, name))
    growing.carried.append(copies)
    growing.unphased.append(open_)


def _copies(
    calls: NDArray[np.int16],  # (n_line, ploidy) allele numbers, -1 missing, -2 none
    allele: int,
    path: Path,
    name: str,
) -> Copies:
    if calls.shape[1] > GREATEST_PLOIDY:
        raise DataError(
            f"{name} has calls of {calls.shape[1]} alleles",
            where=path,
            remedy=f"ploidy 1 to {GREATEST_PLOIDY} is supported",
        )
    if (calls == -2).any():
        # a lone "." stands for a call that is missing as a whole
        partly = (calls == -2).any(axis=1) & (calls >= 0).any(axis=1)
        if partly.any():
            raise DataError(
                f"{name} mixes calls of {calls.shape[1]} and fewer alleles",
                where=path,
                remedy="keep one ploidy per file: leave sex and organelle chromosomes "
                "out, or make the calls alike (bcftools +fixploidy)",
            )
    return np.where(calls < 0, -1, calls == allele).astype(np.int8)


def _oriented(
    genotypes: Genotypes,
    genome: Genome,
    near: Callable[[str, int, int], bool],
    contig_names: Path | None,
    skipped: dict[str, int],
) -> Iterator[tuple[str, str, int, str, str, Copies]]:
    """Give variants of a dosage file with the allele of the genome as reference."""
    table, source = genotypes.variants, genotypes.source
    names = match_names(table.variant_contig.tolist(), genome, source, contig_names)
    ploidy = genotypes.ploidy
    count = np.arange(ploidy)
    for column in range(genotypes.n_variant):
        contig = names.genome_name.get(str(table.variant_contig[column]))
        position = int(table.variant_position[column])
        ref, alt = (
            str(alleles[column]).upper()
            for alleles in (table.variant_ref, table.variant_alt)
        )
        if contig is None or not near(contig, position - 1, position - 1 + len(ref)):
            if contig is None:
                skipped[
                    f"on {table.variant_contig[column]}, which the genome lacks"
                ] += 1
            continue
        dosage = genotypes.call_dosage[:, column]
        here = [_fits(genome, contig, position, allele) for allele in (ref, alt)]
        if not here[0] and here[1] and "<" not in ref:
            ref, alt = alt, ref
            dosage = np.where(dosage < 0, dosage, ploidy - dosage)
        elif "<" in ref + alt:
            skipped["with an allele that the file does not spell out"] += 1
            continue
        elif not here[0] or not set(ref + alt) <= set("ACGTN"):
            held = genome.text(contig, position - 1, position - 1 + len(ref))
            raise DataError(
                f"{table.variant_id[column]} has the alleles {ref or '?'} and "
                f"{alt or '?'}, the genome has {held} ({contig}:{position})",
                where=source,
                remedy="give alleles on the forward strand of the same assembly, both "
                "spelled out as in a VCF (indels with the base in front of them)",
            )
        copies = np.where(dosage[:, None] < 0, -1, dosage[:, None] > count)
        start, ref, alt = trim(position, ref, alt)
        yield (
            contig,
            str(table.variant_id[column]),
            start,
            ref,
            alt,
            copies.astype(np.int8),
        )


def _fits(genome: Genome, contig: str, position: int, allele: str) -> bool:
    held = genome.text(contig, position - 1, position - 1 + len(allele))
    return (
        bool(allele)
        and len(held) == len(allele)
        and all(a == b or "N" in (a, b) for a, b in zip(held, allele, strict=True))
    )
