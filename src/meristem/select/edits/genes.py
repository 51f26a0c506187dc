"""Candidate genes: how much of the candidates' differences their variants make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.genetics.contigs import match_contigs
from meristem.records import FloatArray, GeneTable, IntArray, VariantTable

N_SHUFFLE = 200

BLOCK = 256
"""Genes, or variants, whose dosages are held as numbers at a time."""

Columns = Callable[[IntArray], FloatArray]
"""Variants -> (n_line, n) dosages, none missing."""


@dataclass(frozen=True)
class Region:
    """A stretch that is known beforehand (a QTL of the literature, say)."""

    name: str
    contig: str
    start: int  # bp, 1-based
    end: int  # bp, included


def gene_variants(
    genes: GeneTable, variants: VariantTable, flank: int
) -> list[IntArray]:
    """Return the variants within each gene or up to `flank` bp beside it."""
    partner = match_contigs(
        [name for name in variants.variant_contig.tolist() if name],
        genes.gene_contig.tolist(),
    ).partner
    named = np.array([partner.get(c, "") for c in variants.variant_contig.tolist()])
    position = variants.variant_position
    found: list[IntArray] = []
    order = np.lexsort((position, named))
    keys = named[order]
    for row in range(genes.gene_id.size):
        contig = genes.gene_contig[row]
        low = np.searchsorted(keys, contig, side="left")
        high = np.searchsorted(keys, contig, side="right")
        here = order[low:high]
        place = position[here]
        first = np.searchsorted(place, genes.gene_start[row] + 1 - flank)
        last = np.searchsorted(place, genes.gene_end[row] + flank, side="right")
        found.append(np.sort(here[first:last]) if contig else np.zeros(0, np.int64))
    return found


def names_of_genes(
    genes: GeneTable, sets: list[IntArray], variant: IntArray
) -> list[str]:
    """Return the genes that hold each of some variants, joined by `;`."""
    held: dict[int, list[str]] = {}
    for name, members in zip(genes.gene_id.tolist(), sets, strict=True):
        for j in members.tolist():
            held.setdefault(j, []).append(name)
    return [";".join(held.get(j, ())) for j in variant.tolist()]


def gene_shares(
    dosages: Columns,
    effect: FloatArray,  # (n_variant,)
    sets: list[IntArray],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:  # (n_set,) share, (n_set,) by chance
    """Return each set's share of the variance of the predicted values, and its null.

    cov(partial, total) / var(total): shares of all variants add up to 1, linkage
    included. The null is the 95 % quantile of the absolute share with the lines'
    partial values shuffled.
    """
    every = np.flatnonzero(effect)
    total = np.zeros(dosages(every[:0]).shape[0])
    for start in range(0, every.size, BLOCK):
        part = every[start : start + BLOCK]
        total += dosages(part) @ effect[part]
    total = total - total.mean()
    variance = float(total @ total)
    share, null = np.zeros(len(sets)), np.zeros(len(sets))
    if variance <= 0:
        return share, null
    shuffled = np.stack([rng.permutation(total) for _ in range(N_SHUFFLE)])
    filled = [row for row, members in enumerate(sets) if members.size]
    for start in range(0, len(filled), BLOCK):
        rows = filled[start : start + BLOCK]
        partial = np.stack([dosages(sets[row]) @ effect[sets[row]] for row in rows], 1)
        share[rows] = total @ partial / variance
        null[rows] = np.quantile(np.abs(shuffled @ partial) / variance, 0.95, axis=0)
    return share, null


@dataclass(frozen=True)
class GeneEvidence:
    """What is laid out per gene."""

    effect: FloatArray  # (n_variant,)
    probability: FloatArray | None  # (n_variant,) of being causal
    value: FloatArray  # (n_line,)
    k: int  # lines that count as the top
    regions: tuple[Region, ...] = ()
    score: FloatArray | None = None  # (n_variant,) of a model of the sequence, or NaN


def gene_table(
    genes: GeneTable,
    sets: list[IntArray],
    variants: VariantTable,
    dosages: Columns,
    evidence: GeneEvidence,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row per gene with variants, the largest share first."""
    share, null = gene_shares(dosages, evidence.effect, sets, rng)
    top = np.argsort(-evidence.value, kind="stable")[: evidence.k]
    rows = []
    for row, members in enumerate(sets):
        if not members.size:
            continue
        haplotype, carries = _favourable(dosages(members), evidence.effect[members])
        known = [r.name for r in evidence.regions if _overlaps(genes, row, r)]
        chance = evidence.probability
        rows.append(
            {
                "gene": genes.gene_id[row],
                "contig": genes.gene_contig[row],
                "start": int(genes.gene_start[row]) + 1,
                "end": int(genes.gene_end[row]),
                "n_variant": members.size,
                "share": share[row],
                "share_by_chance": null[row],
                "p_causal": np.nan if chance is None else chance[members].max(),
                "lead_variant": variants.variant_id[
                    members[int(np.abs(evidence.effect[members]).argmax())]
                ],
                "favourable_haplotype": haplotype,
                "frequency": carries.mean(),
                "frequency_top": carries[top].mean(),
                "carriers_top": int(carries[top].sum()),
                "known_qtl": ";".join(known),
            }
        )
        if evidence.score is not None:
            rows[-1] |= _scored(variants, members, evidence.score[members])
    frame = pd.DataFrame(rows)
    return frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _scored(
    variants: VariantTable, members: IntArray, score: FloatArray
) -> dict[str, object]:
    """Return the largest score among the variants of a gene, and whose it is."""
    if np.isnan(score).all():
        return {"variant_score": np.nan, "scored_variant": ""}
    best = int(np.nanargmax(score))
    return {
        "variant_score": float(score[best]),
        "scored_variant": variants.variant_id[members[best]],
    }


def _favourable(
    dosage: FloatArray,  # (n_line, n_member)
    effect: FloatArray,  # (n_member,)
) -> tuple[str, np.ndarray]:
    """Return the best haplotype that some line carries, and who carries it."""
    calls = np.rint(dosage).astype(np.int64)
    value = calls @ effect
    best = calls[int(np.argmax(value))]
    return "".join(map(str, best.tolist())), (calls == best).all(axis=1)


def _overlaps(genes: GeneTable, row: int, region: Region) -> bool:
    contig = match_contigs([str(genes.gene_contig[row])], [region.contig]).partner
    inside = genes.gene_start[row] < region.end and genes.gene_end[row] >= region.start
    return bool(contig) and bool(inside)
