"""How well each model predicts lines it has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, number
from meristem.pages.page import Section
from meristem.pages.palette import ink_on, ramp
from meristem.pages.table import folded, table_html
from meristem.report.adjusted import adjusted_sentence
from meristem.report.columns import Columns, columns_table
from meristem.report.figures.accuracy.ability import draw_ability
from meristem.report.figures.accuracy.learning import draw_density, draw_learning
from meristem.report.metric_names import label_of, order_of
from meristem.report.per_target import TargetSection, per_target
from meristem.report.view import SUBSAMPLE, Target, View

MOST_GROUPS = 30

RELATEDNESS: Columns = {
    "split": ("split", None),
    "fold": ("fold", None),
    "train": ("training rows", number),
    "test": ("test rows", number),
    "mean": ("mean", fixed),
    "low": ("10 % below", fixed),
    "high": ("10 % above", fixed),
}


def ability_section(view: View) -> Section | None:
    """Return predictive ability per fold, all metrics and groups."""
    blocks = per_target(view, {"ability": draw_ability}, metric_table)
    if not blocks:
        return None
    intro = (
        "[[predictive ability|Predictive ability]] is the correlation between "
        "predicted and observed values of lines that the model had not seen. All "
        "models were given the same [[fold|folds]]. Small differences are common by "
        "chance: read the interval of the difference, not the order of the means."
    )
    adjusted = adjusted_sentence(view)
    intro += f" {adjusted}" if adjusted else ""
    html = str(overview(view)) if len(view.targets) > 1 else ""
    blocks += [str(block) for block in (*group_tables(view), *relatedness_table(view))]
    title = label_of(view.metric).capitalize()
    return Section(title, "ability", html, intro, tuple(blocks))


def relatedness_table(view: View) -> list[Markup]:
    """Return how near the test lines of every fold are to its training lines."""
    rows = view.artefacts.relatedness
    if rows.empty:
        return []
    note = Markup(
        "<p>Relatedness of the test lines: the largest genomic "
        "correlation of each with a training line of its fold, {} on average. Compare "
        "with that of the candidates: where these are less related, expect less than "
        "the ability shown here.</p>"
    ).format(fixed(float(np.average(rows["mean"], weights=rows["test"]))))
    table = columns_table(rows, RELATEDNESS)
    return [folded("How related test lines are to training lines", note, table)]


def overview(view: View) -> Markup:
    """Return mean values, models in rows and targets in columns, shaded."""
    scores = _main(view.artefacts.scores)
    keep = (scores["metric"] == view.metric) & (scores["group"] == "")
    compared = scores[keep & (scores["fold"] != "all")]
    compared = compared[compared["model"].isin(view.contenders)]
    columns: dict[str, pd.Series] = {}
    for target in view.targets:
        of_target = view.of(compared, target)
        if not of_target.empty:
            columns[target.name] = of_target.groupby("model")["value"].mean()
    if not columns:
        return Markup("")
    frame = pd.DataFrame(columns)
    frame.insert(0, "mean", frame.mean(axis=1))
    frame = frame.sort_values("mean", ascending=False)
    low, high = float(np.nanmin(frame)), float(np.nanmax(frame))
    head = Markup("").join(
        Markup('<th scope="col" class="num">{}</th>').format(name) for name in frame
    )
    rows = Markup("\n").join(
        Markup("<tr><td>{}</td>{}</tr>").format(
            _named(view, str(label)),
            Markup("").join(_cell(v, low, high) for v in frame.loc[label]),
        )
        for label in frame.index
    )
    return Markup(
        '<div class="table heat" tabindex="0"><table class="sortable"><thead><tr>'
        '<th scope="col">model</th>{}</tr></thead><tbody>{}</tbody></table></div>\n'
    ).format(head, rows)


def _named(view: View, label: str) -> Markup:
    if view.model(label).deployable:
        return Markup("{}").format(label)
    return Markup('{} <span class="tag">not deployable</span>').format(label)


def _cell(value: float, low: float, high: float) -> Markup:
    if not np.isfinite(value):
        return Markup('<td class="num" data-sort="">\u2013</td>')
    share = 0.72 * (value - low) / (high - low) if high > low else 0.4
    return Markup(
        '<td class="num" data-sort="{}" style="background:{};color:{}">{}</td>'
    ).format(repr(float(value)), ramp(share), ink_on(share), fixed(value))


def _main(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[~scores["split"].str.contains(SUBSAMPLE)]


def metric_table(view: View, target: Target) -> Markup:
    """Return mean and spread over folds of every metric for one target."""
    compared = view.of(view.artefacts.scores, target)
    compared = compared[(compared["group"] == "") & (compared["fold"] != "all")]
    compared = compared[compared["model"].isin(view.contenders)]
    metrics = sorted(compared["metric"].unique(), key=lambda m: (order_of(m), m))
    metrics = [metric for metric in metrics if metric != "intercept"]
    grouped = compared.groupby(["model", "metric"])["value"]
    mean, spread = grouped.mean().unstack(), grouped.std().unstack()
    first = view.metric if view.metric in mean else metrics[0]
    rows = []
    for label in mean.sort_values(first, ascending=False).index:
        row: dict[str, object] = {"model": _named(view, str(label))}
        for metric in metrics:
            text = number(mean.loc[label, metric])
            if metric == first and np.isfinite(spread.loc[label, metric]):
                text += f" \u00b1 {number(spread.loc[label, metric], 2)}"
            row[metric] = Markup("{}").format(text)
        rows.append(row)
    headings = {metric: label_of(metric) for metric in metrics}
    table = table_html(
        pd.DataFrame(rows, dtype=object), headings=headings, sortable=False
    )
    note = "Means over folds; \u00b1 standard deviation between folds."
    return folded("All measures", table, Markup('<p class="note">{}</p>').format(note))


def group_tables(view: View) -> list[Markup]:
    """Return predictive ability within groups, where it was measured."""
    scores = _main(view.artefacts.scores)
    grouped = scores[(scores["group"] != "") & (scores["metric"] == view.metric)]
    grouped = grouped[grouped["model"].isin(view.contenders)]
    if grouped.empty:
        return []
    mean = grouped.groupby(["group", "model"])["value"].mean().unstack()
    mean = mean.reindex(columns=[m for m in view.contenders if m in mean.columns])
    shown = mean.head(MOST_GROUPS).reset_index()
    names = shown["group"].str.partition("=")
    one = names[0].nunique() == 1 and (names[2] != "").all()
    shown["group"] = names[2] if one else names[0] + " " + names[2]
    heading = str(names.iloc[0, 0]) if one else "group"
    text = Markup(
        "<h3>Within groups of lines</h3>"
        '<p class="intro">The same measure among the lines of one group. What is left '
        "here does not come from differences between groups.</p>"
    )
    formats = {str(name): fixed for name in mean.columns}
    note = ""
    if len(mean) > MOST_GROUPS:
        note = f"The first {MOST_GROUPS} of {len(mean)} groups; all are in scores.csv."
    return [text, table_html(shown, formats, {"group": heading}, note=note)]


learning_section = TargetSection(
    "Learning curve",
    "learning",
    "What more phenotyped lines would bring, and what fewer markers would cost.",
    {"learning": draw_learning, "density": draw_density},
)
