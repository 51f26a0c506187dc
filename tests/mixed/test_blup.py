import numpy as np
import pytest

from meristem.mixed import blup
from meristem.mixed.reml import components_at, decompose, fixed_effect, precision
from meristem.mixed.targets import Target
from meristem.records import Split

N, N_NEW, T = 40, 6, 3


@pytest.fixture
def problem():
    rng = np.random.default_rng(9)
    z = rng.normal(size=(N + N_NEW, 90)) / np.sqrt(90)
    kernel = z @ z.T
    g = z @ rng.normal(size=(90, T))
    y = g + 0.6 * rng.normal(size=g.shape) + [0, 10, -3]
    targets = [Target(0, np.arange(N), y[:N, 0], np.ones(N))]
    some = np.flatnonzero(rng.random(N) < 0.7)
    weight = rng.uniform(0.5, 2, some.size)
    targets.append(Target(1, some, y[some, 1], weight / weight.mean()))
    targets.append(Target(2, np.arange(N), y[:N, 2], np.ones(N)))
    return kernel, targets


def test_targets_with_equal_rows_share_a_group_and_nothing_else_changes(problem):
    kernel, targets = problem
    train = kernel[:N, :N]
    joint = blup.fit_kernel_blup(train, targets)
    assert [group.column.tolist() for group in joint.groups] == [[0, 2], [1]]
    cross, diagonal = kernel[N:, :N], np.diag(kernel)[N:]
    value, variance = joint.predict(cross), joint.error_variance(cross, diagonal)
    for target in targets:
        alone = blup.fit_kernel_blup(train, [target])
        column = target.column
        assert value[:, column] == pytest.approx(alone.predict(cross)[:, 0])
        assert variance[:, column] == pytest.approx(
            alone.error_variance(cross, diagonal)[:, 0]
        )
    unseen = np.setdiff1d(np.arange(N), targets[1].rows)
    assert (joint.dual[unseen, 1] == 0).all()


def test_inner_loss_equals_fitting_each_split(problem):
    kernel, targets = problem
    target = targets[1]
    train = kernel[:N, :N]
    inner = tuple(
        Split(
            "x",
            0,
            f,
            np.flatnonzero(np.arange(N) % 3 != f),
            np.flatnonzero(np.arange(N) % 3 == f),
        )
        for f in range(3)
    )
    h2 = np.array([0.2, 0.7])
    expected = np.zeros(2)
    for split in inner:
        seen = np.isin(target.rows, split.train)
        rows, held = target.rows[seen], target.rows[~seen]
        part = decompose(train[np.ix_(rows, rows)], target.weight[seen])
        ones = np.ones((rows.size, 1))
        for number, ratio in enumerate(h2):
            fit = components_at(part, target.y[seen], ones, ratio)
            beta = fixed_effect(part, target.y[seen], ones, fit)[0]
            dual = fit.genetic * precision(part, ones, fit).apply(target.y[seen])
            error = target.y[~seen] - beta - train[np.ix_(held, rows)] @ dual
            expected[number] += np.sum(target.weight[~seen] * error**2)
    assert blup.inner_loss(train, target, inner, h2) == pytest.approx(expected)
    chosen = blup.fit_kernel_blup(train, [target], inner=inner)
    best = blup.H2_GRID[np.argmin(blup.inner_loss(train, target, inner, blup.H2_GRID))]
    assert chosen.h2[0] == pytest.approx(best)


def test_ridge_takes_one_of_the_candidates(problem):
    kernel, targets = problem
    candidates = np.array([0.05, 0.3, 0.9])
    fit = blup.fit_kernel_ridge(kernel[:N, :N], targets, candidates)
    for h2 in fit.h2:
        assert np.isclose(candidates, h2).any()


def test_arrays_restore_the_fit(problem):
    kernel, targets = problem
    fit = blup.fit_kernel_blup(kernel[:N, :N], targets)
    again = blup.restore_kernel_blup(fit.arrays())
    assert len(again.groups) == 2
    cross, diagonal = kernel[N:, :N], np.diag(kernel)[N:]
    assert np.array_equal(again.predict(cross), fit.predict(cross))
    assert np.array_equal(
        again.error_variance(cross, diagonal), fit.error_variance(cross, diagonal)
    )
