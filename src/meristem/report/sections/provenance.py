"""How the run was made: everything needed to make it again."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePath
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.key_values import key_value_table
from meristem.pages.numbers import byte_size, seconds
from meristem.pages.page import Section
from meristem.pages.table import folded, table_html
from meristem.report.missing import missing_reasons
from meristem.report.view import View

_LONG = Markup(
    '<details class="long"><summary>{}</summary><div class="inside">{}</div></details>'
)
"""Stays closed in print."""


def provenance_section(view: View) -> Section:
    """Return command, inputs with hashes, versions, seeds, timings, configuration."""
    run = view.artefacts.run
    parts = (
        [Markup("<pre>{}</pre>").format(run["command"])] if run.get("command") else []
    )
    parts.append(_when(run))
    if run.get("inputs"):
        parts.append(folded("Input files and their digests", _inputs(run["inputs"])))
    if run.get("versions"):
        parts.append(folded("Versions", key_value_table(run["versions"])))
    if run.get("seeds"):
        parts.append(folded("Seeds", key_value_table(run["seeds"])))
    if run.get("timings"):
        parts.append(folded("Time spent", _timings(run["timings"])))
    network = view.artefacts.network or {}
    counts = network.get("counts") or {}
    plain = {k: v for k, v in counts.items() if isinstance(v, int | float | str)}
    if plain or network.get("hash"):
        about = {"hash": network.get("hash"), **plain}
        parts.append(folded("Compiled network", key_value_table(about)))
    if run.get("config"):
        text = json.dumps(run["config"], indent=2, ensure_ascii=False)
        pre = Markup("<pre>{}</pre>").format(text)
        parts.append(_LONG.format("Resolved configuration", pre))
    if view.artefacts.absent:
        absent = [
            f"{', '.join(names)} ({why})" if why else ", ".join(names)
            for why, names in missing_reasons(view.artefacts).items()
        ]
        text = "Not in this run folder: " + "; ".join(absent) + "."
        parts.append(Markup('<p class="note">{}</p>').format(text))
    intro = (
        "Everything needed to make this run again. Paths are those of the machine it "
        "ran on; the digests tell whether a file is still the same."
    )
    html = str(Markup("\n").join(parts))
    return Section("How this was made", "provenance", html, intro)


def _when(run: dict[str, Any]) -> Markup:
    started, finished = run.get("started"), run.get("finished")
    text = f"Started {_moment(started)}" if started else "Started at an unknown time"
    text += f", finished {_moment(finished)}." if finished else "; not finished."
    return Markup('<p class="note">{}</p>').format(text)


def _moment(text: Any) -> str:
    """Return an ISO time as people write it; anything else as it is."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    zone = moment.strftime(" %Z") if moment.tzinfo is not None else ""
    return f"{moment.day} {moment.strftime('%B %Y, %H:%M')}{zone}"


def _inputs(inputs: list[dict[str, Any]]) -> Markup:
    rows = [
        {
            "role": item.get("role", ""),
            "file": PurePath(str(item.get("path", ""))).name,
            "size": byte_size(item.get("bytes") or 0),
            "SHA-256": Markup('<code title="{}">{}</code>').format(
                item.get("path", ""), str(item.get("sha256", ""))
            ),
        }
        for item in inputs
    ]
    return table_html(pd.DataFrame(rows, dtype=object), sortable=False)


def _timings(timings: Any) -> Markup:
    if isinstance(timings, dict):
        timings = [{"stage": k, "seconds": v} for k, v in timings.items()]
    frame = pd.DataFrame(timings).reindex(columns=["stage", "seconds"])
    frame = frame.astype({"seconds": float})
    return table_html(frame, {"seconds": seconds}, {"seconds": "time"})
