"""The stacked optimiser moves each member as torch's Adam moves it alone."""

import numpy as np
import torch

from meristem.kinetics.network.adam import StackedAdam
from meristem.kinetics.network.design import make_design
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, FitOptions
from meristem.kinetics.scheme.catalog import cas9

OPTIONS = FitOptions(learning_rate=0.05, decay=0.5, decay_steps=3, clip_norm=1e9)


def design(filters: int):
    window = Window(0, 3, 3, filters)
    return make_design([Architecture((window,) * 7)] * 2, cas9(4), 6)


def test_equal_to_torch() -> None:
    rng = np.random.default_rng(0)
    parameter = torch.tensor(rng.normal(size=(2, 7, 3, 4)), dtype=torch.float32)
    twin = parameter.clone().requires_grad_(True)
    stacked = {"weight": parameter.clone()}
    adam = StackedAdam(stacked)
    oracle = torch.optim.Adam([twin], lr=0.05, eps=1e-7)
    schedule = torch.optim.lr_scheduler.StepLR(oracle, 3, 0.5)
    for _ in range(7):
        gradient = torch.tensor(rng.normal(size=(2, 7, 3, 4)), dtype=torch.float32)
        stacked["weight"].requires_grad_(True)
        stacked["weight"].grad = gradient.clone()
        twin.grad = gradient.clone()
        adam.step(stacked, design(1), OPTIONS)
        oracle.step()
        schedule.step()
    assert torch.allclose(stacked["weight"].detach(), twin.detach(), atol=1e-6)


def test_large_gradients_are_clipped_by_rate() -> None:
    stacked = {"weight": torch.zeros(2, 7, 3, 4)}
    adam = StackedAdam(stacked)
    stacked["weight"].requires_grad_(True)
    gradient = torch.zeros(2, 7, 3, 4)
    gradient[0, 1] = 100.0
    gradient[1, 2] = 1e-3
    stacked["weight"].grad = gradient
    adam.step(stacked, design(1), FitOptions(clip_norm=1.0))
    first = adam.first["weight"] * 10
    assert torch.allclose(first[0, 1].norm(), torch.tensor(1.0), atol=1e-5)
    assert torch.allclose(first[1, 2], gradient[1, 2], atol=1e-8)


def test_members_that_stop_are_dropped() -> None:
    adam = StackedAdam({"bias": torch.arange(14.0).reshape(2, 7)})
    adam.take(torch.tensor([1]))
    assert adam.first["bias"].shape == (1, 7)
