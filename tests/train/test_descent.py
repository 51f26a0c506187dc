from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from meristem.nn.dense import DenseNetwork
from meristem.nn.losses import trait_error, trait_loss
from meristem.train import DosageBatches, FitSettings, Losses, WholeBatch, fit_network
from meristem.train.descent import limited_threads


class Linear(nn.Module):
    """Two members of a linear model with one weight per feature."""

    def __init__(self, n_in):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 1, n_in))

    def owners(self):
        return {"weight": torch.arange(2)[:, None, None]}

    def forward(self, x):
        return self.weight @ x


def problem(n=40, p=3, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(p, n)).astype(np.float32))
    beta = torch.tensor([1.0, -2.0, 0.5])[:p]
    y = (beta @ x + noise * torch.from_numpy(rng.normal(size=n).astype(np.float32)))[
        None
    ]
    held = torch.zeros(2, n)
    held[0, :10] = held[1, 10:20] = 1
    return x, y, beta, held


def objective_for(network, y, held):
    weight = torch.ones_like(y)

    def objective(x, rows, epoch):
        value = network(x)
        learn = 1 - held[:, rows]
        error, total = trait_error(
            value.detach(), y[:, rows], weight[:, rows], held[:, rows]
        )
        return Losses(
            trait_loss(value, y[:, rows], weight[:, rows], learn), error, total
        )

    return objective


SETTINGS = FitSettings(learning_rate=0.05, epochs=400, weight_decay=0.0)


def trained(network, x, objective):
    rng = np.random.default_rng(0)
    return fit_network(network, WholeBatch(x), objective, SETTINGS, rng=rng)


def test_finds_least_squares_in_every_member():
    x, y, beta, held = problem()
    network = Linear(3)
    history = trained(network, x, objective_for(network, y, held))
    for k in range(2):
        torch.testing.assert_close(network.weight[k, 0], beta, atol=1e-2, rtol=1e-2)
    assert history.held.shape == (history.epoch.size, 2)
    assert history.held[-1].max() < history.held[0].min() / 100


def test_each_member_keeps_its_own_best_weights():
    x, y, _, held = problem(n=24, noise=3.0)
    rng = np.random.default_rng(1)
    wide = torch.from_numpy(rng.normal(size=(20, 24)).astype(np.float32))
    network = DenseNetwork(
        20, (30,), 1, members=2, dropout=0.0, generator=torch.Generator().manual_seed(0)
    )
    objective = objective_for(network, y, held)
    history = fit_network(
        network,
        WholeBatch(wide),
        objective,
        replace(SETTINGS, patience=50),
        rng=np.random.default_rng(0),
    )
    assert history.stopped == "patience"
    with torch.no_grad():
        losses = objective(wide, torch.arange(24), 0)
    now = (losses.held_error / losses.held_weight).numpy()
    np.testing.assert_allclose(now, history.held.min(axis=0), rtol=1e-4)
    assert history.best_epoch.max() < history.epoch[-1]


def test_nothing_held_out_keeps_the_last_weights():
    x, y, beta, held = problem()
    network = Linear(3)
    history = trained(network, x, objective_for(network, y, torch.zeros_like(held)))
    assert np.isnan(history.held).all()
    torch.testing.assert_close(network.weight[1, 0], beta, atol=1e-2, rtol=1e-2)


def test_held_out_phenotypes_do_not_change_a_member():
    x, y, _, held = problem(noise=0.5)
    fits = []
    for change in (0.0, 100.0):
        other = y + change * held[0]
        network = Linear(3)
        fit_network(
            network,
            WholeBatch(x),
            objective_for(network, other, held),
            replace(SETTINGS, epochs=30, patience=10**6),
            rng=np.random.default_rng(0),
        )
        fits.append(network.weight.detach().clone())
    # its best epoch may differ, its path may not: member 1 sees the change, 0 does not
    assert not torch.allclose(fits[0][1], fits[1][1])


def test_minibatches_of_dosages():
    rng = np.random.default_rng(3)
    dosage = rng.integers(0, 3, (60, 3)).astype(np.int8)
    y = torch.from_numpy(dosage @ np.array([1.0, -1.0, 0.5])).float()[None]
    held = torch.zeros(2, 60)
    held[:, :12] = 1
    network = Linear(3)
    batches = DosageBatches(dosage, torch.zeros(3), 16)
    history = fit_network(
        network,
        batches,
        objective_for(network, y, held),
        SETTINGS,
        rng=np.random.default_rng(0),
    )
    expected = torch.tensor([1.0, -1.0, 0.5])
    torch.testing.assert_close(network.weight[0, 0], expected, atol=2e-2, rtol=2e-2)
    assert history.held[-1].max() < 0.05


def test_same_seed_same_weights():
    rng = np.random.default_rng(4)
    dosage = rng.integers(0, 3, (30, 3)).astype(np.int8)
    y = torch.from_numpy(rng.normal(size=(1, 30))).float()
    fits = []
    for _ in range(2):
        network = Linear(3)
        fit_network(
            network,
            DosageBatches(dosage, torch.zeros(3), 8),
            objective_for(network, y, torch.zeros(2, 30)),
            replace(SETTINGS, epochs=5),
            rng=np.random.default_rng(9),
        )
        fits.append(network.weight.detach().clone())
    assert torch.equal(*fits)


@pytest.mark.parametrize("number", [1, 2])
def test_thread_count_is_left_as_found(number):
    before = torch.get_num_threads()
    with limited_threads(number):
        assert torch.get_num_threads() == number
    assert torch.get_num_threads() == before


def test_progress_is_told():
    x, y, _, held = problem()
    network = Linear(3)
    told = []
    fit_network(
        network,
        WholeBatch(x),
        objective_for(network, y, held),
        replace(SETTINGS, epochs=21),
        rng=np.random.default_rng(0),
        progress=lambda epoch, epochs: told.append((epoch, epochs)),
    )
    assert told[0] == (0, 21)
    assert told[-1] == (20, 21)
