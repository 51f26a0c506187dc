"""The core's explicit weights against the kernels that they came from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import N_GENE, N_SET, N_VARIANT, core_data, core_plan

from meristem.mixed.groups import gather
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.spike_slab import fit_groups
from meristem.mixed.targets import training_targets
from meristem.models.core.core import CoreProblem, fit_core, set_scales
from meristem.models.omics.expression import joined_features
from meristem.models.panel import make_panel
from meristem.plan.gene_sets import gene_variants, node_sets


def core_problem(dataset, **more):
    genes = gene_variants(core_plan())
    panel = make_panel(dataset.genotypes)
    problem = CoreProblem(
        panel,
        panel.scale.standardise(panel.dosage),
        genes,
        node_sets(core_plan()),
        joined_features(dataset.omics, genes.name),
    )
    return replace(problem, **more)


def with_gaps(dataset):
    """Traits on different rows; the last ten rows have omics alone."""
    value = dataset.phenotypes.value.copy()
    value[-10:] = np.nan
    value[:17, 1] = np.nan
    return replace(dataset, phenotypes=replace(dataset.phenotypes, value=value))


def linear_value(core, problem, target):
    genes = core.latents.join(core.latents.own(problem.markers))
    head = core.heads[target]
    scale = problem.panel.scale
    centred = scale.centre(problem.panel.dosage, np.float64)
    value = head.intercept + centred @ core.marker_effect[:, target]
    value += genes @ head.gene_effect
    return value + core.activity(genes, target) @ head.set_effect


@pytest.fixture(scope="module")
def fitted():
    dataset = with_gaps(core_data()[0])
    problem = core_problem(dataset)
    targets = training_targets(dataset.phenotypes)
    rows = np.arange(dataset.n_sample)
    return problem, targets, fit_core(problem, rows, targets)


def test_sizes(fitted):
    _, targets, core = fitted
    assert core.marker_effect.shape == (N_VARIANT, 2)
    for head in core.heads:
        assert head.gene_effect.shape == (N_GENE,)
        assert head.set_effect.shape == head.inclusion.shape == (N_SET,)
    assert targets[0].rows.size != targets[1].rows.size


@pytest.mark.parametrize("number", [0, 1])
def test_the_weights_are_the_blup_of_the_kernels(fitted, number):
    """K P y over the training rows, every kernel made anew from its definition."""
    problem, targets, core = fitted
    target = targets[number]
    genes = core.latents.join(core.latents.own(problem.markers))
    block = np.ix_(target.rows, target.rows)
    gene_kernel, _ = unit_diagonal(genes @ genes.T)
    base = [gene_kernel[block], problem.panel.kernel[block]]
    sets = [genes[:, problem.sets.of(k)] for k in range(N_SET)]
    level = np.mean([np.mean(own**2) for own in sets])
    factors = [own / np.sqrt(own.shape[1] * level) for own in sets]
    fit = fit_groups(base, [f[target.rows] for f in factors], target)
    kernel = fit.base[0] * gene_kernel + fit.base[1] * problem.panel.kernel
    for variance, factor in zip(fit.variance, factors, strict=True):
        kernel = kernel + variance * factor @ factor.T
    expected = fit.intercept + kernel[:, target.rows] @ fit.dual
    assert linear_value(core, problem, number) == pytest.approx(expected, abs=2e-4)
    head = core.heads[number]
    assert head.variance == pytest.approx([fit.base[1], fit.base[0]])
    assert head.inclusion == pytest.approx(fit.inclusion)


def test_activities_have_spread_one_on_the_rows_of_their_target(fitted):
    problem, targets, core = fitted
    genes = core.latents.join(core.latents.own(problem.markers))
    for number, target in enumerate(targets):
        activity = core.activity(genes, number)[target.rows]
        assert activity.std(axis=0) == pytest.approx(np.ones(N_SET))
        loadings = core.loadings(number).toarray()
        assert core.activity(genes, number) == pytest.approx(genes @ loadings)


def test_sets_that_act_are_included(fitted):
    head = fitted[2].heads
    assert set(np.argsort(-head[0].set_effect)[:2]) == {0, 4}
    assert np.argmax(head[1].set_effect) == 2
    assert head[1].inclusion[2] > 0.9


def test_the_product_that_acts_is_found(fitted):
    products = fitted[2].heads[0].products
    best = np.argmax(np.abs(products.effect))
    assert (products.first[best], products.second[best]) == (0, 4)
    assert np.abs(products.effect[best]) > 0.3


def test_without_a_polygenic_path(fitted):
    problem, targets, _ = fitted
    core = fit_core(
        replace(problem, polygenic=False),
        np.arange(targets[0].rows.size),
        targets[:1],
    )
    assert not core.marker_effect.any()
    assert core.heads[0].variance[0] == 0


def test_rows_left_out_are_not_seen():
    """Their expression, their phenotype: spoil both, nothing moves."""
    dataset = core_data(n=120)[0]
    problem = core_problem(dataset)
    rows = np.arange(90)
    part = [
        t.__class__(t.column, rows, t.y[rows], t.weight[rows])
        for t in training_targets(dataset.phenotypes)
    ]
    one = fit_core(problem, rows, part)
    spoiled = problem.expression.copy()
    spoiled[90:] = 1e3
    two = fit_core(replace(problem, expression=spoiled), rows, part)
    for number in (0, 1):
        assert np.array_equal(
            linear_value(one, problem, number), linear_value(two, problem, number)
        )
        products = one.heads[number].products, two.heads[number].products
        assert np.array_equal(products[0].effect, products[1].effect)


def test_a_set_whose_genes_are_not_predicted_has_no_weight():
    dataset = core_data(n=100)[0]
    problem = core_problem(dataset)
    expression = problem.expression.copy()
    lost = problem.sets.of(2)
    expression[4:, lost] = np.nan
    problem = replace(problem, expression=expression)
    targets = training_targets(dataset.phenotypes)
    core = fit_core(problem, np.arange(100), targets)
    for head in core.heads:
        assert head.set_effect[2] == 0
        own = slice(int(problem.sets.start[2]), int(problem.sets.start[3]))
        assert not head.loading[own].any()
        assert np.isfinite(head.loading).all()


def test_the_reliability_of_omics_counts():
    """Measurements that are mostly error predict less, and unknown is as before."""
    dataset = core_data(n=100)[0]
    problem, rows = core_problem(dataset), np.arange(100)
    targets = training_targets(dataset.phenotypes)

    def fit(reliability):
        part = replace(problem, reliability=reliability)
        return fit_core(part, rows, targets)

    plain, unknown = fit(None), fit(np.full(N_GENE, np.nan))
    assert np.array_equal(plain.marker_effect, unknown.marker_effect)
    poor = fit(np.where(np.arange(N_GENE) < 6, 0.05, np.nan))
    size = [
        np.linalg.norm(core.latents.own(problem.markers), axis=0)
        for core in (poor, plain)
    ]
    assert (size[0][:6] < 0.5 * size[1][:6]).all()
    assert size[0][6:] == pytest.approx(size[1][6:], rel=0.2)
    assert not np.allclose(
        linear_value(poor, problem, 0), linear_value(plain, problem, 0)
    )


def test_sets_count_as_their_genes_are_heritable():
    rng = np.random.default_rng(0)
    told = np.array([0.9, 0.7, 0.1, 0.1, 0.0, 0.0])
    genes = rng.normal(size=(400, 6)) * np.sqrt(told)
    members = [
        np.array([0, 1]),
        np.array([2, 3]),
        np.array([0, 1, 2, 3]),
        np.array([4]),
    ]
    scale = set_scales(genes, gather(["high", "low", "both", "none"], members))
    pairs = list(zip(scale, members, strict=True))
    size = [s * np.sum(genes[:, m] ** 2, axis=1).mean() for s, m in pairs]
    assert np.mean(size) == pytest.approx(1)
    assert size[0] / size[1] == pytest.approx(8, rel=0.2)
    assert size[2] == pytest.approx((size[0] + size[1]) / 2)
    assert size[3] == 0
    assert not set_scales(np.zeros((5, 2)), gather(["a"], [np.arange(2)])).any()
