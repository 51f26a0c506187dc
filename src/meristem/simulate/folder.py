"""The folder of a simulation: written whole or not at all, never over other files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from meristem.errors import ConfigError
from meristem.records import FloatArray, SampleGroups, StrArray
from meristem.text.files import replacing

CONFIG = "meristem.toml"
"""Name of the analysis configuration that is written beside the data."""


@contextmanager
def simulation_folder(folder: str | Path, force: bool) -> Iterator[Path]:
    """Yield a draft that becomes the folder once it is complete.

    Everything that is simulated is written so: whole or not at all, with a
    configuration that holds the seed of its analysis.

    Parameters
    ----------
    folder
        Where to write; must not exist or be empty unless `force`.
    force
        Replace a folder that holds an earlier simulation, its runs included.

    Raises
    ------
    ConfigError
        If the folder holds something else.
    DataError
        If the folder cannot be written.
    """
    folder = Path(folder)
    _refuse_occupied(folder, force)
    with replacing(folder) as draft:
        draft.mkdir()
        yield draft


def _refuse_occupied(folder: Path, force: bool) -> None:
    """Refuse a folder with content, unless it is an earlier simulation and `force`.

    Raises
    ------
    ConfigError
        If writing would replace anything else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(
            "is a file, not a folder", where=folder, remedy="name another folder"
        )
    content = {item.name for item in folder.iterdir()}
    ours = CONFIG in content and "truth.csv" in content
    if content and not ours:
        raise ConfigError(
            "holds files that are no simulation",
            where=folder,
            remedy="name another folder; this one is left as it is",
        )
    if content and not force:
        raise ConfigError(
            "holds an earlier simulation",
            where=folder,
            remedy="name another folder, or replace this one with --force",
        )


def config_head(
    title: str, question: str, seed: int, *, minimise: str = "", groups: bool = True
) -> str:
    """Return the first sections of an analysis of simulated lines.

    Parameters
    ----------
    title, question, seed
        Of the run.
    minimise
        Trait of which less is better; "": none.
    groups
        Whether there is a table of groups.
    """
    less = f"minimise = [{json.dumps(minimise)}]\n" if minimise else ""
    table = '\n[groups]\npath = "groups.csv"\n' if groups else ""
    return f"""\
[run]
title = {json.dumps(title)}
question = {json.dumps(question)}
seed = {seed}
jobs = 2
out = "run"

[genotypes]
path = "genotypes.vcf.gz"

[phenotypes]
path = "phenotypes.csv"
{less}{table}"""


def write_csv(
    path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]
) -> None:
    """Write a header and rows; fractions with six decimals."""
    lines = [",".join(header)]
    lines += [",".join(_cell(value) for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def write_groups(path: Path, groups: SampleGroups) -> None:
    """Write the labels of every line, one column per grouping."""
    header = ("line", *groups.group_name.tolist())
    rows = zip(groups.sample_id.tolist(), groups.label.tolist(), strict=True)
    write_csv(path, header, ((name, *labels) for name, labels in rows))


def write_omics(
    path: Path,
    sample_id: StrArray,  # (n,)
    feature_id: Iterable[str],  # (n_feature,)
    value: FloatArray,  # (n, n_feature)
) -> None:
    """Write measured rows as Parquet; rows without any value are left out."""
    measured = np.flatnonzero(~np.isnan(value).all(axis=1))
    columns = {"line": pa.array(sample_id[measured].tolist())}
    for number, feature in enumerate(feature_id):
        columns[feature] = pa.array(value[measured, number])
    pq.write_table(pa.table(columns), path)
