"""Figures of the page of models of expression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.numbers import fixed
from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, NULL, SOFT, WARN, category
from meristem.pages.panel import draw_axes, draw_legend, draw_y_axis, make_panel
from meristem.pages.rows import WIDTH, draw_rows, label_room
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas

BINS = 25
_MARKS = "Dot: median gene; thick: middle half; thin: 90 % of the genes."
_CHANCE = " Grey: 90 % of the genes when expression is dealt to other lines."
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def draw_shares(strength: pd.DataFrame) -> Figure:
    """Draw how many genes owe which share of their variance to what: cis, polygenic."""
    edges = np.linspace(0, 1, BINS + 1)
    parts = [("near the gene (cis)", "cis", ACCENT), ("elsewhere", "polygenic", WARN)]
    known = [p for p in parts if strength[p[1]].notna().any()]
    rows = []
    for label, column, _ in known:
        count, _ = np.histogram(strength[column].dropna().clip(0, 1), edges)
        rows.append(
            pd.DataFrame(
                {"part": label, "from": edges[:-1], "to": edges[1:], "genes": count}
            )
        )
    table = pd.concat(rows, ignore_index=True)
    title = "Shares of variance that genotypes explain in training"
    canvas = Canvas(WIDTH, 330, title)
    top = float(table["genes"].max()) * 1.05
    panel = make_panel((70, 56, 640, 220), (0, 1), (0, top))
    draw_axes(canvas, panel, "share of the variance of a gene", "genes")
    for label, _, colour in known:
        own = table[table["part"] == label]
        points = []
        for row in own.to_dict("records"):
            y = float(panel.y(row["genes"]))
            points += [(float(panel.x(row["from"])), y), (float(panel.x(row["to"])), y)]
        canvas.polyline(points, stroke=colour, stroke_width=2)
    draw_legend(canvas, [(label, colour) for label, _, colour in known], 70, 20)
    return Figure(
        "shares",
        canvas.to_svg(),
        table,
        caption="Estimated in training lines, averaged over what the data allow; a "
        "gene without a share cannot be told from its genome by any model.",
        title=title,
    )


def draw_models(
    scores: pd.DataFrame,  # of one question
    null: pd.DataFrame,  # of permuted lines, may be empty
    labels: dict[str, str],
    question: str,
    title: str,
) -> Figure:
    """Draw r over genes of every model: middle, halves and tails, and chance."""
    rows = []
    for model, own in scores.groupby("model", sort=False):
        r = own["r"].fillna(0.0)
        chance = null.loc[null["model"] == model, "r"].fillna(0.0)
        rows.append(
            {
                "model": model,
                **{f"q{int(100 * q)}": float(r.quantile(q)) for q in QUANTILES},
                "mean": float(r.mean()),
                "chance_low": float(chance.quantile(0.05)) if len(chance) else np.nan,
                "chance_high": float(chance.quantile(0.95)) if len(chance) else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    names = [labels.get(str(m), str(m)) for m in table["model"]]
    span = limits([table.drop(columns="model").to_numpy(float)], include=[0.0])
    room = (label_room(names, 230, pad=30), 60, 8)
    drawn = draw_rows(title, names, span, "r on lines held out, over genes", room, 28)
    canvas, panel = drawn.canvas, drawn.panel
    zero = float(panel.x(0.0))
    for row, y in zip(table.to_dict("records"), drawn, strict=True):
        if np.isfinite(row["chance_low"]):
            low, high = (float(panel.x(row[f"chance_{e}"])) for e in ("low", "high"))
            canvas.rect(low, y - 11, high - low, 22, "permuted lines: 90 %", fill=NULL)
        ends = [float(panel.x(row[f"q{q}"])) for q in (5, 95)]
        canvas.line(ends[0], y, ends[1], y, stroke=ACCENT, stroke_width=1)
        half = [float(panel.x(row[f"q{q}"])) for q in (25, 75)]
        canvas.line(half[0], y, half[1], y, stroke=ACCENT, stroke_width=6)
        tip = f"{row['model']}: median {fixed(row['q50'], 3)}"
        canvas.circle(float(panel.x(row["q50"])), y, 5, fill=WARN, tip=tip)
        canvas.text(panel.right + 10, y + 4, fixed(row["q50"], 3), 12, fill=SOFT)
    canvas.line(zero, panel.top, zero, panel.bottom, stroke=SOFT)
    return Figure(
        f"models_{question}",
        canvas.to_svg(),
        table,
        caption=_MARKS + (_CHANCE if len(null) else ""),
        title=title,
    )


def draw_strength(summary: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw the median r of every model by the strength of the cis signal."""
    own = summary[(summary["question"] == "new_lines") & (summary["strength"] != "all")]
    strata = list(dict.fromkeys(own["strength"]))
    title = "Median r by the share of variance near the gene"
    canvas = Canvas(WIDTH, 400, title)
    high = float(np.nanmax(own["median_r"]))
    low = min(float(np.nanmin(own["median_r"])), 0.0)
    across = (-0.3, len(strata) - 0.7)
    panel = make_panel((70, 84, 640, 250), across, limits([[low, high]]))
    draw_y_axis(canvas, panel, "median r", grid=True)
    genes = own.drop_duplicates("strength").set_index("strength")["genes"]
    for place, name in enumerate(strata):
        x = float(panel.x(place))
        canvas.text(x, panel.bottom + 18, str(name), 11, anchor="middle", fill=SOFT)
        text = f"{int(genes[name]):,} genes"
        canvas.text(x, panel.bottom + 34, text, 11, anchor="middle", fill=SOFT)
    entries = []
    for number, (model, part) in enumerate(own.groupby("model", sort=False)):
        colour = category(number)
        value = part.set_index("strength")["median_r"]
        points = [
            (float(panel.x(place)), float(panel.y(value[name])))
            for place, name in enumerate(strata)
            if name in value.index
        ]
        canvas.polyline(points, stroke=colour, stroke_width=2)
        for x, y in points:
            canvas.circle(x, y, 4, fill=colour, tip=str(model))
        entries.append((labels.get(str(model), str(model)), colour))
    half = (len(entries) + 1) // 2
    draw_legend(canvas, entries[:half], 70, 20)
    if entries[half:]:
        draw_legend(canvas, entries[half:], 70, 42)
    return Figure(
        "strength",
        canvas.to_svg(),
        own,
        caption="The share is estimated in training, so that it says beforehand where "
        "cis models will do well.",
        title=title,
    )


def draw_gene(weights: pd.DataFrame, gene: str, r: float) -> Figure:
    """Draw the weights of the variants near one gene by their place."""
    x = weights["position"].to_numpy(float) / 1000
    y = weights["weight"].to_numpy(float)
    title = f"{gene}: r {fixed(r, 2)} on lines held out"
    canvas = Canvas(WIDTH, 260, title)
    span = limits([x], pad=0.03)
    panel = make_panel((80, 26, 630, 170), span, limits([y], include=[0.0]))
    contig = str(weights["contig"].iloc[0])
    draw_axes(canvas, panel, f"kb on {contig}", "weight per allele copy")
    zero = float(panel.y(0.0))
    canvas.line(panel.left, zero, panel.right, zero, stroke=SOFT)
    for row in weights.to_dict("records"):
        at, end = float(panel.x(row["position"] / 1000)), float(panel.y(row["weight"]))
        colour = ACCENT if row["weight"] > 0 else WARN
        canvas.line(at, zero, at, end, stroke=colour, stroke_width=1.5)
        tip = f"{row['variant']} {row['ref']}>{row['alt']}: {fixed(row['weight'], 3)}"
        canvas.circle(at, end, 3.5, fill=colour, tip=tip)
    name = "".join(c if c.isalnum() else "_" for c in gene)
    return Figure(f"gene_{name}", canvas.to_svg(), weights, title=title)
