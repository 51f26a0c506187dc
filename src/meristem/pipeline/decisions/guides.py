"""Guides of edits in the lines that gain most, with their sites elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.genetics.contigs import match_contigs
from meristem.io.fasta import read_fasta
from meristem.pipeline.decisions.material import Material
from meristem.records import FloatArray, IntArray
from meristem.select.edits.guides import (
    FLANK,
    OffTargets,
    find_guides,
    find_off_targets,
    line_sequence,
    own_site,
)
from meristem.select.edits.value import EditValues

SiteScores = Callable[[str, np.ndarray], FloatArray]
"""Guide with PAM and targets of 23 nt -> log10 rates (the kinetic model's)."""


def guide_table(
    material: Material,
    edits: EditValues,
    elite: IntArray,  # (n_line,) rows of the lines that are edited
    fasta: Path,
    most_mismatch: int,
    scores: SiteScores | None = None,
) -> pd.DataFrame:
    """Return the best guide of each edit in the line that gains most, off-targets.

    Raises
    ------
    DataError
        If the genome has none of the contigs of the variants, or, at more than a tenth
        of the edits, other bases than their alleles or no such place.
    """
    genome = read_fasta(fasta)
    variants = material.lines.variants
    partner = match_contigs(
        [name for name in variants.variant_contig.tolist() if name], [*genome]
    ).partner
    if not partner:
        raise DataError(
            "holds none of the contigs of the variants",
            where=fasta,
            remedy="give the genome that the genotypes were called on",
        )
    rows = []
    for row, j in enumerate(edits.variant.tolist()):
        contig = partner.get(str(variants.variant_contig[j]), "")
        line = int(elite[int(edits.change[row].argmax())])
        rows.append(_best_guide(material, genome.get(contig, ""), contig, j, line))
    table = pd.DataFrame(
        rows,
        columns=[
            *("variant", "guide_line", "guide_contig", "n_guides"),
            *_GUIDE_COLUMNS,
            "reference",
        ],
    )
    other = table["reference"].str.startswith(_OTHER)
    if other.mean() > _MOST_OTHER:
        first = table[other].iloc[0]
        raise DataError(
            f"has other bases than the alleles at {other.sum()} of {len(table)} edits "
            f"({first['variant']}: {first['reference']})",
            where=fasta,
            remedy="give the genome that the genotypes were called on",
        )
    placed = variants.variant_position[edits.variant] > 0
    beyond = table[placed & (table["reference"] == _BEYOND)]
    if len(beyond) > _MOST_OTHER * placed.sum():
        raise DataError(
            f"has no such place at {len(beyond)} of {placed.sum()} edits with one "
            f"({beyond['variant'].iloc[0]})",
            where=fasta,
            remedy="give the genome that the genotypes were called on",
        )
    shown = sorted({g for g in table["guide"].tolist() if g})
    if not shown:
        return table.drop(columns="guide_contig")
    sites = find_off_targets(genome, shown, most_mismatch)
    extra = pd.DataFrame(
        [
            _specificity(sites, shown, row, scores)
            for row in table.itertuples(index=False)
        ],
        columns=["n_exact_elsewhere", "n_off_targets", "specificity"],
    )
    return pd.concat([table, extra], axis=1).drop(columns="guide_contig")


_OTHER = "the FASTA has"
_BEYOND = "place not in the FASTA"
_MOST_OTHER = 0.1
_GUIDE_COLUMNS = ("guide", "pam", "strand", "cut", "window_position", "edit_type")


def _best_guide(
    material: Material, sequence: str, contig: str, j: int, line: int
) -> tuple:
    """Return the row of one edit; what the reference says of its allele last."""
    variants = material.lines.variants
    name, position = variants.variant_id[j], int(variants.variant_position[j])
    ref, alt = str(variants.variant_ref[j]), str(variants.variant_alt[j])
    blank = ("", "", "", 0, 0, "")
    person = str(material.lines.sample_id[line])
    if not sequence or not 1 <= position <= len(sequence):
        return (name, person, contig, 0, *blank, _BEYOND)
    there = sequence[position - 1 : position - 1 + len(ref)].upper()
    if there not in (ref.upper(), alt.upper()):
        return (name, person, contig, 0, *blank, f"{_OTHER} {there}")
    if len(ref) != 1 or len(alt) != 1:
        return (name, person, contig, 0, *blank, "no single base")
    start = max(1, position - FLANK)
    stretch = sequence[start - 1 : position + FLANK]
    near = np.flatnonzero(
        (variants.variant_contig == variants.variant_contig[j])
        & (np.abs(variants.variant_position - position) <= FLANK)
    )
    dosage = material.known_dosage(np.array([line]), near)[0]
    half = material.lines.ploidy / 2
    alleles = np.where(
        dosage > half, variants.variant_alt[near], variants.variant_ref[near]
    )
    own = line_sequence(
        stretch, start, variants.variant_position[near].tolist(), alleles.tolist()
    )
    before = own[position - start].upper()
    after = alt if before == ref.upper() else ref
    guides = find_guides(own, start, position, before, after)
    if not guides:
        return (name, person, contig, 0, *blank, "")
    best = guides[0]
    return (
        name,
        person,
        contig,
        len(guides),
        best.spacer,
        best.pam,
        best.strand,
        best.cut,
        best.place,
        best.edit,
        "",
    )


def _specificity(
    sites: OffTargets, guides: list[str], row: Any, scores: SiteScores | None
) -> tuple[float, float, float]:
    """Return exact and all other sites, and the own site's share of all rates.

    The line's own site may differ from the reference: it is left out by its place.
    """
    if not row.guide:
        return np.nan, np.nan, np.nan
    own = own_site(int(row.cut), str(row.strand))
    elsewhere = (
        (sites.contig != row.guide_contig)
        | (sites.position != own)
        | (sites.strand != row.strand)
    )
    other = (sites.guide == guides.index(row.guide)) & elsewhere
    exact = other & (sites.mismatch == 0)
    if scores is None:
        return float(exact.sum()), float(other.sum()), np.nan
    targets = np.concatenate([[row.guide + row.pam], sites.target[other]])
    rate = 10.0 ** np.asarray(scores(row.guide + "NGG", targets), dtype=np.float64)
    return float(exact.sum()), float(other.sum()), float(rate[0] / rate.sum())
