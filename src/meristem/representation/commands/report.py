"""The page of a representation: it reads the run folder and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import count, fixed, p_value, percent, plural
from meristem.pages.page import Block, Card, Section, write_run_page
from meristem.pages.table import folded, table_html
from meristem.representation.commands.figures import draw_about, draw_factors
from meristem.representation.commands.removal import better_removal
from meristem.runs.folder import RunFolder

MARGIN = 0.005
"""Difference in errors, in sds, that is worth a word."""
MOST = 0.5
"""Share written outside a set from which its name does not say what it is."""
SHOWN = 40
"""Rows of a table before the rest is left to its file."""
FIRM = 0.1
"""q at which a finding is listed."""


def build_represent_report(folder: str | Path) -> Path:
    """Write `report.html` of a run folder of `meristem represent`; return it.

    Raises
    ------
    MeristemError
        If the folder holds no run, or a file is not as it was written.
    """
    opened = RunFolder.open(folder)
    tables = opened.read_table("tables.csv")
    recon = opened.read_table("reconstruction.csv")
    sections = [
        _section(opened, row, recon) for row in tables.to_dict(orient="records")
    ]
    if opened.file("aligned.csv").exists():
        sections.append(_aligned(opened.read_table("aligned.csv")))
    kind = "Representation of omics"
    return write_run_page(
        opened, kind, sections, _cards(tables), title="Representation"
    )


def _aligned(table: pd.DataFrame) -> Section:
    return Section(
        "What was aligned",
        "aligned",
        intro="Tables of the same features as one: features that all of them have, "
        "matched by id. The table is the confounder.",
        html=table_html(table, sortable=False),
    )


def _cards(tables: pd.DataFrame) -> tuple[Card, ...]:
    return tuple(
        Card(
            str(row["table"]),
            plural(int(row["factors"]), "factor"),
            f"tell {percent(row['explained'])} of the variance{_less(row)}: "
            f"{count(row['features'])} features, {count(row['samples'])} samples",
        )
        for row in tables.to_dict(orient="records")
    )


def _less(row: dict[Any, Any]) -> str:
    named = row["confounders"]
    return f" that {named} leaves" if isinstance(named, str) and named else ""


def _section(folder: RunFolder, row: dict[Any, Any], recon: pd.DataFrame) -> Section:
    name = str(row["table"])
    stem = quote(name, safe="")
    place = f"t-{''.join(c if c.isalnum() else '-' for c in name.lower())}"

    def read(part: str) -> pd.DataFrame | None:
        file = f"{stem}.{part}.csv"
        return folder.read_table(file) if folder.file(file).exists() else None

    blocks: list[Block] = []
    about = read("about")
    factors = read("factors")
    if about is not None:
        blocks.append(draw_about(about, place))
    if factors is not None and factors.shape[1] > 2:
        blocks.append(draw_factors(factors, place))
    blocks += _reconstruction(recon, name)
    makers = (
        ("trials", _trials),
        ("active", _active),
        ("sets", _sets),
        ("traits", _traits),
        ("confounding", _confounding),
        ("confounders", _confounders),
        ("imputation", _imputation),
        ("neighbours", _neighbours),
        ("network_traits", _network_traits),
        ("smoothing", _smoothing),
        ("realism", _realism),
    )
    for part, make in makers:
        table = read(part)
        if table is not None and not table.empty:
            blocks.append(make(table))
    words = _KINDS.get(str(row["kind"]), "") + _outside(read("active"))
    gaps = percent(row["missing_share"])
    cleaned = row["deconfound"]
    removal = (
        f" Removed by {_METHODS.get(cleaned, cleaned)}: {row['confounders']}."
        if isinstance(cleaned, str) and cleaned
        else ""
    )
    intro = (
        f"{words} {gaps} of the values of measured samples are missing.{removal} "
        f"Files: {stem}.factors.csv, .loadings.csv, .cleaned.csv"
        + (", .imputed.csv, .half_width.csv." if row["filled"] else ".")
    )
    return Section(f"Table {name}", place, intro=intro, blocks=tuple(blocks))


_KINDS = {
    "pca": "Factors are principal components.",
    "linear": "Factors are those of a linear auto-encoder (the space of principal "
    "components).",
    "sparse": "Factors are those of a sparse auto-encoder.",
    "denoising": "Factors are those of a denoising auto-encoder.",
    "contractive": "Factors are those of a contractive auto-encoder.",
    "vae": "Factors are those of a variational auto-encoder.",
    "sets": "There is one factor per gene set: it reads the genes of its set alone.",
}


def _outside(active: pd.DataFrame | None) -> str:
    """Say how much factors of sets write outside them, and warn where it is most."""
    if active is None or "written_outside" not in active:
        return ""
    share = active["written_outside"]
    most = int((share > MOST).sum())
    said = f" {percent(share.mean())} of what they write is outside their sets"
    if not most:
        return f"{said}, and never most of it."
    return (
        f"{said}; of {most} of {plural(len(share), 'set')} it is most: read these as "
        "common factors rather than as their sets, or raise `strength`."
    )


_METHODS = {
    "combat": "location and scale per label (ComBat)",
    "alignment": "location, scale and covariance per label",
    "regression": "regression",
    "components": "removal of confounded components",
    "adversarial": "an adversarial auto-encoder",
}


def _titled(title: str, text: str, table: Markup) -> Markup:
    return Markup('<h3>{}</h3><p class="intro">{}</p>{}').format(title, text, table)


def _reconstruction(recon: pd.DataFrame, name: str) -> list[Block]:
    own = recon[recon["table"] == name]
    wide = own.pivot_table("rmse", "k", "kind").reset_index()
    kinds = [str(c) for c in wide.columns if c != "k"]
    wide.columns.name = None
    several = " The smallest decides on the number of factors." if len(wide) > 1 else ""
    html = table_html(
        wide,
        formats=dict.fromkeys(kinds, _three),
        headings={"k": "factors", "pca": "principal components"},
        note="Root mean squared error, in sds of a feature (of counts: of their "
        "normalised logarithm), of values hidden from the fit, a tenth of all."
        + several,
    )
    return [_titled("Values hidden from the fit", _against(wide, kinds), html)]


def _against(wide: pd.DataFrame, kinds: list[str]) -> str:
    """Say how a kind stands against as many principal components."""
    own = [kind for kind in kinds if kind != "pca"]
    if not own:
        return ""
    if "pca" not in kinds:
        return (
            "There are more factors than components that the samples can tell apart: "
            "nothing of equal rank stands beside them."
        )
    best = wide.iloc[int(np.argmin(wide[own[0]]))]
    gain = float(best["pca"] - best[own[0]])
    if abs(gain) < MARGIN:
        return f"As near as {int(best['k'])} principal components (within {MARGIN} sd)."
    side = "nearer" if gain > 0 else "further off"
    return (
        f"With {int(best['k'])} factors hidden values are told {abs(gain):.3f} sd "
        f"{side} than by as many principal components."
    )


def _trials(table: pd.DataFrame) -> Markup:
    final = table[table["generation"] == -1].drop(columns="generation")
    searched = int((table["generation"] >= 0).sum())
    final = final.sort_values("rmse", kind="stable").dropna(axis=1, how="all")
    shown = final.assign(chosen=np.where(final["chosen"], "yes", "no"))
    html = table_html(
        shown,
        formats={"rmse": _three},
        headings={"represent": "kind", "hidden": "units", "learning_rate": "step"},
        note="Root mean squared error, in sds of a feature, of hidden values that the "
        "search did not see; one network each.",
    )
    return _titled(
        "Search of the architecture",
        f"{plural(searched, 'point')} tried on values hidden from the fit; the best, "
        "and the options as set, compared on others.",
        html,
    )


def _three(value: float) -> str:
    return fixed(value, 3)


def _cut(table: pd.DataFrame, what: str) -> tuple[pd.DataFrame, str]:
    more = len(table) - SHOWN
    note = f"{more} more {what} in the file." if more > 0 else ""
    return table.head(SHOWN), note


def _active(table: pd.DataFrame) -> Markup:
    n = int(table["active"].sum())
    shown, note = _cut(table, "sets")
    shown = shown.assign(active=np.where(shown["active"], "yes", "no"))
    columns = ["label", "size", "share", "p", "q", "p_given", "active"]
    columns += ["written_outside"] if "written_outside" in shown else []
    formats = {"share": _three, "p": p_value, "q": p_value, "p_given": p_value}
    html = table_html(
        shown[columns],
        formats={**formats, "written_outside": percent},
        headings={
            "label": "set",
            "share": "along one axis",
            "p_given": "p given those before",
            "written_outside": "written outside",
        },
        note=note,
    )
    return _titled(
        "Sets that vary together",
        f"{plural(n, 'set')} at a false discovery rate of 10 %. Along one axis: share "
        "of a set's variance; p: against random sets of the same size; p given those "
        "before: after the factors of sets above are removed.",
        html,
    )


def _sets(table: pd.DataFrame) -> Markup:
    found = table[table["q"] <= FIRM]
    if found.empty:
        return _titled(
            "Gene sets of the factors",
            "No set holds more of a factor's largest loadings than chance (q 0.1).",
            Markup(""),
        )
    best = found.groupby("factor", sort=False).head(3)
    columns = ["factor", "label", "size", "overlap", "odds_ratio", "q"]
    formats = {"odds_ratio": fixed, "q": p_value}
    headings: dict[str, str | Markup] = {"label": "set"}
    first = table_html(best[columns], formats=formats, headings=headings)
    rest = folded(
        f"All {len(found)} findings",
        table_html(found[columns], formats=formats, headings=headings),
    )
    return _titled(
        "Gene sets of the factors",
        "Sets that hold more of the twentieth with the largest loadings than chance, "
        "three per factor; q over all sets and factors.",
        first + rest,
    )


def _traits(table: pd.DataFrame) -> Markup:
    ordered = table.sort_values("p", kind="stable")
    shown, note = _cut(ordered, "pairs")
    html = table_html(
        shown[["factor", "trait", "n", "r", "q"]],
        formats={"r": fixed, "q": p_value},
        note=note,
    )
    return _titled(
        "Traits that go with the factors",
        "Correlation over the lines with both; lines of one family are not "
        "independent, so that q is optimistic.",
        html,
    )


def _confounders(table: pd.DataFrame) -> Markup:
    ordered = table.sort_values("p", kind="stable")
    shown, note = _cut(ordered, "pairs")
    html = table_html(
        shown[["factor", "confounder", "n", "r2", "q"]],
        formats={"r2": _three, "q": p_value},
        headings={"r2": "R²"},
        note=note,
    )
    return _titled(
        "Confounders in the factors",
        "Share of each factor's variance that the confounder explains.",
        html,
    )


def _confounding(table: pd.DataFrame) -> Markup:
    own = str(table.loc[table["chosen"], "method"].iloc[0])
    better = better_removal(table)
    said = "No other way here leaves and keeps as much and is better at one of both."
    if better:
        said = (
            f"{better} leaves no more of any confounder than {own} and keeps no "
            "less, and is better at one of both."
        )
    shown = table.assign(chosen=np.where(table["chosen"], "yes", ""))
    html = table_html(
        shown,
        formats=dict.fromkeys(("chance", "linear", "radial", "kept"), _three),
        headings={"linear": "linear probe", "radial": "radial probe"},
        sortable=False,
        note="Probes: balanced accuracy of labels, correlation of numbers. Kept: mean "
        "r of gene sets (without sets: features), linear effects of the confounders "
        "off, told from the factors. Representation and probes are learned on two "
        "thirds of the samples, asked on the rest.",
    )
    return _titled("What is left of the confounders, and what is kept", said, html)


def _networks(table: pd.DataFrame) -> Markup:
    formats = {"r": _three, "over_none": _three, "low": _three, "high": _three}
    headings: dict[str, str | Markup] = {
        "over_none": "over no network",
        "low": "95 % from",
        "high": "to",
    }
    return table_html(table, formats=formats, headings=headings, sortable=False)


def _verdict(table: pd.DataFrame) -> str:
    """Say whether a network tells more than none, and than its shuffle."""
    real = table[table["network"].isin(["given", "learned", "sets"])]
    above = real[real["low"] > 0]
    if above.empty:
        return "No network adds to ridge regression on all genes."
    best = above.sort_values("over_none", kind="stable").iloc[-1]
    shuffled = table[
        (table["network"] == f"{best['network']}, shuffled")
        & (table["method"] == best["method"])
    ]
    own = float(shuffled["over_none"].iloc[0])
    return (
        f"The {best['network']} network adds {fixed(best['over_none'], 3)} to r "
        f"({best['method']}); shuffled {fixed(own, 3)}."
    )


def _neighbours(table: pd.DataFrame) -> Markup:
    return _titled(
        "Genes told from a network",
        f"{_verdict(table)} A tenth of the genes is hidden in rows held out; networks "
        "and methods are learned on the other rows. Shuffled: as many neighbours, but "
        "others. Mean r over hidden genes; t intervals over folds.",
        _networks(table),
    )


def _network_traits(table: pd.DataFrame) -> Markup:
    parts = [
        Markup("<h4>{}</h4><p>{}</p>{}").format(
            trait, _verdict(own), _networks(own.drop(columns="trait"))
        )
        for trait, own in table.groupby("trait", sort=False)
    ]
    return _titled(
        "Traits told from genes over a network",
        "r over rows held out; learned on the other rows.",
        Markup("").join(parts),
    )


def _smoothing(table: pd.DataFrame) -> Markup:
    html = table_html(table, formats={"share": fixed, "r": _three}, sortable=False)
    return _titled(
        "Values smoothed along the network",
        "Agreement with this table (mean r over genes) on rows that did not choose "
        "the share of the neighbours; without a network, and with it shuffled.",
        html,
    )


def _realism(table: pd.DataFrame) -> Markup:
    words = {
        "distance": "distance of a feature's values (Kolmogorov-Smirnov)",
        "correlation": "agreement of the features' correlations",
        "classifier": "told from measured rows by a forest (chance 0.5)",
    }
    html = table_html(
        table.assign(check=table["check"].map(words)),
        formats={"samples": _three, "real_rows": _three},
        sortable=False,
    )
    return _titled(
        "Samples drawn anew",
        "Learned from half of the samples, drawn, and compared with the other half; "
        "beside it the two measured halves themselves. Confounders that are removed "
        "are off all of them.",
        html,
    )


def _imputation(table: pd.DataFrame) -> Markup:
    shown = table.assign(
        method=table["method"].str.replace("_", " "),
    )
    html = table_html(
        shown,
        formats={"rmse": _three, "weight": fixed, "coverage": percent},
        headings={"coverage": "coverage of 90 % intervals"},
        note="Errors in sds of a feature, on gaps made in known values like the true "
        "ones; mixture and coverage judged on other gaps than weights and widths.",
    )
    return _titled(
        "Filled values",
        "Every method filled gaps made in known values; the filled table mixes them "
        "with these weights.",
        html,
    )
