"""`meristem select`: one plan, from the posterior of a run to files and a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.config.selection import SelectionConfig
from meristem.errors import ConfigError
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.guides import SiteScores
from meristem.pipeline.selection.decision import Selection
from meristem.pipeline.selection.diversity import plan_contributions
from meristem.pipeline.selection.files import FOLDER, OUTPUTS, SUMMARY, TABLES
from meristem.pipeline.selection.filters import filter_lines
from meristem.pipeline.selection.further import decide_further, refuse_no_design
from meristem.pipeline.selection.index import Index, make_index
from meristem.pipeline.selection.lines import Lines, read_lines
from meristem.pipeline.selection.matings import plan_crosses
from meristem.pipeline.selection.tables import selection_tables
from meristem.records import IntArray
from meristem.report.selection.decided import PAGE
from meristem.report.selection.page import build_selection_page
from meristem.runs.folder import RunFolder
from meristem.select.ranking.compare import Comparison, best, compare_selections


def decide(
    analysis: Analysis,
    plan: SelectionConfig,
    *,
    matings: bool = True,
    scores: SiteScores | None = None,
) -> Selection:
    """Return what a plan decides; nothing is written.

    Parameters
    ----------
    analysis
        A run with fitted models.
    plan
        What is wanted.
    matings
        Whether crosses are planned.
    scores
        Rates of Cas9 at sites, where `edits.kinetics` is given.

    Raises
    ------
    ConfigError, DataError
        If the plan asks for what is not there, or for the impossible.
    """
    with threadpool_limits(limits=1):
        lines = read_lines(analysis, plan)
        index = make_index(analysis, plan, lines)
        funnel = filter_lines(plan, lines, index)
        passed = np.flatnonzero(funnel.passed)
        candidates = passed[lines.counted[passed]]
        refuse_no_design(plan, lines, candidates)
        chosen = _choose(plan, lines, index, passed)
        diversity = plan_contributions(plan, lines, index, funnel)
        made = None
        if matings and passed.size > 1:
            made = plan_crosses(analysis, plan, lines, index, diversity)
        compared = _compare(analysis, plan, lines, index, passed)
        further = decide_further(analysis, plan, lines, index, candidates, scores)
    notes = list(index.notes)
    if not lines.calibrated:
        notes.append(
            "the run was not evaluated: intervals are as wide as the model believes"
        )
    return Selection(
        plan,
        lines,
        index,
        funnel,
        chosen,
        diversity,
        made,
        compared,
        further,
        tuple(notes),
    )


def write_selection(analysis: Analysis, selection: Selection) -> Path:
    """Write the files and the page of a selection; return the page."""
    folder = analysis.folder
    kind = {o.label: o.kind for o in analysis.config.models}[selection.lines.label]
    tables, summary = selection_tables(selection, kind)
    summary["fit"] = analysis.fit_key(selection.lines.label)
    folder.refuse_foreign([name for name in OUTPUTS if folder.file(name).exists()])
    folder.file(FOLDER).mkdir(exist_ok=True)
    for name in TABLES:
        if name in tables:
            folder.write_table(f"{FOLDER}/{name}", tables[name])
        else:
            folder.drop(f"{FOLDER}/{name}")
    folder.write_json(f"{FOLDER}/{SUMMARY}", summary)
    return write_page_again(folder)


def write_page_again(folder: RunFolder) -> Path:
    """Write the page of a selection from its files alone."""
    name = f"{FOLDER}/{PAGE}"
    folder.announce(name)
    page = build_selection_page(folder.file(FOLDER))
    folder.note(name)
    return page


def _choose(
    plan: SelectionConfig, lines: Lines, index: Index, passed: IntArray
) -> IntArray:
    """Return the selected lines: those to be kept, then the best of the others."""
    candidates = int(lines.counted.sum())
    n = plan.ranking.selected(candidates)
    if n > candidates:
        raise ConfigError(
            f"{n} lines are to be selected, and there are {candidates} candidates",
            where="ranking.n",
            remedy=f"select {candidates} at most, or take more in: candidates.lines",
        )
    kept = passed[lines.kept[passed]]
    others = passed[~lines.kept[passed]]
    if kept.size > n:
        raise ConfigError(
            f"{kept.size} lines are to be kept, and {n} selected",
            where="ranking.n",
            remedy="select more, or keep fewer",
        )
    free = others[best(index.value[others], max(n - kept.size, 0))]
    chosen = np.concatenate([kept, free])
    return chosen[best(index.value[chosen], chosen.size)]


def _compare(
    analysis: Analysis,
    plan: SelectionConfig,
    lines: Lines,
    index: Index,
    passed: IntArray,
) -> tuple[tuple[str, Comparison], ...]:
    """Compare the selection with those of other models, by the same index."""
    found = []
    for label in plan.ranking.compare:
        other = read_lines(analysis, plan.model_copy(update={"model": label}))
        rival = make_index(analysis, plan, other)
        k = min(plan.ranking.selected(int(lines.counted.sum())), passed.size)
        found.append(
            (label, compare_selections(index.value[passed], rival.value[passed], k))
        )
    return tuple(found)
