"""Every network: shapes, and layers that propagate contributions."""

import numpy as np
import pytest
import torch
from tests.sequence.toys import motifs
from torch import nn

from meristem.errors import ConfigError
from meristem.sequence.models.networks.attention import build_attention
from meristem.sequence.models.networks.blocks import (
    Exponential,
    Mean,
    MeanMax,
    activate,
    head,
)
from meristem.sequence.models.networks.cnn import build_cnn
from meristem.sequence.models.networks.dilated import build_dilated
from meristem.sequence.models.networks.ensemble import plant_motifs
from meristem.sequence.models.networks.recurrent import build_recurrent
from meristem.sequence.models.networks.residual import build_residual
from meristem.sequence.models.options import NetworkOptions

BUILDERS = [build_cnn, build_dilated, build_recurrent, build_attention, build_residual]


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("read", ["flat", "mean", "both"])
@pytest.mark.parametrize(("kernel", "pool", "window"), [(8, 3, 31), (7, 1, 20)])
def test_outputs_have_their_shape(
    build, read: str, kernel: int, pool: int, window: int
) -> None:
    options = NetworkOptions(
        channels=6, first_kernel=kernel, pool=pool, hidden=5, heads=2, read=read
    )
    network = build(options, window, 3).eval()
    assert network(torch.zeros(2, 4, window)).shape == (2, 3)


@pytest.mark.parametrize("build", BUILDERS)
def test_every_non_linearity_is_used_once(build) -> None:
    """A module that is called twice breaks methods that propagate contributions."""
    options = NetworkOptions(channels=6, first_kernel=7, depth=3, heads=2)
    network = build(options, 24, 1).eval()
    calls: dict[int, int] = {}

    def count(module: nn.Module, *_: object) -> None:
        calls[id(module)] = calls.get(id(module), 0) + 1

    kinds = (nn.ReLU, nn.MaxPool1d, nn.Sigmoid, nn.Softmax)
    watched = [m for m in network.modules() if isinstance(m, kinds)]
    for module in watched:
        module.register_forward_hook(count)
    network(torch.zeros(1, 4, 24))
    assert len(watched) >= 3
    assert set(calls.values()) == {1}
    assert len(calls) == len(watched)


def test_options_change_the_network() -> None:
    x = torch.randn(2, 4, 30)
    base = NetworkOptions(channels=6, first_kernel=7, hidden=5)
    changes = {
        "channels": 8,
        "first_kernel": 9,
        "depth": 1,
        "kernel": 3,
        "pool": 2,
        "read": "mean",
        "hidden": 4,
        "first": "exp",
        "activation": "gelu",
    }
    for name, value in changes.items():
        outputs = []
        for options in (base, base.model_copy(update={name: value})):
            torch.manual_seed(1)
            outputs.append(build_cnn(options, 30, 1).eval()(x).detach())
        assert not torch.allclose(*outputs), name
    drops = [m.p for m in build_cnn(base, 30, 1) if isinstance(m, nn.Dropout)]
    assert max(drops) == base.dropout


def test_heads_divide_channels() -> None:
    with pytest.raises(ConfigError, match="do not divide"):
        build_attention(NetworkOptions(channels=6, heads=4), 20, 1)


def test_parts() -> None:
    x = torch.randn(2, 3, 7)
    both = MeanMax(7)(x)
    assert torch.allclose(both[:, :3], x.amax(2))
    assert torch.allclose(both[:, 3:], x.mean(2))
    assert torch.allclose(Mean()(x), x.mean(2))
    assert torch.isfinite(Exponential()(torch.tensor([99.0]))).all()
    assert isinstance(activate("gelu"), nn.GELU)
    assert head(NetworkOptions(hidden=5), 9, 2)[-1].out_features == 2


def test_motifs_are_planted_into_every_second_filter() -> None:
    torch.manual_seed(1)
    network = build_cnn(NetworkOptions(channels=6, first_kernel=5), 20, 1)
    before = network[0].weight.detach().clone().numpy()
    plant_motifs(network, motifs(), np.random.default_rng(1))
    after = network[0].weight.detach().numpy()
    same = np.isclose(before, after).all(axis=(1, 2))
    assert same.tolist() == [False, True, False, True, False, True]
    norm = np.linalg.norm(before, axis=(1, 2)).mean()
    assert np.allclose(np.linalg.norm(after[::2], axis=(1, 2)), norm, rtol=1e-4)
