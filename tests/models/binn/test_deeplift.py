from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import DeepLift
from tests.models.binn.toys import inputs, make_network, untrained

from meristem.models.binn.deeplift import rescale_shares
from meristem.models.binn.integrated import integrate_path
from meristem.nn.dag import PlanNetwork


class OneMember(torch.nn.Module):
    """The network of a plan written out node by node, for captum's hooks."""

    def __init__(self, network: PlanNetwork, plan, target: int) -> None:
        super().__init__()
        self.network, self.plan, self.target = network, plan, target
        self.bends = torch.nn.ModuleList([torch.nn.Tanh() for _ in range(4)])

    def node(self, block, number: int, x: torch.Tensor, bend) -> torch.Tensor:
        """x: (n_sample, n_source); the small net of one node."""
        units = block.width + block.first
        weight = torch.zeros(units, x.shape[1], dtype=torch.float64)
        for row, col, value in zip(
            block.edges.row, block.edges.col, block.weight, strict=True
        ):
            if int(row) // units == number:
                weight[int(row) % units, int(col)] += value
        z = x @ weight.T + block.bias[number].T
        hidden = bend(z[:, 1:])
        return z[:, :1] + hidden @ block.out[number].T

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = self.network.nets
        genes = [self.node(first, k, x, self.bends[k]) for k in range(3)]
        term = self.node(second, 0, torch.cat(genes, dim=1), self.bends[3])
        state = [*genes, term]
        head_in = torch.cat([state[int(k)] for k in self.network.head_slot], dim=1)
        weight = self.network.head[0, self.target]
        return head_in @ weight + self.network.head_bias[0, self.target]


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning")
@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already:UserWarning")
def test_shares_of_variants_equal_captum(plan):
    network = make_network(plan, members=1)
    x = inputs(network)
    found = rescale_shares(network, x)
    for target in range(2):
        written = OneMember(network, plan, target)
        value = network(x).value[0, target]
        torch.testing.assert_close(written(x.T), value)
        expected = DeepLift(written).attribute(x.T, torch.zeros_like(x.T))
        np.testing.assert_allclose(
            found.variant[:, :, target], expected.detach().numpy(), atol=1e-9
        )


@pytest.mark.parametrize("activation", ["tanh", "silu", "relu", "sigmoid"])
def test_shares_add_up_exactly(plan, activation):
    network = make_network(plan, activation=activation)
    found = rescale_shares(network, inputs(network))
    np.testing.assert_allclose(found.gap, 0, atol=1e-9)
    assert np.abs(found.difference).max() > 0.1
    # genes: g1 and g2 through the term, g3 directly
    genes = found.node[:, [0, 1, 2]].sum(axis=1)
    np.testing.assert_allclose(genes, found.difference, atol=1e-9)
    heads = found.node[:, plan.head_node].sum(axis=1)
    np.testing.assert_allclose(heads, found.difference, atol=1e-9)


def test_a_line_like_the_reference_has_no_share_and_no_error(plan):
    network = make_network(plan)
    x = inputs(network, 3)
    x[:, 1] = 0
    found = rescale_shares(network, x)
    assert (found.variant[1] == 0).all()
    assert np.isfinite(found.variant).all()


def test_a_linear_network_agrees_with_integrated_gradients(plan):
    network = make_network(plan, hidden=())
    with torch.no_grad():
        network.blocks[0].out.zero_()
    x = inputs(network)
    chords, path = rescale_shares(network, x), integrate_path(network, x, 2)
    np.testing.assert_allclose(chords.variant, path.variant, atol=1e-9)
    np.testing.assert_allclose(chords.node, path.node, atol=1e-9)


def test_the_network_is_left_as_it_was(plan):
    network = make_network(plan)
    x = inputs(network)
    before = network(x).value
    rescale_shares(network, x)
    torch.testing.assert_close(network(x).value, before, rtol=0, atol=0)
    assert all(p.grad is None for p in network.parameters())


def test_shell_gives_units_of_the_trait(plan, genotypes):
    fitted = untrained(make_network(plan, members=3).float(), plan, genotypes)
    few = genotypes.take_samples(np.arange(6))
    found = fitted.contributions(few, rule="deeplift")
    path = fitted.contributions(few)
    np.testing.assert_allclose(found.difference, path.difference, atol=1e-4)
    np.testing.assert_allclose(found.gap, 0, atol=1e-4)
    assert (found.variant[:, 6:] == 0).all()
    r = np.corrcoef(found.variant.ravel(), path.variant.ravel())[0, 1]
    assert r > 0.95
