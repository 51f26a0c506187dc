"""Per-sample derivatives against one backward pass per sample and output."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from meristem.nn.dag import NodeShape
from meristem.nn.jacobian import MemberVector, jacobian

_SPEC = importlib.util.spec_from_file_location(
    "dag_twin", Path(__file__).parent / "test_dag.py"
)
dag_twin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(dag_twin)


@pytest.mark.parametrize(
    "shape",
    [
        NodeShape(hidden=(3,)),
        NodeShape(hidden=(4, 3), variant_hidden=(2,), width=2, activation="silu"),
        NodeShape(hidden=()),
    ],
    ids=str,
)
def test_jacobian_equals_single_backward_passes(shape):
    network = dag_twin.make(shape, members=2, n_target=2).double()
    vector = MemberVector(network)
    x = torch.randn(network.used_variant.size, 5, dtype=torch.float64)
    node = torch.tensor([4, 0])
    outputs, slope = jacobian(network, vector, x, node)
    assert outputs.shape == (2, 4, 5)
    assert slope.shape == (2, vector.size, 4, 5)
    for b in range(5):
        result = network(x)
        wanted = torch.cat([result.value, result.latent[node].transpose(0, 1)], dim=1)
        torch.testing.assert_close(outputs, wanted)
        for o in range(4):
            for k in range(2):
                grads = torch.autograd.grad(
                    wanted[k, o, b],
                    list(network.parameters()),
                    retain_graph=True,
                    materialize_grads=True,
                )
                flat = [
                    g.reshape(-1)[index[k]]
                    for g, index in zip(grads, vector.index, strict=True)
                ]
                torch.testing.assert_close(slope[k, :, o, b], torch.cat(flat))


def test_vector_round_trip():
    network = dag_twin.make(NodeShape(hidden=(4,)), members=3)
    vector = MemberVector(network)
    theta = torch.randn_like(vector.read())
    vector.write(theta)
    torch.testing.assert_close(vector.read(), theta)
    assert vector.size * 3 == sum(p.numel() for p in network.parameters())
