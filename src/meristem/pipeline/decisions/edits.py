"""`meristem select edits`: candidate genes and alleles to edit, as hypotheses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError, DataError
from meristem.genetics.contigs import match_contigs
from meristem.genetics.relationship import relationship_matrix
from meristem.io.fasta import read_fasta
from meristem.io.tables.regions import read_regions
from meristem.io.tables.variant_weights import read_variant_weights
from meristem.knowledge.files.genes import read_genes
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import Material, read_material, rows_of
from meristem.pipeline.fitting import training_rows
from meristem.records import FloatArray, GeneTable, IntArray
from meristem.select.edits.causal import causal_probabilities
from meristem.select.edits.genes import (
    GeneEvidence,
    Region,
    gene_table,
    gene_variants,
)
from meristem.select.edits.guides import (
    FLANK,
    OffTargets,
    find_guides,
    find_off_targets,
    line_sequence,
    own_site,
)
from meristem.select.edits.value import (
    EditValues,
    additive_edits,
    choose_edits,
    model_edits,
    synergies,
)

SiteScores = Callable[[str, np.ndarray], FloatArray]
"""Guide with PAM and targets of 23 nt -> log10 rates (the kinetic model's)."""


@dataclass(frozen=True)
class EditRequest:
    """What the command asks for."""

    label: str = ""
    traits: tuple[str, ...] = ()
    candidates: Path | None = None
    lines: tuple[str, ...] = ()  # to edit; none: the best `elite`
    elite: int = 20
    top: int = 50
    budget: float = 5.0
    genes: Path | None = None
    flank: int = 5000
    known: Path | None = None
    weights: Path | None = None  # on the probability of being causal
    fasta: Path | None = None
    most_mismatch: int = 3


@dataclass(frozen=True)
class EditResult:
    """The tables, and what is said about them."""

    edits: pd.DataFrame
    genes: pd.DataFrame | None
    notes: tuple[str, ...]


def rank_edits(
    analysis: Analysis, request: EditRequest, scores: SiteScores | None = None
) -> EditResult:
    """Return edits by expected value, and candidate genes where genes are known.

    Parameters
    ----------
    analysis
        A finished run.
    request
        What to edit, and where to look.
    scores
        Rates of Cas9 at sites, from a kinetic model; None: mismatches are counted.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there.
    """
    material = read_material(
        analysis,
        label=request.label,
        traits=request.traits,
        candidates=request.candidates,
    )
    lines = material.lines
    with threadpool_limits(limits=1):
        known = material.known_dosage
        chance = _weighted(_causal(analysis, material), material, request)
        elite = _elite(material, request)
        calls = np.rint(known[elite]).astype(np.int8)
        edits = _values(material, calls, chance, request)
        table = _edit_table(material, edits, elite, chance)
        table, said = _sets(material, edits, calls, table, request)
        if request.fasta is not None:
            sites = _guide_table(material, edits, elite, request, scores)
            table = table.merge(sites, on="variant", how="left")
        genes = _genes(analysis, material, known, chance, request)
    notes = (
        f"{edits.variant.size} edits in {elite.size} lines of {lines.n_sample}, valued "
        f"by {material.label}; {said}",
        "hypotheses: markers stand for what is linked to them; validate before use",
    )
    return EditResult(table, genes, notes)


def _elite(material: Material, request: EditRequest) -> IntArray:
    if request.lines:
        return rows_of(material.lines, request.lines, "--line")
    return np.argsort(-material.value, kind="stable")[: request.elite]


def _weighted(
    chance: FloatArray, material: Material, request: EditRequest
) -> FloatArray:  # (n_variant,)
    """Return probabilities times what is known of the variants, at most 1."""
    if request.weights is None:
        return chance
    known = read_variant_weights(request.weights)
    ids = material.lines.variants.variant_id.tolist()
    if not known.keys() & set(ids):
        raise DataError(
            "names none of the model's variants",
            where=request.weights,
            remedy="write the variants as in the genotypes",
        )
    weight = np.array([known.get(name, 1.0) for name in ids])
    return np.minimum(chance * weight, 1.0)


def _causal(analysis: Analysis, material: Material) -> FloatArray:  # (n_variant,)
    """Return the probability of each variant to be causal for the merit."""
    train = training_rows(analysis)
    ids = material.lines.variants.variant_id
    place = {name: row for row, name in enumerate(train.genotypes.variants.variant_id)}
    rows = np.array([place.get(name, -1) for name in ids.tolist()])
    calls = train.genotypes.call_dosage.astype(np.float64)
    calls[calls < 0] = np.nan
    mean = np.nan_to_num(np.nanmean(calls, axis=0))
    calls = np.where(np.isnan(calls), mean, calls)
    kernel = relationship_matrix(
        train.genotypes.call_dosage, ploidy=train.genotypes.ploidy
    )
    none = np.ones(ids.size)
    for target in np.flatnonzero(material.merit.weights).tolist():
        y = train.phenotypes.value[:, target]
        seen = np.flatnonzero(~np.isnan(y))
        found = causal_probabilities(
            calls[seen],
            y[seen],
            kernel[np.ix_(seen, seen)],
            train.phenotypes.weight[seen, target],
        )
        none *= 1 - np.where(rows >= 0, found.probability[rows], 0.0)
    return 1 - none


def _values(
    material: Material, calls: np.ndarray, chance: FloatArray, request: EditRequest
) -> EditValues:
    """Return the values of the edits that promise most by the linear effects."""
    effect, ploidy = material.effects.additive, material.lines.ploidy
    every = additive_edits(calls, effect, np.arange(effect.size), ploidy)
    expected = every.mean * chance
    best = np.argsort(-expected, kind="stable")[: request.top]
    best = best[expected[best] > 0]
    if not best.size:
        raise DataError(
            "no edit raises the merit: every line carries the favourable alleles",
            remedy="name other lines (--line)",
        )
    if material.additive:
        return additive_edits(calls, effect, best, ploidy)
    return model_edits(material.predict, calls, best, ploidy)


def _edit_table(
    material: Material, edits: EditValues, elite: IntArray, chance: FloatArray
) -> pd.DataFrame:
    variants, ploidy = material.lines.variants, material.lines.ploidy
    rows = edits.variant
    to_alt = edits.dosage == ploidy
    ref, alt = variants.variant_ref[rows], variants.variant_alt[rows]
    lacking = edits.change != 0
    best_line = edits.change.argmax(axis=1)
    change = np.where(lacking, edits.change, np.nan)
    some = lacking.any(axis=1)
    change[~some] = 0
    return pd.DataFrame(
        {
            "variant": variants.variant_id[rows],
            "contig": variants.variant_contig[rows],
            "position": variants.variant_position[rows],
            "from": np.where(to_alt, ref, alt),
            "to": np.where(to_alt, alt, ref),
            "value": edits.mean,
            "low": np.nanmin(change, axis=1),
            "high": np.nanmax(change, axis=1),
            "worst_line_value": edits.worst,
            "n_lines_lacking": lacking.sum(axis=1),
            "best_line": material.lines.sample_id[elite[best_line]],
            "p_causal": chance[rows],
            "expected": edits.mean * chance[rows],
            "status": "hypothesis, needs validation",
        }
    )


def _sets(
    material: Material,
    edits: EditValues,
    calls: np.ndarray,
    table: pd.DataFrame,
    request: EditRequest,
) -> tuple[pd.DataFrame, str]:
    """Add synergy with the best edit, and the place in the budgeted set."""
    order = np.argsort(-table["expected"].to_numpy(), kind="stable")
    first = int(order[0])
    chance = table["p_causal"].to_numpy()
    if material.additive:
        together = np.zeros(len(table))

        def worth(rows: tuple[int, ...]) -> float:
            return float(sum(table["expected"].iloc[row] for row in rows))

        said = "synergy is 0, the model is a sum over markers"
    else:
        others = np.array([row for row in range(len(table)) if row != first])
        together = np.zeros(len(table))
        if others.size:
            pairs = np.stack([np.full(others.size, first), others], axis=1)
            together[others] = synergies(material.predict, calls, edits, pairs)
        plain = float(material.predict(calls).mean())

        def worth(rows: tuple[int, ...]) -> float:
            made = calls.copy()
            for row in rows:
                made[:, edits.variant[row]] = edits.dosage[row]
            scale = float(np.mean([chance[row] for row in rows]))
            return scale * (float(material.predict(made).mean()) - plain)

        said = f"synergy with {table['variant'].iloc[first]} by the full model"
    chosen = choose_edits(worth, np.ones(len(table)), request.budget)
    table["synergy_with_first"] = together
    table["in_set"] = 0
    for number, row in enumerate(chosen.edit.tolist(), start=1):
        table.loc[table.index[row], "in_set"] = number
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    said += f"; set of {chosen.edit.size} worth {chosen.gain.sum():.4g} expected"
    return table, said


def _guide_table(
    material: Material,
    edits: EditValues,
    elite: IntArray,
    request: EditRequest,
    scores: SiteScores | None,
) -> pd.DataFrame:
    """Return the best guide of each edit in the line that gains most, off-targets."""
    if request.fasta is None:
        raise ConfigError("guides need a genome", remedy="give --fasta")
    genome = read_fasta(request.fasta)
    variants = material.lines.variants
    partner = match_contigs(
        [name for name in variants.variant_contig.tolist() if name], [*genome]
    ).partner
    if not partner:
        raise DataError(
            "holds none of the contigs of the variants",
            where=request.fasta,
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
    shown = sorted({g for g in table["guide"].tolist() if g})
    if not shown:
        return table.drop(columns="guide_contig")
    sites = find_off_targets(genome, shown, request.most_mismatch)
    extra = pd.DataFrame(
        [
            _specificity(sites, shown, row, scores)
            for row in table.itertuples(index=False)
        ],
        columns=["n_exact_elsewhere", "n_off_targets", "specificity"],
    )
    return pd.concat([table, extra], axis=1).drop(columns="guide_contig")


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
        return (name, person, contig, 0, *blank, "place not in the FASTA")
    there = sequence[position - 1 : position - 1 + len(ref)].upper()
    if there not in (ref.upper(), alt.upper()):
        return (name, person, contig, 0, *blank, f"the FASTA has {there}")
    if len(ref) != 1 or len(alt) != 1:
        return (name, person, contig, 0, *blank, "no single base")
    start = max(1, position - FLANK)
    stretch = sequence[start - 1 : position + FLANK]
    near = np.flatnonzero(
        (variants.variant_contig == variants.variant_contig[j])
        & (np.abs(variants.variant_position - position) <= FLANK)
    )
    dosage = material.known_dosage[line, near]
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


def _genes(
    analysis: Analysis,
    material: Material,
    known: FloatArray,
    chance: FloatArray,
    request: EditRequest,
) -> pd.DataFrame | None:
    table: GeneTable | None = None
    if request.genes is not None:
        table = read_genes(request.genes).genes
    elif analysis.knowledge is not None:
        table = analysis.knowledge.genes
    if table is None and request.known is not None:
        raise ConfigError(
            "known QTL are laid over genes, and the run has none",
            where="--known-qtl",
            remedy="give --genes too",
        )
    if table is None:
        return None
    variants = material.lines.variants
    sets = gene_variants(table, variants, request.flank)
    if not any(members.size for members in sets):
        return None
    regions: tuple[Region, ...] = ()
    if request.known is not None:
        columns = read_regions(request.known)
        regions = tuple(
            Region(str(n), str(c), int(a), int(b))
            for n, c, a, b in zip(*columns, strict=True)
        )
    evidence = GeneEvidence(
        material.effects.additive,
        chance,
        material.value,
        max(1, round(0.1 * material.lines.n_sample)),
        regions,
    )
    rng = analysis.rng("genes", material.label)
    return gene_table(table, sets, variants, known, evidence, rng)
