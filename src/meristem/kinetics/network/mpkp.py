"""Read the massively parallel kinetic tables: cleavage rates of two Cas9 guides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import Encoding, encode_pairs
from meristem.kinetics.network.kinn import Measurements
from meristem.records import FloatArray
from meristem.text.columns import Table, read_table

GUIDES = {1: "GACGCATAAAGATGAGACGCTGG", 2: "GTGATAAGTGGAATGCCATGTGG"}
ENZYMES = ("wt", "enh", "hypa", "hf1")
LIMIT = -5.0
"""Detection limit of the log10 rate (1/s)."""

_SOURCE_ENZYMES = {
    "wt": "wtCas9",
    "enh": "Cas9_enh",
    "hypa": "Cas9_hypa",
    "hf1": "Cas9_HF1",
}
_CONTROL_LENGTH = 30  # the unmatched control is a 35-mer, targets have 21 to 25 bases


@dataclass(frozen=True)
class KineticTable:
    """Rates and binding of one guide's targets, complete rows only.

    Attributes
    ----------
    guide
        Spacer and PAM, 5' to 3'.
    descriptor, target
        Name of the change, and the target itself.
    log10_rate
        Cleavage rate of each enzyme in 1/s, clipped at the detection limit.
    ndaba
        Change of binding of each enzyme: 0 as matched, 1 no binding.
    control
        True for the unmatched control, which is no target of the guide.
    """

    guide: str
    descriptor: NDArray[np.str_]  # (n,)
    target: NDArray[np.str_]  # (n,)
    log10_rate: FloatArray  # (n, n_enzyme)
    ndaba: FloatArray  # (n, n_enzyme)
    control: NDArray[np.bool_]  # (n,)


def _require(table: Table, columns: list[str]) -> None:
    missing = [column for column in columns if column not in table.column_name]
    if missing:
        raise DataError(
            f"column {missing[0]!r} is missing",
            where=table.path,
            remedy=f"the table needs {', '.join(columns)}",
        )


def _numbers(
    table: Table, columns: list[str], rows: NDArray[np.int64]
) -> FloatArray:  # (n_row, n_column)
    """Return cells of some rows as numbers; refuse empty ones."""
    out = np.column_stack([table.numbers(column)[rows] for column in columns])
    empty = np.argwhere(np.isnan(out))
    if empty.size:
        row, column = empty[0]
        raise DataError(
            "is empty",
            where=table.place(int(rows[row]), columns[column]),
            remedy="write a finite number, or remove the row",
        )
    return out


def _table(
    guide: str,
    table: Table,
    rows: NDArray[np.int64],
    rates: FloatArray,
    ndaba: FloatArray,
) -> KineticTable:
    target = np.array(table.words("target"), dtype=np.str_)[rows]
    return KineticTable(
        guide=guide,
        descriptor=np.array(table.words("descriptor"), dtype=np.str_)[rows],
        target=target,
        log10_rate=np.maximum(rates, LIMIT),
        ndaba=ndaba,
        control=np.char.str_len(target) > _CONTROL_LENGTH,
    )


def read_rates(path: str | Path) -> dict[int, KineticTable]:
    """Read the table of both guides in one unit (``rates.csv.gz``).

    Parameters
    ----------
    path
        Columns ``guide`` (1 or 2), ``descriptor``, ``target`` and per enzyme
        ``<e>_log10_rate`` and ``<e>_ndaba``.

    Returns
    -------
    dict
        One table per guide number.

    Raises
    ------
    DataError
        If the file or a column is missing, or a field is not a number.
    """
    table = read_table(path)
    rate_columns = [f"{enzyme}_log10_rate" for enzyme in ENZYMES]
    bind_columns = [f"{enzyme}_ndaba" for enzyme in ENZYMES]
    _require(table, ["guide", "descriptor", "target", *rate_columns, *bind_columns])
    every = np.arange(table.n_row)
    rates = _numbers(table, rate_columns, every)
    ndaba = _numbers(table, bind_columns, every)
    out = {}
    for number, guide in GUIDES.items():
        rows = np.flatnonzero(table.numbers("guide") == number)
        if rows.size:
            out[number] = _table(guide, table, rows, rates[rows], ndaba[rows])
    if not out:
        raise DataError(
            "holds no row of guide 1 or 2",
            where=table.path,
            remedy="check column 'guide'",
        )
    return out


def read_source(path: str | Path) -> KineticTable:
    """Read one source table (``sgRNA_1.csv`` or ``sgRNA_2.csv``), whatever its unit.

    The columns ``*_cleave_rate_log`` hold raw rates in the first file and log10 rates
    in the second. A rate is never negative and its logarithm here always is: the sign
    tells them apart. Rows with any empty field are left out.

    Raises
    ------
    DataError
        If a column is missing, or the unit is unknown.
    """
    table = read_table(path)
    names = [*table.column_name]
    if "sequence" in names:
        names[names.index("sequence")] = "target"
        table = replace(table, column_name=tuple(names))
    enzymes = _SOURCE_ENZYMES.values()
    rate_columns = [f"{name}_cleave_rate_log" for name in enzymes]
    bind_columns = [f"{name}_ndABA" for name in enzymes]
    _require(table, ["target", "descriptor", *rate_columns, *bind_columns])
    needed = [*rate_columns, *bind_columns]
    spread = [f"{name}_unc" for name in needed if f"{name}_unc" in names]
    known = np.array([word != "" for word in table.words("target")])
    for column in (*needed, *spread):
        known &= ~np.isnan(table.numbers(column))
    rows = np.flatnonzero(known)
    rates = _numbers(table, rate_columns, rows)
    if (rates >= 0).all():
        rates = np.log10(np.maximum(rates, 10.0 ** (LIMIT - 1)))
    elif not (rates <= 0).all():
        raise DataError(
            "mixes positive and negative rates, so that their unit is unknown",
            where=path,
            remedy="give raw rates in all rows, or log10 rates in all rows",
        )
    guide = table.words("target")[0]
    return _table(guide, table, rows, rates, _numbers(table, bind_columns, rows))


def measurements(
    table: KineticTable,
    *,
    enzyme: str = "wt",
    channels: str = "edits",
    unique: bool = True,
) -> Measurements:
    """Return the rows of one enzyme to learn from, without the control.

    Parameters
    ----------
    table
        One guide.
    enzyme
        ``wt``, ``enh``, ``hypa`` or ``hf1``.
    channels
        Set of channels (see `channels.CHANNEL_SETS`).
    unique
        Keep one row per sequence: several descriptors of one sequence carry the same
        measurement.

    Examples
    --------
    >>> import numpy as np
    >>> table = KineticTable(
    ...     "GACTTGG", np.array(["Matched"]), np.array(["GACTTGG"]),
    ...     np.full((1, 4), -5.0), np.zeros((1, 4)), np.zeros(1, dtype=bool))
    >>> measurements(table).censored
    array([ True])
    """
    if enzyme not in ENZYMES:
        raise DataError(
            f"there is no enzyme {enzyme!r}", remedy=f"use {', '.join(ENZYMES)}"
        )
    rows, group = _targets(table, unique)
    x = kinetic_channels(_encoded(table, rows), channels)
    y = table.log10_rate[rows, ENZYMES.index(enzyme)]
    # beyond these ends lies noise of the normalisation
    binding = np.clip(table.ndaba[rows, ENZYMES.index(enzyme)], -0.2, 1.3)
    return Measurements(x, y, y <= LIMIT, group, channels, binding)


def encoded_targets(
    table: KineticTable, *, unique: bool = True
) -> Encoding:  # (n, 25, 13)
    """Return the pairs of the rows that `measurements` returns, encoded."""
    return _encoded(table, _targets(table, unique)[0])


def _targets(
    table: KineticTable, unique: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows without the control, and the number of each one's sequence."""
    rows = np.flatnonzero(~table.control)
    _, first, group = np.unique(
        table.target[rows], return_index=True, return_inverse=True
    )
    if unique:
        keep = np.sort(first)
        rows, group = rows[keep], group[keep]
    return rows, group.astype(np.int64)


def _encoded(table: KineticTable, rows: NDArray[np.int64]) -> Encoding:
    return encode_pairs([table.guide] * len(rows), table.target[rows].tolist())
