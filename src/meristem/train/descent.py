"""One fit loop for every network: batches, early stopping, schedule, replicas.

All members of an ensemble are trained as one tensor on the same minibatches; a row
that a member must not see has weight zero in that member's loss. Each member keeps
the weights of its own best epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.records import FloatArray
from meristem.train.batches import Batches
from meristem.train.memory import reused_memory


@dataclass(frozen=True)
class Losses:
    """What an objective returns for one batch."""

    train: Tensor  # (n_member,) to be minimised
    held_error: Tensor  # (n_member,) summed error on the rows held out
    held_weight: Tensor  # (n_member,) summed weight of those rows


@dataclass(frozen=True)
class History:
    """How a fit went; one row per check, one column per member."""

    epoch: NDArray[np.int64]  # (n_check,)
    train: FloatArray  # (n_check, n_member)
    held: FloatArray  # (n_check, n_member) NaN for members without held-out rows
    best_epoch: NDArray[np.int64]  # (n_member,)
    stopped: str  # "patience" or "epochs"


@dataclass(frozen=True)
class FitSettings:
    """How to descend."""

    learning_rate: float = 1e-2
    weight_decay: float = 1e-4
    epochs: int = 1000
    patience: int = 100  # epochs without gain
    settle: int = 0  # epochs before patience starts to count
    warmup: int = 10  # epochs of rising learning rate
    final_rate: float = 0.05  # share of the learning rate left at the last epoch
    check_every: int = 5
    threads: int = 1


Objective = Callable[[Tensor, Tensor, int], Losses]
"""(x, rows, epoch) -> losses."""


def fit_network(
    network: nn.Module,
    batches: Batches,
    objective: Objective,
    settings: FitSettings,
    *,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> History:
    """Train all members of `network`; leave every one at its best epoch.

    Parameters
    ----------
    network
        A module with `owners()`; its weights are changed in place.
    batches
        The inputs.
    objective
        Gives the losses of a batch; calls the network.
    settings
        How to descend.
    rng
        Order of the minibatches.
    progress
        Called with (epoch, epochs) at every check.

    Returns
    -------
    History
        Losses at every check and the best epoch of every member. A member without
        held-out rows keeps its last weights.
    """
    with limited_threads(settings.threads), reused_memory():
        return _descend(network, batches, objective, settings, rng, progress)


def _descend(
    network: nn.Module,
    batches: Batches,
    objective: Objective,
    settings: FitSettings,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> History:
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        parameters,
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    keeper = _Keeper(network)
    # one deterministic batch: the losses of the step are those of its weights
    free_check = batches.n_batch == 1 and not _has_dropout(network)
    stopped = "epochs"
    for epoch in range(settings.epochs):
        check = epoch % settings.check_every == 0 or epoch == settings.epochs - 1
        _set_rate(optimiser, settings, epoch)
        if check and not free_check:
            keeper.look(epoch, _evaluate(network, batches, objective, epoch, rng))
        network.train()
        for x, rows in batches.epoch(rng):
            losses = objective(x, rows, epoch)
            if check and free_check:
                keeper.look(epoch, losses)
            optimiser.zero_grad(set_to_none=True)
            losses.train.sum().backward()
            optimiser.step()
        if check and progress is not None:
            progress(epoch, settings.epochs)
        if check and keeper.idle(epoch, settings):
            stopped = "patience"
            break
    network.eval()
    return keeper.finish(stopped)


def _evaluate(
    network: nn.Module,
    batches: Batches,
    objective: Objective,
    epoch: int,
    rng: np.random.Generator,
) -> Losses:
    network.eval()
    parts = []
    with torch.no_grad():
        parts = [objective(x, rows, epoch) for x, rows in batches.epoch(rng)]
    return Losses(
        torch.stack([p.train for p in parts]).mean(0),
        torch.stack([p.held_error for p in parts]).sum(0),
        torch.stack([p.held_weight for p in parts]).sum(0),
    )


class _Keeper:
    """Remembers the best weights of every member."""

    def __init__(self, network: nn.Module) -> None:
        owner = network.owners()  # type: ignore[operator]
        named = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
        self._pairs = [(p, owner[n].to(p.device)) for n, p in named]
        self._best = [p.detach().clone() for p, _ in self._pairs]
        self._low: Tensor | None = None
        self._best_epoch = torch.zeros(0)
        self._log: list[tuple[int, Tensor, Tensor]] = []

    def look(self, epoch: int, losses: Losses) -> None:
        held = (losses.held_error / losses.held_weight).detach()
        self._log.append((epoch, losses.train.detach().clone(), held))
        if self._low is None:
            self._low = torch.full_like(held, torch.inf)
            self._best_epoch = torch.zeros_like(held, dtype=torch.int64)
        # NaN: nothing held out, every look is the best so far
        better = (held < self._low * (1 - 1e-4)) | held.isnan()
        if not better.any():
            return
        self._low = torch.where(better, held, self._low)
        self._best_epoch[better] = epoch
        with torch.no_grad():
            for (parameter, owner), best in zip(self._pairs, self._best, strict=True):
                torch.where(better[owner], parameter, best, out=best)

    def idle(self, epoch: int, settings: FitSettings) -> bool:
        since = self._best_epoch.clamp(min=settings.settle)
        return bool((epoch - since >= settings.patience).all())

    def finish(self, stopped: str) -> History:
        alone = self._log[-1][2].isnan()
        with torch.no_grad():
            for (parameter, owner), best in zip(self._pairs, self._best, strict=True):
                parameter.copy_(torch.where(alone[owner], parameter, best))
        return History(
            np.array([epoch for epoch, _, _ in self._log]),
            torch.stack([t for _, t, _ in self._log]).double().cpu().numpy(),
            torch.stack([h for _, _, h in self._log]).double().cpu().numpy(),
            self._best_epoch.cpu().numpy(),
            stopped,
        )


def _set_rate(
    optimiser: torch.optim.Optimizer, settings: FitSettings, epoch: int
) -> None:
    rise = min(1.0, (epoch + 1) / max(settings.warmup, 1))
    share = epoch / max(settings.epochs - 1, 1)
    low = settings.final_rate
    fall = low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share))
    for group in optimiser.param_groups:
        group["lr"] = settings.learning_rate * rise * fall


def _has_dropout(network: nn.Module) -> bool:
    return any(isinstance(m, nn.Dropout) and m.p > 0 for m in network.modules())


@contextmanager
def limited_threads(number: int) -> Iterator[None]:
    """Compute with `number` torch threads, and leave the count as found."""
    # small products lose time when threads spin on shared cores
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
