from __future__ import annotations

import torch

from meristem.nn.dense import DenseNetwork, MemberLinear


def test_members_equal_separate_networks():
    generator = torch.Generator().manual_seed(0)
    network = DenseNetwork(7, (5, 4), 2, members=3, dropout=0.0, generator=generator)
    x = torch.randn(7, 6)
    value = network(x)
    assert value.shape == (3, 2, 6)
    for k in range(3):
        h = x
        for layer in network.layers:
            h = torch.nn.functional.silu(layer.weight[k] @ h + layer.bias[k])
        expected = network.head.weight[k] @ h + network.head.bias[k]
        torch.testing.assert_close(value[k], expected)


def test_no_hidden_layer_is_linear():
    network = DenseNetwork(
        4, (), 1, members=2, dropout=0.0, generator=torch.Generator()
    )
    x = torch.randn(4, 5)
    sum_of = network(x + 1) - network(x)
    torch.testing.assert_close(sum_of, sum_of[:, :, :1].expand(sum_of.shape))


def test_members_do_not_touch_each_other():
    network = DenseNetwork(
        4, (3,), 1, members=2, dropout=0.0, generator=torch.Generator()
    )
    network(torch.randn(4, 5))[0].sum().backward()
    for name, owner in network.owners().items():
        gradient = network.get_parameter(name).grad
        assert torch.count_nonzero(gradient[(owner != 0).expand(gradient.shape)]) == 0


def test_first_weights_are_small():
    layer = MemberLinear(3, 100, 8, torch.Generator().manual_seed(0))
    assert layer.weight.abs().max() <= 0.1
