import numpy as np
import pytest

from meristem.models.cis_pathways import (
    CisProblem,
    choose_counts,
    fit_cis_target,
    predict_features,
    variant_effects,
)
from meristem.models.marker_panel import make_panel
from meristem.models.pathway_kernels import predict_stack
from meristem.models.plan_sets import gather
from meristem.models.targets import Target, random_inner
from meristem.records import Genotypes, VariantTable

N, P, G = 90, 60, 12


@pytest.fixture
def setting():
    rng = np.random.default_rng(4)
    calls = rng.integers(0, 3, (N, P)).astype(np.int8)
    names = np.array([f"v{i}" for i in range(P)])
    blank = np.full(P, "")
    table = VariantTable(names, blank, np.zeros(P, np.int64), blank, blank)
    panel = make_panel(Genotypes(np.arange(N).astype(str), table, calls))
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
    problem = CisProblem(panel, markers, genes, sets, expression, penalty=5.0)
    return problem, Target(0, np.arange(N), y, np.ones(N)), calls


def test_effects_per_allele_reproduce_the_kernel_prediction(setting):
    problem, target, calls = setting
    features = predict_features(problem, np.arange(N))
    fit = fit_cis_target(problem, features, target, count=2)
    effect = variant_effects(problem, features, [fit])[:, 0]
    scale = problem.panel.scale
    value = fit.stack.intercept + (calls - scale.mean) @ effect
    expected = predict_stack(features.stack, fit.stack, target.rows, np.arange(N))
    assert value == pytest.approx(expected, abs=1e-5)
    assert fit.set_name[0] == "a"


def test_features_learned_on_some_rows_do_not_see_the_others(setting):
    problem, _, _ = setting
    rows = np.arange(60)
    spoiled = problem.expression.copy()
    spoiled[60:] = 1e3
    other = CisProblem(
        problem.panel, problem.markers, problem.genes, problem.sets, spoiled, 5.0
    )
    one, two = predict_features(problem, rows), predict_features(other, rows)
    assert np.array_equal(one.value, two.value)
    assert one.value.shape == (N, G)


def test_equal_variance_gives_every_gene_the_same_weight(setting):
    problem, _, _ = setting
    equal = CisProblem(
        problem.panel,
        problem.markers,
        problem.genes,
        problem.sets,
        problem.expression,
        5.0,
        equal_variance=True,
    )
    features = predict_features(equal, np.arange(N))
    assert features.value.std(axis=0) == pytest.approx(np.ones(G))


def test_held_out_rows_choose_the_pathway_that_matters(setting):
    problem, target, _ = setting
    inner = random_inner(N, np.random.default_rng(0), 3)
    noise = Target(
        1, target.rows, np.random.default_rng(8).normal(size=N), target.weight
    )
    chosen = choose_counts(problem, [target, noise], inner, (0, 1))
    assert chosen[0] == 1
    assert choose_counts(problem, [target], inner, (3,)) == [3]
