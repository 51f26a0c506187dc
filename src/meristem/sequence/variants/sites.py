"""The variants of a VCF or BCF file as a stream, each checked against the genome."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.htslib import VariantFile, open_variants
from meristem.io.genotypes.naming import place_name, shorten_allele
from meristem.records import StrArray
from meristem.sequence.genome.contig_names import ContigNames, match_names
from meristem.sequence.genome.fasta import Genome

_BASES = re.compile(r"[ACGTN]+\Z")
_NO_ID = ("", ".", None)


class Site(NamedTuple):
    """One alternate allele of one record."""

    name: str
    contig: str  # name in the genome
    position: int  # bp, 1-based, of the first base of `ref`
    ref: str
    alt: str
    allele: int  # which alternate allele of the record, from 1
    calls: NDArray[np.int16] | None  # (n_sample, ploidy + 1) alleles, last: phased


@dataclass
class VariantStream:
    """An open file of variants whose REF alleles are held against a genome.

    Parameters
    ----------
    file
        The open file.
    genome
        What REF must agree with.
    names
        Contigs of the file by the names of the genome.
    """

    file: VariantFile
    genome: Genome
    names: ContigNames
    n_site: int = 0  # alternate alleles given so far
    skipped: Counter[str] = field(default_factory=Counter)  # why, and how many

    @property
    def sample_id(self) -> StrArray:
        """Samples of the file, (n_sample,); may be empty."""
        return self.file.sample_id

    def sites(
        self,
        *,
        with_calls: bool = False,
        within: Callable[[str, int, int], bool] | None = None,
    ) -> Iterator[Site]:
        """Give every alternate allele made of bases.

        Symbolic alleles (`<DEL>`, `*`, break-ends) and contigs that the genome lacks
        are counted in `skipped`.

        Parameters
        ----------
        with_calls
            Read the calls of the samples.
        within
            Told contig, start and end (0-based, end excluded) of REF: whether the
            record is wanted; the calls of others are not read.

        Raises
        ------
        DataError
            If REF is not what the genome holds, with the line.
        """
        for number, record in enumerate(self.file.records(), start=1):
            contig = self.names.genome_name.get(record.CHROM)
            if contig is None:
                self.skipped[f"on {record.CHROM}, which the genome lacks"] += 1
                continue
            ref, position = record.REF.upper(), record.POS
            self._check(ref, contig, position, number)
            alts = record.ALT
            if within and not within(contig, position - 1, position - 1 + len(ref)):
                self.n_site += len(alts)
                continue
            calls = _calls(record) if with_calls else None
            for allele, alt in enumerate(alts, start=1):
                alt = alt.upper()
                if not _BASES.match(alt) or not _BASES.match(ref):
                    self.skipped["with a symbolic allele (<DEL>, *, ...)"] += 1
                    continue
                self.n_site += 1
                name = record.ID
                if name in _NO_ID or len(alts) > 1:
                    name = place_name(
                        record.CHROM, position, shorten_allele(ref), shorten_allele(alt)
                    )
                yield Site(name, contig, position, ref, alt, allele, calls)
        if self.n_site == 0:
            raise DataError(
                "has no variant that could be used"
                + "".join(f"; {n} {why}" for why, n in self.skipped.items()),
                where=self.file.path,
                remedy="give a VCF with REF and ALT alleles on the genome",
            )

    def _check(self, ref: str, contig: str, position: int, number: int) -> None:
        bases = self.genome.bases(contig)
        start = position - 1
        here = bases[start : start + len(ref)].tobytes().decode()
        if here == ref and start >= 0:
            return
        if start < 0 or start + len(ref) > bases.size:
            what = f"lies beyond the end of {contig} ({bases.size} bp)"
        elif all(a == b or "N" in (a, b) for a, b in zip(here, ref, strict=True)):
            return
        else:
            what = f"REF is {_short(ref)}, the genome has {_short(here)}"
        raise DataError(
            f"{what} ({contig}:{position})",
            where=self.file.place(number),
            remedy=f"give the genome the variants were called on, not "
            f"{self.genome.path}, or bring them to it (bcftools norm --check-ref s, "
            "bcftools +fixref)",
        )


def _short(allele: str) -> str:
    return allele if len(allele) <= 20 else f"{allele[:17]}..."


def _calls(record: Any) -> NDArray[np.int16] | None:
    if "GT" not in record.FORMAT:
        return None
    return record.genotype.array()


@contextmanager
def open_stream(
    path: str | Path, genome: Genome, contig_names: str | Path | None = None
) -> Iterator[VariantStream]:
    """Open a VCF or BCF file, with or without samples, to stream its variants.

    Parameters
    ----------
    path
        The file.
    genome
        What its REF alleles must agree with.
    contig_names
        Table of contig names, see `match_names`.

    Raises
    ------
    DataError
        As `open_variants` and `match_names` do.
    """
    with open_variants(path, need_samples=False) as file:
        names = match_names(file.contigs(), genome, path, contig_names)
        yield VariantStream(file, genome, names)


def trim(position: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Return start (0-based), REF and ALT without the bases both begin or end with.

    Examples
    --------
    >>> trim(7, "CTT", "CT")
    (8, 'T', '')
    >>> trim(7, "A", "G")
    (6, 'A', 'G')
    """
    start = position - 1
    n = 0
    shortest = min(len(ref), len(alt))
    while n < shortest and ref[n] == alt[n]:
        n += 1
    ref, alt = ref[n:], alt[n:]
    shortest, m = shortest - n, 0
    while m < shortest and ref[-1 - m] == alt[-1 - m]:
        m += 1
    return start + n, ref[: len(ref) - m], alt[: len(alt) - m]
