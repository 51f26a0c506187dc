"""Simulated tables: planted sets, and a batch that comes with the test rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import mean_interval, number
from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray, OmicsTable
from meristem.representation.catalog import make_kind
from meristem.representation.confound.confounders import Confounder
from meristem.representation.protocol import Values
from meristem.representation.represented import fit_representation
from meristem.representation.sets.activity import active_sets
from meristem.representation.sets.decoder import SetsCode
from meristem.representation.sets.membership import FeatureSets
from meristem.runs.seeds import derived_rng

SET_COLUMNS = (
    *("seed", "lines", "genes", "sets", "found", "true", "false_share", "power"),
    *("outside_mean", "outside_max"),
)
SHIFT_COLUMNS = ("seed", "batch", "method", "r")
RAW = "none"
METHODS = ("none", "regression", "combat", "components", "adversarial")
N_ACTIVE, SIZE = 10, 20
PANELS = ((150, 2000, 100), (60, 500, 30), (400, 1000, 60))  # lines, genes, sets


def run_sets(
    out: Path, *, seeds: Sequence[int], progress: Progress | None = None
) -> str:
    """Plant factors in 10 of 30 to 100 overlapping sets of 20 genes; find them.

    Half of a set's genes follow its factor; all genes share two more. Factors of sets
    are learned with the options as they come: what they write outside is told too.
    """
    table = open_table(out, {"job": "sets"}, SET_COLUMNS, SET_COLUMNS[:4])
    cells = [(seed, *panel) for panel in PANELS for seed in seeds]
    table.fill(cells, _sets_cell, progress)
    lines = []
    for n, p, n_set in PANELS:
        asked = {"lines": str(n), "genes": str(p), "sets": str(n_set)}
        rows = table.of(asked)
        told = {k: np.mean([float(row[k]) for row in rows]) for k in SET_COLUMNS[6:]}
        words = "  ".join(f"{name} {value:.3f}" for name, value in told.items())
        lines.append(f"{n} lines, {p} genes, {n_set} sets  {words}")
    return "\n".join(lines)


def _sets_cell(seed: int, n: int, p: int, n_set: int) -> list[Row]:
    x, member = planted_sets(derived_rng(seed, "sets"), n, p, n_set)
    tests = active_sets(x, member, rng=derived_rng(seed, "random sets"))
    active = tests["active"].to_numpy()
    n_true = int(active[:N_ACTIVE].sum())
    share = 1 - n_true / max(int(active.sum()), 1) if active.any() else 0.0
    options = RepresentOptions(represent="sets")
    names = np.array([f"s{i}" for i in range(n_set)])
    kind = make_kind(options, 1, FeatureSets(names, names, member))
    code = kind.fit(Values(x), rng=derived_rng(seed, "latents"))
    assert isinstance(code, SetsCode)
    outside = code.outside_share(member)
    return [
        {
            "found": str(int(active.sum())),
            "true": str(n_true),
            "false_share": number(share),
            "power": number(n_true / N_ACTIVE),
            "outside_mean": number(float(outside.mean())),
            "outside_max": number(float(outside.max())),
        }
    ]


def planted_sets(
    rng: np.random.Generator, n: int = 150, p: int = 2000, n_set: int = 100
) -> tuple[FloatArray, np.ndarray]:
    """Return standardised values and members; the first sets are the active ones."""
    member = np.zeros((n_set, p), dtype=bool)
    for row in member:
        row[rng.choice(p, SIZE, replace=False)] = True
    x = rng.normal(size=(n, p))
    x += 0.4 * rng.normal(size=(n, 2)) @ rng.normal(size=(2, p))
    for row in member[:N_ACTIVE]:
        genes = rng.permutation(np.flatnonzero(row))[: SIZE // 2]
        x[:, genes] += np.outer(rng.normal(size=n), rng.normal(0, 0.8, SIZE // 2))
    return (x - x.mean(axis=0)) / x.std(axis=0), member


def run_shift(
    out: Path,
    *,
    seeds: Sequence[int],
    methods: Sequence[str] = METHODS,
    progress: Progress | None = None,
) -> str:
    """Predict a trait from factors of expression whose test rows have a new balance.

    Two batches, 4:1 in the training rows and 1:4 in the test rows, or none; the
    trait hangs on four factors and, in the training rows, on nothing of the batch.
    """
    table = open_table(
        out, {"job": "shift"}, SHIFT_COLUMNS, ("seed", "batch", "method")
    )
    cells = [(s, b, m) for s in seeds for b in ("yes", "no") for m in methods]
    table.fill(cells, _shift_cell, progress)
    lines = []
    for batch in ("yes", "no"):
        told = {
            method: np.array(
                [float(r["r"]) for r in table.of({"batch": batch, "method": method})]
            )
            for method in methods
        }
        for method, r in told.items():
            line = f"batch {batch}  {method}  {r.mean():.3f}"
            if method != RAW and RAW in told and r.size == told[RAW].size > 1:
                mean, low, high = mean_interval(r - told[RAW])
                line += f"  over {RAW} {mean:+.3f} ({low:+.3f} to {high:+.3f})"
            lines.append(line)
    return "\n".join(lines)


def _shift_cell(seed: int, batches: str, method: str) -> list[Row]:
    rng = derived_rng(seed, "shift")
    n, p, k = 240, 300, 4
    z = rng.normal(size=(n, k))
    x = z @ rng.normal(size=(k, p)) * 0.6 + rng.normal(size=(n, p))
    trait = z @ rng.normal(size=k) + 1.5 * rng.normal(size=n)
    train = np.arange(n) < 160
    label = np.where(rng.random(n) < np.where(train, 0.8, 0.2), "a", "b")
    trait += 1.0 * (train & (label == "b"))  # trial effects that come with the batch
    if batches == "yes":
        x += np.outer(label == "b", rng.normal(0, 1.5, p))
    name = np.array([f"g{j}" for j in range(p)])
    table = OmicsTable("rna", np.array([f"l{i}" for i in range(n)]), name, name, x)
    how = {"represent": "pca", "k": (10,), "confounders": ("batch",)}
    options = RepresentOptions.model_validate({**how, "deconfound": method})
    about = [Confounder("batch", label)]
    rows = np.flatnonzero(train)
    found = fit_representation(
        table.take_samples(rows),
        options,
        rng=derived_rng(seed, "fit"),
        k=10,
        confounders=[one.take(rows) for one in about],
    )
    f = found.factors(table, about).value
    own = np.column_stack([np.ones(rows.size), f[rows]])
    penalty = np.diag(np.r_[0.0, np.full(f.shape[1], 10.0)])
    slope = np.linalg.solve(own.T @ own + penalty, own.T @ trait[rows])
    said = f[~train] @ slope[1:]
    return [{"r": number(float(np.corrcoef(said, trait[~train])[0, 1]))}]
