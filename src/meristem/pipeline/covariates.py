"""What is said of covariates: in `check`, in `data.json` and beside every verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.io.tables.plausible import code_hints
from meristem.pipeline.notes import Notes
from meristem.prepare.covariates.coding import learn_code
from meristem.records import Covariates, Dataset, Split
from meristem.records.covariates import CLASS, NUMBER, RANDOM

MUCH_MISSING = 0.2
"""Share of rows without a value that is worth a look."""
SAME = 1 - 1e-9
"""Correlation from which two numbers are one."""
SPARSE_LEVELS = 0.2
"""Levels per row above which a fixed class takes most of what its rows tell."""


def describe_covariates(dataset: Dataset) -> list[dict[str, Any]]:
    """Return name, type, unit, levels and missing of every column; none: empty."""
    found = []
    if dataset.covariates is not None:
        seen = _with_value(dataset)
        found += _columns(dataset.covariates.take(seen), "line")
        if dataset.covariates.n_axis:
            found.append(_axes(dataset.covariates.n_axis))
    measurements = dataset.phenotypes.measurements
    if measurements is not None and measurements.covariates is not None:
        found += _columns(measurements.covariates, "record")
    return found


def adjusted_for(dataset: Dataset) -> str:
    """Return the names of what values are adjusted for, in words; "" if nothing."""
    return ", ".join(
        f"{one['levels']} {one['name']}"
        if one["type"] == "axes"
        else one["name"] + (" (random)" if one["type"] == RANDOM else "")
        for one in describe_covariates(dataset)
    )


def covariate_notes(dataset: Dataset) -> Notes:
    """Return columns, their type, levels and missing cells; what is worth a look."""
    facts, hints = [], []
    for one in describe_covariates(dataset):
        if one["type"] == "axes":
            facts.append(
                f"covariates: {one['levels']} principal components of the markers of "
                "the training rows"
            )
            continue
        facts.append(_fact(one))
        hints += _hints(one)
    measured, tables = dataset.phenotypes.measurements, []
    if dataset.covariates is not None:
        tables.append(dataset.covariates.take(_with_value(dataset)))
    if measured is not None and measured.covariates is not None:
        tables.append(measured.covariates)
    for table in tables:
        for name, value in zip(table.column_name, table.number.T, strict=True):
            hints += code_hints(f"covariate {name}", value)
        hints += _twins(table)
    return facts, hints


def _twins(table: Covariates) -> list[str]:
    """Return a sentence on each pair of numbers of which one is the other, rescaled."""
    names = np.flatnonzero(table.role == NUMBER)
    hints = []
    for one, two in combinations(names.tolist(), 2):
        pair = table.number[:, [one, two]]
        pair = pair[~np.isnan(pair).any(axis=1)]
        centred = pair - pair.mean(axis=0) if pair.size else pair
        size = np.linalg.norm(centred, axis=0)
        product = abs(float(centred[:, 0] @ centred[:, 1]))
        if len(pair) > 2 and product > SAME * size.prod() > 0:
            hints.append(
                f"covariates {table.column_name[one]} and {table.column_name[two]} "
                "rise and fall together (r = 1): their effects cannot be told apart"
            )
    return hints


def _with_value(dataset: Dataset) -> NDArray[np.bool_]:  # (n_sample,)
    return np.asarray(~np.isnan(dataset.phenotypes.value).all(axis=1))


def unseen_notes(dataset: Dataset, splits: Sequence[Split]) -> Notes:
    """Return how many tested rows have a level that no training row of theirs has."""
    covariates = dataset.covariates
    if covariates is None or not splits:
        return (), ()
    seen = _with_value(dataset)
    count = np.zeros(covariates.column_name.size, dtype=np.int64)
    for split in splits:
        code = learn_code(covariates.take(split.train[seen[split.train]]))
        count += code.unseen(covariates.take(split.test))
    tested = sum(split.test.size for split in splits)
    return (), [
        f"covariate {name}: {n / tested:.0%} of the tested rows have a level that the "
        "training rows of their fold lack; they take the average"
        for name, n in zip(covariates.column_name.tolist(), count.tolist(), strict=True)
        if n
    ]


def _axes(n_axis: int) -> dict[str, Any]:
    name = "principal components of the markers"
    return {"name": name, "type": "axes", "per": "line", "levels": n_axis}


def _columns(covariates: Covariates, per: str) -> list[dict[str, Any]]:
    found = []
    missing = covariates.missing
    for place, name in enumerate(covariates.column_name.tolist()):
        known = ~missing[:, place]
        role = str(covariates.role[place])
        one: dict[str, Any] = {"name": name, "type": role, "per": per}
        one |= {"n": int(known.sum()), "missing": int(missing[:, place].sum())}
        if role == NUMBER:
            value = covariates.number[known, place]
            one["levels"] = 0
            if value.size:
                one |= {"low": float(value.min()), "high": float(value.max())}
                one["mean"] = float(value.mean())
        else:
            names, count = np.unique(covariates.label[known, place], return_counts=True)
            order = np.argsort(-count, kind="stable")
            one["levels"] = int(names.size)
            one["single"] = int((count == 1).sum())
            one["largest"] = [[str(names[k]), int(count[k])] for k in order[:5]]
        found.append(one)
    return found


def _fact(one: dict[str, Any]) -> str:
    unit = "rows" if one["per"] == "line" else "records"
    text = f"covariate {one['name']} ({one['type']}, per {one['per']}): "
    if one["type"] == NUMBER:
        span = f"{one['low']:g} to {one['high']:g}" if "low" in one else "no value"
        text += f"{one['n']} {unit}, {span}"
    else:
        largest = ", ".join(f"{name} {n}" for name, n in one["largest"])
        more = ", ..." if one["levels"] > len(one["largest"]) else ""
        text += f"{one['n']} {unit} in {one['levels']} levels ({largest}{more})"
    return f"{text}; {one['missing']} missing"


def _hints(one: dict[str, Any]) -> list[str]:
    name, n = one["name"], one["n"]
    hints = []
    if one["missing"] > MUCH_MISSING * (n + one["missing"]):
        filled = "they take the mean, with a flag of their own"
        if one["type"] != NUMBER:
            filled = "they count as a level of their own"
        hints.append(f"covariate {name}: {one['missing']} values are missing; {filled}")
    if one["type"] == CLASS and one["levels"] > SPARSE_LEVELS * max(n, 1):
        hints.append(
            f"covariate {name}: {one['levels']} fixed levels of {n} rows take up most "
            f'of what the rows tell of markers; set covariates.random = "{name}" to '
            "shrink their effects"
        )
    elif one["type"] == CLASS and one.get("single", 0):
        hints.append(
            f"covariate {name}: {one['single']} of {one['levels']} levels have one "
            "row, which then tells nothing else"
        )
    return hints
