"""What was read, what was dropped, and how the lines are related."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.genetics.copies import describe_copies
from meristem.pages.key_values import record_table, shown
from meristem.pages.numbers import count, number, percent, plural
from meristem.pages.page import Section
from meristem.pages.table import table_html
from meristem.report.adjusted import covariate_tables
from meristem.report.figures.accuracy.structure import draw_structure
from meristem.report.view import View


def data_section(view: View) -> Section:
    """Return inputs, filters and the reconciliation of ids."""
    data = view.artefacts.data
    intro = (
        "Lines are matched between files by their names, exactly. What found no "
        "partner was left out; the tables say how much, and what might be mended."
    )
    if not data:
        text = "This run holds no data.json: what was read was not recorded."
        return Section("Data", "data", f'<div class="box"><p>{text}</p></div>')
    parts = [Markup("<h3>Read</h3>"), _inputs(data), *_traits(view, data)]
    parts += covariate_tables(view)
    if data.get("reconciliation"):
        parts += [Markup("<h3>Matched and dropped</h3>"), _pairs(data)]
    if data.get("copies"):
        parts += [Markup("<h3>Identical lines</h3>"), *_copies(data["copies"])]
    if data.get("filters"):
        parts += [Markup("<h3>Marker filters</h3>"), _filters(data["filters"])]
    return Section("Data", "data", str(Markup("\n").join(parts)), intro)


def _inputs(data: dict[str, Any]) -> Markup:
    rows = []
    genotypes = data.get("genotypes") or {}
    if genotypes:
        missing = genotypes.get("missing_share")
        extent = f"{shown(genotypes.get('variants'))} variants"
        if genotypes.get("contigs"):
            extent += f" on {plural(genotypes['contigs'], 'contig')}"
        if genotypes.get("parents"):
            extent += f"; and {shown(genotypes['parents'])} parents, whose omics teach"
        lines = genotypes.get("lines", genotypes.get("samples"))
        rows.append(("genotypes", lines, extent, missing))
    for table in data.get("omics") or []:
        extent = f"{shown(table.get('features'))} features"
        if table.get("features_with_node") is not None:
            extent += f", {shown(table['features_with_node'])} of them measure a node"
        name = f"omics: {table.get('name')} (training only)"
        rows.append(
            (name, table.get("samples_measured"), extent, table.get("missing_share"))
        )
    for group in data.get("groups") or []:
        extent = f"{shown(group.get('labels'))} labels"
        rows.append((f"grouping: {group.get('name')}", None, extent, None))
    frame = pd.DataFrame(rows, columns=["input", "lines", "content", "missing"])
    frame = frame.astype({"lines": float, "missing": float})
    return table_html(
        frame, {"lines": count, "missing": lambda v: percent(v, 2)}, sortable=False
    )


def _traits(view: View, data: dict[str, Any]) -> list[Markup]:
    described = data.get("phenotypes") or []
    if not described:
        return []
    frame = pd.DataFrame(described).reindex(
        columns=["trait", "environment", "n", "mean", "sd"]
    )
    frame = frame.astype({"n": float, "mean": float, "sd": float})
    if not frame["environment"].fillna("").astype(bool).any():
        frame = frame.drop(columns="environment")
    asked = (view.artefacts.run.get("config") or {}).get("phenotypes") or {}
    by_record = asked.get("by") == "record"
    values = "values (line x environment)" if by_record else "lines with a value"
    frame = frame.rename(columns={"n": values})
    survey = data.get("phenotype_table") or {}
    units = {row["trait"]: row["unit"] for row in survey.get("traits", [])}
    if any(units.values()):
        frame.insert(1, "unit", frame["trait"].map(units).fillna(""))
    formats = {values: count, "mean": number, "sd": number}
    parts = [Markup("<h3>Traits</h3>"), table_html(frame, formats)]
    parts += [
        Markup('<div class="box warn"><p>Worth a look: {}.</p></div>').format(hint)
        for hint in survey.get("hints", [])
    ]
    if survey.get("left_out"):
        left_out = pd.DataFrame(survey["left_out"])
        parts += [Markup("<h3>Columns left out</h3>"), table_html(left_out, {})]
    return parts


def _pairs(data: dict[str, Any]) -> Markup:
    pairs = data["reconciliation"]
    if not all(isinstance(pair, dict) and "left" in pair for pair in pairs):
        return record_table([p for p in pairs if isinstance(p, dict)])
    rows = [
        {
            "inputs": f"{pair.get('left')} and {pair.get('right')}",
            "matched": pair.get("matched"),
            "only_in_the_first": pair.get("dropped_left"),
            "only_in_the_second": pair.get("dropped_right"),
            "ambiguous": _sum(pair, "duplicated_left", "duplicated_right"),
            "would_match": pair.get("would_match_together"),
        }
        for pair in pairs
    ]
    frame = pd.DataFrame(rows)
    numeric = [str(column) for column in frame if column != "inputs"]
    frame[numeric] = frame[numeric].astype(float)
    table = table_html(frame, dict.fromkeys(numeric, count))
    hints = [hint for pair in pairs for hint in _hints(pair)]
    return Markup("{}{}").format(table, Markup("").join(hints))


def _sum(pair: dict[str, Any], *names: str) -> int:
    return sum(int(pair.get(name) or 0) for name in names)


def _hints(pair: dict[str, Any]) -> list[Markup]:
    examples = (pair.get("examples") or {}).get("would_match") or []
    if not examples or pair.get("folded"):
        return []
    listed = ", ".join(f"{e[0]} and {e[1]}" for e in examples[:3])
    rules = ", ".join(f'"{rule}"' for rule in pair.get("rules") or [])
    box = Markup('<div class="box warn"><p>{}</p></div>')
    return [
        box.format(
            f"{shown(pair.get('would_match_together'))} more names of "
            f"{pair.get('left')} and {pair.get('right')} are alike but for their "
            f"spelling (for example {listed}). If they are the same lines, set "
            f"fold_ids = [{rules}] at the top of the configuration and run again."
        )
    ]


def _copies(groups: list[list[str]]) -> list[Markup]:
    text = (
        f"{describe_copies(groups)}. Copies in other folds make prediction look "
        'easier; evaluate.copies = "together" keeps them in one.'
    )
    rows = [(len(group), ", ".join(group)) for group in groups]
    frame = pd.DataFrame(rows, columns=["lines", "names"]).astype({"lines": float})
    return [
        Markup('<div class="box warn"><p>{}</p></div>').format(text),
        table_html(frame, {"lines": count}),
    ]


def _filters(filters: Any) -> Markup:
    if isinstance(filters, dict):
        removed = {k: v for k, v in filters.items() if str(k).startswith("removed")}
        if removed and not any(removed.values()):
            return Markup('<p class="quiet">No marker was removed.</p>')
        frame = pd.DataFrame(list(filters.items()), columns=["filter", "markers"])
        return table_html(frame, {"markers": count}, sortable=False)
    return record_table([item for item in filters if isinstance(item, dict)])


def structure_section(view: View) -> Section | None:
    """Return the principal components; None where they were not computed."""
    figure = draw_structure(view)
    if figure is None:
        return None
    intro = (
        "How the lines are related, as the markers see it. Strong clusters make "
        "prediction look easier than it is: part of the [[predictive ability]] is then "
        "the difference between families, not between the lines of one family."
    )
    return Section("Population structure", "structure", intro=intro, blocks=(figure,))
