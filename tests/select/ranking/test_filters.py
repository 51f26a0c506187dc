"""`meristem.select.ranking.filters`: counts and costs of every filter."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from meristem.records import Posterior
from meristem.select.ranking.filters import Filter, culling_chance, run_filters

INDEX = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 99.0])


def test_funnel_counts_lines_and_what_the_best_lose():
    first = Filter("data", np.array([0, 1, 1, 1, 1, 1], dtype=bool))
    second = Filter("oil", np.array([1, 1, 0, 0, 1, 1], dtype=bool))
    counted = np.array([1, 1, 1, 1, 1, 0], dtype=bool)  # the last one is a check
    spared = np.array([0, 0, 0, 1, 0, 0], dtype=bool)
    found = run_filters(INDEX, [first, second], 2, counted=counted, spared=spared)
    assert [s.left for s in found.steps] == [5, 4, 3]
    assert [s.removed for s in found.steps] == [0, 1, 1]
    assert [s.lost for s in found.steps] == pytest.approx([0, 1.0, 0.5])
    assert found.passed.tolist() == [False, True, False, True, True, False]
    assert found.failed_at.tolist() == ["data", "", "oil", "", "", ""]


def test_a_filter_that_takes_all_leaves_no_mean():
    none = Filter("none", np.zeros(6, dtype=bool))
    found = run_filters(INDEX, [none], 2)
    assert found.steps[-1].left == 0
    assert np.isnan(found.steps[-1].best)


def test_culling_is_on_joint_chances():
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    belief = Posterior(
        np.array(["a", "b", "c"]),
        np.array(["x", "y"]),
        np.array(["", ""]),
        mean=np.array([[0.0, 0.0], [1.0, 0.5], [-3.0, 3.0]]),
        factor=np.stack([np.eye(3)] * 2),
        independent=np.zeros((3, 2)),
        prior_variance=np.full((3, 2), 2.0),
        noise=np.ones(2),
        correlation=covariance,
    )
    least, most = np.array([0.0, -np.inf]), np.array([np.inf, 0.2])
    rng = np.random.default_rng(3)
    found = culling_chance(belief, least, most, rng, n_draw=40_000)
    law = multivariate_normal(cov=np.array([[1.0, -0.8], [-0.8, 1.0]]))
    for row, (x, y) in enumerate(belief.mean):
        truth = law.cdf([x, 0.2 - y])
        assert found[row] == pytest.approx(truth, abs=0.01)
