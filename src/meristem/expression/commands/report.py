"""The page of a run of `train`: it reads the run folder and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.expression.commands.figures import (
    draw_gene,
    draw_models,
    draw_shares,
    draw_strength,
)
from meristem.expression.questions.holdouts import ASKED, CHANCE
from meristem.expression.questions.scores import strength_of
from meristem.pages.numbers import fixed, p_value, percent, signed
from meristem.pages.page import Card, Section, write_run_page
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder

GENES_SHOWN = 4
ROWS_SHOWN = 25
TABLES = ("scores", "summary", "comparison", "weights")


def build_training_report(folder: str | Path) -> Path:
    """Write ``report.html`` of a run of `meristem expression train`.

    Raises
    ------
    ConfigError
        If the folder holds no such run.
    DataError
        If a file is not as it was written.
    """
    opened = RunFolder.open(folder)
    names = [f"{name}.csv" for name in TABLES]
    opened.refuse_lost([*names, "training.json"])
    opened.refuse_damaged([*names, "training.json"])
    told = opened.read_json("training.json")
    tables = {name: opened.read_table(f"{name}.csv") for name in TABLES}
    labels: dict[str, str] = told["models"]
    sections = [
        _shares(tables["scores"], labels),
        *_questions(tables, labels),
        _compared(tables, labels),
        _variants(tables, told["best"]),
        _all(tables["summary"], labels),
    ]
    return write_run_page(
        opened,
        "Personal expression",
        sections,
        _cards(tables, told),
        lead=_lead(told),
        title="Expression from genomes",
    )


def _lead(told: dict[str, Any]) -> str:
    text = (
        f"{told['lines']:,} lines, {told['genes']:,} genes, {told['variants']:,} "
        f"variants; {told['folds']} folds of lines, repeated {told['repeats']} times. "
        f"A variant is near a gene (cis) within {told['window']:,} bp of its start; "
        f"{told['no_cis']:,} genes have none. "
    )
    if told["no_genotypes"]:
        text += f"{told['no_genotypes']:,} lines with expression have no genotypes. "
    if told["silent"]:
        text += f"{told['silent']:,} genes have too few values that differ. "
    if told["no_position"]:
        text += f"{told['no_position']:,} genes have no known place. "
    if told.get("no_covariates"):
        text += f"{told['no_covariates']:,} lines have no covariates: they count as a "
        text += "class of their own, of numbers as the mean. "
    if told.get("no_haplotypes"):
        text += f"{told['no_haplotypes']:,} lines have no embedded haplotypes: models "
        text += "that read them take the mean there. "
    if told["weights"]:
        text += f"Published weights: {told['weights']}. "
    text += f"Best on new lines: {told['models'][told['best']]}."
    return str(Markup('<p class="intro">{}</p>').format(text))


def _cards(tables: dict[str, pd.DataFrame], told: dict[str, Any]) -> tuple[Card, ...]:
    table = tables["summary"]
    own = table[(table["question"] == "new_lines") & (table["model"] == told["best"])]
    row = own[own["strength"] == "all"].iloc[0]
    note = told["models"][told["best"]]
    return (
        Card("median r of a gene", fixed(row["median_r"], 2), note),
        Card("mean r", fixed(row["mean_r"], 2), f"pooled {row['mean_r_pooled']:.2f}"),
        Card("genes with r > 0.3", percent(row["above_0.3"], 0), "of new lines"),
    )


def _shares(scores: pd.DataFrame, labels: dict[str, str]) -> Section | None:
    own = scores[(scores["question"] == "new_lines") & scores["cis"].notna()]
    if own.empty:
        return None
    model = own.groupby("model", sort=False)["polygenic"].mean().idxmax()
    part = own[own["model"] == model]
    html = Markup("<p>Shares as {} estimates them.</p>").format(
        labels.get(str(model), str(model))
    )
    return Section(
        "What can be told at all",
        "shares",
        html=str(html),
        intro="Part of a gene's expression varies with variants near it, part with "
        "variants elsewhere, and the rest with nothing in the genome.",
        blocks=(draw_shares(part[["gene", "cis", "polygenic"]]),),
    )


def _questions(
    tables: dict[str, pd.DataFrame], labels: dict[str, str]
) -> list[Section]:
    scores = tables["scores"]
    found = []
    for question, title in ASKED.items():
        own = scores[scores["question"] == question]
        if question in CHANCE.values() or own.empty:
            continue
        chance = scores[scores["question"] == CHANCE.get(question, "")]
        blocks = [draw_models(own, chance, labels, question, "Who wins")]
        split = tables["summary"]["strength"] != "all"
        if question == "new_lines" and split.any():
            blocks.append(draw_strength(tables["summary"], labels))
        found.append(
            Section(
                title[0].upper() + title[1:],
                question.replace("_", "-"),
                intro=_INTRO[question],
                blocks=tuple(blocks),
            )
        )
    return found


_INTRO = {
    "new_lines": "Genes were measured in the training lines; the lines are new. In a "
    "cross, or wherever few haplotypes are near a gene, no model of sequences can tell "
    "more here than the best marker.",
    "new_families": "Whole families are held out: what is left is not the kinship "
    "between training and test lines.",
    "new_genes": "The lines are known, but no expression of the gene was seen: only "
    "what promoters have in common can help.",
    "both_new": "Neither the gene nor the line was seen.",
}


def _compared(
    tables: dict[str, pd.DataFrame], labels: dict[str, str]
) -> Section | None:
    scores, pairs = tables["scores"], tables["comparison"]
    parts = []
    for question, title in ASKED.items():
        own = pairs[pairs["question"] == question]
        if question in CHANCE.values() or own.empty:
            continue
        asked = scores[scores["question"] == question]
        mean = asked["r"].fillna(0.0).groupby(asked["model"], sort=False).mean()
        best = str(mean.idxmax())
        part = own[(own["model"] == best) | (own["against"] == best)].copy()
        swap = part["against"] == best
        part.loc[swap, "against"] = part.loc[swap, "model"]
        part.loc[swap, ["low", "high"]] = -part.loc[swap, ["high", "low"]].to_numpy()
        part.loc[swap, "difference"] *= -1
        parts.append(part.assign(question=title, model=best))
    if not parts:
        return None
    table = pd.concat(parts, ignore_index=True)
    for column in ("model", "against"):
        table[column] = [labels.get(name, name) for name in table[column]]
    columns = ["question", "model", "against", "genes", "difference", "low", "high"]
    html = table_html(
        table[[*columns, "p"]],
        formats={
            "difference": signed,
            "low": signed,
            "high": signed,
            "p": p_value,
        },
        headings={"model": "best"},
        note="Mean difference in r over genes, 95 % interval of chromosomes "
        "drawn anew (genes where there are fewer than five); p of signed ranks. The "
        "best was chosen by these r.",
    )
    return Section(
        "The best of every question against the others", "compared", html=str(html)
    )


def _variants(tables: dict[str, pd.DataFrame], best: str) -> Section | None:
    weights, scores = tables["weights"], tables["scores"]
    if weights.empty:
        return None
    own = scores[(scores["question"] == "new_lines") & (scores["model"] == best)]
    known = own.set_index("gene")[["r"]].assign(cis=strength_of(scores))
    known = known[known.index.isin(weights["gene"])]
    top = (known["cis"] * known["r"].clip(lower=0)).nlargest(ROWS_SHOWN).index
    strongest = (
        weights[weights["gene"].isin(top)]
        .assign(size=lambda t: t["weight"].abs())
        .sort_values("size", ascending=False, kind="stable")
        .drop_duplicates("gene")
        .set_index("gene")
        .reindex(top)
    )
    strongest.insert(0, "r", known["r"].reindex(top))
    strongest.insert(0, "cis", known["cis"].reindex(top))
    html = table_html(
        strongest.drop(columns="size").reset_index(),
        formats={"cis": fixed, "r": fixed, "weight": signed, "position": _plain},
        headings={"cis": "share near the gene", "variant": "heaviest variant"},
        note="All weights are in weights.csv, which can be the published weights of "
        "another panel (train.weights).",
    )
    figures = [
        draw_gene(weights[weights["gene"] == g], str(g), float(known.loc[g, "r"]))
        for g in top[:GENES_SHOWN]
    ]
    return Section(
        "Which variants carry it",
        "variants",
        html=str(html),
        intro="Variants in strong linkage share their weight: the cluster is the "
        "finding, not its highest point.",
        blocks=tuple(figures),
    )


def _all(summary: pd.DataFrame, labels: dict[str, str]) -> Section:
    own = summary[summary["strength"] == "all"].copy()
    own["question"] = [ASKED[q] for q in own["question"]]
    own["model"] = [labels.get(name, name) for name in own["model"]]
    columns = ["question", "model", "genes", "median_r", "mean_r", "above_0"]
    columns += ["above_0.3", "median_r_pooled", "mean_r_pooled", "median_rho"]
    columns += ["median_r2", "median_sign"]
    html = table_html(
        own[columns],
        formats=dict.fromkeys(columns[3:], fixed),
        note="r: Pearson within folds, averaged. Pooled: over all lines of a repeat; "
        "it falls below 0 where there is nothing to tell. Sign: share of lines on the "
        "predicted side of the training mean.",
    )
    return Section("All figures", "figures", html=str(html))


def _plain(value: float) -> str:
    return f"{value:,.0f}"
