import numpy as np
import pytest

from meristem.mixed.groups import gather
from meristem.mixed.sets import (
    assess_sets,
    best_sets,
    count_predictions,
    feature_weights,
    fit_stack,
    make_stack,
    predict_stack,
    score_sets,
    unit_diagonal,
    weigh_sets,
    weighted_stack,
)
from meristem.mixed.targets import Target

N, N_NEW, Q = 80, 13, 40


@pytest.fixture
def problem():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(N + N_NEW, Q))
    sets = gather(
        ["causal", "other", "small", "empty"],
        [np.arange(8), np.arange(8, 25), np.array([30, 33]), np.array([], np.int64)],
    )
    noise = rng.normal(size=(N + N_NEW, 200))
    base, _ = unit_diagonal(noise @ noise.T)
    stack = make_stack([base], features, sets)
    value = features[:, :8] @ rng.normal(size=8)
    y = value / value.std() + 0.7 * rng.normal(size=N + N_NEW) + 4
    weight = rng.uniform(0.5, 2, N)
    target = Target(0, np.arange(N), y[:N], weight / weight.mean())
    return features, sets, stack, target, y


def test_score_equals_the_dense_formula(problem):
    _, _, stack, target, _ = problem
    v = 0.5 * stack.base[0][:N, :N] + np.diag(1 / target.weight)
    inverse = np.linalg.inv(v)
    one = np.ones((N, 1))
    p = inverse - inverse @ one @ one.T @ inverse / (one.T @ inverse @ one)
    scale = target.y @ p @ target.y / (N - 1)
    score = score_sets(stack, target)
    for number in range(3):
        kernel = stack.factors[number][:N] @ stack.factors[number][:N].T
        py = p @ target.y
        expected = (py @ kernel @ py / scale - np.trace(p @ kernel)) / np.sqrt(
            2 * np.trace(p @ kernel @ p @ kernel)
        )
        assert score[number] == pytest.approx(expected, rel=1e-8)


def test_the_causal_set_comes_first_and_the_empty_one_never(problem):
    _, _, stack, target, _ = problem
    score = score_sets(stack, target)
    assert best_sets(score, 2)[0] == 0
    assert score[3] == -np.inf
    assert best_sets(score, 10).tolist() == best_sets(score, 3).tolist()
    assert best_sets(score, 0).size == 0


def test_prediction_through_kernels_equals_that_through_feature_weights(problem):
    features, sets, stack, target, y = problem
    fit = fit_stack(stack, target, np.array([0, 2]))
    new = np.arange(N, N + N_NEW)
    value = predict_stack(stack, fit, target.rows, new)
    weight = feature_weights(features, stack, sets, fit, target)
    base = fit.genetic[0] * stack.base[0][np.ix_(new, target.rows)] @ fit.dual
    assert value == pytest.approx(
        fit.intercept + base + features[new] @ weight, abs=1e-8
    )
    assert np.corrcoef(value, y[N:])[0, 1] > 0.6
    assert (weight[8:30] == 0).all()


def test_the_causal_set_gets_the_variance(problem):
    _, _, stack, target, _ = problem
    fit = fit_stack(stack, target, np.array([0, 1]))
    assert fit.genetic[1] > 5 * fit.genetic[2]
    assert fit.genetic[1] > 5 * fit.genetic[0]


def test_held_out_rows_prefer_the_causal_set_to_none(problem):
    _, _, stack, target, _ = problem
    train, test = np.arange(0, 60), np.arange(60, N)
    held = count_predictions(stack, target, train, test, (0, 1, 3))
    loss = ((held - target.y[test]) ** 2).sum(axis=1)
    assert loss[1] < 0.8 * loss[0]


def test_counts_beyond_the_number_of_sets_are_one_model(problem):
    _, _, stack, target, _ = problem
    train, test = np.arange(0, 60), np.arange(60, N)
    held = count_predictions(stack, target, train, test, (3, 16))
    assert np.array_equal(held[0], held[1])


def test_p_values_are_uniform_where_nothing_acts(problem):
    _, _, stack, target, _ = problem
    covariance = 0.5 * stack.base[0][:N, :N] + np.diag(1 / target.weight)
    root = np.linalg.cholesky(covariance)
    rng = np.random.default_rng(0)
    p = []
    for _ in range(300):
        null = Target(0, target.rows, root @ rng.normal(size=N), target.weight)
        p.append(assess_sets(stack, null).p_value)
    p = np.array(p)
    assert (p[:, 3] == 1).all()
    for share in (0.05, 0.3, 0.7):
        assert (p[:, :3] < share).mean() == pytest.approx(share, abs=0.04)


def test_belief_follows_the_evidence_and_the_company():
    rng = np.random.default_rng(0)
    nothing = weigh_sets(rng.random(100))
    alone = weigh_sets(np.array([1e-6, *rng.random(99)]))
    among = weigh_sets(np.array([1e-6, *np.full(20, 1e-4), *rng.random(79)]))
    assert nothing.any_set < 0.5 < 0.9 < alone.any_set < among.any_set
    assert nothing.inclusion.max() < 0.5 < alone.inclusion[0] < among.inclusion[0]
    assert alone.inclusion[1:].max() < 0.5


def test_the_weighted_kernel_is_the_sum_of_the_sets(problem):
    features, sets, stack, target, _ = problem
    weight = np.array([1.0, 0.2, 0.0, 0.5])
    joined, prior = weighted_stack(features, stack, sets, weight)
    total = sum(w * f @ f.T for w, f in zip(weight, stack.factors, strict=True))
    total *= total.shape[0] / np.trace(total)
    assert joined.base[-1] == pytest.approx(total)
    assert (features * prior) @ features.T == pytest.approx(total)
    assert len(joined.base) == len(stack.base) + 1
