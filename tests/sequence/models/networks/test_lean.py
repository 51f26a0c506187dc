"""Networks as they predict, against the networks that were trained."""

import numpy as np
import pytest
import torch
from tests.sequence.toys import fitted, rows

from meristem.sequence.inputs.onehot import base_codes, flip
from meristem.sequence.models.catalog import KINDS
from meristem.sequence.models.networks.lean import lean

NETWORKS = [name for name, kind in KINDS.items() if kind.space is not None]


@torch.no_grad()
def slow_ensemble(model, onehot):
    """Return predictions by the trained networks, strand by strand."""
    found = []
    for network in model.networks:
        views = [torch.from_numpy(view) for view in (onehot, flip(onehot))]
        values = [model.loss.value(network(view)).numpy() for view in views]
        found.append(np.mean(values, axis=0))
    return np.array(found)


@pytest.mark.parametrize("kind", NETWORKS)
def test_predictions_are_those_of_the_trained_network(kind):
    model, onehot = fitted(kind), rows().onehot[:50].copy()
    onehot[1, :, 5] = 0
    onehot[2, :, :20] = 0
    found = model.ensemble(onehot)
    assert found == pytest.approx(slow_ensemble(model, onehot), abs=1e-5)
    onehot[3, :, 7] = [0.5, 0, 0.5, 0]  # a mixture, which no table holds
    assert model.ensemble(onehot)[:, 3] != pytest.approx(found[:, 3], abs=1e-5)
    assert model.ensemble(onehot) == pytest.approx(
        slow_ensemble(model, onehot), abs=1e-5
    )


@torch.no_grad()
def test_the_network_itself_stays_as_it_is():
    network, onehot = fitted("dilated").networks[0], rows().onehot[:3]
    before = network(torch.from_numpy(onehot))
    made = lean(network)
    assert torch.equal(network(torch.from_numpy(onehot)), before)
    assert made(torch.from_numpy(base_codes(onehot))).numpy() == pytest.approx(
        before.numpy(), abs=1e-5
    )


def test_margins_hold_no_maximum():
    whole = lean(fitted("cnn").networks[0]).first(torch.zeros(2, 9, dtype=torch.uint8))
    moved = whole.fitted(3, 4)
    assert moved.value.shape[1] == 6 + 4 * -(-whole.length // 4)
    assert torch.equal(moved.inside, whole.inside)
    assert float(moved.value[:, :3].max()) < -1e29
