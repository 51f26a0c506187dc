from __future__ import annotations

import torch

from meristem.nn.convolution import ConvolutionNetwork


def make(**changes):
    sizes = {
        "ploidy": 2,
        "channels": 3,
        "kernel": 4,
        "stride": 2,
        "hidden": 5,
        "members": 2,
        "dropout": 0.0,
        "generator": torch.Generator().manual_seed(0),
    }
    return ConvolutionNetwork(11, 2, **(sizes | changes))


def test_equals_loops_over_windows():
    network = make()
    x = torch.randint(-1, 3, (11, 6)).float()
    value = network(x)
    assert value.shape == (2, 2, 6)
    k, channel, b, window = 1, 2, 3, 2
    total = network.filter_bias[k * 3 + channel].clone()
    for offset in range(4):
        dosage = int(x[window * 2 + offset, b])
        if dosage >= 0:
            total += network.filters[k * 3 + channel, dosage, offset]
    one_hot = (x.t()[:, None] == torch.arange(3)[:, None]).float()
    maps = torch.nn.functional.conv1d(
        one_hot, network.filters, network.filter_bias, stride=2
    )
    torch.testing.assert_close(maps[b, k * 3 + channel, window], total)
    flat = torch.relu(maps[b, k * 3 : k * 3 + 3].reshape(-1, 1))
    h = torch.relu(network.hidden.weight[k] @ flat + network.hidden.bias[k])
    expected = network.head.weight[k] @ h + network.head.bias[k]
    torch.testing.assert_close(value[k, :, b], expected[:, 0])


def test_kernel_is_cut_to_the_variants():
    assert make(kernel=50)(torch.zeros(11, 1)).shape == (2, 2, 1)


def test_a_missing_call_says_nothing():
    network = make()
    x = torch.full((11, 1), -1.0)
    h = torch.relu(network.filter_bias).view(2, 3, 1).expand(2, 3, 4).reshape(2, 12, 1)
    expected = network.head(torch.relu(network.hidden(h)))
    torch.testing.assert_close(network(x), expected)


def test_members_do_not_touch_each_other():
    network = make()
    network(torch.randint(0, 3, (11, 4)).float())[0].sum().backward()
    for name, owner in network.owners().items():
        gradient = network.get_parameter(name).grad
        assert torch.count_nonzero(gradient[(owner != 0).expand(gradient.shape)]) == 0
