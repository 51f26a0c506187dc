"""What the predictions of mixtures are made of, and which have no network."""

from __future__ import annotations

from markupsafe import Markup

from meristem.pages.numbers import percent
from meristem.pages.page import Section
from meristem.report.columns import Columns, columns_table
from meristem.report.view import View

NETWORKS = ("core", "trained network")
"""Parts that have nodes."""

COLUMNS: Columns = {
    "model": ("model", None),
    "trait": ("trait", None),
    "environment": ("environment", None),
    "part": ("part", None),
    "share": ("share", percent),
    "interval": ("95 % interval", None),
}


def mixture_section(view: View) -> Section | None:
    """Return the share of every part of every mixture, with its interval."""
    rows = view.artefacts.shares
    if rows.empty:
        return None
    interval = [
        f"{percent(low)} to {percent(high)}"
        for low, high in zip(rows["low"], rows["high"], strict=True)
    ]
    shown = rows.assign(interval=interval)
    if not (shown["environment"].fillna("") != "").any():
        shown = shown.drop(columns="environment")
    intro = (
        "A mixture gives every part the share that lines left out allowed. Few lines "
        "say little: shares then stay near what they are beforehand, most to several "
        "kernels of the markers (equal ones in an average of listed models). What is "
        "missing of 100 % is the mean of the trait."
    )
    table = columns_table(shown, COLUMNS)
    blocks = (table, *(Markup("<p>{}</p>").format(text) for text in without(view)))
    return Section("What the predictions are made of", "mixture", "", intro, blocks)


def without(view: View) -> list[str]:
    """Return one sentence per model that has no network, or none with a share."""
    rows = view.artefacts.shares
    sentences = []
    for label in rows["model"].unique():
        own = rows[rows["model"] == label]
        if view.model(label).kind == "stack":
            continue  # of models that are named
        network = own[own["part"].isin(NETWORKS)]
        if network.empty:
            parts = ", ".join(own["part"].unique())
            sentences.append(
                f"{label} has no network, since it has no graph: it has {parts}."
            )
        elif not (network["share"] > 0).any():
            sentences.append(
                f"The network of {label} has no share: its predictions are those of "
                "models of all variants."
            )
    return sentences
