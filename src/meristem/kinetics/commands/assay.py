"""The command `fit` on an assay: constants of a scheme with their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError, DataError
from meristem.kinetics.commands.report import begin_run, build_kinetics_report
from meristem.kinetics.commands.settings import KineticsSettings, load_scheme
from meristem.kinetics.scheme.assay import (
    Constants,
    fit_constants,
    profile_intervals,
)
from meristem.kinetics.scheme.identify import identify
from meristem.kinetics.scheme.michaelis import has_michaelis, michaelis_constants
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scoring.assess import score_predictions
from meristem.records import FloatArray
from meristem.runs.record import Run
from meristem.stats.folds import grouped_folds
from meristem.text.column_names import named_column
from meristem.text.columns import LARGEST, read_table

LEAST = 5
"""Different conditions without which nothing is fitted or tested."""


def fit_assay(settings: KineticsSettings, run: Run) -> Path:
    """Fit the constants of a scheme to rates under conditions; write the run.

    Conditions are left out in folds to see how well the scheme predicts others, or
    those of ``data.test_path`` are predicted, beside a regression of the log rate on
    the log concentrations.

    Raises
    ------
    MeristemError
        If the table cannot be read or does not fit the scheme.
    """
    scheme, chosen = load_scheme(settings), settings.assay
    _refuse_unknown(settings, scheme)
    with run.timed("read"):
        table = read_assay(settings, scheme)
        other = settings.data.test_path
        test = None if other is None else read_assay(settings, scheme, other)
    begin_run(run)
    rng = np.random.default_rng(settings.seed)
    shifts = settings.shifts
    with run.timed("fit"):
        found = fit_constants(
            scheme, table, rng=rng, starts=chosen.starts, shifts=shifts
        )
        constants = profile_intervals(found, table, level=chosen.level)
    run.table("constants", constants.assign(level=chosen.level))
    if has_michaelis(found):
        derived = michaelis_constants(found, level=chosen.level)
        run.table("michaelis", derived.assign(level=chosen.level))
    identified = identify(
        found.names,
        found.centred_information,
        unbounded=constants["parameter"][~constants["bounded"]].tolist(),
    )
    run.table("identifiability", identified.table())
    note = {"statement": identified.statement, "rank": identified.rank}
    run.note("identifiability", note | {"sigma": found.sigma, "n": found.n})
    with run.timed("test"):
        _write_test(run, settings, found, table, test, rng)
    return run.finish(build_kinetics_report)


def _refuse_unknown(settings: KineticsSettings, scheme: Scheme) -> None:
    for column, names in settings.shifts.items():
        unknown = sorted(set(names) - set(scheme.reaction_names))
        if unknown:
            raise ConfigError(
                f"shifts the unknown reaction {unknown[0]!r}",
                where=f"shifts.{column}",
                remedy=f"name some of {', '.join(scheme.reaction_names)}",
            )
        if column in scheme.ligands:
            raise ConfigError(
                f"{column!r} is a ligand of the scheme already",
                where=f"shifts.{column}",
                remedy="leave it out: its concentration multiplies the rate",
            )
    if not scheme.ligands and not settings.shifts:
        raise ConfigError(
            f"nothing changes the rates of the scheme {scheme.name!r}",
            where="scheme",
            remedy="name ligands in the scheme, or columns in the section shifts",
        )


def read_assay(
    settings: KineticsSettings, scheme: Scheme, path: Path | None = None
) -> pd.DataFrame:
    """Return the columns `rate`, of the ligands and of the shifts, as numbers.

    Of the assay, or of another table of the same columns.

    Raises
    ------
    DataError
        If a column is missing, a value is no number, a concentration is negative, a
        rate is not positive, or there are fewer than five different conditions.
    """
    path = path or settings.data.path
    if path is None:
        raise DataError("no path is given", remedy="set data.path")
    conditions = (*scheme.ligands, *settings.shifts)
    table = read_table(path)
    columns = {"rate": settings.data.rate} | dict(
        zip(conditions, conditions, strict=True)
    )
    fields = {"rate": "data.rate"} | dict.fromkeys(scheme.ligands, "scheme")
    values = {}
    for name, column in columns.items():
        named_column(table, column, fields.get(name, "shifts"))
        values[name] = table.numbers(column, largest=LARGEST)
        wrong = np.isnan(values[name])
        what, remedy = "is missing", "mend it, or leave the row out"
        if not wrong.any() and name not in settings.shifts:
            wrong = values[name] <= 0 if name == "rate" else values[name] < 0
            what = "is not positive" if name == "rate" else "is negative"
            remedy = "give rates and concentrations as they are, not their logs"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"the value {what}", where=table.place(row, column), remedy=remedy
            )
    frame = pd.DataFrame(values)
    n = len(frame[list(conditions)].drop_duplicates())
    if n < LEAST:
        raise DataError(
            f"holds {n} different conditions ({', '.join(conditions)})",
            where=path,
            remedy=f"measure at least {LEAST}",
        )
    return frame


def _write_test(
    run: Run,
    settings: KineticsSettings,
    found: Constants,
    table: pd.DataFrame,
    test: pd.DataFrame | None,
    rng: np.random.Generator,
) -> None:
    """Write predictions and scores of rows of the test, or of conditions left out."""
    conditions = [name for name in table.columns if name != "rate"]
    shown = table if test is None else test
    group = shown.groupby(conditions, sort=False).ngroup().to_numpy()
    observed = np.log10(shown["rate"].to_numpy())
    if test is not None:
        predicted = found.predict(test) / np.log(10)
        regression = _regression(table, test, found.scheme)
    else:
        n_fold = min(settings.assay.folds, int(group.max()) + 1)
        fold = grouped_folds(group, n_fold, rng)
        predicted, regression = np.full((2, len(table)), np.nan)
        for number in range(n_fold):
            held, train = table[fold == number], table[fold != number]
            fitted = fit_constants(
                found.scheme,
                train,
                rng=rng,
                starts=settings.assay.starts,
                shifts=found.shifts,
            )
            predicted[fold == number] = fitted.predict(held) / np.log(10)
            regression[fold == number] = _regression(train, held, found.scheme)
    columns = {"kinetic scheme": predicted, "log-linear regression": regression}
    run.table("scores", score_predictions(observed, group, columns, rng=rng))
    start = {"observed": observed, "censored": np.zeros(len(shown), dtype=bool)}
    predictions = pd.DataFrame(start | columns)
    run.table("predictions", predictions.join(shown[conditions]))


def _regression(
    train: pd.DataFrame, test: pd.DataFrame, scheme: Scheme
) -> FloatArray:  # (n_test,) log10 rate
    """Return what least squares on log concentrations and shifts predicts."""

    def design(table: pd.DataFrame) -> FloatArray:
        columns = [np.ones(len(table))]
        for name in train.columns.drop("rate"):
            value = table[name].to_numpy()
            if name in scheme.ligands:
                given = train[name][train[name] > 0]
                value = np.log1p(value / (given.min() if len(given) else 1.0))
            columns.append(value)
        return np.column_stack(columns)

    y = np.log10(train["rate"].to_numpy())
    weight = np.linalg.lstsq(design(train), y, rcond=None)[0]
    return np.asarray(design(test) @ weight)
