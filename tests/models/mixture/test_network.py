"""A network beside a mixture: everything it says is at its share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import CoreOptions
from meristem.models.catalog import build, restore
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.protocol import Fitted, FittedNetwork, Mixed


@pytest.fixture(scope="module")
def fitted():
    data = core_data(n=90)[0]
    one = build(CoreOptions(inner_folds=3), core_plan()).fit(
        data, rng=np.random.default_rng(0)
    )
    return replace(one, share=np.array([0.3, 0.8]))


@pytest.fixture(scope="module")
def lines():
    return core_data(n=17, seed=1)[0].genotypes


def test_it_keeps_the_protocols(fitted):
    for protocol in (Fitted, FittedNetwork, Mixed):
        assert isinstance(fitted, protocol)
    assert isinstance(fitted, FittedMixedNetwork)


def test_predictions_are_weighted_means(fitted, lines):
    share = fitted.share
    inside = fitted.network.predict(lines).value
    beside = fitted.mixture.predict(lines).value
    value = fitted.predict(lines).value
    assert value == pytest.approx((1 - share) * beside + share * inside)
    assert fitted.member_predictions(lines).mean(axis=0) == pytest.approx(value)
    posterior = fitted.posterior(lines).predictions()
    assert posterior.value == pytest.approx(value)
    assert (posterior.spread > 0).all()
    whole = replace(fitted, share=np.ones(2)).predict(lines).value
    assert whole == pytest.approx(inside)


def test_what_nodes_do_is_at_the_share(fitted, lines):
    share, network = fitted.share, fitted.network
    name = (str(fitted.nodes[0]),)
    held = np.array([[1.5]])
    assert fitted.hold(lines)(name, held) == pytest.approx(
        share * network.hold(lines)(name, held)
    )
    assert fitted.network_value(lines) == pytest.approx(
        share * network.network_value(lines)
    )
    one, two = fitted.contributions(lines), network.contributions(lines)
    assert one.variant == pytest.approx(share * two.variant)
    assert one.gap == pytest.approx(share * two.gap)
    assert fitted.node_gradient(lines) == pytest.approx(
        share * network.node_gradient(lines)
    )
    assert np.array_equal(fitted.latents(lines).value, network.latents(lines).value)
    assert np.array_equal(fitted.member_latents(lines), network.member_latents(lines))
    assert fitted.alone() is network
    assert fitted.inclusion().probability.shape == (7, 2)
    assert fitted.multiplied(0) == network.multiplied(0)
    assert fitted.plan.hash == network.plan.hash
    assert fitted.trait_name.tolist() == ["y", "z"]
    assert fitted.environment_name.tolist() == ["", "dry"]


def test_gradients_add_up_to_the_mixtures_slope(fitted, lines):
    """The linear part of the mixture follows it on lines it was fitted to."""
    inside, beside = fitted.dosage_gradient(lines)
    one, path = fitted.network.dosage_gradient(lines)
    share = fitted.share
    assert inside == pytest.approx(share * one)
    assert beside == pytest.approx(share * path + (1 - share) * fitted.beside)
    train = core_data(n=90)[0].genotypes
    linear = train.call_dosage @ fitted.beside
    said = fitted.mixture.predict(train).value
    for t in range(2):
        assert np.corrcoef(linear[:, t], said[:, t])[0, 1] > 0.95


def test_composition_and_state(fitted, lines):
    found = fitted.composition()
    assert found.fit == "core"
    assert found.network_share.tolist() == [0.3, 0.8]
    assert found.scan_share.shape == (2,)
    again = restore(fitted.state())
    assert isinstance(again, FittedMixedNetwork)
    value = again.network.predict(lines).value
    assert value == pytest.approx(fitted.network.predict(lines).value)
    names = [share.part for share in again.shares()]
    assert names == ["kernels", "scan", "forest", "predicted omics", "core"]
