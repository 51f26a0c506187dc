"""The filters of a plan, in their order."""

from __future__ import annotations

import numpy as np

from meristem.config.selection import CullingConfig, SelectionConfig
from meristem.errors import ConfigError
from meristem.pipeline.selection.index import Index, targets_of
from meristem.pipeline.selection.lines import Lines
from meristem.select.ranking.filters import Filter, Funnel, culling_chance, run_filters


def filter_lines(plan: SelectionConfig, lines: Lines, index: Index) -> Funnel:
    """Return what every filter of the plan leaves, and what it costs.

    Raises
    ------
    ConfigError
        If a filter names what is not there, or no candidate is left.
    """
    asked = plan.filters
    found: list[Filter] = []
    calls = lines.genotypes.call_dosage
    if asked.max_missing < 1:
        share = (calls < 0).mean(axis=1)
        found.append(
            Filter(
                f"missing calls <= {asked.max_missing:g}", share <= asked.max_missing
            )
        )
    if asked.min_reliability > 0:
        used = (
            np.flatnonzero(index.coefficient)
            if index.coefficient.any()
            else slice(None)
        )
        reliability = lines.posterior.reliability[:, used].mean(axis=1)
        name = f"reliability >= {asked.min_reliability:g}"
        found.append(Filter(name, reliability >= asked.min_reliability))
    ids = {v: k for k, v in enumerate(lines.genotypes.variants.variant_id.tolist())}
    for one in asked.genotype:
        if one.variant not in ids:
            raise ConfigError(
                f"{one.variant!r} is no variant of this run",
                where="filters.genotype",
                remedy="write the id as in the genotypes",
            )
        passes = np.isin(calls[:, ids[one.variant]], one.dosage)
        wanted = ", ".join(map(str, one.dosage))
        found.append(Filter(f"{one.variant} has {wanted} copies", passes))
    for label in asked.label:
        passes = np.isin(lines.labels(label.group, "filters.label"), label.any_of)
        found.append(Filter(f"{label.group} is {' or '.join(label.any_of)}", passes))
    if asked.culling is not None:
        found.append(_culling(asked.culling, plan, lines, index))
    k = plan.ranking.selected(int(lines.counted.sum()))
    funnel = run_filters(
        index.value, found, k, counted=lines.counted, spared=lines.kept
    )
    if not funnel.passed.any():
        worst = max(funnel.steps, key=lambda step: step.removed)
        raise ConfigError(
            f"no candidate passes all filters; {worst.name!r} takes {worst.removed}",
            where="filters",
            remedy="ask for less, or keep lines with candidates.keep",
        )
    return funnel


def _culling(
    asked: CullingConfig, plan: SelectionConfig, lines: Lines, index: Index
) -> Filter:
    names, traits = index.target, lines.posterior.trait_name
    least = np.full(len(names), -np.inf)
    most = np.full(len(names), np.inf)
    said = []
    for bounds, given, sign in ((least, asked.above, ">="), (most, asked.below, "<=")):
        for name, value in given.items():
            bounds[targets_of(name, names, traits, "filters.culling")] = value
            said.append(f"{name} {sign} {value:g}")
    rng = np.random.default_rng([plan.seed, 2])
    chance = culling_chance(
        index.posterior, least, most, rng, n_draw=plan.ranking.draws
    )
    name = f"{' and '.join(said)} with chance {asked.probability:g}"
    return Filter(name, chance >= asked.probability)
