"""The page of an explanation: logos of maps, motifs that were found, their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from meristem.pages.numbers import fixed, significant
from meristem.pages.page import Card, Figure, Section, write_run_page
from meristem.pages.table import table_html
from meristem.runs.folder import RunFolder
from meristem.sequence.commands.figures import draw_marginals, draw_spacing
from meristem.sequence.commands.motif_effects import FARTHEST, SHUFFLES
from meristem.sequence.commands.report import read_frame
from meristem.sequence.inputs.onehot import BASES
from meristem.sequence.interpretation.logo import draw_map, draw_motif
from meristem.sequence.motifs.motif import read_meme

DRAWN = 8
"""Sequences whose maps are drawn."""

ALIKE = 0.8
"""Share of equal bases from which a sequence is not drawn beside another."""

_MOTIFS = 12


def build_explanation(folder: str | Path) -> Path:
    """Write ``report.html`` of an explanation; it reads the folder and nothing else."""
    opened = RunFolder.open(folder)
    makers = (_maps, _patterns, _marginals, _spacing, _filters, _matches)
    sections = (make(opened) for make in makers)
    return write_run_page(opened, "Sequence models", sections, _cards(opened))


def _cards(folder: RunFolder) -> tuple[Card, ...]:
    cards = []
    table = read_frame(folder, "completeness.csv")
    if table is not None:
        worst = float(table["missed"].max())
        note = "largest share of a change that the bases of a map do not add up to"
        cards.append(Card("completeness", significant(worst, 2), note))
    found = read_frame(folder, "patterns.csv")
    if found is not None:
        cards.append(Card("motifs found", str(len(found)), "in attribution maps"))
    return tuple(cards)


def _maps(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "attributions.csv")
    if table is None:
        return None
    strength = table.groupby("sequence_id")["attribution"].apply(
        lambda column: float(column.abs().sum())
    )
    blocks: list[Any] = []
    chosen = _different(table, list(strength.sort_values(ascending=False).index))
    for number, (name, own) in enumerate(chosen):
        value = np.zeros((4, int(own["position"].max())))
        base = own["base"].map(BASES.index).to_numpy(int)
        value[base, own["position"].to_numpy(int) - 1] = own["attribution"]
        svg = draw_map(value, f"map of {name}")
        blocks.append(Figure(f"map{number + 1}", svg, own, title=str(name)))
    return Section(
        "Attribution maps",
        "maps",
        intro="The height of a letter is what the base adds to the prediction, in "
        "units of the task; letters below the line lower it.",
        blocks=tuple(blocks),
    )


def _different(table: pd.DataFrame, names: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return the first sequences that are no near copies of an earlier one."""
    rows = {str(name): own for name, own in table.groupby("sequence_id", sort=False)}
    kept: list[tuple[str, pd.DataFrame]] = []
    for name in names:
        own = rows[str(name)]
        letters = own["base"].to_numpy(str)
        known = [other["base"].to_numpy(str) for _, other in kept]
        alike = (
            len(one) == len(letters) and float(np.mean(one == letters)) > ALIKE
            for one in known
        )
        if not any(alike):
            kept.append((str(name), own))
        if len(kept) == DRAWN:
            break
    return kept


def _logos(folder: RunFolder, name: str) -> list[Any]:
    path = folder.file(f"{name}.meme")
    table = read_frame(folder, f"{name}.csv")
    if table is None or not path.exists():
        return []
    best = _best_names(folder)
    blocks = []
    rows = table.set_index("pattern").to_dict("index")
    for motif in read_meme(path)[:_MOTIFS]:
        row = rows[motif.name]
        frame = pd.DataFrame(motif.probability.T, columns=list(BASES))
        title = f"{motif.name}: {best.get(motif.name, '')}".rstrip(": ")
        caption = f"{row['n']} times; {significant(row['mean'], 3)} on average."
        blocks.append(
            Figure(motif.name, draw_motif(motif), frame, caption=caption, title=title)
        )
    return blocks


def _best_names(folder: RunFolder) -> dict[str, str]:
    table = read_frame(folder, "matches.csv")
    if table is None or table.empty:
        return {}
    first = table[(table["rank"] == 1) & (table["q"] < 0.1)]
    texts = (first["motif"].astype(str) + " " + first["label"].fillna("")).str.strip()
    return dict(zip(first["pattern"], texts, strict=True))


def _patterns(folder: RunFolder) -> Section | None:
    blocks = _logos(folder, "patterns")
    if not blocks:
        return None
    return Section(
        "Motifs in the maps",
        "patterns",
        intro="Peaks of the maps, aligned and joined. The names are those of the "
        "nearest known motifs with q < 0.1.",
        blocks=tuple(blocks),
    )


def _marginals(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "marginals.csv")
    if table is None or table.empty:
        return None
    named = table.assign(label=_labels(folder, table))
    return Section(
        "Motifs put into shuffled sequences",
        "marginals",
        intro=f"The best site of each motif in the middle of {SHUFFLES} shuffles of "
        "the sequences above: the mean change of the prediction. A motif without "
        "effect here works, if at all, beside others.",
        blocks=(draw_marginals(named),),
    )


def _spacing(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "spacing.csv")
    if table is None or table.empty:
        return None
    best = _best_names(folder)
    blocks = []
    for first, second in table[["first", "second"]].drop_duplicates().to_numpy():
        figure = draw_spacing(table, (str(first), str(second)))
        names = " | ".join(
            f"{n}: {best.get(n, '')}".rstrip(": ") for n in (first, second)
        )
        blocks.append(replace(figure, title=names))
    return Section(
        "Pairs of motifs",
        "spacing",
        intro="What two sites do beyond the sum of each alone, by the bases between "
        f"them (up to {FARTHEST}) and their strands; the first stands left. Zero: they "
        "add up. Half of the shuffles above; all pairs on one scale.",
        blocks=tuple(blocks),
    )


def _labels(folder: RunFolder, table: pd.DataFrame) -> list[str]:
    """Return the labels of motifs, and of found ones the nearest known name."""
    best = _best_names(folder)
    given = table["label"].fillna("").astype(str)
    return [
        best.get(name, label)
        for name, label in zip(table["motif"].astype(str), given, strict=True)
    ]


def _filters(folder: RunFolder) -> Section | None:
    blocks = _logos(folder, "filters")
    if not blocks:
        return None
    return Section(
        "Filters of the first layer",
        "filters",
        intro="Bases under the strongest activations. A filter that finds a motif "
        "need not be used by the layers above: trust the maps.",
        blocks=tuple(blocks),
    )


def _matches(folder: RunFolder) -> Section | None:
    table = read_frame(folder, "matches.csv")
    if table is None or table.empty:
        return None
    html: Markup = table_html(
        table.fillna({"label": ""}),
        formats={
            "p": lambda v: significant(v, 2),
            "q": lambda v: fixed(v, 4),
            "rank": lambda v: f"{v:.0f}",
        },
    )
    return Section("Nearest known motifs", "matches", html=str(html))
