"""From training rows and a plan to a fitted core: its nodes, its rows, its weight."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from meristem.config.models import GraphNetworkOptions
from meristem.errors import DataError
from meristem.mixed.groups import Members, gather
from meristem.mixed.stacking import stack
from meristem.mixed.targets import MIN_ROWS, Target, training_targets
from meristem.models.core.core import Core, CoreProblem, fit_core, mix_core
from meristem.models.core.fitted import FittedCore
from meristem.models.core.genes import cis_gain
from meristem.models.core.paths import Paths, fit_paths
from meristem.models.core.settings import CoreSettings
from meristem.models.genomic_error import borrowed_error
from meristem.models.omics.expression import (
    MIN_MEASURED,
    joined_features,
    node_reliability,
)
from meristem.models.panel import make_panel
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.records import Dataset, FloatArray, IntArray, NetworkPlan, Split, StrArray


def fit_binn_core(
    dataset: Dataset,
    plan: NetworkPlan,
    options: GraphNetworkOptions,
    inner: tuple[Split, ...],
    *,
    rng: np.random.Generator,
    settings: CoreSettings | None = None,
) -> FittedCore:
    """Fit the core on all rows, and on inner folds to see what its parts are worth.

    Parameters
    ----------
    dataset
        Training rows; rows with omics alone serve the gene latents.
    plan
        Compiled for the variants of the dataset.
    options
        Of the network.
    inner
        Splits of the rows that mimic the outer question.
    rng
        As every predictor takes it; nothing is random.
    settings
        Constants of the core; the fitted state keeps them.

    Raises
    ------
    DataError
        If no omics feature measures a node that reads variants, or a target has
        too few observations.
    """
    del rng
    settings = CoreSettings() if settings is None else settings
    problem = core_problem(dataset, plan, options, settings)
    targets = training_targets(dataset.phenotypes)
    core = fit_core(problem, np.arange(dataset.n_sample), targets)
    beside = options.polygenic == "stack"
    held = held_out_predictions(problem, dataset, targets, inner, beside=beside)
    gain = cis_gain(
        problem.markers, problem.genes, problem.expression, settings.penalty
    )
    # variants that are not those of their genes: a wrong graph has no weight
    wrong = gain is not None and gain[0] < settings.cis_errors * gain[1]
    weight = _weights(dataset, held, settings, wrong=wrong)
    paths, trust = weight[:-2], weight[-2:].sum(axis=0)
    if beside:
        fitted = _paths(problem, dataset, targets)
        core = mix_core(core, *fitted.total(paths), trust)
    share = weight[-1] / np.where(trust > 0, trust, 1.0)
    unseen = np.einsum("pnt,pt->nt", held, weight)
    number = {str(name): i for i, name in enumerate(plan.node_name)}
    phenotypes = dataset.phenotypes
    return FittedCore(
        plan=plan,
        core=core,
        gene_node=_numbers(problem.genes, number),
        set_node=_numbers(problem.sets, number),
        markers=problem.panel.scale,
        products_share=share,
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        meta=_meta(core, share, plan)
        | {
            "trust": trust.tolist(),
            "alone": _path_shares(paths, settings),
            "cis_gain": gain and list(gain),
            "settings": json.loads(json.dumps(asdict(settings))),  # no tuples
        },
        error=borrowed_error(problem.panel, targets, inner, unseen),
    )


def _weights(
    dataset: Dataset,
    held: FloatArray,  # (n_path + 2, n_sample, n_target)
    settings: CoreSettings,
    *,
    wrong: bool,
) -> FloatArray:  # (n_path + 2, n_target) of the paths, the core, core and products
    """Return the weights that held-out rows give to the paths and to the core.

    The paths are weighed among themselves, the core with and without its products,
    and then the two means.
    """
    observed = dataset.phenotypes.value, dataset.phenotypes.weight
    share, n_path = settings.product_weight, held.shape[0] - 2
    prior = np.array([1 - share, share])
    core = stack(*observed, held[n_path:], prior, sd=settings.within_sd)
    if n_path == 0:
        return core
    first = np.eye(n_path)[0]
    paths = stack(*observed, held[:n_path], first, sd=settings.within_sd)
    both = np.stack(
        [
            np.einsum("mnt,mt->nt", held[:n_path], paths),
            np.einsum("mnt,mt->nt", held[n_path:], core),
        ]
    )
    prior = np.array([1 - settings.core_weight, settings.core_weight])
    weight = stack(*observed, both, prior, sd=settings.weight_sd)
    if wrong:
        weight = np.eye(2)[:, :1] + 0 * weight
    return np.concatenate([weight[0] * paths, weight[1] * core])


def _path_shares(paths: FloatArray, settings: CoreSettings) -> dict[str, object]:
    """Return the share of each path, of what all paths have; GBLUP where none has."""
    if paths.shape[0] == 0:
        return {}
    total = paths.sum(axis=0)
    share = paths / np.where(total > 0, total, 1.0)
    share[0] += total <= 0
    names = map(str, settings.scan_priors)
    return {p: w.tolist() for p, w in zip(names, share, strict=True)}


def core_problem(
    dataset: Dataset,
    plan: NetworkPlan,
    options: GraphNetworkOptions,
    settings: CoreSettings,
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
    panel = make_panel(dataset.genotypes)
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
    problem: CoreProblem,
    dataset: Dataset,
    targets: Sequence[Target],
    inner: tuple[Split, ...],
    *,
    beside: bool,
) -> FloatArray:  # (n_path + 2, n_sample, n_target) NaN where there are none
    """Return predictions by fits without the rows: paths, core, core and products."""
    shape = dataset.phenotypes.value.shape
    n_path = len(problem.settings.scan_priors) if beside else 0
    total, count = np.zeros((n_path + 2, *shape)), np.zeros(shape)
    for split in inner if problem.sets.n_group else ():
        parts = [_part(target, split.train) for target in targets]
        if min(part.rows.size for part in parts) < MIN_ROWS:
            continue
        core = fit_core(problem, split.train, parts)
        linear, products = _predict_rows(problem, core, split.test)
        total[-2:, split.test] += np.stack([linear, linear + products])
        if beside:
            paths = _paths(problem, dataset, parts)
            total[:-2, split.test] += paths.predict(problem.panel, split.test)
        count[split.test] += 1
    return total / np.where(count > 0, count, np.nan)


def _paths(problem: CoreProblem, dataset: Dataset, targets: Sequence[Target]) -> Paths:
    contig, settings = dataset.genotypes.variants.variant_contig, problem.settings
    return fit_paths(
        problem.panel, contig, targets, settings.scan_priors, settings.scan_window
    )


def _part(target: Target, rows: IntArray) -> Target:
    kept = np.isin(target.rows, rows)
    weight = target.weight[kept]
    return Target(target.column, target.rows[kept], target.y[kept], weight)


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
