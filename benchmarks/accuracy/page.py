"""The page of accuracy figures in the documentation, from the tables alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import Row, read_rows
from benchmarks.accuracy.figures import mean_interval
from benchmarks.accuracy.real import sections
from benchmarks.accuracy.targets import judge_targets
from meristem.errors import DataError
from meristem.evaluate.compare import ALL

HEAD = """# Accuracy figures

This page is written by `python -m benchmarks accuracy page` from the tables below
`benchmarks/tables/`; each was made by the commands given. Brackets hold 95 %
intervals: over replicates on simulated data, over lines on public data."""


def accuracy_page(data: Path) -> str:
    """Return the page of every benchmark whose tables are below `data`.

    Parameters
    ----------
    data
        Folder of the benchmarks' folders.

    Raises
    ------
    DataError
        If there is no table at all.
    """
    parts = [HEAD]
    verdicts = judge_targets(data)
    if verdicts:
        reached = sum(verdict.reached for verdict in verdicts)
        rows = [
            [v.what, v.target, v.found, "reached" if v.reached else "**missed**"]
            for v in verdicts
        ]
        parts += [f"## Targets: {reached} of {len(verdicts)} reached"]
        parts += [markdown_table(["what", "target", "found", ""], rows)]
    found = [
        text
        for folder, table, title, section in _SECTIONS
        if (text := _section(data / folder, table, title, section))
    ]
    if not found:
        raise DataError(
            "holds no table of a benchmark",
            where=data,
            remedy="run `python -m benchmarks accuracy` with --out below this folder",
        )
    return "\n\n".join([*parts, *found]).rstrip() + "\n"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown.

    Examples
    --------
    >>> print(markdown_table(["n", "r"], [["100", "0.2"]]))
    | n | r |
    |---|---|
    | 100 | 0.2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text[1] = text[1].replace(" ", "")
    return "\n".join(text)


def _section(
    folder: Path, table: str, title: str, section: Callable[[list[Row]], str]
) -> str:
    rows = read_rows(folder / table)
    if not rows:
        return ""
    made = ""
    if (folder / "about.json").exists():
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        versions = ", ".join(f"{k} {v}" for k, v in about["versions"].items())
        commands = "\n".join(about["commands"])
        made = f"```bash\n{commands}\n```\n\n{versions}.\n\n"
        if "note" in about:  # of rows that the commands above would not make again
            made += about["note"] + "\n\n"
    return f"## {title}\n\n{made}{section(rows)}"


def _ordered(rows: Sequence[Row], *names: str) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(row[name] for name in names) for row in rows))


def _cell(values: Sequence[float], digits: int = 3) -> str:
    mean, low, high = mean_interval(values)
    if np.isnan(low):
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _shoot(rows: list[Row]) -> str:
    models = [m for (m,) in _ordered(rows, "model")]
    keys = sorted(
        _ordered(rows, "h2", "n", "labels"),
        key=lambda s: (-float(s[0]), int(s[1]), float(s[2])),
    )
    body = []
    for key in keys:
        own = [o for o in rows if (o["h2"], o["n"], o["labels"]) == key]
        cells = [
            [float(o["relative_mse"]) for o in own if o["model"] == m] for m in models
        ]
        body.append([*key, *(_cell(v, 4) if v else "" for v in cells)])
    said = "Mean squared error over the variance of the true trait, 2,000 test plants."
    head = ["H2", "n", "labelled share", *models]
    return said + "\n\n" + markdown_table(head, body)


def _latents(rows: list[Row]) -> str:
    own = [o for o in rows if o["h2"] == "1" and o["labels"] == "0"]
    nodes = [node for (node,) in _ordered(own, "node")]
    body = []
    for (n,) in sorted(_ordered(own, "n"), key=lambda s: int(s[0])):
        cells = [
            [float(o["r"]) for o in own if o["n"] == n and o["node"] == node]
            for node in nodes
        ]
        body.append([n, *(_cell(values) for values in cells)])
    said = (
        "H2 = 1, |r| with the true quantity on test plants, no metabolite ever shown."
    )
    return said + "\n\n" + markdown_table(["n", *nodes], body)


def _order(rows: list[Row]) -> str:
    body = []
    for among, node in _ordered(rows, "among", "node"):
        own = [o for o in rows if (o["among"], o["node"]) == (among, node)]
        columns = ("clamping", "clamping_rank", "sobol", "sobol_rank")
        means = [float(np.mean([float(o[c]) for o in own])) for c in columns]
        body.append([among, node, *(f"{value:.3f}" for value in means)])
    head = ["among", "node", "clamping (days)", "mean rank", "Sobol total", "mean rank"]
    said = (
        "Means over replicates. `inputs` are independent: their total effects are "
        "Sobol's. `hormones` sets one node anew, the inputs of the others as they are. "
        "Where the simulator itself does not rank sucrose first, a network that did "
        "would be wrong."
    )
    return said + "\n\n" + markdown_table(head, body)


def _bracket(row: Row, names: tuple[str, str, str], signed: bool = False) -> str:
    if not row.get(names[0]):
        return ""
    form = "{:+.3f}" if signed else "{:.3f}"
    mean = form.format(float(row[names[0]]))
    if not row[names[1]]:
        return mean
    low, high = (form.format(float(row[name])) for name in names[1:])
    return f"{mean} [{low}, {high}]"


_MEAN = ("mean", "low", "high")
_AUTO_MINUS = ("auto_minus", "minus_low", "minus_high")
_MINUS = ("binn_minus", "minus_low", "minus_high")


def _recovery(rows: list[Row]) -> str:
    parts = ["Pearson's r with the true genetic value of the test lines."]
    for trait, test, measured in _ordered(rows, "trait", "test", "measured"):
        own = [
            o
            for o in rows
            if (o["trait"], o["test"], o["measured"]) == (trait, test, measured)
        ]
        body = []
        for n, model in _ordered(own, "n", "model"):
            row = next(o for o in own if (o["n"], o["model"]) == (n, model))
            label = model + (" (best rival)" if row["best_rival"] else "")
            label += "" if row["deployable"] == "yes" else " (not deployable)"
            minus = _bracket(row, _MINUS, signed=True)
            body.append([n, label, row["replicates"], _bracket(row, _MEAN), minus])
        share = f"{float(measured):.0%}"
        parts.append(
            f"Trait: {trait}; test lines {test} subpopulations; {share} measured."
        )
        head = ["n", "model", "replicates", "r", "BINN minus it"]
        parts.append(markdown_table(head, body))
    return "\n\n".join(parts)


def _causal(rows: list[Row]) -> str:
    body = []
    keys = sorted(
        _ordered(rows, "test", "n", "level", "method"),
        key=lambda s: (s[0] == "across", int(s[1]), s[2] == "genes"),
    )
    for test, n, level, method in keys:
        key = (test, n, level, method)
        own = [o for o in rows if (o["test"], o["n"], o["level"], o["method"]) == key]
        means = [
            float(np.mean([float(o[c]) for o in own]))
            for c in ("named", "recall", "false_share")
        ]
        named, recall, wrong = means
        figures = [f"{named:.1f}", f"{recall:.3f}", f"{wrong:.3f}"]
        body.append([test, n, level, method, *figures])
    head = ["test", "n", "level", "method", "named", "recall", "false share"]
    said = "Means over replicates, at a nominal false discovery rate of 10 %."
    return said + "\n\n" + markdown_table(head, body)


def _controls(rows: list[Row]) -> str:
    body = [
        [
            row["benchmark"],
            row["n"],
            row["model"],
            row["figure"].replace("_", " "),
            row["replicates"],
            _bracket(row, _MEAN),
            _bracket(row, _MINUS, signed=True),
        ]
        for row in rows
    ]
    head = ["benchmark", "n", "model", "figure", "replicates", "mean", "BINN minus it"]
    said = [_structure(n, errors) for n, errors in _errors(rows).items()]
    return "\n\n".join([*(one for one in said if one), markdown_table(head, body)])


def _errors(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Return the relative error on shoot branching by n, then by model."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["benchmark"] == "shoot-branching":
            found.setdefault(row["n"], {})[row["model"]] = float(row["mean"])
    return found


def _structure(n: str, error: dict[str, float]) -> str:
    """Say how much of the gain over a dense network any sparse wiring has."""
    dense = error.get("dense", 0.0)
    sparse = {"binn-random-graph", "binn-full-graph", "binn-full-graph-wide", "binn"}
    if dense <= 0 or not sparse <= set(error):
        return ""
    part = {model: f"{error[model] / dense:.0%}" for model in sparse}
    return (
        f"n = {n}, errors as parts of that of the dense network fitted by descent: "
        "dense wirings fitted as the network is "
        f"{part['binn-full-graph']} (of equal size) and "
        f"{part['binn-full-graph-wide']} (three times as wide), a random graph of "
        f"equal size {part['binn-random-graph']}, the true graph {part['binn']}. What "
        "the true graph has beyond the random one is due to biology "
        f"({error['binn']:.3f} against {error['binn-random-graph']:.3f}); the rest is "
        "sparsity and the way of fitting."
    )


def _priors(rows: list[Row]) -> str:
    names = {"gain": ("gain", "gain_low", "gain_high"), "r": ("r", "low", "high")}
    body = [
        [
            row["n"],
            row["share"],
            row["model"],
            row["replicates"],
            _bracket(row, names["r"]),
            _bracket(row, names["gain"], signed=True),
            f"{float(row['least_gain']):+.3f}",
        ]
        for row in sorted(rows, key=lambda row: (int(row["n"]), -float(row["share"])))
    ]
    said = (
        "Correlation with the genetic value of 300 test lines. Scores of variants: "
        "none, of the true motifs, with nine decoys for each, permuted within classes "
        "of allele frequency."
    )
    head = ["lines", "share through motifs", "scores", "panels", "r"]
    head += ["minus GBLUP", "least"]
    return said + "\n\n" + markdown_table(head, body)


def _panels(rows: list[Row]) -> str:
    body = []
    for row in rows:
        label = row["model"] + (" (best linear)" if row["best_linear"] else "")
        label += "" if row["deployable"] == "yes" else " (not deployable)"
        target = row["trait"]
        if row["environment"] not in ("", ALL):
            target += f", {row['environment']}"
        minus = _bracket(row, _AUTO_MINUS, signed=True)
        start = [row["panel"], target, label, row["folds"]]
        body.append([*start, _bracket(row, _MEAN), minus])
    head = ["panel", "trait", "model", "folds", "ability", "auto minus it"]
    return markdown_table(head, body)


def _covariates(rows: list[Row]) -> str:
    return (
        sections.COVARIATES + "\n\n" + markdown_table(*sections.covariate_table(rows))
    )


def _sparse(rows: list[Row]) -> str:
    return sections.SPARSE + "\n\n" + markdown_table(*sections.sparse_table(rows))


def _against(rows: list[Row]) -> str:
    names = ("difference", "low", "high")
    body = [
        [row["panel"], row["against"], _bracket(row, names, signed=True)]
        for row in rows
    ]
    return markdown_table(["panel", "auto minus", "difference"], body)


def _null(rows: list[Row]) -> str:
    body = [
        [
            row["panel"],
            row["arm"],
            row["replicates"],
            row["model"] + (" (best linear)" if row["best"] else ""),
            f"{float(row['mean']):.3f}",
            _bracket(row, _AUTO_MINUS, signed=True),
        ]
        for row in rows
    ]
    head = ["panel", "trait", "replicates", "model", "r", "auto minus it"]
    return sections.NULL + "\n\n" + markdown_table(head, body)


def _weights(rows: list[Row]) -> str:
    names = ("slope", "low", "high")
    body = [
        [
            *(row["part"], row["pairs"]),
            *(f"{float(row[name]):.2f}" for name in ("inner", "outer")),
            _bracket(row, names),
        ]
        for row in rows
    ]
    head = ["part", "pairs", "inner share", "outer share", "slope"]
    return sections.WEIGHTS + "\n\n" + markdown_table(head, body)


_SECTIONS: tuple[tuple[str, str, str, Callable[[list[Row]], str]], ...] = (
    ("shoot_branching", "results.csv", "Shoot branching", _shoot),
    ("shoot_branching", "latents.csv", "Latents of shoot branching", _latents),
    ("node_order", "sensitivity.csv", "Order of importance", _order),
    ("recovery", "summary.csv", "Recovery panel", _recovery),
    ("recovery", "causal.csv", "Causal pathways and genes", _causal),
    ("controls", "summary.csv", "Controls", _controls),
    ("panels", "summary.csv", "The mixture on public panels", _against),
    ("panels", "results.csv", "Public panels", _panels),
    ("null", "summary.csv", "Null panels", _null),
    ("weights", "summary.csv", "Shares by inner and by outer rows", _weights),
    ("covariates", "summary.csv", "Covariates of mice", _covariates),
    ("sparse", "summary.csv", "Few lines, within and across", _sparse),
    ("priors", "summary.csv", "Scores of variants as priors", _priors),
)
