"""`meristem.records.posterior`: draws have the moments that the record says."""

import numpy as np
import pytest

from meristem.records import Posterior
from meristem.records.fitted import Predictions
from meristem.records.posterior import without_error

N, T, R = 4, 2, 3


@pytest.fixture
def belief():
    rng = np.random.default_rng(5)
    return Posterior(
        np.arange(N).astype(str),
        np.array(["a", "b"]),
        np.array(["", ""]),
        mean=rng.normal(size=(N, T)),
        factor=rng.normal(size=(T, N, R)),
        independent=rng.uniform(0.5, 1, (N, T)),
        prior_variance=np.full((N, T), 20.0),
        noise=np.ones(T),
        correlation=np.array([[1.0, 0.6], [0.6, 1.0]]),
    )


def test_draws_have_the_covariance_within_and_between_targets(belief):
    drawn = belief.draws(200_000, np.random.default_rng(1))
    flat = drawn.transpose(0, 2, 1).reshape(-1, T * N)
    found = np.cov(flat.T)
    assert flat.mean(axis=0) == pytest.approx(belief.mean.T.ravel(), abs=0.03)
    for target in range(T):
        block = slice(target * N, (target + 1) * N)
        assert found[block, block] == pytest.approx(belief.covariance(target), abs=0.08)
        assert belief.sd[:, target] ** 2 == pytest.approx(
            np.diag(belief.covariance(target))
        )
    between = 0.6 * belief.factor[0] @ belief.factor[1].T
    assert found[:N, N:] == pytest.approx(between, abs=0.08)


def test_a_wider_posterior_is_less_reliable(belief):
    wide = belief.widened(np.array([4.0, 1.0]))
    assert wide.sd[:, 0] == pytest.approx(2 * belief.sd[:, 0])
    assert wide.sd[:, 1] == pytest.approx(belief.sd[:, 1])
    assert wide.reliability == pytest.approx(np.clip(1 - wide.sd**2 / 20, 0, 1))
    one = wide.take_target(0)
    assert one.sd[:, 0] == pytest.approx(wide.sd[:, 0])
    assert one.covariance(0) == pytest.approx(wide.covariance(0))


def test_what_has_no_error_has_no_draws():
    value = np.ones((2, 1))
    bare = Predictions(
        np.array(["x", "y"]), np.array(["t"]), np.array([""]), value, value
    )
    belief = without_error(bare)
    assert np.isnan(belief.sd).all()
    assert np.isnan(belief.draws(3, np.random.default_rng(1))).all()
