"""Write and read `splits.csv`: scheme,replicate,fold,role,sample_id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meristem.errors import DataError
from meristem.prepare.reconcile import compare_ids, fold_onto
from meristem.records import IntArray, Split, Splits, StrArray
from meristem.text.columns import read_table
from meristem.text.files import write_text

COLUMNS = ("scheme", "replicate", "fold", "role", "sample_id")

Key = tuple[str, int, int]


def write_splits(
    splits: Splits,
    sample_id: StrArray,  # (n_sample,)
    path: str | Path,
) -> None:
    """Write splits by sample id, whole or not at all.

    Parameters
    ----------
    splits
        Positions within `sample_id`.
    sample_id
        Ids of the dataset's rows.
    path
        A CSV file.
    """
    lines = [",".join(COLUMNS)]
    quoted = [_quote(str(name)) for name in sample_id]
    for split in splits:
        head = f"{_quote(split.scheme)},{split.replicate},{split.fold}"
        for role, rows in (("train", split.train), ("test", split.test)):
            lines.extend(f"{head},{role},{quoted[row]}" for row in rows)
    write_text(path, "\n".join(lines) + "\n")


def read_splits(
    path: str | Path,
    sample_id: StrArray,  # (n_sample,)
    fold_ids: Sequence[str] = (),
) -> Splits:
    """Read splits and turn sample ids into positions.

    Parameters
    ----------
    path
        A CSV file with the columns scheme, replicate, fold, role (`train` or
        `test`), sample_id, in any order.
    sample_id
        Ids of the dataset's rows.
    fold_ids
        Rules by which ids of the file are matched to those; none: as they stand.

    Returns
    -------
    tuple of Split
        In the order in which the folds first appear in the file.

    Raises
    ------
    DataError
        If a column is missing, a number is none, a role is unknown, a sample is
        unknown, occurs twice in a fold, or is in both roles, or a fold lacks a role.
    """
    position = {str(name): row for row, name in enumerate(sample_id)}
    folds: dict[Key, dict[str, dict[int, int]]] = {}
    unknown: dict[str, str] = {}  # id -> where it stands first
    table = read_table(path)
    missing = [name for name in COLUMNS if name not in table.column_name]
    if missing:
        raise DataError(
            f"lacks the column(s) {', '.join(missing)}",
            where=f"{path}, line 1",
            remedy=f"give the header {','.join(COLUMNS)}",
        )
    columns = {name: table.words(name) for name in COLUMNS}
    if fold_ids:
        names = np.array(columns["sample_id"], dtype=np.str_)
        folded = fold_onto(names, sample_id, "split file", fold_ids)
        columns["sample_id"] = folded.tolist()
    rows = zip(*columns.values(), strict=True)
    line = np.arange(1, table.n_row + 1) if table.row_line is None else table.row_line
    for number, cells in enumerate(rows):
        where = table.place(number)
        key, role, name = _parse(cells, where)
        parts = folds.setdefault(key, {"train": {}, "test": {}})
        if name not in position:
            unknown.setdefault(name, where)
            continue
        row = position[name]
        earlier = parts["train"].get(row) or parts["test"].get(row)
        if earlier is not None:
            raise DataError(
                f"{name} is in fold {key[2]} twice (first on line {earlier})",
                where=where,
                remedy="keep it in one role, once",
            )
        parts[role][row] = int(line[number])
    _refuse_unknown(unknown, sample_id, fold_ids)
    return tuple(_make(key, parts, path) for key, parts in folds.items())


def _quote(text: str) -> str:
    if any(sign in text for sign in ',"\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _parse(cells: tuple[str, ...], where: str) -> tuple[Key, str, str]:
    value = dict(zip(COLUMNS, cells, strict=True))
    for name in ("replicate", "fold"):
        if not value[name].isdecimal():
            raise DataError(
                f"{name} is {value[name]!r}, not a whole number from 0",
                where=where,
                remedy="number replicates and folds 0, 1, 2, ...",
            )
    if value["role"] not in ("train", "test"):
        raise DataError(
            f"role is {value['role']!r}",
            where=where,
            remedy="write train or test",
        )
    key = (value["scheme"], int(value["replicate"]), int(value["fold"]))
    return key, value["role"], value["sample_id"]


def _refuse_unknown(
    unknown: dict[str, str], sample_id: StrArray, fold_ids: Sequence[str]
) -> None:
    if not unknown:
        return
    names = np.array(list(unknown), dtype=np.str_)
    pair = compare_ids(sample_id, names, ("data", "split file"))
    remedy = "remove them, or check that their names match the genotypes"
    if pair.near:
        remedy = (
            f"{pair.offer(tuple(fold_ids))}; set it at the top of the configuration"
        )
    raise DataError(
        f"{len(unknown)} sample(s) are not in the data: {', '.join(list(unknown)[:5])}",
        where=next(iter(unknown.values())),
        remedy=remedy,
    )


def _make(key: Key, parts: dict[str, dict[int, int]], path: str | Path) -> Split:
    for role, rows in parts.items():
        if not rows:
            raise DataError(
                f"fold {key[2]} of {key[0]}, replicate {key[1]}, has no {role} rows",
                where=path,
                remedy=f"add lines with role {role}",
            )
    return Split(*key, train=_sorted(parts["train"]), test=_sorted(parts["test"]))


def _sorted(rows: dict[int, int]) -> IntArray:
    return np.array(sorted(rows), dtype=np.int64)
