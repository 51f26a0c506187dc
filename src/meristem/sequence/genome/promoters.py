"""Which genes a place may regulate: windows around transcription starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from meristem.sequence.genome.transcripts import Transcript

_BIN = 1 << 14


class Promoter(NamedTuple):
    """Bases around a transcription start, on the forward strand."""

    gene: str
    contig: str
    start: int  # 0-based
    end: int
    strand: int  # 1 or -1
    tss: int  # 0-based


def promoters(
    transcripts: Iterable[Transcript], upstream: int, downstream: int
) -> list[Promoter]:
    """Return the window around every transcription start of every gene, each once.

    Parameters
    ----------
    transcripts
        Genes with their transcripts.
    upstream, downstream
        bp in front of and behind the start, along the strand.

    Examples
    --------
    >>> one = Transcript("t", "g", "1", -1, ((50, 90),), ())
    >>> promoters([one], 20, 5)[0]
    Promoter(gene='g', contig='1', start=85, end=110, strand=-1, tss=89)
    """
    found: dict[tuple[str, int], Promoter] = {}
    for t in transcripts:
        tss = t.tss
        if t.strand > 0:
            start, end = tss - upstream, tss + downstream
        else:
            start, end = tss + 1 - downstream, tss + 1 + upstream
        found.setdefault(
            (t.gene, tss), Promoter(t.gene, t.contig, max(start, 0), end, t.strand, tss)
        )
    return list(found.values())


class PromoterIndex:
    """Finds the genes whose promoter holds a place.

    Parameters
    ----------
    windows
        Promoters of a genome.
    """

    def __init__(self, windows: Iterable[Promoter]) -> None:
        self._bins: dict[tuple[str, int], list[Promoter]] = defaultdict(list)
        for window in windows:
            for number in range(window.start // _BIN, window.end // _BIN + 1):
                self._bins[window.contig, number].append(window)

    def find(self, contig: str, start: int) -> list[tuple[str, int]]:
        """Return genes and the distance of a place from their start.

        Parameters
        ----------
        contig, start
            The place, 0-based.

        Returns
        -------
        list of (str, int)
            Distance in bp along the strand, negative upstream; the nearest start of
            every gene, the nearest gene first.
        """
        best: dict[str, int] = {}
        for window in self._bins.get((contig, start // _BIN), ()):
            if window.start <= start < window.end:
                distance = (start - window.tss) * window.strand
                known = best.get(window.gene)
                if known is None or abs(distance) < abs(known):
                    best[window.gene] = distance
        return sorted(best.items(), key=lambda pair: (abs(pair[1]), pair[0]))
