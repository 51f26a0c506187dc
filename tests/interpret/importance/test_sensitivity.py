from __future__ import annotations

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.interpret.importance.sensitivity import clamping_sensitivity, member_range


def latent_sd(network, genotypes):
    return network.member_latents(genotypes).std(axis=1)  # (n_member, n_node)


def test_linear_nodes_have_slope_times_sd(network, genotypes):
    fitted = network()
    found = clamping_sensitivity(fitted, genotypes, clamp_sd=1.5)
    sd = latent_sd(fitted, genotypes)
    slope = np.abs(fitted.node_gradient(genotypes))
    expected = 1.5 * slope * sd[:, :, None]
    np.testing.assert_allclose(found.published, expected, atol=1e-12)
    assert found.published.shape == (3, 4, 2)
    np.testing.assert_allclose(found.mean(), expected.mean(axis=0), atol=1e-12)
    # members differ in the scale of g1, not in what it does
    np.testing.assert_allclose(found.published[0, 0], found.published[2, 0])


def test_the_published_algorithm_step_by_step(network, genotypes):
    fitted = network(product=0.7)
    found = clamping_sensitivity(fitted, genotypes)
    latent = fitted.member_latents(genotypes)
    for m in range(3):
        for j, name in enumerate(fitted.plan.node_name):
            mu, sigma = latent[m, :, j].mean(), latent[m, :, j].std()
            y0 = fitted.run(genotypes, {})[1][m].mean(axis=0)
            dy = np.zeros(2)
            for a in (1, -1):
                held = {str(name): np.full(3, mu + a * sigma)}
                y = fitted.run(genotypes, held)[1][m].mean(axis=0)
                dy += 0.5 * np.abs(y - y0)
            np.testing.assert_allclose(found.published[m, j], dy)


def test_effects_that_cancel_over_samples_are_seen_by_the_absolute_form(
    network, genotypes
):
    # d term / d g1 = 1 + product g2 changes sign within the samples
    g2 = network().member_latents(genotypes)[0, :, 1]
    fitted = network(product=-1 / g2.mean())
    found = clamping_sensitivity(fitted, genotypes, nodes=("g1",))
    moved = found.absolute[:, 0, 0] - found.published[:, 0, 0]
    assert (moved > 0.1).all()
    assert (found.absolute >= found.published - 1e-12).all()


def test_chosen_nodes_keep_their_order(network, genotypes):
    fitted = network()
    some = clamping_sensitivity(fitted, genotypes, nodes=("term", "g1"))
    every = clamping_sensitivity(fitted, genotypes)
    assert some.node_name.tolist() == ["term", "g1"]
    np.testing.assert_allclose(some.published, every.published[:, [3, 0]])


def test_unknown_nodes_are_named(network, genotypes):
    with pytest.raises(ConfigError, match="nonsense"):
        clamping_sensitivity(network(), genotypes, nodes=("g1", "nonsense"))


def test_progress(network, genotypes):
    seen = []
    clamping_sensitivity(
        network(), genotypes, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_member_range():
    value = np.linspace(0, 1, 41)[:, None] * np.ones((1, 2))
    low, high = member_range(value)
    np.testing.assert_allclose(low, 0.025)
    np.testing.assert_allclose(high, 0.975)
