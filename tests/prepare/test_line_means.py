"""`meristem.prepare.line_means`: the weighted two-way fit."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from meristem.prepare.line_means import _pseudo_inverse, line_means, other_line_means


def trials(rng, n_line=12, n_environment=3, n_replicate=2):
    """Values of lines in replicates of environments, a third of them missing."""
    line, environment, replicate = np.unravel_index(
        np.flatnonzero(rng.random(n_line * n_environment * n_replicate) < 0.7),
        (n_line, n_environment, n_replicate),
    )
    shift = rng.normal(0, 3, (n_environment, n_replicate))
    value = line + shift[environment, replicate] + rng.normal(size=line.size)
    return value, rng.uniform(0.5, 2, line.size), line, environment, replicate


@pytest.mark.parametrize("seed", range(3))
def test_lines_of_the_fit_get_the_same_mean_from_its_effects(seed):
    parts = trials(np.random.default_rng(seed))
    found = line_means(*parts, n_line=12)
    again = other_line_means(found.trials, *parts, n_line=12)
    np.testing.assert_allclose(again, found.mean, atol=1e-10)
    assert found.trials.level == pytest.approx(np.nanmean(found.mean))


def test_another_line_is_the_weighted_mean_of_what_the_trials_leave():
    value = np.array([1.0, 3.0, 11.0, 13.0])  # the second place adds 10
    line, place = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    none = np.zeros(4, dtype=np.int64)
    fit = line_means(value, np.ones(4), line, place, none, n_line=2)
    np.testing.assert_allclose(fit.trials.effect, [-5, 5])
    asked = (np.array([4.0, 20.0, 9.0]), np.array([1.0, 3.0, 1.0]))
    where = (np.array([0, 0, 1]), np.array([0, 1, 1]), none[:3])
    other = other_line_means(fit.trials, *asked, *where, n_line=2)
    np.testing.assert_allclose(other, [(9 + 3 * 15) / 4, 4])


def test_a_line_of_new_trials_alone_is_brought_to_the_level_of_the_fit():
    zero = np.zeros(3, dtype=np.int64)
    fit = line_means(
        np.array([1.0, 2.0, 6.0]), np.ones(3), np.arange(3), zero, zero, n_line=3
    )
    asked = (np.array([50.0, 52.0, 4.0, 99.0]), np.ones(4), np.array([0, 1, 2, 2]))
    place = np.array([1, 1, 0, 1])  # the last line was seen in a known trial as well
    other = other_line_means(
        fit.trials, *asked, place, np.zeros(4, dtype=np.int64), n_line=4
    )
    np.testing.assert_allclose(other, [2, 4, 4, np.nan])
    new = other_line_means(None, *asked, place, np.zeros(4, dtype=np.int64), n_line=4)
    assert new[1] - new[0] == pytest.approx(2)


def test_lines_are_absorbed_so_that_many_lines_are_cheap():
    rng = np.random.default_rng(2)
    n, n_line = 60_000, 20_000
    line = rng.integers(0, n_line, n)
    environment = rng.integers(0, 10, n)
    truth = rng.normal(size=n_line)
    value = truth[line] + 5.0 * environment
    found = line_means(
        value, np.ones(n), line, environment, np.zeros(n, int), n_line=n_line
    )
    mean, weight = found.mean, found.weight
    seen = ~np.isnan(mean)
    np.testing.assert_allclose(
        mean[seen] - mean[seen].mean(), truth[seen] - truth[seen].mean(), atol=1e-8
    )
    assert (weight > 0).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_pseudo_inverse_equals_numpy(seed):
    rng = np.random.default_rng(seed)
    blocks = []
    for n in (1, 4, 6):
        joined = np.triu(rng.uniform(0.1, 2, (n, n)), 1)
        joined += joined.T
        blocks.append(np.diag(joined.sum(1)) - joined)
    system = block_diag(*blocks)
    island = np.repeat([0, 1, 2], [1, 4, 6])
    order = rng.permutation(11)
    found = _pseudo_inverse(system[np.ix_(order, order)], island[order])
    expected = np.linalg.pinv(system)[np.ix_(order, order)]
    np.testing.assert_allclose(found, expected, atol=1e-10)
