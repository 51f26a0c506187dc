"""Read omics matrices, samples in rows or in columns, and what their features are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from meristem.config.stages import OmicsConfig
from meristem.errors import DataError
from meristem.records import FloatArray, OmicsTable, StrArray
from meristem.text.column_names import find_column
from meristem.text.columns import (
    LARGEST,
    MISSING_WORDS,
    Table,
    is_delimited_text,
    read_table,
)
from meristem.text.files import read_text
from meristem.text.headers import delimiter_of

# Words in the first header cell that say that features stand in the rows.
_FEATURE_WORDS = re.compile(
    r"gene|feature|transcript|protein|metabolite|probe|compound|tracking|target",
    re.IGNORECASE,
)
_MISSING_SPELLED = sorted(
    {spell for word in MISSING_WORDS for spell in (word, word.upper(), word.title())}
    | {"NaN", "N/A"}
)


@dataclass(frozen=True)
class _Matrix:
    path: Path
    corner: str  # header cell above the row names
    row_name: StrArray  # (n_row,)
    column_name: StrArray  # (n_column,)
    value: FloatArray  # (n_row, n_column)


def read_omics(config: OmicsConfig, sample_id: StrArray | None = None) -> OmicsTable:
    r"""Read one omics matrix.

    The first column names the rows, the header names the columns. With layout `auto`
    and known `sample_id` the axis that shares more ids with them holds the samples;
    without them, or at a tie, samples stand in the rows unless the first header cell
    speaks of genes, features, transcripts, proteins, metabolites or probes.

    Parameters
    ----------
    config
        File, name, layout, node map, transformation, and the share of samples in
        which a feature must be measured to be kept.
    sample_id
        Ids of the genotyped samples, used to find the layout.

    Returns
    -------
    OmicsTable
        `node_name` is the feature id, or the node of the map, "" for features the
        map leaves out.

    Raises
    ------
    DataError
        If the file cannot be read, an id is empty or occurs twice, a value is not a
        finite number, log1p meets a negative one, or the node map fits no feature or
        gives a reliability that is not above 0 and at most 1.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "expression.tsv"
    >>> _ = path.write_text("gene\tB73\tMo17\nG1\t1.5\t2.5\nG2\t\t0.5\n")
    >>> table = read_omics(OmicsConfig(path=path))
    >>> table.sample_id.tolist(), table.feature_id.tolist()
    (['B73', 'Mo17'], ['G1', 'G2'])
    """
    matrix = _read_matrix(config.path)
    if _features_in_rows(matrix, config.layout, sample_id):
        samples, features, value = matrix.column_name, matrix.row_name, matrix.value.T
    else:
        samples, features, value = matrix.row_name, matrix.column_name, matrix.value
    for names, what in ((samples, "samples"), (features, "features")):
        _refuse_repeats(config.path, names, what)
    if config.transform == "log1p":
        value = _log1p(config.path, samples, features, value)
    elif config.transform == "round":
        value = np.round(value)
    measured = 1.0 - np.isnan(value).mean(axis=0)
    keep = measured >= config.min_measured
    if not keep.any():
        raise DataError(
            f"no feature is measured in {config.min_measured:.0%} of the samples",
            where=config.path,
            remedy="lower `min_measured`",
        )
    node_name, reliability = _features(config, features[keep])
    return OmicsTable(
        name=config.name,
        sample_id=samples,
        feature_id=features[keep],
        node_name=node_name,
        value=np.ascontiguousarray(value[:, keep]),
        source=str(config.path),
        reliability=reliability,
    )


def _read_matrix(path: Path) -> _Matrix:
    fast = _read_clean_matrix(path)
    return fast if fast is not None else _read_cells(path)


def _read_clean_matrix(path: Path) -> _Matrix | None:
    """Return the matrix by the fast parser, None if the file needs a closer look.

    Expression matrices run to tens of millions of cells, where the reader that can
    place every cell takes minutes. Whatever is unusual or wrong is left to that one.
    """
    if not is_delimited_text(path):
        return None
    text = read_text(path)
    head, _, body = text.partition("\n")
    lines = [line for line in body.split("\n") if line.strip()]
    delimiter = delimiter_of(head)
    header = [name.strip() for name in head.split(delimiter)]
    n_delimiter = len(header) - 1
    ragged = any(line.count(delimiter) != n_delimiter for line in lines)
    odd_header = len(set(header)) < max(len(header), 2) or "" in header[1:]
    if '"' in text or "\0" in text or not lines or ragged or odd_header:
        return None
    cells = [line.split(delimiter, 1) for line in lines]
    row_name = np.array([row[0] for row in cells], dtype=np.str_)
    value = _parse_numbers([row[1] for row in cells], delimiter)
    if value is None:
        return None
    if (np.abs(value) >= LARGEST).any() or (np.char.strip(row_name) == "").any():
        return None
    return _Matrix(path, header[0], row_name, np.array(header[1:]), value)


def _parse_numbers(
    lines: list[str], delimiter: str
) -> FloatArray | None:  # (n_line, n_field); None if a cell is no number
    n_column = lines[0].count(delimiter) + 1
    names = [str(i) for i in range(n_column)]
    longest = max(map(len, lines))
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(("\n".join(lines) + "\n").encode()),
            read_options=arrow_csv.ReadOptions(
                column_names=names,
                use_threads=False,
                block_size=max(1 << 20, 8 * longest),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, quote_char=False, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.float64()),
                null_values=_MISSING_SPELLED,
            ),
        )
    except pa.ArrowInvalid:
        return None
    value = np.empty((len(lines), n_column))
    for i, column in enumerate(table.itercolumns()):
        value[:, i] = column.to_numpy()
    return value


def _read_cells(path: Path) -> _Matrix:
    """Return the matrix of any table; a fault is reported with its cell."""
    table = read_table(path)
    corner, *columns = table.column_name
    if not columns:
        raise DataError(
            "has a single column",
            where=path,
            remedy="separate the columns by commas or tabs",
        )
    return _Matrix(
        path=path,
        corner=corner,
        row_name=table.identifiers(corner),
        column_name=np.array(columns),
        value=np.column_stack(
            [table.numbers(name, largest=LARGEST) for name in columns]
        ),
    )


def _features_in_rows(matrix: _Matrix, layout: str, sample_id: StrArray | None) -> bool:
    if layout != "auto":
        return layout == "features_in_rows"
    if sample_id is not None:
        known = set(sample_id.tolist())
        in_rows = len(known.intersection(matrix.row_name.tolist()))
        in_columns = len(known.intersection(matrix.column_name.tolist()))
        if in_rows != in_columns:
            return in_columns > in_rows
    return _FEATURE_WORDS.search(matrix.corner) is not None


def _refuse_repeats(path: Path, names: StrArray, what: str) -> None:
    unique, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        twice = ", ".join(map(str, unique[count > 1][:5]))
        raise DataError(
            f"{int((count > 1).sum())} {what} occur more than once: {twice}",
            where=path,
            remedy=f"average or rename the repeated {what}",
        )


def _log1p(
    path: Path,
    samples: StrArray,
    features: StrArray,
    value: FloatArray,  # (n_sample, n_feature)
) -> FloatArray:
    negative = np.argwhere(value < 0)
    if negative.size:
        row, column = negative[0]
        raise DataError(
            f"the value {value[row, column]:g} is negative, log1p is for counts",
            where=f"{path}, sample {samples[row]}, feature {features[column]}",
            remedy='set `transform = "none"`',
        )
    return np.log1p(value)


def _features(
    config: OmicsConfig, features: StrArray
) -> tuple[StrArray, FloatArray | None]:  # each (n_feature,)
    """Return the node that every feature measures, and its reliability if known."""
    known = None
    if config.reliability is not None:
        known = np.full(features.size, config.reliability)
    if config.node_map is None:
        return features, known
    table = read_table(config.node_map)
    names = _node_names(config, table, features)
    column = find_column(table, ["reliability", "repeatability"])
    if column is None:
        return names, known
    value = table.numbers(column)
    bad = ~np.isnan(value) & ~((value > 0) & (value <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"reliability {value[row]:g} is not above 0 and at most 1",
            where=table.place(row),
            remedy="give the share of the variance that is no measurement error",
        )
    feature = table.identifiers(_feature_column(table)).tolist()
    given = {
        name: share
        for name, share in zip(feature, value.tolist(), strict=True)
        if share == share  # an empty cell: not known
    }
    if not given:
        return names, known
    default = 1.0 if config.reliability is None else config.reliability
    return names, np.array([given.get(name, default) for name in features.tolist()])


def _feature_column(table: Table) -> str:
    return find_column(table, ["feature", "featureid"]) or table.column_name[0]


def _node_names(
    config: OmicsConfig, table: Table, features: StrArray
) -> StrArray:  # (n_feature,)
    if len(table.column_name) < 2:
        raise DataError(
            "has a single column",
            where=table.path,
            remedy="give two columns, feature and node",
        )
    node_column = find_column(table, ["node", "nodename"])
    feature = table.identifiers(_feature_column(table))
    node = table.identifiers(node_column or table.column_name[1])
    target: dict[str, str] = {}
    for row, (name, to) in enumerate(zip(feature, node, strict=True)):
        if target.setdefault(str(name), str(to)) != str(to):
            raise DataError(
                f"feature {str(name)!r} is mapped to {target[str(name)]!r} and to "
                f"{str(to)!r}",
                where=table.place(row),
                remedy="map every feature to one node",
            )
    names = np.array([target.get(str(name), "") for name in features], dtype=np.str_)
    if not (names != "").any():
        raise DataError(
            f"names none of the {features.size} features of {config.path}",
            where=table.path,
            remedy="use the feature ids of the matrix in the first column",
        )
    return names
