"""`meristem.select.index.belief`: responses in merit, golden and simulated."""

import numpy as np
import pytest
from tests.select.index.test_coefficients import GOLDEN, B, G, P, W
from tests.select.index.test_covariance import simulated

from meristem.records import Posterior
from meristem.select.index.belief import TraitBelief
from meristem.select.index.coefficients import (
    prediction_covariance,
    realised_reliability,
    smith_hazel,
)
from meristem.select.index.covariance import trait_covariance
from meristem.select.index.merit import MeritTerm, merit_draws
from meristem.select.ranking.compare import best
from meristem.select.ranking.gain import set_gain


def posterior_of(mean, factor):
    n, n_target = mean.shape
    return Posterior(
        np.arange(n).astype(str),
        np.arange(n_target).astype(str),
        np.full(n_target, ""),
        mean,
        factor,
        np.zeros_like(mean),
        np.ones_like(mean),
        np.ones(n_target),
    )


@pytest.mark.parametrize("name", GOLDEN)
def test_lines_chosen_on_an_index_gain_what_the_theory_says(name):
    """Fact sheet on selection, section 2: E and R at i = 1.755."""
    _, gain, merit, _ = GOLDEN[name]
    b = B[name]
    chosen = 1.755 * P @ b / np.sqrt(b @ P @ b)  # their sources above the mean
    level = np.array([8.0, 3.0])
    mean = np.stack([chosen, -chosen]) + level
    posterior = posterior_of(mean, np.zeros((2, 2, 0)))
    belief = TraitBelief(posterior, np.arange(2), level, P, G, np.zeros((2, 2)))
    assert belief.mean[0] - level == pytest.approx(gain, abs=1e-6)
    assert W @ (belief.mean[0] - level) == pytest.approx(merit, abs=2e-6)
    if name == "smith-hazel":
        assert W @ (belief.mean[0] - level) == pytest.approx(b @ chosen)


def test_errors_of_covariances_are_shared_by_all_lines():
    rng = np.random.default_rng(1)
    mean = rng.normal(size=(30, 2))
    posterior = posterior_of(mean, np.zeros((2, 30, 0)))
    p = np.cov(mean.T)
    error = np.array([[0.0, 0.2], [0.1, 0.0]])
    level = mean.mean(axis=0)
    belief = TraitBelief(posterior, np.arange(2), level, p, np.diag(np.diag(p)), error)
    drawn = belief.draws(4000, rng)
    assert drawn.mean(axis=0) == pytest.approx(belief.mean, abs=0.05)
    apart = drawn - belief.mean
    # one unknown number: everything else follows from it
    common = apart[:, 0, 1] / (belief.loading[0, 0] * 0.2)
    assert common.std() == pytest.approx(1, abs=0.05)
    assert apart[:, :, 1] == pytest.approx(0.2 * np.outer(common, belief.loading[:, 0]))
    assert apart[:, :, 0] == pytest.approx(0.1 * np.outer(common, belief.loading[:, 1]))


def single_traits(kernel, u, noise, n_train, rng):
    """Return phenotypes, and the BLUPs of the others, one trait at a time."""
    train, new = slice(0, n_train), slice(n_train, None)
    y = u[train] + rng.normal(size=(n_train, 2)) * np.sqrt(noise)
    predicted, factor = [], []
    for t, g in enumerate(u.var(axis=0)):
        v = g * kernel[train, train] + noise[t] * np.eye(n_train)
        solved = np.linalg.solve(v, g * kernel[train, new]).T
        predicted.append(solved @ y[:, t])
        left = g * kernel[new, new] - solved @ (g * kernel[train, new])
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        factor.append(vectors * np.sqrt(np.maximum(values, 0)))
    return y, posterior_of(np.stack(predicted, axis=1), np.array(factor))


def test_promises_of_merit_are_calibrated_and_those_of_single_traits_are_not():
    """Two correlated traits, one predicted badly; covariances estimated by REML."""
    rng = np.random.default_rng(2)
    n_train, k, w = 90, 8, np.array([1.0, 1.0])
    error, inside = {"together": [], "alone": []}, {"together": [], "alone": []}
    for _ in range(100):
        kernel, u, _ = simulated(rng, 140)
        y, alone = single_traits(kernel, u, np.array([0.5, 4.0]), n_train, rng)
        found = trait_covariance(kernel[:n_train, :n_train], y)
        mean = alone.mean
        p = np.cov(mean.T)
        share = realised_reliability(p, found.genetic)
        c = prediction_covariance(found.genetic, share)
        step = share[:, None] * found.error
        both = TraitBelief(alone, np.arange(2), mean.mean(axis=0), p, c, step)
        chosen = best(mean @ smith_hazel(p, c, w), k)
        truth = w @ (u[n_train:][chosen].mean(axis=0) - u[n_train:].mean(axis=0))
        for name, belief in (("together", both), ("alone", alone)):
            terms = [MeritTerm(t, w[t]) for t in range(2)]
            said = set_gain(merit_draws(belief, terms, 200, rng), chosen)
            error[name].append(truth - said.expected)
            inside[name].append(said.low <= truth <= said.high)
    bias = {name: np.mean(one) for name, one in error.items()}
    assert abs(bias["together"]) < bias["alone"] / 2
    assert 0.82 <= np.mean(inside["together"]) <= 0.98
    assert np.mean(inside["alone"]) < np.mean(inside["together"])
