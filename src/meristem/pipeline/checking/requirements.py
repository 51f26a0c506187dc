"""What the graphs of a configuration need, asked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from meristem.config.models import LearnOptions, PlanOptions
from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError, DataError, MeristemError, PlanError
from meristem.genetics.filters import filter_markers
from meristem.io.tables.seasons.environments import read_environments
from meristem.knowledge.build import Knowledge
from meristem.models.catalog import has_nodes, needs, reads_graph
from meristem.models.faults import constant_covariates, model_faults
from meristem.pipeline.notes import Notes
from meristem.plan.assign import read_assignment_table
from meristem.plan.learned.genes import MIN_ROWS
from meristem.plan.learned.of_options import is_learned
from meristem.prepare.by_environment import ENVIRONMENT, is_stacked
from meristem.records import Dataset, NetworkPlan
from meristem.representation.possible import refuse_impossible
from meristem.representation.sets.membership import measured_sets


def graph_faults(
    config: AnalysisConfig,
    dataset: Dataset,
    knowledge: Knowledge | None,
    plan: NetworkPlan | None = None,
) -> Iterator[MeristemError]:
    """Yield what would stop a model of the configuration in its first fold.

    Parameters
    ----------
    config
        Resolved configuration.
    dataset
        The prepared data set.
    knowledge
        The curated knowledge, if any.
    plan
        The network compiled from it, if any.
    """
    if not filter_markers(dataset.genotypes, config.genotypes.filter).keep.any():
        yield DataError(
            "no marker passes the filters",
            where="genotypes.filter",
            remedy="relax genotypes.filter",
        )
    graph = None if knowledge is None else knowledge.graph
    yield from _represent_faults(config, dataset, measured_sets(plan, graph))
    for number, options in enumerate(config.models):
        where = f"models.{number} ({options.label})"
        taught = any(
            getattr(m, "supervision", "none") != "none" for m in options.members
        )
        if needs(options).omics or taught:
            yield from _without_omics(dataset, where)
        for member in options.members:
            yield from model_faults(member, dataset, where, plan)
            if getattr(member, "identity", "") == "parents":
                yield from _without_parents(dataset, where)
            if member.reads_covariates:
                yield from _without_covariates(config, dataset, where)
            if reads_graph(member):
                yield from _graph_faults(member, dataset, knowledge, where)
                if needs(member).omics and not is_learned(member):
                    yield from _unmeasured(config, dataset, plan, where)


def _represent_faults(
    config: AnalysisConfig, dataset: Dataset, sets: Mapping[str, frozenset[str]]
) -> Iterator[MeristemError]:
    """Yield what would stop a representation of omics in its first fold."""
    tables = {table.name: table for table in dataset.omics}
    for options in config.omics:
        try:
            refuse_impossible(tables[options.name], options, dataset.groups, sets)
        except MeristemError as fault:
            yield fault


def _without_omics(dataset: Dataset, where: str) -> Iterator[MeristemError]:
    if not dataset.omics:
        yield DataError(
            "this model needs omics of training lines and there are none",
            where=where,
            remedy="add an [[omics]] section, or leave the model out",
        )


def _without_covariates(
    config: AnalysisConfig, dataset: Dataset, where: str
) -> Iterator[MeristemError]:
    if config.environments is None:
        yield ConfigError(
            "this model needs covariates of the environments and there are none",
            where=where,
            remedy="add [environments], or use another structure",
        )
        return
    if dataset.groups is None or not is_stacked(dataset):
        yield ConfigError(
            "covariates of environments need rows of lines in environments",
            where=where,
            remedy='set phenotypes.by = "record", or use another structure',
        )
        return
    known = read_environments(config.environments)
    places = set(dataset.groups.column(ENVIRONMENT).tolist()) - {""}
    missing = sorted(places - set(known.environment_name.tolist()))
    if missing:
        yield DataError(
            f"environments without covariates: {', '.join(missing[:5])}",
            where=known.source,
            remedy="add their rows, or keep to environments that have them",
        )
    yield from constant_covariates(known, places)


def _without_parents(dataset: Dataset, where: str) -> Iterator[MeristemError]:
    names = () if dataset.groups is None else dataset.groups.group_name
    if not {"parent_1", "parent_2"} <= set(map(str, names)):
        yield DataError(
            "identity kernels of parents need the groupings parent_1 and parent_2",
            where=where,
            remedy="give a group table with these columns",
        )


def _unmeasured(
    config: AnalysisConfig, dataset: Dataset, plan: NetworkPlan | None, where: str
) -> Iterator[MeristemError]:
    if plan is None or not dataset.omics:
        return
    rows = [level.first_node + np.unique(level.variant_row) for level in plan.levels]
    readers = plan.node_name[np.concatenate(rows)]
    factors = {
        one.name
        for one in config.omics
        if one.represent != "none" and one.gives == "factors"
    }
    tables = [table for table in dataset.omics if table.name not in factors]
    if not tables:
        yield DataError(
            "this model reads genes, and of all omics it would be handed factors",
            where=where,
            remedy='set gives = "cleaned" (or "both") in an [[omics]] section, or '
            "leave the model out",
        )
    elif not any(np.isin(table.node_name, readers).any() for table in tables):
        yield DataError(
            "no omics feature measures a gene of the knowledge graph",
            where=where,
            remedy="give a `node_map` of the omics table, or leave the model out",
        )


def _graph_faults(
    options: PlanOptions,
    dataset: Dataset,
    knowledge: Knowledge | None,
    where: str,
) -> Iterator[MeristemError]:
    if is_learned(options):
        yield from _learn_faults(options.learn, dataset, knowledge, where)
    if knowledge is not None or options.graph == "learned":
        return
    if options.graph in ("both", "shuffled", "random"):
        remedy = 'add a [knowledge] section, or set graph = "learned"'
        if options.graph != "both":
            remedy += f' with learn.null = "{options.graph}"'
        yield PlanError(
            f'graph = "{options.graph}" needs curated knowledge and there is none',
            where=where,
            remedy=remedy,
        )
    elif needs(options).genes:
        yield ConfigError(
            "this model needs genes or gene sets and there is no knowledge",
            where=where,
            remedy='add a [knowledge] section, set graph = "learned", or leave the '
            "model out",
        )


def _learn_faults(
    learn: LearnOptions, dataset: Dataset, knowledge: Knowledge | None, where: str
) -> Iterator[MeristemError]:
    names = [table.name for table in dataset.omics]
    if not names:
        yield DataError(
            "there are no omics to learn a graph from",
            where=where,
            remedy='add an [[omics]] section, or set graph = "knowledge"',
        )
    elif learn.omics and learn.omics not in names:
        yield DataError(
            f"there is no omics table called {learn.omics!r}",
            where=f"{where}, learn.omics",
            remedy=f"use one of the tables read: {', '.join(names)}",
        )
    for table in dataset.omics:
        measured = int((~np.isnan(table.value)).any(axis=1).sum())
        if learn.omics in ("", table.name) and measured < MIN_ROWS:
            yield DataError(
                f"{measured} lines have values of {table.name}; a graph cannot be "
                "learned from them",
                where=where,
                remedy=f"measure at least {MIN_ROWS} lines of every training set",
            )
    if learn.variants == "table":
        yield from _table_faults(learn, where)
    cis = learn.variants == "cis" or (learn.variants == "eqtl" and not learn.trans)
    cis = cis or learn.gene_edges == "regulators"
    if cis and (knowledge is None or knowledge.genes is None):
        yield PlanError(
            "variants in cis are asked for and no gene positions were given",
            where=f"{where}, learn",
            remedy="add [knowledge] with genes, or scan all variants",
        )


def _table_faults(learn: LearnOptions, where: str) -> Iterator[MeristemError]:
    if learn.table is None:
        yield PlanError(
            "variants of learned genes come from a table, but none is named",
            where=f"{where}, learn.table",
            remedy="name a table with the columns variant and gene",
        )
        return
    try:
        read_assignment_table(learn.table)
    except MeristemError as error:
        yield error


def graph_notes(config: AnalysisConfig, *, knowledge: bool) -> Notes:
    """Return which models have no network for want of a graph, and what is not read.

    Parameters
    ----------
    knowledge
        Whether there is a curated graph.
    """
    facts, hints = [], []
    for options in config.models:
        for member in options.members:
            graph = getattr(member, "graph", "")
            lacking = graph == "none" or (graph == "knowledge" and not knowledge)
            if not has_nodes(member) or needs(member).genes or not lacking:
                continue
            facts.append(f"{options.label}: no graph, and so no network")
            own = type(member).model_fields.items()
            changed = [k for k, field in own if getattr(member, k) != field.default]
            unread = [k for k in changed if k not in _WITHOUT_NETWORK]
            if unread:
                hints.append(
                    f"{options.label}: has no graph, and so no network: "
                    f"{', '.join(unread)} of it is not read"
                )
    return facts, hints


_WITHOUT_NETWORK = ("name", "kind", "graph", "omics", "inner_folds")
"""Options that a mixture without a network reads, or that told it has none."""
