"""Read everything, estimate what a run needs, list all problems; write nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from meristem.config.stages import AnalysisConfig
from meristem.errors import DataError, MeristemError
from meristem.evaluate.splits import make_splits
from meristem.genetics.comparable import few_calls, few_calls_line
from meristem.genetics.contigs import strip_prefix
from meristem.genetics.copies import describe_copies, find_copies
from meristem.genetics.filters import filter_markers
from meristem.genetics.frequency import dosage_moments, missing_share, varies
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.io.tables.plausible import code_hints
from meristem.knowledge.build import Knowledge, build_graph
from meristem.models.costs.speed import slowness as measure
from meristem.pipeline.analysis import label_faults
from meristem.pipeline.checking.cost import (
    Estimate,
    estimate_run,
    refuse_too_large,
)
from meristem.pipeline.checking.represented import represented_notes
from meristem.pipeline.checking.requirements import graph_faults, graph_notes
from meristem.pipeline.covariates import covariate_notes, unseen_notes
from meristem.pipeline.inputs import (
    covariate_ids,
    drop_idle_parents,
    read_all_omics,
    read_phenotypes,
    read_population,
    read_sample_groups,
    with_covariates,
)
from meristem.pipeline.notes import (
    Notes,
    constant_hints,
    contig_hints,
    environment_notes,
    error_notes,
    knowledge_notes,
    phenotype_notes,
)
from meristem.pipeline.predicting.candidates import match_asked
from meristem.pipeline.preparation import distinct_lines, select_targets
from meristem.pipeline.prior_scores import prior_pairs
from meristem.plan.compile import make_plan
from meristem.prepare.align import make_dataset
from meristem.prepare.reconcile import LARGE_LOSS, Reconciliation
from meristem.records import Dataset, Genotypes, NetworkPlan, SampleGroups, Splits
from meristem.runs.seeds import stage_rng
from meristem.text.column_names import alike_hints

Value = TypeVar("Value")


@dataclass(frozen=True)
class CheckResult:
    """Everything a check found out."""

    facts: tuple[str, ...]
    problems: tuple[str, ...]
    hints: tuple[str, ...]
    estimate: Estimate | None

    def lines(self) -> list[str]:
        """Return the findings as lines for a person."""
        found = ["inputs read:", *(f"  {fact}" for fact in self.facts)]
        if self.hints:
            found += ["worth a look:", *(f"  - {hint}" for hint in self.hints)]
        if self.estimate is not None:
            found += self.estimate.lines()
        if not self.problems:
            return [*found, "no problems found"]
        listed = [f"  {n}. {text}" for n, text in enumerate(self.problems, 1)]
        return [*found, f"{len(self.problems)} problem(s):", *listed]

    def to_json(self) -> dict:
        """Return the findings as plain values."""
        return {
            "facts": list(self.facts),
            "hints": list(self.hints),
            "problems": list(self.problems),
            "estimate": None if self.estimate is None else self.estimate.to_json(),
        }


class _Findings:
    """Collects what the attempts turn up."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self.problems: list[str] = []
        self.hints: list[str] = []

    def attempt(self, read: Callable[[], Value]) -> Value | None:
        """Return what `read` gives, or None after noting its fault."""
        try:
            return read()
        except MeristemError as error:
            self.note(error)
            return None

    def take(self, read: Callable[[], Notes]) -> None:
        """Add facts and hints, or the fault that kept them from being found."""
        facts, hints = self.attempt(read) or ((), ())
        self.facts += facts
        self.hints += hints

    def note(self, error: MeristemError) -> None:
        """Keep a fault, once."""
        if error.message not in self.problems:
            self.problems.append(error.message)


def check_analysis(
    config: AnalysisConfig, *, slowness: float | None = None
) -> CheckResult:
    """Try every input on its own, so that one fault does not hide the next.

    Parameters
    ----------
    config
        Resolved configuration.
    slowness
        Of a core, for the estimate; default: `models.speed.slowness`, half a second.

    Returns
    -------
    CheckResult
        Facts, problems, hints, and the estimate of memory and time.
    """
    found = _Findings()
    dataset = _check_data(config, found)
    knowledge, plan = _check_knowledge(config, dataset, found)
    found.take(lambda: graph_notes(config, knowledge=config.knowledge is not None))
    found.take(lambda: environment_notes(config, dataset))
    estimate = None
    if dataset is not None:
        rng = stage_rng(config.run.seed, "splits")  # the folds of the run
        splits = found.attempt(
            lambda: make_splits(dataset, config.evaluate, rng, config.fold_ids)
        )
        found.take(lambda: unseen_notes(dataset, splits or ()))
        found.hints += constant_hints(dataset, splits or ())
        _check_variation(config, dataset, splits or (), found)
        found.take(lambda: represented_notes(config, dataset, plan, knowledge))
        if knowledge is not None or config.knowledge is None:
            for fault in graph_faults(config, dataset, knowledge, plan):
                found.note(fault)
        found.attempt(lambda: refuse_too_large(config, dataset, plan))
        asked = found.attempt(lambda: match_asked(config, dataset))
        if asked is not None:
            found.facts.append(f"new lines: {asked[0].n_sample}, {asked[1].line}")
        if splits is not None:
            speed = measure() if slowness is None else slowness
            estimate = estimate_run(config, dataset, plan, splits, slowness=speed)
    for wrong in label_faults(config):
        found.note(wrong)
    return CheckResult(
        tuple(found.facts), tuple(found.problems), tuple(found.hints), estimate
    )


def _check_data(config: AnalysisConfig, found: _Findings) -> Dataset | None:
    population = found.attempt(lambda: read_population(config))
    inbred = None if population is None else population[0]
    phenotypes = found.attempt(lambda: read_phenotypes(config, inbred))
    if phenotypes is not None:
        found.take(lambda: phenotype_notes(config))
    if population is None:
        _check_side_tables(config, found)
        return None
    genotypes, crosses = population
    omics = found.attempt(lambda: read_all_omics(config, genotypes, crosses))
    if omics is not None:
        genotypes, crosses = drop_idle_parents(genotypes, crosses, omics)
    groups = found.attempt(lambda: read_sample_groups(config, crosses))
    _describe_genotypes(config, genotypes, found)
    if crosses is not None and crosses.added is not None and crosses.added.any():
        n_parent = int(crosses.added.sum())
        found.facts.append(
            f"hybrids: {genotypes.n_sample - n_parent}, and {n_parent} parents whose "
            "omics teach"
        )
    if phenotypes is None or omics is None:
        return None
    aligned = found.attempt(
        lambda: make_dataset(
            genotypes, phenotypes, omics.tables, groups, fold_ids=config.fold_ids
        )
    )
    if aligned is None:
        return None
    dataset, reconciliation = aligned
    scored = found.attempt(lambda: prior_pairs(config.priors, genotypes)) or ()
    pairs = omics.pairs + reconciliation.pairs + scored
    reconciliation = replace(reconciliation, pairs=pairs)
    found.facts += reconciliation.lines()
    found.hints += [*reconciliation.hints(), *_group_hints(groups)]
    chosen = found.attempt(lambda: select_targets(dataset, config))
    if chosen is None:
        return None
    found.take(lambda: error_notes(config, chosen))
    for table in dataset.omics:
        found.hints += code_hints(table.name, table.value.ravel())
    whole = found.attempt(lambda: with_covariates(chosen, config))
    if whole is not None:
        found.take(lambda: covariate_notes(whole))
        pair = found.attempt(lambda: covariate_ids(chosen, config))
        found.hints += [] if pair is None else Reconciliation((pair,)).hints()
    return whole


def _group_hints(groups: SampleGroups | None) -> list[str]:
    """Return labels of a grouping that may be one: folds would part its lines."""
    if groups is None:
        return []
    return [
        hint
        for number, name in enumerate(groups.group_name.tolist())
        if name not in ("parent_1", "parent_2")
        for hint in alike_hints(f"{name}: labels", groups.label[:, number].tolist())
    ]


def _check_side_tables(config: AnalysisConfig, found: _Findings) -> None:
    """Read the tables that need no genotypes, to list their faults too."""
    for omics in config.omics:
        found.attempt(partial(read_omics, omics))
    if config.groups is not None:
        found.attempt(partial(read_groups, config.groups))


def _describe_genotypes(
    config: AnalysisConfig, genotypes: Genotypes, found: _Findings
) -> None:
    missing = missing_share(genotypes.call_dosage)
    found.facts.append(
        f"genotypes: {genotypes.n_sample} samples, {genotypes.n_variant} variants, "
        f"ploidy {genotypes.ploidy}, {missing:.1%} missing"
    )
    found.hints += _variant_hints(genotypes)
    few = few_calls(genotypes)
    if few:
        found.hints.append(f"genotypes: {few_calls_line(few)}")
    kept = found.attempt(lambda: filter_markers(genotypes, config.genotypes.filter))
    if kept is not None and kept.keep.sum() < genotypes.n_variant:
        found.facts.append(f"marker filters keep {int(kept.keep.sum())} variants")


def _variant_hints(genotypes: Genotypes) -> list[str]:
    """Return contigs in two spellings, alleles listed twice, and a ploidy too high."""
    variants, hints = genotypes.variants, []
    spelt: dict[str, list[str]] = {}
    for name in np.unique(variants.variant_contig).tolist():
        spelt.setdefault(strip_prefix(name), []).append(name)
    hints += [
        f"genotypes: contigs {' and '.join(map(repr, names))} seem to be one and are "
        "taken as different: write them alike"
        for names in spelt.values()
        if len(names) > 1
    ]
    same = (variants.variant_ref == variants.variant_alt) & (variants.variant_ref != "")
    if same.any():
        hints.append(
            f"genotypes: {same.sum()} variants list one allele twice, as reference and "
            f"alternate ({variants.variant_id[same][0]})"
        )
    if genotypes.ploidy > 2 and (np.asarray(genotypes.call_dosage) <= 2).all():
        hints.append(
            "genotypes: no call holds more than 2 copies though the ploidy is "
            f"{genotypes.ploidy}: is genotypes.ploidy right?"
        )
    return hints


def _check_variation(
    config: AnalysisConfig, dataset: Dataset, splits: Splits, found: _Findings
) -> None:
    """Note genotypes that leave nothing to learn, and copies that make it look easy."""
    genotypes = distinct_lines(dataset)
    calls = genotypes.call_dosage
    fixed = int((dosage_moments(calls).variance == 0).sum())
    if fixed == genotypes.n_variant:
        found.note(
            DataError(
                f"none of the {fixed} variants differs between the lines",
                where=config.genotypes.path,
                remedy="give genotypes at which the lines differ",
            )
        )
        return
    if fixed > LARGE_LOSS * genotypes.n_variant:
        found.hints.append(
            f"{fixed} of {genotypes.n_variant} variants are the same in all lines and "
            "tell nothing: genotypes.filter.min_maf removes them"
        )
    if config.evaluate.scheme == "file" and splits:
        known = np.flatnonzero(~np.isnan(dataset.phenotypes.value).all(axis=1))
        never = np.setdiff1d(known, np.concatenate([split.test for split in splits]))
        if never.size:
            found.hints.append(
                f"{never.size} of {known.size} phenotyped rows are tested in no fold: "
                f"{', '.join(map(str, dataset.sample_id[never[:5]]))}"
            )
    for split in splits:
        if not varies(dataset.genotypes.call_dosage[split.train]):
            found.note(
                DataError(
                    "no variant differs between the training lines of replicate "
                    f"{split.replicate}, fold {split.fold}",
                    where=config.genotypes.path,
                    remedy="ask for larger evaluate.train_sizes"
                    if ":n=" in split.scheme
                    else "use other folds, or give genotypes at which more lines "
                    "differ",
                )
            )
            break
    groups = find_copies(genotypes)
    if groups:
        advice = "copies in other folds make prediction look easier"
        if config.evaluate.copies == "anywhere":
            advice += ': keep them in one fold with evaluate.copies = "together"'
        else:
            advice = "they are kept in one fold"
        found.hints.append(f"{describe_copies(groups)}; {advice}")


def _check_knowledge(
    config: AnalysisConfig, dataset: Dataset | None, found: _Findings
) -> tuple[Knowledge | None, NetworkPlan | None]:
    section = config.knowledge
    if section is None:
        return None, None
    knowledge = found.attempt(lambda: build_graph(section))
    if knowledge is not None:
        found.take(partial(knowledge_notes, knowledge))
    if knowledge is None or dataset is None:
        return knowledge, None
    variants = dataset.genotypes.variants
    plan = found.attempt(lambda: make_plan(knowledge, variants, section))
    if plan is not None:
        found.facts.append(
            f"network: {plan.n_node} nodes on {len(plan.levels)} levels, "
            f"{plan.n_edge} edges"
        )
        if section.assign.method != "table":
            found.hints += contig_hints(knowledge, variants)
        _check_labelled_nodes(config, dataset, plan, found)
    return knowledge, plan


def _check_labelled_nodes(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan, found: _Findings
) -> None:
    options = {one.name: one for one in config.omics}
    for table in dataset.omics:
        how = options[table.name]
        if how.represent != "none" and how.gives == "factors":
            continue  # see `represented_notes`
        known = int(np.isin(table.node_name, plan.node_name).sum())
        found.facts.append(
            f"{table.name}: {known} of {table.feature_id.size} features measure a node"
        )
        lost = table.feature_id.size - known
        if known and lost > LARGE_LOSS * table.feature_id.size:
            found.hints.append(
                f"{lost} of {table.feature_id.size} features of {table.name} measure "
                "no node of the network and teach nothing there"
            )
        if known == 0:
            found.hints.append(
                f"no feature of {table.name} is a node of the network: give a "
                "`node_map`, or name nodes as the features are named"
            )
