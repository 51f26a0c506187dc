"""Nets some at a time against all at once, values and gradients."""

from __future__ import annotations

import pytest
import torch

from meristem.nn import tiles
from meristem.nn.tiles import TiledNets
from meristem.train.descent import limited_threads


def twin(x, weight, bias, out, activation):
    """All nets at once, one after the other."""
    n_net, width, hidden = out.shape
    n_tile = x.shape[0]
    values = []
    for net in range(n_net):
        tile, place = divmod(net, n_net // n_tile)
        rows = slice(place * (width + hidden), (place + 1) * (width + hidden))
        z = weight[tile, rows] @ x[tile] + bias[tile, rows]
        values.append(z[:width] + out[net] @ activation(z[width:]))
    return torch.stack(values)


@pytest.mark.parametrize("chunk", [1, 150, 10**6])
@pytest.mark.parametrize("activation", [torch.sigmoid, torch.tanh])
def test_values_and_gradients(monkeypatch, chunk, activation):
    monkeypatch.setattr(tiles, "CHUNK", chunk)
    generator = torch.Generator().manual_seed(1)
    n_tile, n_net, fan_in, batch, width, hidden = 5, 3, 4, 7, 2, 6
    shapes = (
        (n_tile, fan_in, batch),
        (n_tile, n_net * (width + hidden), fan_in),
        (n_tile, n_net * (width + hidden), 1),
        (n_tile * n_net, width, hidden),
    )
    parts = [
        torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]
    g = torch.randn(n_tile * n_net, width, batch, dtype=torch.float64)
    one, other = TiledNets.apply(*parts, activation), twin(*parts, activation)
    torch.testing.assert_close(one, other)
    got = torch.autograd.grad(one, parts, g)
    for a, b in zip(got, torch.autograd.grad(other, parts, g), strict=True):
        torch.testing.assert_close(a, b)
    # genotypes ask for no gradient
    still = [parts[0].detach(), *parts[1:]]
    got = torch.autograd.grad(TiledNets.apply(*still, activation), parts[1:], g)
    wanted = torch.autograd.grad(twin(*still, activation), parts[1:], g)
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b)


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr(tiles, "CHUNK", 150)
    generator = torch.Generator().manual_seed(2)
    shapes = ((7, 4, 5), (7, 3 * 8, 4), (7, 3 * 8, 1), (7 * 3, 2, 6))
    parts = [torch.randn(*shape, generator=generator) for shape in shapes]
    parts = [part.requires_grad_() for part in parts]
    found = []
    for number in (1, 2, 3, 1):
        with limited_threads(number):
            value = TiledNets.apply(*parts, torch.sigmoid)
            slopes = torch.autograd.grad(value, parts, torch.ones_like(value))
            assert torch.get_num_threads() == number
        found.append((value, *slopes))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_a_chunk_that_fails_is_heard(monkeypatch):
    monkeypatch.setattr(tiles, "CHUNK", 1)
    x, weight, bias = torch.ones(2, 4, 5), torch.ones(2, 3, 4), torch.ones(2, 3, 1)
    with limited_threads(2), pytest.raises(RuntimeError, match="size"):
        TiledNets.apply(x, weight, bias, torch.ones(2, 1, 3), torch.sigmoid)
