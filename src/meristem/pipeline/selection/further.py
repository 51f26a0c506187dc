"""What a plan asks beside lines and crosses: edits, a training set, cycles.

All of them go by the index of the plan, among the candidates that passed its filters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.config.decisions import CyclesConfig, DesignConfig, EditConfig
from meristem.config.selection import MatingConfig, SelectionConfig
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.cycles import CycleRequest, run_cycles
from meristem.pipeline.decisions.design import (
    DesignRequest,
    choose_next,
    read_panel,
    refuse_few,
)
from meristem.pipeline.decisions.edits import EditRequest, rank_edits
from meristem.pipeline.decisions.guides import SiteScores
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    Merit,
    make_material,
    model_variants,
    place_variants,
)
from meristem.pipeline.selection.index import Index
from meristem.pipeline.selection.lines import Lines
from meristem.prepare.match import align_variants
from meristem.records import Genotypes, IntArray
from meristem.select.cycles.programme import Plan
from meristem.select.ranking.compare import best

MOST_CANDIDATES = 3000
"""Best candidates by index among which a training set is chosen."""


@dataclass(frozen=True)
class Further:
    """Tables by the name of their file, and what is said of each section."""

    tables: dict[str, pd.DataFrame]
    notes: dict[str, tuple[str, ...]]  # edits, design, cycles


def decide_further(
    analysis: Analysis,
    plan: SelectionConfig,
    lines: Lines,
    index: Index,
    passed: IntArray,
    scores: SiteScores | None = None,
) -> Further:
    """Return what the sections `edits`, `design` and `cycles` of a plan ask for.

    Parameters
    ----------
    analysis, plan
        The run, and what is wanted.
    lines, index
        Candidates and what they are ranked by.
    passed
        Rows of the candidates that passed the filters.
    scores
        Rates of Cas9 at sites, where `edits.kinetics` is given.

    Raises
    ------
    ConfigError, DataError
        If a section asks for what is not there.
    """
    tables: dict[str, pd.DataFrame] = {}
    notes: dict[str, tuple[str, ...]] = {}
    if plan.design is not None:
        request = DesignRequest(label=lines.label, **dict(plan.design))
        free = _to_phenotype(plan.design, lines, passed)
        given, said = _best_of(analysis, lines, index, free)
        panel = read_panel(analysis, lines.fitted, given, plan.design.node)
        made = choose_next(analysis, lines.fitted, panel, index.emphasis, request)
        tables["next.csv"], notes["design"] = made.table, (*said, *made.notes)
    if plan.edits is None and plan.cycles is None:
        return Further(tables, notes)
    placed = _placed(analysis, lines, plan.crosses)
    material = _material(analysis, lines, index, passed, placed)
    if plan.edits is not None:
        edits = rank_edits(analysis, _edits(plan.edits), scores, material)
        tables["edits.csv"], notes["edits"] = edits.edits, edits.notes
        tables["edits_by_line.csv"] = edits.by_line
        if edits.genes is not None:
            tables["genes.csv"] = edits.genes
    if plan.cycles is not None and placed is not None:
        asked = replace(_cycles(plan.cycles), phased=plan.crosses.phased)
        cycles = run_cycles(analysis, material, placed, asked)
        tables["cycles.csv"] = cycles.cycles
        tables["cycles_differences.csv"] = cycles.differences
        notes["cycles"] = cycles.notes
    return Further(tables, notes)


def refuse_no_design(plan: SelectionConfig, lines: Lines, passed: IntArray) -> None:
    """Refuse a design without candidates, before anything else takes its time.

    Raises
    ------
    DataError
        If fewer than two candidates have no phenotype.
    """
    if plan.design is not None and not plan.design.node:
        free = _to_phenotype(plan.design, lines, passed)
        refuse_few(free.size, "phenotype", planned=True)


def _to_phenotype(asked: DesignConfig, lines: Lines, passed: IntArray) -> IntArray:
    return passed if asked.node else passed[~lines.phenotyped[passed]]


def _placed(
    analysis: Analysis, lines: Lines, asked: MatingConfig
) -> PlacedVariants | None:
    if not asked.mapped:
        return None
    variants = model_variants(analysis, lines.fitted)
    request = MapRequest(asked.map, asked.cm_per_mb, asked.map_function)
    return place_variants(variants, request)


def _material(
    analysis: Analysis,
    lines: Lines,
    index: Index,
    passed: IntArray,
    placed: PlacedVariants | None,
) -> Material:
    """Return the candidates that passed, with the effects of the index."""
    merit = Merit(index.coefficient, index.words)
    some = lines.genotypes.take_samples(passed)
    some = align_variants(some, model_variants(analysis, lines.fitted))
    return make_material(analysis, (lines.label, lines.fitted), merit, some, placed)


def _best_of(
    analysis: Analysis, lines: Lines, index: Index, free: IntArray
) -> tuple[Genotypes, tuple[str, ...]]:
    """Return candidates for a training set, the best of very many."""
    said: tuple[str, ...] = ()
    if free.size > MOST_CANDIDATES:
        said = (
            f"chosen among the best {MOST_CANDIDATES:,} of {free.size:,} candidates "
            "by index",
        )
        free = np.sort(free[best(index.value[free], MOST_CANDIDATES)])
    some = lines.genotypes.take_samples(free)
    return align_variants(some, model_variants(analysis, lines.fitted)), said


def _edits(asked: EditConfig) -> EditRequest:
    given = dict(asked)
    del given["kinetics"]  # its rates are handed in
    return EditRequest(**given)


def _cycles(asked: CyclesConfig) -> CycleRequest:
    return CycleRequest(
        strategies=asked.strategies,
        plan=Plan(asked.cycles, asked.crosses, asked.lines, asked.plots, *asked.cost),
        n_founder=asked.founders,
        n_parent=asked.parents,
        ne=asked.ne,
        h2=asked.h2,
        n_replicate=asked.replicates,
        truth=asked.truth,
        n_qtl=asked.qtl,
        rapid=asked.rapid,
    )
