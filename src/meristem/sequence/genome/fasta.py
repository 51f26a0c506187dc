"""Read the sequence of a genome contig by contig, plain or compressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import pyfaidx

from meristem.errors import DataError
from meristem.io.fasta import no_fasta, parse_fasta
from meristem.sequence.genome.bases import BaseArray, clean_bases
from meristem.text.files import require_file, unpacked

MOST_PACKED = 1 << 30
"""Bases of a compressed file, which is held in memory."""
_LONGEST_TITLE = 1 << 12  # bytes of a title that are looked at
_KEPT = 1 << 29  # bases of contigs that stay in memory


class Genome:
    """The contigs of a FASTA file; the ones used last stay in memory.

    Parameters
    ----------
    path
        The file, for messages.
    length
        Length (bp) of every contig, in file order.
    read
        An open pyfaidx index, or the contigs themselves.
    """

    def __init__(
        self,
        path: Path,
        length: Mapping[str, int],
        read: pyfaidx.Faidx | Mapping[str, BaseArray],
    ) -> None:
        self.path = path
        self.length = dict(length)
        self._read = read
        self._kept: dict[str, BaseArray] = {}

    def bases(self, contig: str) -> BaseArray:  # (length,)
        """Return the letters of a contig in upper case, as ASCII codes.

        Raises
        ------
        DataError
            If the contig is unknown, or holds a letter that is no base.
        """
        if contig in self._kept:
            return self._kept[contig]
        if contig not in self.length:
            raise DataError(
                f"has no contig {contig!r} (it has {', '.join(list(self.length)[:5])})",
                where=self.path,
                remedy="name the contigs as in the FASTA file",
            )
        if isinstance(self._read, pyfaidx.Faidx):
            text = str(self._read.fetch(contig, 1, self.length[contig]))
            found = clean_bases(text.encode(), f"{self.path}, contig {contig}")
        else:
            found = self._read[contig]
        while self._kept and found.size + sum(map(len, self._kept.values())) > _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[contig] = found
        return found

    def text(self, contig: str, start: int, end: int) -> str:
        """Return the letters of `start` to `end` (bp, 0-based, end excluded)."""
        return self.bases(contig)[start:end].tobytes().decode()


def open_genome(path: str | Path, index: str | Path | None = None) -> Genome:
    r"""Open a FASTA file, plain (indexed by faidx) or compressed (gzip, bgzip).

    A plain file is read contig by contig through its index, which is written once
    beside it. A compressed one is held in memory.

    Parameters
    ----------
    path
        The FASTA file.
    index
        Where the index (`.fai`) is or will be written; beside the file if None.

    Raises
    ------
    DataError
        If the file is absent or no FASTA, names a contig twice, the index is absent
        and cannot be written, or a compressed file is larger than `MOST_PACKED`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "g.fa"
    ...     _ = path.write_text(">1 first\nACG\nTA\n>2\nggg\n")
    ...     genome = open_genome(path)
    ...     print(genome.length, genome.text("1", 1, 4), genome.text("2", 0, 3))
    {'1': 5, '2': 3} CGT GGG
    """
    path = require_file(path)
    with path.open("rb") as handle:
        first = handle.read(2)
    if first == b"\x1f\x8b":
        contigs = _read_packed(path)
        return Genome(path, {name: len(c) for name, c in contigs.items()}, contigs)
    if first[:1] not in (b">", b";"):
        raise no_fasta(path)
    return _open_indexed(path, Path(index) if index else None)


def _is_index_of(path: Path, starts: dict[str, int]) -> bool:
    """Return whether every contig begins behind the line that names it."""
    with path.open("rb") as handle:
        for name, start in starts.items():
            before = max(0, start - _LONGEST_TITLE)
            handle.seek(before)
            text = handle.read(start - before)
            line = text[:-1].rsplit(b"\n", 1)[-1]
            whole = before == 0 or len(line) < len(text) - 1
            named = line[:1] == b">" and line[1:].split()[:1] == [name.encode()]
            if text[-1:] != b"\n" or (whole and not named):
                return False
    return True


def _open_indexed(path: Path, index: Path | None) -> Genome:
    place = index or path.with_name(path.name + ".fai")
    try:
        read = pyfaidx.Faidx(str(path), indexname=str(place), rebuild=True)
    except OSError as error:
        if place.exists():
            fault = f"the index {place} is older than the file, or cannot be read"
        else:
            fault = f"has no index, and {place} cannot be written ({error})"
        raise DataError(
            fault,
            where=path,
            remedy="name a file on a disk you may write to with --index, or index the "
            "genome there (samtools faidx)",
        ) from error
    except (pyfaidx.FastaIndexingError, pyfaidx.IndexNotFoundError) as error:
        raise DataError(
            f"cannot be indexed: {' '.join(str(error).split())}",
            where=path,
            remedy="write all lines of a contig at the same length, but its last",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            "is no index of a genome",
            where=place,
            remedy="remove it: it is made anew",
        ) from error
    except (ValueError, KeyError) as error:
        raise DataError(
            f"cannot be indexed: {' '.join(str(error).split())}",
            where=path,
            remedy="give every contig a name of its own",
        ) from error
    length = {str(name): int(entry.rlen) for name, entry in read.index.items()}
    starts = {str(name): int(entry.offset) for name, entry in read.index.items()}
    if path.suffix != ".gz" and not _is_index_of(path, starts):
        raise DataError(
            "is the index of another file",
            where=place,
            remedy="remove it: it is made anew",
        )
    if not length:
        raise no_fasta(path)
    return Genome(path, length, read)


def _read_packed(path: Path) -> dict[str, BaseArray]:
    """Read the contigs of a compressed file line by line."""
    with unpacked(path) as stream:
        return {
            r.name: clean_bases(r.text.encode("latin1"), f"{path}, contig {r.name}")
            for r in parse_fasta(_bounded(stream, path), path)
        }


def _bounded(stream: IO[bytes], path: Path) -> Iterator[str]:
    """Give lines up to `MOST_PACKED` letters in all."""
    total = 0
    for line in stream:
        total += len(line)
        if total > MOST_PACKED:
            raise DataError(
                f"unpacks to more than {MOST_PACKED / 2**30:g} Gb, which would "
                "have to stay in memory",
                where=path,
                remedy="decompress it (bgzip -d): a plain file is read contig by "
                "contig",
            )
        yield line.decode("latin1")
