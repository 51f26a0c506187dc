"""Turn the data section of a configuration into rows to learn from and rows to test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import Encoding, count_edits, encode_pairs
from meristem.kinetics.cas9.sites import iter_sites, refuse_misfits
from meristem.kinetics.commands.settings import DataSettings
from meristem.kinetics.network.kinn import Measurements
from meristem.kinetics.network.mpkp import (
    GUIDES,
    encoded_targets,
    measurements,
    read_rates,
)
from meristem.kinetics.network.simulate import Simulation, planted_benchmark, simulate
from meristem.kinetics.search.folds import sequence_folds
from meristem.records import FloatArray


@dataclass(frozen=True)
class Source:
    """Rows of one run.

    Attributes
    ----------
    train
        Rows to learn from, one per sequence.
    test
        Rows never seen in training or choice; None when there are none.
    test_edits
        Edit count of the test rows: the baseline.
    guide
        Guide of the training rows, empty for simulated sequences.
    simulation
        What was planted, for simulated rows.
    limit
        Detection limit of log10 values.
    encoding
        Encoded pairs of the training rows; None for simulated sequences.
    """

    train: Measurements
    test: Measurements | None
    test_edits: FloatArray | None
    guide: str
    simulation: Simulation | None
    limit: float
    encoding: Encoding | None = None


def load_source(settings: DataSettings, rng: np.random.Generator) -> Source:
    """Read or simulate the rows that a configuration names."""
    if settings.kind == "simulated":
        return _simulated(settings, rng)
    if settings.path is None:
        raise DataError("no path is given", remedy="set data.path")
    if settings.kind == "mpkp":
        return _kinetic_tables(settings, settings.path)
    train, pairs, guide = _rate_table(settings.path, settings)
    test, edits = None, None
    if settings.test_path is not None:
        test, test_pairs, _ = _rate_table(settings.test_path, settings)
        edits = count_edits(test_pairs).astype(float)
    return Source(train, test, edits, guide, None, settings.limit, pairs)


def _simulated(settings: DataSettings, rng: np.random.Generator) -> Source:
    simulation = planted_benchmark(rng, scale=settings.scale)
    _, data = simulate(
        simulation,
        settings.rows,
        n_change=settings.changes,
        rng=rng,
        noise=settings.noise,
    )
    held = sequence_folds(data, 5, rng)[0] > 0
    test = data.take(np.flatnonzero(held))
    template = data.x[:1].astype(int)
    changed = np.abs(test.x.astype(int) - template).sum(axis=(1, 2)) / 2
    return Source(
        data.take(np.flatnonzero(~held)), test, changed, "", simulation, -np.inf
    )


def _kinetic_tables(settings: DataSettings, path: Path) -> Source:
    tables = read_rates(path)
    other = 3 - settings.train_guide
    if settings.train_guide not in tables:
        raise DataError(
            f"holds no row of guide {settings.train_guide}",
            where=path,
            remedy="set data.train_guide to the other guide",
        )
    train = measurements(
        tables[settings.train_guide],
        enzyme=settings.enzyme,
        channels=settings.channels,
    )
    test, edits = None, None
    if other in tables:
        table = tables[other]
        test = measurements(
            table, enzyme=settings.enzyme, channels=settings.channels, unique=False
        )
        edits = count_edits(encoded_targets(table, unique=False))
    return Source(
        train,
        test,
        None if edits is None else edits.astype(float),
        GUIDES[settings.train_guide],
        None,
        settings.limit,
        encoded_targets(tables[settings.train_guide]),
    )


def _rate_table(
    path: Path, settings: DataSettings
) -> tuple[Measurements, Encoding, str]:
    xs, ys, marks, bound, pairs = [], [], [], [], []
    guide, pam = "", settings.enzyme_pam
    for sites, table in iter_sites(path):
        if not len(table):
            continue
        first_line = int(table.index[0]) + 2
        refuse_misfits(sites, where=str(path), first_line=first_line, pam=pam)
        encoding = encode_pairs(pam.last(sites.guide), pam.last(sites.target))
        xs.append(encoding)
        if "log10_rate" not in table.columns:
            raise DataError(
                "has no column 'log10_rate'",
                where=path,
                remedy="give guide, target and log10_rate",
            )
        y = _finite_rates(table, path)
        mark = y <= settings.limit
        if "censored" in table.columns:
            mark |= _marks(table, path)
        ys.append(np.maximum(y, settings.limit))
        marks.append(np.asarray(mark))
        bound.append(_binding(table, path))
        pairs += [f"{g} {t}" for g, t in zip(sites.guide, sites.target, strict=True)]
        guide = guide or str(sites.guide[0])
    if not xs:
        raise DataError("holds no row", where=path, remedy="add rows below the header")
    encoding = np.concatenate(xs)
    _, group = np.unique(pairs, return_inverse=True)
    binding = np.concatenate(bound)
    data = Measurements(
        kinetic_channels(encoding, settings.channels),
        np.concatenate(ys),
        np.concatenate(marks),
        group.astype(np.int64),
        settings.channels,
        binding if np.isfinite(binding).any() else None,
        pam,
    )
    return data, encoding, guide


MOST_LOG_RATE = 100
"""log10; no rate is further from 1 per second."""


def _finite_rates(table: pd.DataFrame, path: Path) -> FloatArray:  # (n,)
    """Return the column of rates; refuse what is no finite number."""
    given = table["log10_rate"]
    y = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    odd = np.flatnonzero(~(np.abs(y) <= MOST_LOG_RATE))
    if odd.size:
        held = given.iloc[odd[0]]
        what = "is empty" if pd.isna(held) else f"holds {held!r}"
        raise DataError(
            f"column 'log10_rate' {what}",
            where=f"{path}, line {table.index[odd[0]] + 2}",
            remedy="write a finite number; at the detection limit write the limit",
        )
    return y


def _binding(table: pd.DataFrame, path: Path) -> FloatArray:  # (n,)
    """Return the normalised loss of binding, NaN where none is given."""
    if "binding" not in table.columns:
        return np.full(len(table), np.nan)
    given = table["binding"]
    value = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    odd = np.flatnonzero(given.notna().to_numpy() & ~(np.abs(value) <= MOST_BINDING))
    if odd.size:
        raise DataError(
            f"column 'binding' holds {given.iloc[odd[0]]!r}",
            where=f"{path}, line {table.index[odd[0]] + 2}",
            remedy="write the loss of binding: 0 as the matched target, 1 for none",
        )
    # beyond these ends lies noise of the normalisation
    return np.asarray(np.clip(value, -0.2, 1.3))


MOST_BINDING = 10
"""A normalised loss of binding lies near 0 to 1: larger ones are of another unit."""


def _marks(table: pd.DataFrame, path: Path) -> NDArray[np.bool_]:  # (n,)
    """Return which rows are marked as at the detection limit; empty means not."""
    text = table["censored"].fillna("0").astype(str).str.strip().str.lower()
    yes, no = text.isin(["1", "1.0", "true"]), text.isin(["0", "0.0", "false", ""])
    odd = np.flatnonzero(~(yes | no))
    if odd.size:
        raise DataError(
            f"column 'censored' holds {table['censored'].iloc[odd[0]]!r}",
            where=f"{path}, line {table.index[odd[0]] + 2}",
            remedy="write 1 at the detection limit and 0 above it",
        )
    return yes.to_numpy(dtype=bool)
