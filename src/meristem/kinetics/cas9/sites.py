"""Read guide-target tables and Cas-OFFinder output, whole or as a stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.align import BASES, GAP_SYMBOLS
from meristem.kinetics.cas9.pam import CAS9, PAM_LENGTH, Pam
from meristem.records import FloatArray
from meristem.text.files import unpacked

MOST_BULGE = 3
"""Most bases by which a target may be longer or shorter than its guide."""

_LONGEST_HEADER = 1 << 20  # characters


@dataclass(frozen=True)
class Sites:
    """Guide-target pairs, aligned or not.

    Attributes
    ----------
    guide, target
        Strings 5' to 3', gaps `-` or `_` where they are aligned.
    label
        1 for active, 0 for not, -1 where nothing is known.
    place
        Where the site lies (``contig:position:strand``), empty when not given.
    reads
        Read counts, or another measure of how active a site is; NaN where not known.
    """

    guide: NDArray[np.str_]  # (n,)
    target: NDArray[np.str_]  # (n,)
    label: NDArray[np.int64]  # (n,)
    place: NDArray[np.str_]  # (n,)
    reads: FloatArray = field(default_factory=lambda: np.zeros(0))  # (n,)

    def __post_init__(self) -> None:
        if len(self.reads) != len(self.target):
            object.__setattr__(self, "reads", np.full(len(self.target), np.nan))

    def take(self, rows: NDArray[np.generic]) -> Sites:
        """Return some of the rows."""
        return Sites(*(getattr(self, name)[rows] for name in vars(self)))

    @property
    def gapped(self) -> NDArray[np.bool_]:  # (n,)
        """True where one side only has a gap (a bulge)."""
        gaps = [
            np.char.count(side, "-") + np.char.count(side, "_")
            for side in (self.guide, self.target)
        ]
        lead = np.minimum(gaps[0], gaps[1])
        return (gaps[0] != gaps[1]) | ((lead > 0) & (gaps[0] != _padding(self)))


def _padding(sites: Sites) -> NDArray[np.int64]:
    """Return the number of columns with a gap on both sides."""
    guide = sites.guide.astype("U").view("U1").reshape(len(sites.guide), -1)
    target = sites.target.astype("U").view("U1").reshape(len(sites.target), -1)
    width = min(guide.shape[1], target.shape[1])
    both = np.isin(guide[:, :width], ["-", "_"]) & np.isin(
        target[:, :width], ["-", "_"]
    )
    return both.sum(axis=1)


def spacer(guides: NDArray[np.str_]) -> NDArray[np.str_]:  # (n,)
    """Return guides without gaps and without PAM: one name per guide.

    Examples
    --------
    >>> spacer(np.array(["G_ACTTNGG", "-GACTTNGG", "GACTTTGG"])).tolist()
    ['GACTT', 'GACTT', 'GACTT']
    """
    return np.array([_bare(str(g))[:-PAM_LENGTH] for g in guides], dtype=np.str_)


def _bare(text: str) -> str:
    return text.replace("-", "").replace("_", "").upper()


def _column(table: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    lower = {str(column).strip().lower(): column for column in table.columns}
    return next((lower[name] for name in names if name in lower), None)


_GUIDE = (
    *("guide_aligned", "guide", "on_seq", "sgrna_seq", "crrna"),
    *("guide_seq", "guideseq", "guide_sequence", "sgrna", "grna", "30mer"),
)
_SITE = (
    *("offtarget_sequence", "off_target_sequence", "off_target", "offtarget"),
    "offtargetseq",  # CRISPOR
)
_TARGET = (
    *("target_aligned", "target", "off_seq", "dna", "sequence"),
    *("target_seq", "target_sequence", "30mer_mut"),
)
_CONTIG = ("chromosome", "chrom", "chr", "place")
_POSITION = (
    "location",
    "position",
    "start",
)  # of a table without contigs: the whole place
_STRAND = ("strand", "direction")
_READS = ("reads", "read", "read_count", "read_fraction", "readfraction", "day21_etp")


def sites_from_table(
    table: pd.DataFrame, *, where: str = "", guide: str | None = None
) -> Sites:
    """Return the pairs of a table.

    Parameters
    ----------
    table
        Columns ``target`` (or target_aligned, off_seq, dna) and, unless `guide` is
        given, ``guide`` (or guide_aligned, on_seq, crrna); optionally ``label``.
    where
        Name of the file, for messages.
    guide
        One guide for all rows.

    Raises
    ------
    DataError
        If a column is missing or a field is empty.
    """
    target_column = _column(table, _SITE)
    # beside a column of off-target sites, "target" is what the guide was made for
    intended = () if target_column is None else ("target", "target_sequence")
    target_column = target_column or _column(table, _TARGET)
    guide_column = _column(table, (*_GUIDE, *intended)) if guide is None else None
    if target_column is None or (guide is None and guide_column is None):
        raise DataError(
            f"has no column {'target' if target_column is None else 'guide'!r}; "
            f"it has {', '.join(repr(str(name)) for name in table.columns)}",
            where=where,
            remedy="name the columns guide and target, with a header line",
        )
    target = _texts(table, target_column, where)
    if guide is not None:
        _refuse_other_guide(table, guide, where)
    if guide_column is None:
        guides = np.full(len(table), guide)
    else:
        guides = _texts(table, guide_column, where)
    label_column = _column(table, ("label",))
    label = np.full(len(table), -1)
    if label_column is not None:
        label = _labels(table, label_column, where)
    place = np.full(len(table), "")
    named = [_column(table, names) for names in (_CONTIG, _POSITION, _STRAND)]
    if named[0] is not None or named[1] is not None:
        parts = [table[c].fillna("").astype(str) for c in named if c is not None]
        joined = parts[0]
        for part in parts[1:]:
            joined = joined + ":" + part
        place = joined.to_numpy(dtype=np.str_)
    reads_column = _column(table, _READS)
    reads = np.full(len(table), np.nan)
    if reads_column is not None:
        reads = pd.to_numeric(table[reads_column], errors="coerce").to_numpy(float)
    return Sites(guides, target, label.astype(np.int64), place, reads)


def _refuse_other_guide(table: pd.DataFrame, guide: str, where: str) -> None:
    """Refuse a column of guides where another one is named for all rows."""
    column = _column(table, _GUIDE)
    if column is None:
        return
    bare = table[column].fillna("").astype(str).map(_bare)
    wanted = "".join(f"[{letter}N]" if letter != "N" else "." for letter in guide)
    named = bare.str.fullmatch(f"[{BASES}UN]{{17,}}")  # a column may hold names
    odd = named & ~bare.str.fullmatch(wanted, case=False)
    if odd.any():
        raise DataError(
            f"column {column!r} holds the guide {table[column][odd].iloc[0]!r}, and "
            f"{guide!r} is named for all rows",
            where=_first_line(table, odd, where),
            remedy="leave --guide out, or take the column out of the table",
        )


def _first_line(table: pd.DataFrame, odd: pd.Series, where: str) -> str:
    """Return file and line of the first odd row."""
    return f"{where}, line {table.index[odd][0] + 2}"


def _texts(table: pd.DataFrame, column: str, where: str) -> NDArray[np.str_]:
    values = table[column]
    if values.isna().any():
        raise DataError(
            f"column {column!r} is empty",
            where=_first_line(table, values.isna(), where),
            remedy="remove the row or fill the field",
        )
    texts = values.astype(str).str.strip()
    odd = ~texts.str.fullmatch(
        f"[{BASES}UNRYSWKMBDHV{re.escape(GAP_SYMBOLS)}]+", case=False
    )
    if odd.any():
        raise DataError(
            f"column {column!r} holds {texts[odd].iloc[0]!r}",
            where=_first_line(table, odd, where),
            remedy="use A, C, G, T (or U), N and the gap symbols - or _",
        )
    return texts.to_numpy(dtype=np.str_)


def refuse_misfits(
    sites: Sites, *, where: str = "", first_line: int = 2, pam: Pam = CAS9
) -> None:
    """Refuse pairs that no network of guides can have seen.

    A guide is 17 to 24 bases and its PAM, 5' to 3'; a target has at most `MOST_BULGE`
    bases more or fewer. A guide without its PAM would be read some positions off, and
    score as if it bound.

    Raises
    ------
    DataError
        With the file and the line of the first misfit.
    """
    guides, place = np.unique(sites.guide, return_inverse=True)
    bare = [_bare(str(guide)) for guide in guides]
    length = np.array([len(guide) for guide in bare])
    no_pam = np.array([not pam.fits(guide) for guide in bare])
    wrong = no_pam | (length < 17 + pam.length) | (length > 24 + pam.length)
    if wrong.any():
        line = int(np.flatnonzero(wrong[place])[0])
        text = str(sites.guide[line])
        raise DataError(
            f"guide {text!r} is no spacer of 17 to 24 bases with the PAM "
            f"{pam.pattern} at its {pam.side}' end",
            where=f"{where}, line {line + first_line}" if where else "",
            remedy="write guides 5' to 3' with their PAM, for example with NGG added; "
            "name another PAM where the enzyme has one (--pam, data.pam)",
        )
    gaps = np.char.count(sites.target, "-") + np.char.count(sites.target, "_")
    bases = np.char.str_len(sites.target) - gaps
    off = np.abs(bases - length[place]) > MOST_BULGE
    if off.any():
        line = int(np.flatnonzero(off)[0])
        raise DataError(
            f"target {str(sites.target[line])!r} has {bases[line]} bases, its guide "
            f"{length[place][line]}",
            where=f"{where}, line {line + first_line}" if where else "",
            remedy="give the site itself with its PAM, without flanks",
        )


def _labels(table: pd.DataFrame, column: str, where: str) -> NDArray[np.int64]:
    values = pd.to_numeric(table[column], errors="coerce")
    odd = ~values.isin([0, 1])
    if odd.any():
        raise DataError(
            f"label {table[column][odd].iloc[0]!r} is neither 0 nor 1",
            where=_first_line(table, odd, where),
            remedy="write 1 for active and 0 for not",
        )
    return values.to_numpy().astype(np.int64)


def _layout(path: Path) -> tuple[str, list[str] | None, int]:
    """Return separator, column names (None: in the file) and lines above the rows."""
    with unpacked(path) as stream, _opened(stream) as handle:
        above, first = 0, handle.readline(_LONGEST_HEADER)
        while first.startswith("##"):  # Cas-OFFinder 3 says its version first
            above, first = above + 1, handle.readline(_LONGEST_HEADER)
    first = first.rstrip("\r\n")
    if not first.strip():
        raise DataError("its first line is empty", where=path, remedy="write a header")
    separators = [separator for separator in "\t,;" if separator in first]
    separator = separators[0] if separators else ","
    fields = [field.strip("# ").lower() for field in first.split(separator)]
    read = {*_GUIDE, *_SITE, *_TARGET, "label"}
    twice = [name for name in fields if fields.count(name) > 1 and name in read]
    if twice:
        raise DataError(
            f"has the column {twice[0]!r} twice",
            where=path,
            remedy="keep the one that is meant",
        )
    if first.startswith("#"):
        return separator, fields, above + 1
    if len(fields) == 6 and separator == "\t" and not {*fields} & {*_GUIDE, *_TARGET}:
        # Cas-OFFinder 2 without bulges has no header
        names = ["guide", "chromosome", "position", "target", "strand", "mismatches"]
        return separator, names, above
    return separator, None, above


def _opened(stream: IO[bytes]) -> TextIOWrapper:
    return TextIOWrapper(stream, encoding="utf-8-sig")


def iter_sites(
    path: str | Path,
    *,
    guide: str | None = None,
    rows: int = 50_000,
) -> Iterator[tuple[Sites, pd.DataFrame]]:
    """Read a table of sites in chunks, whatever its size.

    Cas-OFFinder output is known by its form, with bulges (a header that begins with
    ``#``, also below lines of ``##``) and without (six columns, no header); other
    tables need a header.

    Parameters
    ----------
    path
        Text, comma or tab separated, plain or gzipped.
    guide
        One guide for all rows; otherwise the table must have a guide column.
    rows
        Rows in a chunk.

    Yields
    ------
    sites
        The pairs.
    table
        The same rows as read.

    Raises
    ------
    DataError
        If the file cannot be read or a column is missing.
    """
    path = Path(path)
    try:
        separator, names, skip = _layout(path)
        with unpacked(path) as stream, _opened(stream) as handle:
            chunks = pd.read_csv(
                handle,
                sep=separator,
                names=names,
                header=None if names else 0,
                skiprows=skip,
                dtype=str,
                chunksize=rows,
                keep_default_na=False,
                na_values=[""],
            )
            for table in chunks:
                _refuse_ragged(table, path)
                # counted so that line = index + 2, wherever the rows begin
                table.index += skip - (names is not None)
                yield sites_from_table(table, where=str(path), guide=guide), table
    except UnicodeDecodeError as error:
        raise DataError(
            f"is not UTF-8 text: {error.reason} at byte {error.start + 1}",
            where=path,
            remedy="save it as UTF-8 (for example with iconv -f latin1 -t utf-8)",
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(
            f"is no readable table: {error}",
            where=path,
            remedy="write it again as a table with tabs or commas",
        ) from error


def _refuse_ragged(table: pd.DataFrame, path: Path) -> None:
    """Refuse rows with more fields than the header: pandas makes an index of them."""
    if not isinstance(table.index, pd.RangeIndex):
        raise DataError(
            "is no readable table: rows have more fields than the header",
            where=path,
            remedy="give every row as many fields as the header",
        )


def read_sites(
    path: str | Path,
    *,
    guide: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sites:
    """Read a whole table of sites (see `iter_sites`); tell the rows done so far."""
    parts, done = [], 0
    for sites, table in iter_sites(path, guide=guide):
        parts.append(sites)
        done += len(table)
        if progress is not None:
            progress(done)
    if not done:
        raise DataError("holds no row", where=path, remedy="add rows below the header")
    return join_sites(parts)


def join_sites(parts: list[Sites]) -> Sites:
    """Put several sets of sites one below the other."""
    return Sites(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in vars(parts[0])
        )
    )
