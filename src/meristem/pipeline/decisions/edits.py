"""`meristem select edits`: candidate genes and alleles to edit, as hypotheses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError, DataError
from meristem.genetics.relationship import relationship_matrix
from meristem.io.tables.regions import read_regions
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.io.tables.variant_weights import read_variant_weights
from meristem.knowledge.files.genes import read_genes
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.guides import SiteScores, guide_table
from meristem.pipeline.decisions.material import Material, read_material, rows_of
from meristem.pipeline.fitting import training_rows
from meristem.records import FloatArray, GeneTable, IntArray, StrArray
from meristem.select.edits.causal import causal_probabilities
from meristem.select.edits.genes import (
    GeneEvidence,
    Region,
    gene_table,
    gene_variants,
    names_of_genes,
)
from meristem.select.edits.value import (
    EditValues,
    additive_edits,
    choose_edits,
    model_edits,
    synergies,
)


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
    scores: Path | None = None  # of variants; None: those of the run
    fasta: Path | None = None
    most_mismatch: int = 3


@dataclass(frozen=True)
class EditResult:
    """The tables, and what is said about them."""

    edits: pd.DataFrame
    by_line: pd.DataFrame  # every edit in every line
    genes: pd.DataFrame | None
    notes: tuple[str, ...]


def rank_edits(
    analysis: Analysis,
    request: EditRequest,
    scores: SiteScores | None = None,
    material: Material | None = None,
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
    material
        Lines, model and merit; None: those that the request names.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there.
    """
    material = material or read_material(
        analysis,
        label=request.label,
        traits=request.traits,
        candidates=request.candidates,
    )
    lines, variants = material.lines, material.lines.variants
    with threadpool_limits(limits=1):
        chance = _weighted(_causal(analysis, material), material, request)
        score = _variant_scores(analysis, variants.variant_id, request)
        elite = _elite(material, request)
        calls = np.rint(material.known_dosage(elite)).astype(np.int8)
        edits = _values(material, calls, chance, request)
        table = _edit_table(material, edits, elite, chance)
        genes = _read_genes(analysis, request)
        sets = [] if genes is None else gene_variants(genes, variants, request.flank)
        if genes is not None:
            named = names_of_genes(genes, sets, edits.variant)
            table.insert(1, "gene", named)
        if score is not None:
            table["variant_score"] = score[edits.variant]
        table, said = _sets(material, edits, calls, table, request)
        if request.fasta is not None:
            sites = guide_table(
                material, edits, elite, request.fasta, request.most_mismatch, scores
            )
            table = table.merge(sites, on="variant", how="left")
        listed = None
        if genes is not None and any(members.size for members in sets):
            evidence = _evidence(material, chance, score, request)
            rng = analysis.rng("genes", material.label)
            listed = gene_table(
                genes,
                sets,
                variants,
                lambda columns: material.known_dosage(columns=columns),
                evidence,
                rng,
            )
    notes = (
        f"{edits.variant.size} edits in {elite.size} lines of {lines.n_sample}, valued "
        f"by {material.label}; {said}",
        "hypotheses: markers stand for what is linked to them; validate before use",
    )
    by_line = _by_line(material, edits, elite, table["variant"].tolist())
    return EditResult(table, by_line, listed, notes)


def _by_line(
    material: Material, edits: EditValues, elite: IntArray, order: list[str]
) -> pd.DataFrame:
    """Return the value of every edit in every line, in the order of the edits."""
    names = material.lines.variants.variant_id[edits.variant]
    table = pd.DataFrame(edits.change, names, material.lines.sample_id[elite])
    table = table.loc[order]
    table.index.name = "variant"
    return table.reset_index()


def _variant_scores(
    analysis: Analysis, names: StrArray, request: EditRequest
) -> FloatArray | None:  # (n_variant,)
    """Return the largest score of every variant; None without scores.

    Raises
    ------
    DataError
        If no variant of the model has one.
    """
    known = analysis.config.priors
    if request.scores is not None:
        found = read_variant_scores(request.scores)
    elif known is not None:
        found = read_variant_scores(known.scores, known.column, known.kind)
    else:
        return None
    score = found.largest(names)
    if np.isnan(score).all():
        raise DataError(
            "scores none of the model's variants",
            where=request.scores or (known.scores if known is not None else ""),
            remedy="write the variants as in the genotypes",
        )
    return score


def _elite(material: Material, request: EditRequest) -> IntArray:
    if request.lines:
        return rows_of(material.lines, request.lines, "--line (edits.lines)")
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
    train = training_rows(analysis, products=False)
    targets = np.flatnonzero(material.merit.weights)
    known = np.isfinite(train.phenotypes.value[:, targets]).any(axis=1)
    train = train.take(np.flatnonzero(known))
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
    for target in targets.tolist():
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
            remedy="name other lines to edit",
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


def _read_genes(analysis: Analysis, request: EditRequest) -> GeneTable | None:
    """Return the genes of the request, else of the run; None without any.

    Raises
    ------
    ConfigError
        If known QTL are to be laid over genes, and there are none.
    """
    if request.genes is not None:
        return read_genes(request.genes).genes
    if analysis.knowledge is not None and analysis.knowledge.genes is not None:
        return analysis.knowledge.genes
    if request.known is not None:
        raise ConfigError(
            "known QTL are laid over genes, and the run has none",
            where="--known-qtl (edits.known)",
            remedy="give --genes (edits.genes) too",
        )
    return None


def _evidence(
    material: Material,
    chance: FloatArray,
    score: FloatArray | None,
    request: EditRequest,
) -> GeneEvidence:
    regions: tuple[Region, ...] = ()
    if request.known is not None:
        columns = read_regions(request.known)
        regions = tuple(
            Region(str(n), str(c), int(a), int(b))
            for n, c, a, b in zip(*columns, strict=True)
        )
    return GeneEvidence(
        material.effects.additive,
        chance,
        material.value,
        max(1, round(0.1 * material.lines.n_sample)),
        regions,
        score,
    )
