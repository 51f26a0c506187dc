"""Signals along a genome (bedGraph, bigWig), averaged over windows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from meristem.errors import ConfigError, DataError
from meristem.records import FloatArray, IntArray
from meristem.sequence.genome.contig_names import match_names
from meristem.sequence.genome.fasta import Genome
from meristem.sequence.genome.windows import Window
from meristem.text.files import require_file, unpacked

BIGWIG = (0x888FFC26, 0x26FC8F88)  # magic number, either order of bytes


class Steps(NamedTuple):
    """A signal of one contig: constant between positions, absent elsewhere."""

    start: IntArray  # (n,) bp, 0-based, ascending
    end: IntArray  # (n,) excluded
    value: FloatArray  # (n,)


@dataclass(frozen=True)
class Track:
    """A signal along a genome."""

    path: Path
    steps: dict[str, Steps]  # by contig of the genome

    def means(self, windows: Iterable[Window]) -> FloatArray:  # (n_window,)
        """Return the mean of every window over its measured bases; NaN without any."""
        return np.array([self._mean(window) for window in windows])

    def _mean(self, window: Window) -> float:
        steps = self.steps.get(window.contig)
        if steps is None:
            return math.nan
        first = int(np.searchsorted(steps.end, window.start, "right"))
        last = int(np.searchsorted(steps.start, window.end, "left"))
        start = np.maximum(steps.start[first:last], window.start)
        size = np.minimum(steps.end[first:last], window.end) - start
        total = size.sum()
        return float(size @ steps.value[first:last] / total) if total else math.nan


def read_track(
    path: str | Path, genome: Genome, contig_names: str | Path | None = None
) -> Track:
    r"""Read a signal: bigWig (needs pyBigWig) or bedGraph, plain or compressed.

    Parameters
    ----------
    path
        The file; a bigWig is recognised by its first bytes.
    genome
        The genome its contigs are matched with.
    contig_names
        Table of names, see `contig_names.match_names`.

    Raises
    ------
    DataError
        With the line: too few columns, no numbers, an empty interval, one that
        overlaps another or lies beyond its contig; or if no contig is in the genome.
    ConfigError
        If the file is a bigWig and pyBigWig is not installed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> genome = Genome(Path("g.fa"), {"chr1": 100}, {})
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "x.bedgraph"
    ...     _ = file.write_text("1\t0\t10\t2\n1\t10\t20\t4\n")
    ...     track = read_track(file, genome)
    >>> track.means([Window("w", "chr1", 5, 15, 1), Window("v", "chr1", 50, 60, 1)])
    array([ 3., nan])
    """
    path = require_file(path)
    with path.open("rb") as handle:
        magic = handle.read(4)
        handle.seek(-min(4, path.stat().st_size), 2)
        whole = handle.read(4) == magic  # a bigWig ends as it begins
    packed = int.from_bytes(magic, "little") in BIGWIG
    if packed and not whole:  # reading on would end the process
        raise _damaged(path, "it is cut off")
    rows = _bigwig(path) if packed else _bedgraph(path)
    names = match_names(rows, genome, path, contig_names).genome_name
    steps = {
        names[contig]: _checked(found, genome.length[names[contig]], path, contig)
        for contig, found in rows.items()
        if contig in names
    }
    return Track(path, steps)


def _bigwig(path: Path) -> dict[str, Steps]:
    try:
        import pyBigWig  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "is a bigWig, and pyBigWig is not installed",
            where=path,
            remedy='pip install "meristem[tracks]", or give bedGraph '
            "(bigWigToBedGraph)",
        ) from error
    try:
        with pyBigWig.open(str(path)) as handle:
            found = {name: handle.intervals(name) or () for name in handle.chroms()}
    except RuntimeError as error:
        raise _damaged(path, str(error)) from error
    return {name: _steps(rows) for name, rows in found.items() if rows}


def _damaged(path: Path, why: str) -> DataError:
    return DataError(
        f"cannot be read as a bigWig: {why}",
        where=path,
        remedy="copy or make the file again",
    )


def _bedgraph(path: Path) -> dict[str, Steps]:
    rows: dict[str, list[tuple[int, int, float]]] = {}
    with unpacked(path) as stream:
        for number, raw in enumerate(stream, start=1):
            line = raw.decode("latin1").strip()
            if not line or line.startswith(("#", "track", "browser")):
                continue
            cells = line.split()
            try:
                row = int(cells[1]), int(cells[2]), float(cells[3])
            except (IndexError, ValueError) as error:
                raise DataError(
                    "is no row of a bedGraph: contig, start, end and a value",
                    where=f"{path}, line {number}",
                    remedy="give bedGraph (starts count from 0), or bigWig",
                ) from error
            if not 0 <= row[0] < row[1] or not math.isfinite(row[2]):
                raise DataError(
                    f"the interval {row[0]} to {row[1]} of value {row[2]:g} is empty, "
                    "or no number",
                    where=f"{path}, line {number}",
                    remedy="starts count from 0, ends are excluded; leave out what "
                    "was not measured",
                )
            rows.setdefault(cells[0], []).append(row)
    return {name: _steps(found) for name, found in rows.items()}


def _steps(rows: Iterable[tuple[int, int, float]]) -> Steps:
    table = np.array(sorted(rows))
    bounds = table[:, :2].astype(np.int64)
    return Steps(bounds[:, 0], bounds[:, 1], table[:, 2])


def _checked(steps: Steps, length: int, path: Path, contig: str) -> Steps:
    overlap = np.flatnonzero(steps.start[1:] < steps.end[:-1])
    if overlap.size:
        at = int(steps.start[overlap[0] + 1])
        raise DataError(
            f"two intervals of {contig} overlap at {at}",
            where=path,
            remedy="give one value per base (bedtools merge, or one strand per file)",
        )
    if steps.end.max() > length:
        raise DataError(
            f"reaches {int(steps.end.max())} on {contig}, which has {length} bp",
            where=path,
            remedy="give the track and the genome of one assembly",
        )
    return steps
