"""The files of a selection, and when they are of a model that is no more."""

from __future__ import annotations

from meristem.pipeline.analysis import Analysis
from meristem.report.selection.decided import PAGE

FOLDER = "selection"
"""Where the files of a selection lie within the run folder."""

TABLES = (
    *("candidates.csv", "funnel.csv", "costs.csv", "index.csv", "frontier.csv"),
    *("contributions.csv", "crosses.csv", "parents.csv", "crossing_list.csv"),
    *(
        "cross_map.csv",
        "crosses_multiparent.csv",
        "comparison.csv",
        "genes.csv",
        "edits.csv",
    ),
    *("edits_by_line.csv", "next.csv", "cycles.csv", "cycles_differences.csv"),
)
SUMMARY = "selection.json"
OUTPUTS = tuple(f"{FOLDER}/{name}" for name in (*TABLES, SUMMARY, PAGE))


def drop_outdated(analysis: Analysis) -> None:
    """Remove the selection of a model that was fitted anew since."""
    folder = analysis.folder
    name = f"{FOLDER}/{SUMMARY}"
    if not folder.file(name).is_file():
        return
    made = folder.read_json(name)
    label = made.get("model")
    if label in dict(analysis.predictors) and made.get("fit") == analysis.fit_key(
        label
    ):
        return
    for output in OUTPUTS:
        folder.drop(output)
