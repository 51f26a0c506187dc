"""The page of a kinetic run: it reads the run folder and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.kinetics.commands.figures import (
    draw_bars,
    draw_constants,
    draw_heat,
    draw_inclusion,
    draw_observed,
    draw_search,
)
from meristem.pages.numbers import fixed, interval, percent, significant
from meristem.pages.page import Card, Figure, Section, write_run_page
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder
from meristem.runs.record import Run

_FILES = (
    "model.json",
    "scores.csv",
    "predictions.csv",
    "rates.csv",
    "ranking.csv",
    "constants.csv",
)


class _Folder:
    """Tables and notes of a run folder; an absent one is None."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table as it was written."""
        path = self.folder.file(f"{name}.csv")
        if not path.exists():
            return None
        self.folder.refuse_damaged([path.name])
        return pd.read_csv(path)

    def note(self, name: str) -> dict[str, Any]:
        """Return plain values as they were written."""
        if not self.folder.file(f"{name}.json").exists():
            return {}
        content: dict[str, Any] = self.folder.read_json(f"{name}.json")
        return content


def begin_run(run: Run) -> None:
    """Claim the folder of a kinetic run.

    Raises
    ------
    ConfigError
        If it holds files that Meristem did not write.
    """
    run.folder.refuse_foreign((*_FILES, "report.html"))


def build_kinetics_report(folder: str | Path) -> Path:
    """Write ``report.html`` of a kinetic run folder.

    Parameters
    ----------
    folder
        What a kinetic command wrote.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ConfigError
        If the folder holds no run, or its record is damaged.
    DataError
        If a file is not as it was written.
    """
    opened = RunFolder.open(folder)
    run = _Folder(opened)
    makers = (
        _constants,
        _MICHAELIS,
        _SCORES,
        _observed,
        _kinetics,
        _pairs,
        _MAP,
        _windows,
        _search,
        _RANKING,
        _CHOICES,
        _WEIGHTS,
        _SHIFT,
        _ATTRIBUTION,
        _identifiable,
    )
    kind = "Kinetic network"
    sections = (make(run) for make in makers)
    lead = _cautions(run)
    return write_run_page(opened, kind, sections, _cards(run), lead=lead, title=kind)


def read_cautions(folder: str | Path) -> list[str]:
    """Return what a reader of a run must know first; mostly nothing."""
    texts: list[str] = (
        _Folder(RunFolder(Path(folder))).note("cautions").get("cautions", [])
    )
    return texts


def _cautions(run: _Folder) -> str:
    """Return what a reader must know first, as HTML."""
    texts = read_cautions(run.folder.path)
    return "".join(Markup('<p class="intro">{}</p>').format(text) for text in texts)


def _cards(run: _Folder) -> tuple[Card, ...]:
    cards = []
    scores = run.table("scores")
    if scores is not None:
        first = scores[scores["metric"] == "pearson"].iloc[0]
        note = interval(first["low"], first["high"])
        cards.append(Card("r on unseen rows", fixed(first["value"], 3), note))
    rates = run.table("rates")
    if rates is not None:
        row = rates[rates["quantity"] == "observable"].iloc[0]
        note = interval(row["low"], row["high"], 2)
        cards.append(Card("log10 rate, matched", fixed(row["value"]), note))
    ranking = run.table("ranking")
    if ranking is not None:
        best = ranking[ranking["metric"] == "AUPR"].iloc[0]
        note = f"{best['score']}, {interval(best['low'], best['high'])}"
        cards.append(Card("AUPR", fixed(best["value"], 3), note))
    return tuple(cards)


@dataclass(frozen=True)
class _Plain:
    """A section that is one table of the run folder under an explanation."""

    title: str
    name: str  # of the table
    intro: str
    columns: tuple[str, ...] = ()  # shown; none: all

    def __call__(self, run: _Folder) -> Section | None:
        """Return the section; None without the table."""
        table = run.table(self.name)
        if table is None:
            return None
        shown = table[list(self.columns)] if self.columns else table
        html = table_html(shown, formats=_formats(shown))
        return Section(self.title, self.name, intro=self.intro, html=html)


_SCORES = _Plain(
    "Ability on rows never seen",
    "scores",
    "Correlation of prediction and measurement on the test rows, with intervals over "
    "sequences or conditions. Everything was chosen and fitted on the training rows "
    "alone. Regression on the same rows, and the edit count of sequences, are the "
    "baselines to beat.",
    ("model", "metric", "value", "low", "high", "n"),
)
_RANKING = _Plain(
    "Active sites found",
    "ranking",
    "Ranking of active sites on guides (or whole assays) held out, with bootstrap "
    "intervals; gain: difference to the reference on the same resamples.",
)
_CHOICES = _Plain(
    "How much of the correction is kept",
    "choices",
    "AUPR within guides, averaged over guides that the judging member had not seen: by "
    "epoch of the trunk, and by share of the correction. No share is kept if its gain "
    "on none is within one standard error. Where assays are the test, assays left out "
    "in turn choose the share, each counted as one.",
)
_WEIGHTS = _Plain(
    "How much each network counts",
    "weights",
    "Share of every kinetic network in the mean log rate, in the order of the models: "
    "mean and range over the members. Equal unless they were learned.",
)
_SHIFT = _Plain(
    "In vitro against in vivo",
    "shift",
    "Mean correction that the cells' data add to each log10 rate.",
)


@dataclass(frozen=True)
class _Heat:
    """A section that is one map of changes."""

    title: str
    name: str  # of the table
    heading: str
    caption: str

    def __call__(self, run: _Folder) -> Section | None:
        """Return the section; None without the table."""
        table = run.table(self.name)
        if table is None:
            return None
        figure = draw_heat(table, f"{self.name}-map", self.heading, self.caption)
        return Section(self.title, self.name, blocks=(figure,))


_MAP = _Heat(
    "In-silico mutagenesis",
    "mutagenesis",
    "Change of the log10 rate by one edit",
    "Position 0 is the outer base of the PAM (the last of NGG); the spacer follows.",
)
_ATTRIBUTION = _Heat(
    "What speaks for a cut",
    "attribution",
    "Mean attribution of active sites",
    "Integrated gradients of the logit, from the empty encoding.",
)


_MICHAELIS = _Plain(
    "Constants of the textbook",
    "michaelis",
    "What the rate constants mean together, with intervals by the delta method on the "
    "log scale. They are identifiable where single constants are not.",
    ("constant", "value", "low", "high"),
)


def _constants(run: _Folder) -> Section | None:
    table, note = run.table("constants"), run.note("identifiability")
    if table is None:
        return None
    level = percent(float(table["level"].iloc[0]), 0)
    shown = table.drop(columns="level")
    shown["bounded"] = np.where(shown["bounded"], "yes", "no")
    for end in ("low", "high"):
        shown[end] = [_end(value) for value in shown[end]]
    formats = {"value": _end}
    return Section(
        "Constants",
        "constants",
        intro=f"Rate constants, and shifts of their log per unit of a column "
        f"(reaction:column), with {level} profile-likelihood intervals. Not bounded: "
        "the data set no end, and the value is one of many that fit as well.",
        blocks=(draw_constants(table, "constants-intervals"),),
        html=table_html(
            shown,
            formats=formats,
            note=f"{note.get('n', '')} measurements; residual sd of the log rate "
            f"{fixed(float(note.get('sigma', np.nan)), 3)}.",
        ),
    )


def _end(value: float) -> str:
    return significant(value, 3) if np.isfinite(value) else "no end"


def _formats(table: pd.DataFrame) -> dict[str, Any]:
    """Return three decimals for columns of floats, and none where all are whole."""
    columns = [c for c in table.columns if table[c].dtype.kind == "f"]
    whole = {c: bool((table[c].dropna() % 1 == 0).all()) for c in columns}
    return {c: _whole if whole[c] else _three for c in columns}


def _three(value: float) -> str:
    return fixed(value, 3)


def _whole(value: float) -> str:
    return fixed(value, 0)


def _place(value: float) -> str:
    """Return a position: whole ones without decimals."""
    value = round(float(value), 1)
    return fixed(value, 0 if value.is_integer() else 1)


def _observed(run: _Folder) -> Section | None:
    table = run.table("predictions")
    if table is None:
        return None
    model = table.columns[2]
    figure = draw_observed(table, model)
    return Section("Observed and predicted", "observed", blocks=(figure,))


def _kinetics(run: _Folder) -> Section | None:
    rates, control = run.table("rates"), run.table("control")
    occupancy = run.table("occupancy")
    if rates is None or control is None or occupancy is None:
        return None
    pair = rates["pair"].iloc[0]
    blocks: list[Figure] = []
    for name, table, column, title, unit in (
        ("rates", rates, "quantity", "Rates", "log10 (1/s; passage time: s)"),
        ("control", control, "reaction", "Control of the observable", "coefficient"),
        ("occupancy", occupancy, "state", "Where the enzyme is", "share"),
    ):
        rows = table[table["pair"] == pair]
        blocks.append(draw_bars(rows, column, f"pair-{name}", title, unit))
    return Section(
        f"Kinetics of the pair '{pair}'",
        "kinetics",
        intro="Bars are means over the members of the ensemble, lines their range. "
        "Single rates need not be identifiable; the observable, the control "
        "coefficients (they sum to one) and the occupancies are.",
        blocks=tuple(blocks),
    )


def _pairs(run: _Folder) -> Section | None:
    rates = run.table("rates")
    if rates is None or rates["pair"].nunique() < 2:
        return None
    order = list(dict.fromkeys(rates["quantity"]))
    wide = rates.pivot_table("value", "quantity", "pair", sort=False).loc[order]
    wide = wide.reset_index()
    return Section(
        "Each pair beside the matched one",
        "pairs",
        intro="Mean log10 over the members of the ensemble, in 1/s.",
        html=table_html(wide, formats=_formats(wide)),
    )


def _windows(run: _Folder) -> Section | None:
    table, inclusion = run.table("windows"), run.table("inclusion")
    if table is None or inclusion is None:
        return None
    return Section(
        "Where each rate reads",
        "windows",
        intro="Share of the best architectures whose window covers a position.",
        blocks=(
            draw_inclusion(inclusion, table),
            table_html(
                _window_table(table),
                sortable=False,  # a start with its interval sorts as text
                note="Medians over the best architectures, with 90 % intervals. A "
                "window reaches from its start to the position before its stop; it is "
                "covered if the true one lies within the outer bounds.",
            ),
        ),
    )


def _window_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return one column per quantity, each with its interval, to fit the page."""
    shown = pd.DataFrame({"reaction": table["reaction"]})
    if (table["present"] < 1).any():
        shown["present in"] = [percent(share, 0) for share in table["present"]]
    for name in ("start", "middle", "stop"):
        ends = table[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
        shown[name] = [
            f"{_place(mid)} ({_place(low)} to {_place(high)})"
            for mid, low, high in ends
        ]
    if "true_start" in table:
        true = zip(table["true_start"], table["true_stop"], strict=True)
        shown["true window"] = [f"{start} to {stop}" for start, stop in true]
        shown["covered"] = np.where(table["covered"], "yes", "no")
    return shown


def _search(run: _Folder) -> Section | None:
    trials = run.table("trials")
    if trials is None:
        return None
    figure = draw_search(trials)
    return Section("The search", "search", blocks=(figure,))


def _identifiable(run: _Folder) -> Section | None:
    table, note = run.table("identifiability"), run.note("identifiability")
    if table is None:
        return None
    table = table.assign(identified=np.where(table["identified"], "yes", "no"))
    return Section(
        "What the data fix",
        "identifiability",
        intro=str(note.get("statement", "")),
        html=table_html(
            table,
            formats=_formats(table),
            note="Free share: how much of a log rate lies in directions that can be "
            "changed without any change of the predictions; 0: fixed by the data, 1: "
            "not seen by them at all.",
        ),
    )
