"""From training rows and a plan to a fitted core: its nodes, its rows, its weight."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from meristem.config.models import GraphNetworkOptions, KnownScoreOptions
from meristem.errors import DataError
from meristem.mixed.averaging.stacking import stack
from meristem.mixed.groups import Members, gather
from meristem.mixed.targets import MIN_ROWS, Target
from meristem.models.core.core import Core, CoreProblem, fit_core
from meristem.models.core.fitted import FittedCore
from meristem.models.core.genes import cis_gain
from meristem.models.core.known import chosen_strength, with_scores
from meristem.models.core.settings import CoreSettings
from meristem.models.mixture.fit import NetworkPart
from meristem.models.mixture.problem import Problem
from meristem.models.omics.expression import (
    MIN_MEASURED,
    joined_features,
    node_reliability,
)
from meristem.models.panel import MarkerPanel
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.plan.known_scores import known_sizes
from meristem.records import (
    Dataset,
    FloatArray,
    IntArray,
    NetworkPlan,
    Splits,
    StrArray,
)


def core_part(
    problem: Problem,
    plan: NetworkPlan,
    folds: tuple[NetworkPlan | None, ...],
    options: GraphNetworkOptions,
    rng: np.random.Generator,
    *,
    settings: CoreSettings | None = None,
    priors: KnownScoreOptions | None = None,
) -> NetworkPart:
    """Fit the core on all rows, and on inner splits to see what it is worth.

    Parameters
    ----------
    problem
        Training rows; rows with omics alone serve the gene latents.
    plan
        Compiled for the variants of the dataset.
    folds
        The plan that every inner split learned from its own rows; empty: the plan
        was not learned, and serves all of them.
    options
        Of the network.
    rng
        Permutes scores of variants, where that is asked for.
    settings
        Constants of the core; the fitted state keeps them.
    priors
        Scores of variants, used in the nodes of genes as far as they help there.

    Raises
    ------
    DataError
        If no omics feature measures a node that reads variants, or a target has
        too few observations.
    """
    settings = CoreSettings() if settings is None else settings
    dataset, targets = problem.dataset, problem.targets
    own = core_problem(dataset, plan, options, settings, problem.panel)
    size, strength = None, 0.0
    if priors is not None:
        size = known_sizes(priors, dataset.genotypes, rng)
        strength = chosen_strength(own, size, priors, problem.inner)
        own = with_scores(own, size, strength)
    core = fit_core(own, np.arange(dataset.n_sample), targets)
    plans = folds or (plan,) * len(problem.inner)
    problems: list[CoreProblem | None] = [
        own if other is plan else _other_problem(problem, other, options, settings)
        for other in plans
    ]
    if size is not None:
        problems = [p and with_scores(p, size, strength) for p in problems]
    held = held_out_predictions(problems, dataset, targets, problem.inner)
    gain = cis_gain(own.markers, own.genes, own.expression, settings.penalty)
    share = settings.product_weight
    weight = stack(
        dataset.phenotypes.value,
        dataset.phenotypes.weight,
        held,
        np.array([1 - share, share]),
        sd=settings.within_sd,
    )
    number = {str(name): i for i, name in enumerate(plan.node_name)}
    phenotypes = dataset.phenotypes
    fitted = FittedCore(
        plan=plan,
        core=core,
        gene_node=_numbers(own.genes, number),
        set_node=_numbers(own.sets, number),
        markers=problem.panel.scale,
        products_share=weight[1],
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        meta=_meta(core, weight[1], plan)
        | {
            "cis_gain": gain and list(gain),
            "settings": json.loads(json.dumps(asdict(settings))),  # no tuples
            "known_strength": strength,
        },
    )
    return NetworkPart(
        "core",
        fitted,
        np.einsum("pnt,pt->nt", held, weight),
        # what was learned from few rows is not believed beforehand
        prior=0.0 if folds else settings.core_share,
        # variants that are not those of their genes: a wrong graph has no share
        wrong=gain is not None and gain[0] < settings.cis_errors * gain[1],
    )


def _other_problem(
    problem: Problem,
    plan: NetworkPlan | None,
    options: GraphNetworkOptions,
    settings: CoreSettings,
) -> CoreProblem | None:
    """Return what a core learns from on the graph of one inner split."""
    if plan is None:
        return None
    return core_problem(problem.dataset, plan, options, settings, problem.panel)


def core_problem(
    dataset: Dataset,
    plan: NetworkPlan,
    options: GraphNetworkOptions,
    settings: CoreSettings,
    panel: MarkerPanel,
) -> CoreProblem:
    """Return what a core learns from, phenotypes apart: genes measured enough."""
    reading, above = gene_variants(plan), node_sets(plan)
    expression = joined_features(dataset.omics, reading.name)
    kept = np.flatnonzero((~np.isnan(expression)).sum(axis=0) >= MIN_MEASURED)
    if kept.size == 0:
        raise DataError(
            "no node that reads variants is measured on five training rows",
            remedy="check the feature map of the omics table, or use kind = 'binn'",
        )
    place = np.full(reading.n_group, -1)
    place[kept] = np.arange(kept.size)
    genes = gather(reading.name[kept].tolist(), [reading.of(int(k)) for k in kept])
    return CoreProblem(
        panel=panel,
        markers=panel.scale.standardise(panel.dosage),
        genes=genes,
        sets=_measured_sets(above, place, genes.name),
        expression=expression[:, kept],
        reliability=node_reliability(dataset.omics, genes.name),
        polygenic=options.polygenic != "none",
        settings=settings,
    )


def _measured_sets(
    above: Members,
    place: IntArray,  # (n_reading,) among the measured genes, -1: not measured
    genes: StrArray,  # (n_gene,)
) -> Members:
    """Return the sets with their measured genes; a measured gene is no set."""
    taken = set(genes.tolist())
    names, groups = [], []
    for k, name in enumerate(above.name.tolist()):
        members = place[above.of(k)]
        members = members[members >= 0]
        if members.size and name not in taken:
            names.append(name)
            groups.append(members)
    return gather(names, groups)


def _numbers(members: Members, number: dict[str, int]) -> IntArray:
    return np.array([number[name] for name in members.name.tolist()], dtype=np.int64)


def held_out_predictions(
    problems: Sequence[CoreProblem | None],  # one per inner split
    dataset: Dataset,
    targets: Sequence[Target],
    inner: Splits,
) -> FloatArray:  # (2, n_sample, n_target) NaN where there are none
    """Return predictions by fits without the rows: the core, with its products."""
    shape = dataset.phenotypes.value.shape
    total, count = np.zeros((2, *shape)), np.zeros(shape)
    for problem, split in zip(problems, inner, strict=True):
        if problem is None or problem.sets.n_group + problem.genes.n_group == 0:
            continue
        parts = [_part(target, split.train) for target in targets]
        if min(part.rows.size for part in parts) < MIN_ROWS:
            continue
        core = fit_core(problem, split.train, parts)
        linear, products = _predict_rows(problem, core, split.test)
        total[:, split.test] += np.stack([linear, linear + products])
        count[split.test] += 1
    return total / np.where(count > 0, count, np.nan)


def _part(target: Target, rows: IntArray) -> Target:
    return target.take(np.flatnonzero(np.isin(target.rows, rows)))


def _predict_rows(
    problem: CoreProblem, core: Core, rows: IntArray
) -> tuple[FloatArray, FloatArray]:  # (n_rows, n_target) linear, products
    genes = core.latents.join(core.latents.own(problem.markers[rows]))
    scale = problem.panel.scale
    centred = scale.centre(problem.panel.dosage[rows], np.float64)
    linear = centred @ core.marker_effect
    extra = np.zeros(linear.shape)
    for t, head in enumerate(core.heads):
        activity = core.activity(genes, t)
        linear[:, t] += head.intercept + genes @ head.gene_effect
        linear[:, t] += activity @ head.set_effect
        extra[:, t] = head.products.value(activity)
    return linear, extra


def _meta(core: Core, share: FloatArray, plan: NetworkPlan) -> dict[str, object]:
    best = [
        {
            str(core.sets.name[k]): round(float(head.inclusion[k]), 4)
            for k in np.argsort(-head.inclusion, kind="stable")[:20]
        }
        for head in core.heads
    ]
    return {
        "fit": "core",
        "plan_hash": plan.hash,
        "share": share.tolist(),
        "polygenic_variance": [float(head.variance[0]) for head in core.heads],
        "gene_variance": [float(head.variance[1]) for head in core.heads],
        "residual_variance": [head.residual for head in core.heads],
        "set_inclusion": best,
        "regulators": core.latents.genes.name[core.latents.regulator].tolist(),
    }
