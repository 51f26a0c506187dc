"""What searches of options tried, and what each fold chose."""

from __future__ import annotations

import json

import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed
from meristem.pages.page import Section
from meristem.pages.table import table_html
from meristem.report.view import View

COMPARED = -1
"""Generation of the points that were compared on all inner splits at the end."""


def tuning_section(view: View) -> Section | None:
    """Return the options that every search chose, and how many it tried."""
    table = view.artefacts.tuning
    if table.empty:
        return None
    rows = [
        _search(key, part)
        for key, part in table.groupby(
            ["model", "split", "replicate", "fold"], sort=False
        )
    ]
    frame = pd.DataFrame(rows)
    intro = (
        "Options were searched on inner splits of the training rows of each fold, "
        "which its test rows cannot reach; the same is done with all rows for the "
        "model that is kept. The options as set are among the points tried. r is the "
        "mean correlation over inner splits: of the choice, and of the options as set."
    )
    kept = int(frame["as set"].eq(frame["r"]).sum())
    verdict = f"{kept} of {len(frame)} searches stayed with the options as set."
    formats = {"r": fixed, "as set": fixed}
    html = table_html(frame, formats, note="Every point tried stands in tuning.csv.")
    text = Markup("<p>{}</p>").format(verdict)
    return Section("Options searched", "tuning", text, intro, (html,))


def _search(key: tuple, part: pd.DataFrame) -> dict[str, object]:
    final = part[part["generation"] == COMPARED]
    chosen = final[final["chosen"].astype(str) == "True"].iloc[0]
    start = final.iloc[0]
    before, after = json.loads(start["options"]), json.loads(chosen["options"])
    changed = [f"{k} = {v}" for k, v in after.items() if v != before.get(k)]
    model, split, replicate, fold = key
    place = split if split == "all rows" else f"{split} {replicate}.{fold}"
    return {
        "model": model,
        "rows": place,
        "tried": int((part["generation"] != COMPARED).sum()),
        "r": chosen["reward"],
        "as set": start["reward"],
        "changed": ", ".join(changed) or "nothing",
    }
