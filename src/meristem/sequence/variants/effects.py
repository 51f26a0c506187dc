"""Predicted effects of variants as a table, written as the variants stream by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from meristem.sequence.genome.bases import BaseArray, CodeArray, encode
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.promoters import PromoterIndex
from meristem.sequence.motifs.scan import MotifBank
from meristem.sequence.variants.occupancy import Change, occupancy_changes
from meristem.sequence.variants.sites import Site, trim
from meristem.sequence.variants.tables import open_table

COLUMNS = (
    "variant contig position ref alt gene distance score spread kind source detail"
).split()
BLOCK = 1024
"""Alternate alleles in memory at a time."""
_AT_ONCE = 128  # changes whose affinities fit into the cache

Notify = Callable[[int], None]


@dataclass(frozen=True)
class Effect:
    """One number said of one alternate allele."""

    score: float  # with the alternate allele minus without
    kind: str  # task, or `occupancy`
    spread: float = float("nan")  # over the members of an ensemble
    detail: str = ""  # the motif that changes most, and the sum over all


class Scorer(Protocol):
    """Whatever predicts the effects of changes of a contig."""

    @property
    def source(self) -> str:
        """Name for the column `source`."""
        ...

    def effects(
        self, bases: BaseArray, changes: Sequence[Change]
    ) -> list[list[Effect]]:
        """Return the effects of every change of a contig, ascending by place."""
        ...


@dataclass
class MotifScorer:
    """Change of motif occupancy, without any training.

    Parameters
    ----------
    bank
        The motifs.
    window
        bp around a change that count as one site.
    source
        Name for the table.
    """

    bank: MotifBank
    window: int = 110
    source: str = "motif"
    _contig: tuple[int, CodeArray] | None = None

    def effects(
        self, bases: BaseArray, changes: Sequence[Change]
    ) -> list[list[Effect]]:
        """Return the change of the motif that changes most, with its sign."""
        if self._contig is None or self._contig[0] != id(bases):
            self._contig = (id(bases), encode(bases))
        codes = self._contig[1]
        parts = [
            occupancy_changes(codes, changes[i : i + _AT_ONCE], self.bank, self.window)
            for i in range(0, len(changes), _AT_ONCE)
        ]
        change = np.concatenate(parts)
        size = np.abs(change)
        most, total = size.argmax(axis=1), size.sum(axis=1)
        best = change[np.arange(len(changes)), most]
        titles = [motif.title for motif in self.bank.motifs]
        return [
            [Effect(score, "occupancy", detail=f"{titles[index]}; all {whole:.4g}")]
            for score, index, whole in zip(
                best.tolist(), most.tolist(), total.tolist(), strict=True
            )
        ]


class SiteStream(Protocol):
    """Where variants come from: a file, or all substitutions of a region."""

    genome: Genome
    n_site: int

    def sites(self) -> Iterator[Site]:
        """Give alternate alleles."""
        ...


def write_effects(
    stream: SiteStream,
    scorer: Scorer,
    out: str | Path,
    *,
    genes: PromoterIndex | None = None,
    notify: Notify = lambda done: None,
) -> int:
    """Write the predicted effect of every variant, in constant memory.

    Parameters
    ----------
    stream
        Variants, held against the genome.
    scorer
        What predicts effects.
    out
        The table (TSV, gzipped where it ends in `.gz`), written whole or not at all:
        a row for every alternate allele, task, and gene whose promoter it lies in.
    genes
        Promoters of the genes; None: no gene is named.
    notify
        Told the number of alternate alleles done.

    Returns
    -------
    int
        Rows written.
    """
    n_row = 0
    with open_table(Path(out)) as handle:
        handle.write("\t".join(COLUMNS) + "\n")
        for block in _blocks(stream):
            bases = stream.genome.bases(block[0].contig)
            trimmed = [trim(site.position, site.ref, site.alt) for site in block]
            changes = [Change(s, s + len(ref), alt) for s, ref, alt in trimmed]
            order = sorted(range(len(block)), key=lambda i: changes[i].start)
            found = scorer.effects(bases, [changes[i] for i in order])
            by_site = dict(zip(order, found, strict=True))
            for number, site in enumerate(block):
                rows = list(_rows(site, by_site[number], scorer.source, genes))
                handle.writelines(rows)
                n_row += len(rows)
            notify(stream.n_site)
    return n_row


def _blocks(stream: SiteStream) -> Iterator[list[Site]]:
    """Give sites of one contig in blocks."""
    block: list[Site] = []
    for site in stream.sites():
        if block and (len(block) >= BLOCK or site.contig != block[0].contig):
            yield block
            block = []
        block.append(site)
    if block:
        yield block


def _rows(
    site: Site, effects: list[Effect], source: str, genes: PromoterIndex | None
) -> Iterator[str]:
    near: list[tuple[str, str]] = [("", "")]
    if genes is not None:
        found = genes.find(site.contig, site.position - 1)
        near = [(gene, str(distance)) for gene, distance in found] or near
    place = f"{site.name}\t{site.contig}\t{site.position}\t{site.ref}\t{site.alt}"
    for effect in effects:
        spread = "" if effect.spread != effect.spread else f"{effect.spread:.6g}"
        for gene, distance in near:
            yield (
                f"{place}\t{gene}\t{distance}\t{effect.score:.6g}\t{spread}\t"
                f"{effect.kind}\t{source}\t{effect.detail}\n"
            )
