"""An aligned data set on disk: Zarr for the genotypes, Parquet for the tables."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from meristem._version import __version__
from meristem.errors import DataError
from meristem.io.stores.genotypes import read_genotypes_store, write_genotypes
from meristem.records import (
    Covariates,
    Dataset,
    ErrorCovariance,
    Measurements,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    StrArray,
)
from meristem.records.covariates import NUMBER
from meristem.text.files import read_text, replacing, require_file, write_text

FORMAT_VERSION = 1
_KIND = "meristem dataset"
_DESCRIPTION = "dataset.json"
_KEY = b"meristem"
_REMEDY = "start `meristem run` in its folder again: it prepares the data set anew"


def write_dataset(dataset: Dataset, folder: str | Path) -> None:
    """Write a data set into a folder, whole or not at all.

    Parameters
    ----------
    dataset
        Its genotypes go to `genotypes.zarr`, phenotypes, omics and groups to Parquet
        files with one row per sample, the measurements behind adjusted means to one
        with a row each, covariates likewise, the list of them to `dataset.json`.
    folder
        An older data set there is replaced.

    Raises
    ------
    DataError
        If something cannot be written.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        write_genotypes(dataset.genotypes, temporary / "genotypes.zarr")
        _write_phenotypes(dataset.phenotypes, temporary / "phenotypes.parquet")
        measurements = dataset.phenotypes.measurements
        if measurements is not None:
            _write_measurements(measurements, temporary / "measurements.parquet")
            if measurements.covariates is not None:
                path = temporary / "record_covariates.parquet"
                _write_covariates(measurements.covariates, path)
        for target, errors in enumerate(dataset.phenotypes.errors):
            if errors is not None:
                np.savez(temporary / _errors_of(target), **vars(errors))
        for index, table in enumerate(dataset.omics):
            _write_omics(table, temporary / f"omics_{index}.parquet")
        if dataset.covariates is not None:
            _write_covariates(dataset.covariates, temporary / "covariates.parquet")
        if dataset.groups is not None:
            _write_groups(dataset.groups, temporary / "groups.parquet")
        content = {
            "kind": _KIND,
            "format_version": FORMAT_VERSION,
            "written_by": f"meristem {__version__}",
            "omics": [table.name for table in dataset.omics],
            "groups": dataset.groups is not None,
            "measurements": measurements is not None,
            "errors": [one is not None for one in dataset.phenotypes.errors],
            "covariates": dataset.covariates is not None,
            "record_covariates": measurements is not None
            and measurements.covariates is not None,
        }
        write_text(temporary / _DESCRIPTION, json.dumps(content, indent=1) + "\n")


def genotype_store(folder: str | Path) -> Path:
    """Return where the genotypes of a data set lie."""
    return Path(folder) / "genotypes.zarr"


def read_dataset(folder: str | Path, *, streamed: bool = False) -> Dataset:
    """Read a data set of `write_dataset`.

    Parameters
    ----------
    folder
        The folder it was written to.
    streamed
        Leave the dosages on disk and read them block by block.

    Returns
    -------
    Dataset
        As it was written.

    Raises
    ------
    DataError
        If a part is absent or damaged, or of another format version.
    """
    folder = Path(folder)
    content = _read_description(folder / _DESCRIPTION)
    omics = [
        _read_omics(folder / f"omics_{index}.parquet")
        for index in range(len(content["omics"]))
    ]
    groups = _read_groups(folder / "groups.parquet") if content["groups"] else None
    phenotypes = _read_phenotypes(folder / "phenotypes.parquet")
    if content.get("measurements", False):
        measurements = _read_measurements(folder / "measurements.parquet")
        if content.get("record_covariates", False):
            found = _read_covariates(folder / "record_covariates.parquet")
            measurements = replace(measurements, covariates=found)
        phenotypes = replace(phenotypes, measurements=measurements)
    errors = tuple(
        _read_errors(folder / _errors_of(target)) if there else None
        for target, there in enumerate(content.get("errors", []))
    )
    phenotypes = replace(phenotypes, errors=errors)
    return Dataset(
        read_genotypes_store(genotype_store(folder), streamed=streamed),
        phenotypes,
        tuple(omics),
        groups,
        _read_covariates(folder / "covariates.parquet")
        if content.get("covariates", False)
        else None,
    )


def _read_description(path: Path) -> dict:
    remedy = _REMEDY
    try:
        content = json.loads(read_text(path))
        kind, version = content["kind"], content["format_version"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError("describes no data set", where=path, remedy=remedy) from error
    if kind != _KIND or type(version) is not int or version != FORMAT_VERSION:
        raise DataError(
            f"is {kind!r}, format version {version}; this meristem reads {_KIND!r}, "
            f"version {FORMAT_VERSION}",
            where=path,
            remedy=remedy,
        )
    return dict(content)


def _write_phenotypes(table: Phenotypes, path: Path) -> None:
    columns = {f"value {name}": table.value[:, i] for i, name in _numbered(table)}
    columns |= {f"weight {name}": table.weight[:, i] for i, name in _numbered(table)}
    notes = {
        "trait_name": table.trait_name.tolist(),
        "environment_name": table.environment_name.tolist(),
    }
    _write_parquet(path, table.sample_id, columns, notes)


def _numbered(table: Phenotypes) -> enumerate[str]:
    return enumerate(table.target_name)


def _read_phenotypes(path: Path) -> Phenotypes:
    sample_id, table, notes = _read_parquet(path)
    n_target = len(notes["trait_name"])
    values = _matrix(table)
    return Phenotypes(
        sample_id,
        _text(notes["trait_name"]),
        _text(notes["environment_name"]),
        values[:, :n_target],
        values[:, n_target:],
    )


def _errors_of(target: int) -> str:
    return f"errors_{target}.npz"


def _read_errors(path: Path) -> ErrorCovariance:
    try:
        with np.load(require_file(path)) as arrays:
            known = bool(arrays["known"])
            return ErrorCovariance(arrays["matrix"], arrays["row"], known)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            "is damaged, or no part of a data set", where=path, remedy=_REMEDY
        ) from error


def _write_measurements(table: Measurements, path: Path) -> None:
    columns = {item.name: getattr(table, item.name) for item in fields(table)}
    del columns["covariates"]  # in a file of their own
    known = {name: column for name, column in columns.items() if column is not None}
    _write_parquet(path, table.sample.astype(np.str_), known, {})


def _read_measurements(path: Path) -> Measurements:
    _, table, _ = _read_parquet(path)
    columns = zip(table.column_names, table.columns, strict=True)
    try:
        return Measurements(**{name: column.to_numpy() for name, column in columns})
    except TypeError as error:
        raise DataError(
            "holds no measurements", where=path, remedy="write the data set again"
        ) from error


def _write_covariates(table: Covariates, path: Path) -> None:
    names = table.column_name.tolist()
    columns = {
        name: (table.number if table.role[k] == NUMBER else table.label)[:, k]
        for k, name in enumerate(names)
    }
    notes = {"role": table.role.tolist(), "n_axis": table.n_axis}
    _write_parquet(path, np.arange(table.n_row).astype(np.str_), columns, notes)


def _read_covariates(path: Path) -> Covariates:
    rows, table, notes = _read_parquet(path)
    shape = (rows.size, table.num_columns)
    number, label = np.full(shape, np.nan), [np.full(rows.size, "")] * shape[1]
    for k, column in enumerate(table.columns):
        if notes["role"][k] == NUMBER:
            number[:, k] = column.to_numpy()
        else:
            label[k] = _text(column.to_pylist())
    text = np.column_stack(label) if label else np.empty(shape, "U1")
    names = _text(table.column_names)
    return Covariates(names, _text(notes["role"]), number, text, notes["n_axis"])


def _write_omics(table: OmicsTable, path: Path) -> None:
    names = table.feature_id.tolist()
    columns = {name: table.value[:, index] for index, name in enumerate(names)}
    notes = {
        "name": table.name,
        "node_name": table.node_name.tolist(),
        "source": table.source,
        "reliability": None
        if table.reliability is None
        else table.reliability.tolist(),
        "derived": None if table.derived is None else table.derived.tolist(),
    }
    _write_parquet(path, table.sample_id, columns, notes)


def _read_omics(path: Path) -> OmicsTable:
    sample_id, table, notes = _read_parquet(path)
    feature_id = _text(table.column_names)
    known, derived = notes.get("reliability"), notes.get("derived")
    return OmicsTable(
        notes["name"],
        sample_id,
        feature_id,
        _text(notes["node_name"]),
        _matrix(table),
        notes["source"],
        None if known is None else np.array(known),
        None if derived is None else np.array(derived, dtype=bool),
    )


def _write_groups(table: SampleGroups, path: Path) -> None:
    names = table.group_name.tolist()
    columns = {name: table.label[:, index] for index, name in enumerate(names)}
    _write_parquet(path, table.sample_id, columns, {})


def _read_groups(path: Path) -> SampleGroups:
    sample_id, table, _ = _read_parquet(path)
    labels = [_text(column.to_pylist()) for column in table.columns]
    label = np.column_stack(labels) if labels else np.empty((sample_id.size, 0), "U1")
    return SampleGroups(sample_id, _text(table.column_names), label)


def _write_parquet(
    path: Path,
    sample_id: StrArray,
    columns: Mapping[str, NDArray],
    notes: Mapping[str, object],
) -> None:
    # The ids stand first and are found by place: a feature may be called sample_id.
    names = ["sample_id", *columns]
    arrays = [pa.array(sample_id.tolist(), pa.string())]
    for column in columns.values():
        is_text = column.dtype.kind == "U"
        arrays.append(pa.array(column.tolist() if is_text else column))
    table = pa.Table.from_arrays(arrays, names=names)
    table = table.replace_schema_metadata({_KEY: json.dumps(notes)})
    pq.write_table(table, path)


def _read_parquet(path: Path) -> tuple[StrArray, pa.Table, dict]:
    try:
        table = pq.ParquetFile(require_file(path)).read()
        notes = json.loads(table.schema.metadata[_KEY])
        sample_id = _text(table.column(0).to_pylist())
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            "is damaged, or no part of a data set",
            where=path,
            remedy=_REMEDY,
        ) from error
    return sample_id, table.remove_column(0), notes


def _matrix(table: pa.Table) -> NDArray[np.float64]:  # (n_sample, n_column)
    out = np.empty((table.num_rows, table.num_columns))
    for index, column in enumerate(table.columns):
        out[:, index] = column.to_numpy()
    return out


def _text(cells: list[str]) -> StrArray:
    return np.array(cells, dtype=np.str_).reshape(-1)
