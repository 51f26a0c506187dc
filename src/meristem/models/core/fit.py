"""From training rows and a plan to a fitted core: which nodes, which rows, shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.config.models import GraphNetworkOptions
from meristem.errors import DataError
from meristem.mixed.groups import Members, gather
from meristem.mixed.shares import expected_share
from meristem.mixed.targets import MIN_ROWS, Target, training_targets
from meristem.models.core.core import Core, CoreProblem, fit_core, mix_core
from meristem.models.core.fitted import FittedCore
from meristem.models.core.genes import own_variants_tell
from meristem.models.core.paths import PRIORS, fit_paths, path_weights
from meristem.models.core.products import confirmed_share
from meristem.models.genomic_error import borrowed_error
from meristem.models.omics.expression import MIN_MEASURED, joined_features
from meristem.models.panel import make_panel
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.records import Dataset, FloatArray, IntArray, NetworkPlan, Split, StrArray

PENALTY = 20.0
"""Ridge penalty of a gene's own variants: half of the variance from about 20."""
LEAST_TRUST = 0.05
"""Trust below which the core is left out: beside a polygenic path with hardly any
variance even a hundredth of it would set the order of the lines."""
CLEAR = 4.0
"""Standard errors by which own variants have to predict genes better than those of
others; genes that share regulators are not independent."""


def fit_binn_core(
    dataset: Dataset,
    plan: NetworkPlan,
    options: GraphNetworkOptions,
    inner: tuple[Split, ...],
    *,
    rng: np.random.Generator,
) -> FittedCore:
    """Fit the core on all rows, and on inner folds to see what its parts earn.

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
        Of the sampled inclusion of sets.

    Raises
    ------
    DataError
        If no omics feature measures a node that reads variants, or a target has
        too few observations.
    """
    problem = _problem(dataset, plan, options)
    targets = training_targets(dataset.phenotypes)
    everyone = np.arange(dataset.n_sample)
    core = fit_core(problem, everyone, targets, rng)
    held = _held_out(problem, dataset, targets, inner)
    observed = dataset.phenotypes.value, dataset.phenotypes.weight
    share = confirmed_share(*observed, held.linear, held.products)
    tells = own_variants_tell(
        problem.markers, problem.genes, problem.expression, PENALTY
    )
    trust = np.ones(share.size)
    paths: dict[str, object] = {}
    unseen = held.linear + share * held.products
    if options.polygenic == "stack" and np.isfinite(held.alone).any():
        weight = path_weights(*observed, held.alone)
        alone = np.einsum("pnt,pt->nt", held.alone, weight)
        trust = expected_share(*observed, alone, held.linear + share * held.products)
        trust[trust < LEAST_TRUST] = 0.0
        if tells is not None and tells[0] < CLEAR * tells[1]:
            trust[:] = 0.0  # variants are not those of their genes: a wrong graph
        unseen = trust * unseen + (1 - trust) * alone
        fitted = fit_paths(problem.panel, _contig(dataset), targets)
        core = mix_core(core, *fitted.mean(weight), trust)
        paths = {str(p): w.tolist() for p, w in zip(PRIORS, weight, strict=True)}
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
            "alone": paths,
            "own_variants_tell": tells and list(tells),
        },
        error=borrowed_error(problem.panel, targets, inner, unseen),
    )


def _problem(
    dataset: Dataset, plan: NetworkPlan, options: GraphNetworkOptions
) -> CoreProblem:
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
        penalty=PENALTY,
        polygenic=options.polygenic != "none",
    )


def _measured_sets(
    above: Members,
    place: IntArray,  # (n_reading,) among the measured genes, -1: not measured
    genes: StrArray,  # (n_gene,)
) -> Members:
    """Return the sets with their measured genes; a measured gene is no set."""
    own = set(genes.tolist())
    names, groups = [], []
    for k, name in enumerate(above.name.tolist()):
        members = place[above.of(k)]
        members = members[members >= 0]
        if members.size and name not in own:
            names.append(name)
            groups.append(members)
    return gather(names, groups)


def _numbers(members: Members, number: dict[str, int]) -> IntArray:
    return np.array([number[name] for name in members.name.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class _HeldOut:
    """Predictions of rows by fits without them, NaN where there are none."""

    linear: FloatArray  # (n_sample, n_target) of the core, products apart
    products: FloatArray  # (n_sample, n_target)
    alone: FloatArray  # (n_prior, n_sample, n_target) of the paths from all variants


def _held_out(
    problem: CoreProblem,
    dataset: Dataset,
    targets: Sequence[Target],
    inner: tuple[Split, ...],
) -> _HeldOut:
    phenotypes = dataset.phenotypes
    shape = phenotypes.value.shape
    total, count = np.zeros((2 + len(PRIORS), *shape)), np.zeros(shape)
    for split in inner if problem.sets.n_group else ():
        parts = [_part(target, split.train) for target in targets]
        if min(part.rows.size for part in parts) < MIN_ROWS:
            continue
        core = fit_core(problem, split.train, parts)
        linear, products = _predict_rows(problem, core, split.test)
        total[:2, split.test] += np.stack([linear, products])
        paths = fit_paths(problem.panel, _contig(dataset), parts)
        total[2:, split.test] += paths.predict(problem.panel, split.test)
        count[split.test] += 1
    mean = total / np.where(count > 0, count, np.nan)
    return _HeldOut(mean[0], mean[1], mean[2:])


def _contig(dataset: Dataset) -> StrArray:
    return dataset.genotypes.variants.variant_contig


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
