"""Small panels in every layout of phenotype file, whole or with test rows spoilt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.pipeline.inputs import EXPRESSION_AND_SETS

N_LINE, N_GENE, PER_GENE = 42, 8, 4
ENVIRONMENTS = ("A", "B", "C")
CHECK = "check"
"""A line that stands in every trial and is not genotyped."""


@dataclass(frozen=True)
class Layout:
    """How a phenotype file is laid out, and what its test rows are."""

    name: str
    by: str = "line"
    environments: tuple[str, ...] = ()
    replicates: int = 1
    extra: str = ""  # a column of weights or standard errors
    wide: bool = False
    hybrids: bool = False
    tested: str = "lines"  # or "environment", "records"
    covariance: bool = False  # of the errors of the values


LAYOUTS = (
    Layout("wide", wide=True),
    Layout("long"),
    Layout("replicates", replicates=3),
    Layout("wide_environments", wide=True, environments=ENVIRONMENTS, replicates=2),
    Layout("environments", environments=ENVIRONMENTS, replicates=2),
    Layout("by_environment", "line_environment", ENVIRONMENTS, replicates=2),
    Layout("by_record", "record", ENVIRONMENTS, replicates=2),
    Layout("new_environment", "record", ENVIRONMENTS, 2, tested="environment"),
    Layout("single_records", "record", ENVIRONMENTS, 2, tested="records"),
    Layout("weights", environments=ENVIRONMENTS, extra="weight"),
    Layout("errors", extra="se"),
    Layout("covariances", wide=True, covariance=True),
    Layout("errors_by_record", "record", ENVIRONMENTS, 2, "se"),
    Layout("hybrids", environments=ENVIRONMENTS, replicates=2, hybrids=True),
)

Row = dict[str, str | float]


def table(path: Path, header: list[str], rows: list[list[object]]) -> None:
    lines = [",".join(map(str, row)) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_case(folder: Path, layout: Layout, *, spoilt: bool) -> Path:
    """Write every input and return the configuration; one fold, read from a file."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(6)
    lines, value, expression = _write_lines(folder, layout, rng)
    rows = _trials(layout, lines, value, rng)
    test = _test_rows(layout, lines, rng)
    names = [f"g{k}" for k in range(N_GENE)]
    if spoilt:
        _spoil(rows, test)
        if layout.tested == "lines" and not layout.hybrids:
            held = [lines.index(line) for line, _ in test if line in lines]
            expression[held] = -50 * expression[held[::-1]]
    measured = [f"P{k}" for k in range(expression.shape[0])]
    measured = measured if layout.hybrids else lines
    table(
        folder / "expression.csv",
        ["line", *names],
        [[n, *row] for n, row in zip(measured, expression, strict=True)],
    )
    _write_phenotypes(folder / "phenotypes.csv", layout, rows)
    if layout.by == "record":
        every = sorted({(str(r["line"]), str(r["environment"])) for r in rows})
        ids = {pair: f"{pair[0]}@{pair[1]}" for pair in every if pair[0] in lines}
    else:
        ids = {(line, ""): line for line in lines}
    held = {line for line, _ in test if layout.tested == "lines"}
    if layout.by == "record":  # omics stand in a row of the line
        ids |= {(line, ""): line for line in lines if line not in held}
    if layout.hybrids:
        ids |= {(parent, ""): parent for parent in measured}
    roles = [("test" if p in test else "train", name) for p, name in ids.items()]
    table(
        folder / "splits.csv",
        ["scheme", "replicate", "fold", "role", "sample_id"],
        [["held", 0, 0, role, name] for role, name in roles],
    )
    path = folder / "analysis.toml"
    hybrids = 'hybrids = "hybrids.csv"' if layout.hybrids else ""
    errors = ""
    if layout.covariance:
        errors = 'error_covariance = {yield = "errors.csv", height = "errors.csv"}'
        _write_errors(folder / "errors.csv", lines, test if spoilt else set())
    path.write_text(
        CONFIG.format(
            hybrids=hybrids, by=layout.by, errors=errors, layers=EXPRESSION_AND_SETS
        ),
        encoding="utf-8",
    )
    return path


CONFIG = """
[run]
seed = 3

[genotypes]
path = "markers.csv"
{hybrids}

[phenotypes]
path = "phenotypes.csv"
by = "{by}"
{errors}
{layers}
[knowledge.prune]
min_genes = 1

[evaluate]
scheme = "file"
splits = "splits.csv"
inner_folds = 2

[[models]]
kind = "gblup"

[[models]]
kind = "ridge"
"""


def _write_lines(
    folder: Path, layout: Layout, rng: np.random.Generator
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Write markers, genes, sets and crosses; return lines, values and expression."""
    n = 2 * 10 if layout.hybrids else N_LINE
    names = [f"{'P' if layout.hybrids else 'L'}{k}" for k in range(n)]
    dosage = 2 * rng.integers(0, 2, (n, N_GENE * PER_GENE))
    dosage[rng.random(dosage.shape) < 0.02] = 1
    header = ["variant", "contig", "position", "ref", "alt", *names]
    rows = [[f"v{k}", 1, 10 * k + 1, "A", "G", *c] for k, c in enumerate(dosage.T)]
    table(folder / "markers.csv", header, rows)
    genes = [[f"g{k}", 1, 40 * k + 1, 40 * k + 35] for k in range(N_GENE)]
    table(folder / "genes.csv", ["gene", "contig", "start", "end"], genes)
    sets = [[0, 1, 2], [3, 4, 5], [5, 6, 7]]
    text = ["\t".join([f"s{k}", "", *(f"g{g}" for g in s)]) for k, s in enumerate(sets)]
    (folder / "sets.gmt").write_text("\n".join(text) + "\n", encoding="utf-8")
    level = dosage.reshape(n, N_GENE, PER_GENE).sum(axis=2) - PER_GENE
    expression = np.round(level + 0.5 * rng.standard_normal(level.shape), 3)
    value = expression[:, :3].sum(axis=1)
    if not layout.hybrids:
        return names, value, expression
    pairs = [(a, b) for a in range(10) for b in range(10, 20) if (a + b) % 2]
    lines = [f"{names[a]}x{names[b]}" for a, b in pairs]
    crosses = [[i, names[a], names[b]] for i, (a, b) in zip(lines, pairs, strict=True)]
    table(folder / "hybrids.csv", ["sample", "parent_1", "parent_2"], crosses)
    return lines, np.array([value[[a, b]].mean() for a, b in pairs]), expression


def _trials(
    layout: Layout, lines: list[str], value: np.ndarray, rng: np.random.Generator
) -> list[Row]:
    """Return single values: trials are unbalanced, so that adjusting matters."""
    rows: list[Row] = []
    trials = len(layout.environments or ("",)) * layout.replicates
    for environment in layout.environments or ("",):
        for replicate in range(layout.replicates):
            shift = rng.normal(0, 2) if trials > 1 else 0.0
            for line, true in [*zip(lines, value, strict=True), (CHECK, 0.0)]:
                if trials > 1 and rng.random() < 0.2 and line != CHECK:
                    continue
                for trait, size in (("yield", 1.0), ("height", -3.0)):
                    seen = size * true + shift + rng.standard_normal()
                    rows.append(
                        {
                            "line": line,
                            "environment": environment,
                            "replicate": str(replicate + 1),
                            "trait": trait,
                            "value": round(float(seen), 3),
                            "extra": round(float(rng.uniform(0.5, 2)), 3),
                        }
                    )
    return rows


def _test_rows(
    layout: Layout, lines: list[str], rng: np.random.Generator
) -> set[tuple[str, str]]:
    """Return (line, environment) of the test rows; environment "" is any."""
    places = layout.environments if layout.by == "record" else ("",)
    every = [(line, place) for line in lines for place in places]
    if layout.tested == "environment":
        return {pair for pair in every if pair[1] == places[-1]}
    if layout.tested == "records":
        return {pair for pair in every if rng.random() < 0.2}
    return {pair for pair in every if lines.index(pair[0]) % 4 == 1}


def _spoil(rows: list[Row], test: set[tuple[str, str]]) -> None:
    """Permute the values of the test rows within trials, and distort them grossly."""
    trials: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        pair = (str(row["line"]), str(row["environment"]))
        if pair in test or (pair[0], "") in test:
            trial = row["environment"], row["replicate"], row["trait"]
            trials.setdefault(trial, []).append(row)
    assert trials
    for members in trials.values():
        values = [float(row["value"]) for row in members]
        for row, value in zip(members, values[1:] + values[:1], strict=True):
            row["value"] = 1e6 * value
            row["extra"] = 7 * float(row["extra"])


def _write_errors(path: Path, lines: list[str], spoilt: set[tuple[str, str]]) -> None:
    root = np.random.default_rng(8).normal(size=(len(lines), 60)) / 9
    root *= np.where([(line, "") in spoilt for line in lines], 3.0, 1.0)[:, None]
    rows = zip(lines, root @ root.T, strict=True)
    table(path, ["", *lines], [[line, *row] for line, row in rows])


def _write_phenotypes(path: Path, layout: Layout, rows: list[Row]) -> None:
    design = ["line"]
    design += ["environment"] if layout.environments else []
    design += ["replicate"] if layout.replicates > 1 else []
    if not layout.wide:
        extra = {layout.extra: "extra"} if layout.extra else {}
        columns = [*design, "trait", "value", *extra.values()]
        body = [[row[name] for name in columns] for row in rows]
        table(path, [*design, "trait", "value", *extra], body)
        return
    traits = list(dict.fromkeys(str(row["trait"]) for row in rows))
    cells: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        place = tuple(row[name] for name in design)
        cells.setdefault(place, {})[str(row["trait"])] = row["value"]
    body = [[*place, *(seen[t] for t in traits)] for place, seen in cells.items()]
    table(path, [*design, *traits], body)
