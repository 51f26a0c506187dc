from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from meristem.nn.start import start_from_linear

_SPEC = importlib.util.spec_from_file_location(
    "dag_twin", Path(__file__).parent / "test_dag.py"
)
dag_twin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(dag_twin)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_latents_begin_near_linear_predictions():
    members = 80  # each begins with noise of its own: the claim is about their mean
    network = dag_twin.make(members=members)
    x = torch.randn(network.used_variant.size, 400)
    effect = torch.randn(members, network.used_variant.size)
    start_from_linear(network, effect, x, torch.Generator().manual_seed(1))
    latent = network(x).latent
    # node a reads variants 0 and 3, which are inputs 0 and 2
    r = torch.empty(members)
    for k in range(members):
        part = effect[k, [0, 2]] @ x[[0, 2]]
        r[k] = torch.corrcoef(torch.stack([part, latent[0, k]]))[0, 1]
    assert r.abs().mean() > 0.85
    assert abs(latent[0].std(dim=1).mean() - 1) < 0.15


def test_unknown_effects_give_a_random_start():
    network = dag_twin.make(members=2)
    x = torch.randn(network.used_variant.size, 50)
    zero = torch.zeros(2, network.used_variant.size)
    start_from_linear(network, zero, x, torch.Generator().manual_seed(1))
    latent = network(x).latent
    assert latent.isfinite().all()
    assert latent[0].std(dim=1).min() > 0


def test_a_node_with_one_parent_begins_as_its_copy():
    network = dag_twin.make(members=3)
    x = torch.randn(network.used_variant.size, 30)
    effect = torch.randn(3, network.used_variant.size)
    start_from_linear(network, effect, x, torch.Generator().manual_seed(2))
    latent = network(x).latent
    torch.testing.assert_close(latent[4], latent[1])  # d copies b
