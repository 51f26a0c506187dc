"""Read genetic maps: a table of cM, or the .bim file of a PLINK set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.genetics.inheritance.maps import MapPoints
from meristem.text.column_names import find_column
from meristem.text.columns import Table, read_table
from meristem.text.files import read_text
from meristem.text.lines import numbered_lines

_NAME = "variant variantid marker markerid markername snp snpid locus id name".split()
_CONTIG = "chromosome chrom chr contig linkagegroup lg".split()
_POSITION = "bp position pos positionbp physical physicalposition basepair".split()
_CM = "cm centimorgan centimorgans geneticposition genetic geneticmap map".split()
_BIM_FIELDS = 6

LONGEST_CM = 5_000.0
"""Longer than any chromosome, also in maps of intermated populations."""


def read_genetic_map(path: str | Path) -> MapPoints:
    r"""Read the loci of a genetic map.

    Parameters
    ----------
    path
        A table with a column of cM, and the variants' ids or contig and bp (or all
        three); or a `.bim` file, whose third column is in cM.

    Returns
    -------
    MapPoints
        As they stand in the file.

    Raises
    ------
    DataError
        If no column of cM is found, neither ids nor places are, a cM is missing,
        negative or beyond any chromosome, all are 0 (a `.bim` without a map), or a
        marker has two places.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "map.csv"
    ...     _ = path.write_text("marker,chr,cM\nm1,1,0.0\nm2,1,12.5\n")
    ...     read_genetic_map(path).centimorgan
    array([ 0. , 12.5])
    """
    path = Path(path)
    points = _read_bim(path) if path.suffix == ".bim" else _read_table(path)
    wrong = ~(points.centimorgan >= 0)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"cM of locus {row + 1} is missing or negative",
            where=path,
            remedy="give every locus a place in cM, 0 or more",
        )
    if not points.centimorgan.any():
        raise DataError(
            "every cM is 0: there is no map in it",
            where=path,
            remedy="give a table of cM, or a recombination rate (--cm-per-mb)",
        )
    _refuse_length(points)
    _refuse_repeats(points)
    return points


def _refuse_length(points: MapPoints) -> None:
    row = int(np.argmax(points.centimorgan))
    if points.centimorgan[row] > LONGEST_CM:
        raise DataError(
            f"locus {row + 1} lies at {points.centimorgan[row]:,.0f} cM, where no "
            "chromosome reaches: these seem to be bp",
            where=points.source,
            remedy="give cM in this column and bp in a column `bp`, or a "
            "recombination rate (--cm-per-mb)",
        )


def _refuse_repeats(points: MapPoints) -> None:
    first: dict[str, int] = {}
    for row, name in enumerate(points.name.tolist()):
        before = first.setdefault(name, row) if name else row
        same = (
            points.centimorgan[before] == points.centimorgan[row]
            and points.contig[before] == points.contig[row]
        )
        if not same:
            raise DataError(
                f"{name} stands at {points.centimorgan[before]:g} cM (locus "
                f"{before + 1}) and at {points.centimorgan[row]:g} cM (locus {row + 1})"
                + (
                    f" of {points.contig[before]} and {points.contig[row]}"
                    if points.contig[before] != points.contig[row]
                    else ""
                ),
                where=points.source,
                remedy="keep one place for every marker",
            )


def _read_table(path: Path) -> MapPoints:
    table = read_table(path)
    cm = find_column(table, _CM)
    if cm is None:
        raise DataError(
            f"has no column of cM; it has {', '.join(table.column_name[:12])}",
            where=path,
            remedy="call it `cM`",
        )
    name = find_column(table, _NAME, (cm,))
    contig = find_column(table, _CONTIG, (cm,))
    position = find_column(table, _POSITION, (cm,))
    if name is None and (contig is None or position is None):
        raise DataError(
            "names neither variants nor their places",
            where=path,
            remedy="add a column `variant`, or the columns `chromosome` and `bp`",
        )
    blank = np.full(table.n_row, "")
    return MapPoints(
        blank if name is None else table.labels(name),
        blank if contig is None else table.labels(contig),
        _whole(table, position),
        table.numbers(cm, largest=1e12),
        str(path),
    )


def _whole(table: Table, name: str | None) -> np.ndarray:
    if name is None:
        return np.zeros(table.n_row, dtype=np.int64)
    numbers = table.numbers(name, largest=1e12)
    return np.nan_to_num(numbers).astype(np.int64)


def _read_bim(path: Path) -> MapPoints:
    rows = []
    for number, line in numbered_lines(read_text(path)):
        cells = line.split()
        try:
            rows.append((cells[0], cells[1], float(cells[2]), int(cells[3])))
        except (IndexError, ValueError) as error:
            raise DataError(
                f"is no line of {_BIM_FIELDS} fields with cM and bp",
                where=f"{path}, line {number}",
                remedy="write the .bim file again (plink --make-bed)",
            ) from error
    contig, name, cm, bp = zip(*rows, strict=True)
    return MapPoints(
        np.array(name), np.array(contig), np.array(bp), np.array(cm), str(path)
    )
