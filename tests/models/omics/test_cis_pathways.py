import numpy as np
import pytest
from tests.toys import genotypes

from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.groups import gather
from meristem.mixed.sets import (
    assess_sets,
    best_sets,
    fit_stack,
    predict_stack,
    score_sets,
    weigh_sets,
)
from meristem.mixed.targets import Target, random_inner
from meristem.models.omics import cis_pathways as cis
from meristem.models.panel import make_panel

N, P, G = 90, 60, 12


@pytest.fixture
def setting():
    rng = np.random.default_rng(4)
    calls = rng.integers(0, 3, (N, P)).astype(np.int8)
    panel = make_panel(genotypes(calls))
    markers = panel.scale.standardise(calls)
    genes = gather(
        [f"g{i}" for i in range(G)], [np.arange(5 * i, 5 * i + 5) for i in range(G)]
    )
    sets = gather(["a", "b", "c"], [np.arange(4), np.arange(4, 8), np.arange(8, 12)])
    genetic = np.stack(
        [markers[:, genes.of(i)] @ rng.normal(size=5) for i in range(G)], axis=1
    )
    expression = genetic / genetic.std(axis=0) + 0.5 * rng.normal(size=(N, G))
    y = genetic[:, :4] @ np.ones(4)
    y = y / y.std() + 0.6 * rng.normal(size=N)
    problem = cis.CisProblem(panel, markers, genes, sets, expression, penalty=5.0)
    return problem, Target(0, np.arange(N), y, np.ones(N)), calls


def test_effects_per_allele_reproduce_the_kernel_prediction(setting):
    problem, target, calls = setting
    features = cis.predict_features(problem, np.arange(N))
    fit = cis.fit_cis_target(problem, features, target, count=2)
    effect = cis.variant_effects(problem, features, [fit])[:, 0]
    scale = problem.panel.scale
    value = fit.intercept + (calls - scale.mean) @ effect
    kept = best_sets(score_sets(features.stack, target), 2)
    stack = fit_stack(features.stack, target, kept)
    expected = predict_stack(features.stack, stack, target.rows, np.arange(N))
    assert value == pytest.approx(expected, abs=1e-5)
    assert fit.set_name[0] == "a"
    assert fit.variance == pytest.approx([*stack.genetic, stack.residual])


def test_the_average_is_the_mean_of_its_parts(setting):
    problem, target, calls = setting
    features = cis.predict_features(problem, np.arange(N))
    average = cis.average_cis_target(problem, features, target, (1, 3))
    total = cis.variant_effects(problem, features, [average])[:, 0]
    some = weigh_sets(assess_sets(features.stack, target).p_value).any_set
    plain = fit_kernel_blup(problem.panel.kernel, [target])
    gblup = problem.panel.effects(plain.dual)[:, 0]
    fits = [cis.fit_cis_target(problem, features, target, count) for count in (0, 1, 3)]
    expression, one, three = cis.variant_effects(problem, features, fits).T
    rest = 2 * total - (1 - some) * (gblup + expression)
    soft = rest / some - (one + three) / 2
    # what is left is the soft model: it must predict, and favour the set that acts
    value = (calls - problem.panel.scale.mean) @ soft
    assert np.corrcoef(value, target.y)[0, 1] > 0.6
    assert some > 0.9
    assert average.set_name[0] == "a"
    weight = np.abs(average.gene_weight) * features.value.std(axis=0)
    assert weight[:4].mean() > 2 * weight[4:].mean()


def test_features_learned_on_some_rows_do_not_see_the_others(setting):
    problem, _, _ = setting
    rows = np.arange(60)
    spoiled = problem.expression.copy()
    spoiled[60:] = 1e3
    other = cis.CisProblem(
        problem.panel, problem.markers, problem.genes, problem.sets, spoiled, 5.0
    )
    one, two = (
        cis.predict_features(problem, rows),
        cis.predict_features(other, rows),
    )
    assert np.array_equal(one.value, two.value)
    assert one.value.shape == (N, G)


def test_equal_variance_gives_every_gene_the_same_weight(setting):
    problem, _, _ = setting
    equal = cis.CisProblem(
        problem.panel,
        problem.markers,
        problem.genes,
        problem.sets,
        problem.expression,
        5.0,
        equal_variance=True,
    )
    features = cis.predict_features(equal, np.arange(N))
    assert features.value.std(axis=0) == pytest.approx(np.ones(G))


def test_held_out_rows_choose_the_pathway_that_matters(setting):
    problem, target, _ = setting
    inner = random_inner(N, np.random.default_rng(0), 3)
    noise = Target(
        1, target.rows, np.random.default_rng(8).normal(size=N), target.weight
    )
    chosen = cis.choose_counts(problem, [target, noise], inner, (0, 1))
    assert chosen[0] == 1
    assert cis.choose_counts(problem, [target], inner, (3,)) == [3]
