"""Planted motifs: are they found again, and named, by every method and on other seeds?

`simulate sequences` plants four motifs; a model is trained on all rows, and the maps of
160 sequences are searched for patterns. Tomtom chooses among
the planted motifs, six decoys, and the fungal motifs of JASPAR that resemble none of
the planted ones. One is found where it stands first for a pattern with q below
.05.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.cells import Progress, open_table, refuse_unknown
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from benchmarks.accuracy.sequence.promoters import MOTIFS
from meristem.runs.seeds import derived_rng
from meristem.sequence.commands.explain import (
    attribution_maps,
    explained_rows,
    name_patterns,
)
from meristem.sequence.inputs.onehot import OneHot, encode
from meristem.sequence.interpretation.seqlets import find_patterns
from meristem.sequence.models.catalog import Specification, fit_model
from meristem.sequence.models.options import MotifOptions, NetworkOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.compare import match_motifs
from meristem.sequence.motifs.motif import Motif, read_meme
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions
from meristem.simulate.sequences import TASKS, PlantedSequences, simulate_sequences

COLUMNS = (
    "seed", "method", "planted", "found", "patterns", "right_first", "missed",
    "largest_gap", "cpu_seconds",
)  # fmt: skip
METHODS = {
    "ism, motif": ("motif", "ism"),
    "ism": ("cnn", "ism"),
    "saliency": ("cnn", "saliency"),
    "input_x_gradient": ("cnn", "input_x_gradient"),
    "integrated": ("cnn", "integrated"),
    "deeplift": ("cnn", "deeplift"),
}
SEEDS, EXPLAINED, ALIKE = 5, 160, 1e-3
SIZE: dict[str, Any] = {
    "families": 800,
    "mutants": 1,
    "length": 80,
    "noise": 0.4,
    "missing": 0.2,
}
NETWORK = NetworkOptions(channels=32, depth=1, read="both", pool=1)
TRAIN = TrainOptions(members=2, epochs=30)


def run_planted(
    data: Path, out: Path, *, models: Sequence[str], seed: int, progress: Progress
) -> str:
    """Find and name the motifs of `SEEDS` simulations; return the table in Markdown.

    `models` names some of the methods only.
    """
    settings = {
        "seed": seed,
        **SIZE,
        "explained": EXPLAINED,
        "network": NETWORK.model_dump(),
        "train": TRAIN.model_dump(),
    }
    table = open_table(out, settings, COLUMNS, ("seed", "method"))
    refuse_unknown(models, tuple(METHODS), "methods")
    names = tuple(models) or tuple(METHODS)
    collection = read_meme(data / MOTIFS)
    logging.getLogger("meristem.sequence.motifs.compare").setLevel(logging.ERROR)
    total, done = SEEDS * len(names), 0
    for place in range(SEEDS):
        own = seed + place
        drawn = simulate_sequences(**SIZE, rng=np.random.default_rng(own))
        motifs = planted_motifs(drawn)
        known = [*motifs, *unlike(motifs[: drawn.n_planted], collection)]
        onehot, fitted = encode(list(drawn.sequence)), {}
        for name in names:
            done += 1
            if not table.holds({"seed": str(own), "method": name}):
                kind, method = METHODS[name]
                if kind not in fitted:
                    fitted[kind] = _fit(kind, onehot, drawn, motifs, own)
                found = _explain(fitted[kind], onehot, method, known, drawn.n_planted)
                table.add([{"seed": str(own), "method": name, **found}])
            progress(done, total)
    return planted_table(table.rows)


def planted_motifs(drawn: PlantedSequences) -> list[Motif]:
    """Return the planted motifs, then the decoys."""
    pairs = zip(drawn.motif_name, drawn.motif, strict=True)
    return [Motif(name, "", probability) for name, probability in pairs]


def unlike(planted: Sequence[Motif], collection: Sequence[Motif]) -> list[Motif]:
    """Return the motifs of a collection that resemble none of the planted ones."""
    found = match_motifs(planted, collection, n_best=len(collection))
    near = {match.target for match in found if match.p < ALIKE}
    return [motif for motif in collection if motif.name not in near]


def _fit(
    kind: str,
    onehot: OneHot,
    drawn: PlantedSequences,
    motifs: Sequence[Motif],
    seed: int,
) -> SequenceModel:
    group = np.unique(drawn.family, return_inverse=True)[1]
    rows = Rows(onehot, drawn.value, group)
    options = NETWORK if kind == "cnn" else MotifOptions()
    own = tuple(motifs) if kind == "motif" else ()
    return fit_model(
        Specification(kind, options, TRAIN, own),
        rows,
        tasks=TASKS,
        rng=derived_rng(seed, kind),
    )


def _explain(
    model: SequenceModel,
    onehot: OneHot,
    method: str,
    known: Sequence[Motif],
    n_planted: int,
) -> dict[str, str]:
    """Return how many motifs of the first task are found and named."""
    begin = time.process_time()
    chosen = explained_rows(model.predict(onehot)[:, 0], EXPLAINED)
    value, gap = attribution_maps(model, onehot[chosen], 0, method)
    patterns = find_patterns(value, onehot[chosen])
    matches = name_patterns(patterns, known)
    first = matches[matches["rank"] == 1]
    planted = {motif.name for motif in known[:n_planted]}
    named = set(first.loc[first["q"] < 0.05, "motif"])
    return {
        "planted": str(n_planted),
        "found": str(len(planted & named)),
        "patterns": str(len(patterns)),
        "right_first": str(int(first["motif"].isin(planted).sum())),
        "missed": " ".join(sorted(planted - named)),
        "largest_gap": number(float(np.nanmax(gap))) if np.isfinite(gap).any() else "",
        "cpu_seconds": number(round(time.process_time() - begin, 1)),
    }


def planted_table(rows: Sequence[dict[str, str]]) -> str:
    """Return the sums over seeds in Markdown, a row per method."""
    body = []
    for name in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == name]
        total = {
            column: sum(int(row[column]) for row in own)
            for column in ("planted", "found", "patterns", "right_first")
        }
        share = total["right_first"] / max(total["patterns"], 1)
        gaps = [float(row["largest_gap"]) for row in own if row["largest_gap"]]
        seconds = np.mean([float(row["cpu_seconds"]) for row in own])
        body.append(
            [
                name,
                str(len(own)),
                f"{total['found']} of {total['planted']}",
                f"{total['right_first']} of {total['patterns']} ({share:.0%})",
                f"{max(gaps):.1e}" if gaps else "",
                f"{seconds:.0f}",
            ]
        )
    head = ["method", "seeds", "planted motifs found", "patterns named right first"]
    return markdown_table([*head, "largest gap", "CPU s"], body)
