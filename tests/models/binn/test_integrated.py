from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients as CaptumGradients
from tests.models.binn.toys import inputs, make_network, untrained

from meristem.models.binn.integrated import integrate_path


def test_shares_of_variants_equal_captum(plan):
    network = make_network(plan)
    x = inputs(network)
    found = integrate_path(network, x, steps=64)
    for target in range(2):
        reference = CaptumGradients(
            lambda rows, t=target: network(rows.T).value[:, t].mean(0)
        )
        expected = reference.attribute(x.T, n_steps=64, method="riemann_middle")
        np.testing.assert_allclose(
            found.variant[:, :, target], expected.numpy(), atol=1e-9
        )


def test_shares_add_up_and_the_gap_falls_with_the_square_of_the_steps(plan):
    network = make_network(plan)
    x = inputs(network)
    gaps = [np.abs(integrate_path(network, x, k).gap).max() for k in (8, 16, 32)]
    found = integrate_path(network, x, 32)
    np.testing.assert_allclose(found.variant.sum(axis=1), found.difference, atol=1e-3)
    assert np.abs(found.difference).max() > 0.1
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.5)
    assert gaps[1] / gaps[2] == pytest.approx(4, rel=0.3)


def test_nodes_the_trait_reads_account_for_everything(plan):
    network = make_network(plan)
    found = integrate_path(network, inputs(network), 64)
    heads = found.node[:, plan.head_node].sum(axis=1)
    np.testing.assert_allclose(heads, found.difference, atol=1e-9)
    # genes: g1 and g2 through the term, g3 directly
    genes = found.node[:, [0, 1, 2]].sum(axis=1)
    np.testing.assert_allclose(genes, found.difference, atol=1e-3)


def test_the_share_of_a_node_the_trait_reads_is_weight_times_change(plan):
    network = make_network(plan)
    x = inputs(network)
    found = integrate_path(network, x, 3)
    with torch.no_grad():
        moved = network(x).latent - network(torch.zeros_like(x)).latent
    for column, node in enumerate(plan.head_node):
        weight = network.head[:, :, column].detach()  # (n_member, n_target)
        expected = torch.einsum("mt,ms->st", weight, moved[node]) / 2
        np.testing.assert_allclose(found.node[:, node], expected.numpy(), atol=1e-9)


def test_a_linear_network_has_no_gap(plan):
    network = make_network(plan, hidden=())
    with torch.no_grad():
        network.blocks[0].out.zero_()
    found = integrate_path(network, inputs(network), 1)
    np.testing.assert_allclose(found.gap, 0, atol=1e-12)


def test_shell_gives_units_of_the_trait_for_every_variant(plan, genotypes):
    network = make_network(plan, members=3)
    network.float()
    fitted = untrained(network, plan, genotypes)
    few = genotypes.take_samples(np.arange(6))
    found = fitted.contributions(few, steps=16)
    assert found.variant.shape == (6, 9, 2)
    assert found.node.shape == (6, 4, 2)
    # variants that no node reads have no share
    assert (found.variant[:, 6:] == 0).all()
    np.testing.assert_allclose(
        found.variant.sum(axis=1), found.difference + found.gap, atol=1e-5
    )
    assert np.abs(found.gap).max() < 0.05 * np.abs(found.difference).max()
    assert found.variant.shape[1:] == (9, 2)
    assert found.node.shape[1:] == (4, 2)
    x = fitted.markers.take(network.used_variant)
    standard = x.standardise(few.call_dosage[:, network.used_variant])
    with torch.no_grad():
        value = network(torch.from_numpy(standard.T.copy())).value.mean(0).T
        base = network(torch.zeros(6, 1)).value.mean(0).T
    expected = (value - base).numpy() * fitted.targets.sd * fitted.share
    np.testing.assert_allclose(found.difference, expected, atol=1e-4)
