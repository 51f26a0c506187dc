from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet

from meristem.plan.learned.feature_net import counted_net, judged_net


def problem(n=60, p=90, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p))
    effect = np.zeros(p)
    effect[[4, 7, 11]] = 1.5, -1.0, 0.8
    return x, x @ effect + 0.5 * rng.standard_normal(n), rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("n_keep", [1, 8, 40])
def test_about_as_many_features_are_kept_as_asked_for(n_keep):
    x, y, weight = problem()
    found = counted_net(x, y, weight, n_keep, 0.1)
    kept = int((found > 0).sum())
    assert n_keep <= kept <= 1.5 * n_keep + 3
    assert np.argmax(found) == 4


def test_asking_for_all_ends_the_path():
    x, y, weight = problem()
    found = counted_net(x, y, weight, 500, 0.5)
    assert 30 < (found > 0).sum() <= 90


def test_coefficients_are_those_of_an_elastic_net():
    x, y, weight = problem()
    found = counted_net(x, y, weight, 8, 0.1)
    kept = int((found > 0).sum())
    # the penalty is a step of the path: the first whose solution keeps 8
    share = weight / weight.sum()
    root = np.sqrt(share * y.size)
    centred = (x - share @ x) * root[:, None]
    target = (y - share @ y) * root
    penalty = np.abs(centred.T @ target).max() / (y.size * 0.1)
    while True:
        penalty *= 0.9
        net = ElasticNet(alpha=penalty, l1_ratio=0.1, fit_intercept=False, tol=1e-6)
        coefficient = np.abs(net.fit(centred, target).coef_)
        if (coefficient > 0).sum() >= 8:
            break
    assert (coefficient > 0).sum() == kept
    assert found == pytest.approx(coefficient, abs=2e-3)


def test_a_weight_of_two_is_a_row_given_twice():
    x, y, _ = problem()
    weight = np.where(np.arange(60) < 20, 2.0, 1.0)
    twice = np.concatenate([np.arange(60), np.arange(20)])
    one = counted_net(x, y, weight, 10, 0.1)
    other = counted_net(x[twice], y[twice], np.ones(80), 10, 0.1)
    assert one == pytest.approx(other, abs=2e-3)


def test_the_judged_penalty_finds_the_signal_and_keeps_something_without():
    x, y, weight = problem()
    fold = np.arange(60) % 5
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
    found = judged_net(x, y, weight, splits, 0.5)
    assert set(np.argsort(-found)[:3]) == {4, 7, 11}
    noise = np.random.default_rng(5).standard_normal(60)
    few = judged_net(x, noise, weight, splits, 0.5)
    assert 1 <= (few > 0).sum() < 60


def test_the_judged_penalty_is_the_one_of_the_smallest_error():
    x, y, weight = problem(n=40, p=12)
    train, test = np.arange(30), np.arange(30, 40)
    found = judged_net(x, y, weight, [(train, test)], 0.5)

    def centre(rows):
        share = weight[rows] / weight[rows].sum()
        root = np.sqrt(share * rows.size)[:, None]
        mean, level = share @ x[rows], share @ y[rows]
        return (x[rows] - mean) * root, (y[rows] - level) * root[:, 0], mean, level

    everything, target, _, _ = centre(np.arange(40))
    largest = np.abs(everything.T @ target).max() / (40 * 0.5)
    own, own_target, mean, level = centre(train)
    losses = {}
    for penalty in largest * np.geomspace(1, 1e-2, 30):
        net = ElasticNet(alpha=penalty, l1_ratio=0.5, fit_intercept=False, tol=1e-8)
        slope = net.fit(own, own_target).coef_
        error = y[test] - level - (x[test] - mean) @ slope
        whole = np.abs(net.fit(everything, target).coef_)
        if whole.any():
            losses[penalty] = (weight[test] @ error**2, whole)
    best = min(losses.values(), key=lambda pair: pair[0])[1]
    assert found == pytest.approx(best, abs=3e-3)
