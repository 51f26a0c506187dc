"""What a model makes of motifs: their sites, each put into shuffles, and in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations, product

import numpy as np
import pandas as pd

from meristem.records import FloatArray
from meristem.runs.progress import Notify, silent
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.motifs.marginal import (
    Planted,
    marginal_effects,
    shuffled,
    spacing_effect,
)
from meristem.sequence.motifs.motif import Motif, reverse_complement
from meristem.sequence.motifs.scan import MotifBank, find_hits

SHUFFLES = 32
"""Shuffled sequences that motifs are put into; pairs into the first half of them."""

PAIRED = 4
"""Motifs of the largest effects that are put in as pairs."""

FARTHEST = 20
"""Largest distance (bp) between the motifs of a pair."""


def site_table(
    names: Sequence[str],
    onehot: OneHot,  # (n, 4, length)
    value: FloatArray,  # (n, 4, length) attribution map
    motifs: Sequence[Motif],
) -> pd.DataFrame:
    """Return the sites of motifs with what their bases add, the strongest first.

    Returns
    -------
    pandas.DataFrame
        ``sequence, start`` (from 1) ``, end, strand, motif, score`` (bits)
        ``, attribution`` (units of the task).
    """
    bank = MotifBank(tuple(motifs))
    rows = []
    for name, bases, own in zip(names, onehot, value, strict=True):
        codes = np.where(bases.any(axis=0), bases.argmax(axis=0), 4).astype(np.uint8)
        sums = np.append(0.0, own.sum(axis=0).cumsum())
        rows += [
            {
                **asdict(hit),
                "start": hit.start + 1,
                "attribution": sums[hit.end] - sums[hit.start],
            }
            for hit in find_hits(name, codes, bank)
        ]
    columns = ["sequence", "start", "end", "strand", "motif", "score", "attribution"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("attribution", key=np.abs, ascending=False, kind="stable")


def marginal_table(
    model: SequenceModel, background: OneHot, task: int, motifs: Sequence[Motif]
) -> pd.DataFrame:
    """Return the effect of every motif that fits, the largest first.

    Returns
    -------
    pandas.DataFrame
        ``motif, label, site, effect`` (mean change of the prediction) ``, sd`` (over
        the shuffles).
    """
    fits = [motif for motif in motifs if motif.width <= background.shape[2]]
    effects = marginal_effects(Planted(model.predict, background), fits)
    rows = []
    for motif, own in zip(fits, effects, strict=True):
        change = own[:, task]
        site = "".join("ACGT"[base] for base in motif.probability.argmax(axis=0))
        rows.append((motif.name, motif.label, site, change.mean(), change.std()))
    table = pd.DataFrame(rows, columns=["motif", "label", "site", "effect", "sd"])
    return table.sort_values("effect", key=np.abs, ascending=False, kind="stable")


def spacing_table(
    model: SequenceModel,
    background: OneHot,  # (n, 4, length)
    task: int,
    motifs: Sequence[Motif],
    notify: Notify = silent,
) -> pd.DataFrame:
    """Return what pairs of motifs do beyond the sum of both, by distance and strands.

    The first motif of a pair stands left; the other order is the same pair on the
    other strand, and all four strands are tried.

    Returns
    -------
    pandas.DataFrame
        ``first, second, strands, distance`` (bp between them) ``, interaction`` (mean)
        ``, sd`` (over the shuffles).
    """
    pairs = list(combinations(motifs, 2))
    planted = Planted(model.predict, background)
    rows = []
    for done, (first, second) in enumerate(pairs, start=1):
        room = background.shape[2] - first.width - second.width
        distances = list(range(min(FARTHEST, room) + 1))
        for strands in product("+-", repeat=2):
            turned = [
                motif if strand == "+" else reverse_complement(motif)
                for motif, strand in zip((first, second), strands, strict=True)
            ]
            pair = turned[0], turned[1]
            found = spacing_effect(planted, pair, distances)[..., task]
            rows += [
                (first.name, second.name, "".join(strands), gap, own.mean(), own.std())
                for gap, own in zip(distances, found, strict=True)
            ]
        notify("pairs of motifs", done, len(pairs))
    columns = ["first", "second", "strands", "distance", "interaction", "sd"]
    return pd.DataFrame(rows, columns=columns)


def effect_tables(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length) sequences that are shuffled
    task: int,
    found: Sequence[Motif],
    known: Sequence[Motif],
    notify: Notify = silent,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return effects of single motifs and of pairs.

    Collections hold the same motif many times: pairs are those of the motifs that were
    found; of the known ones only where fewer than two were found.
    """
    background = shuffled(onehot, SHUFFLES, np.random.default_rng(0))
    single = marginal_table(model, background, task, [*found, *known])
    chosen = found if len(found) > 1 else known
    by_name = {motif.name: motif for motif in chosen}
    strongest = [by_name[name] for name in single["motif"] if name in by_name][:PAIRED]
    half = background[: SHUFFLES // 2]
    return single, spacing_table(model, half, task, strongest, notify)
