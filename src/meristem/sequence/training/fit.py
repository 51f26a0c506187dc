"""Train one network: AdamW, one cycle of the rate, stopped on groups kept aside."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.training.losses import Loss
from meristem.sequence.training.options import TrainOptions

_EVALUATE = 128  # rows at once without gradients: what fits into a cache


@dataclass(frozen=True)
class Rows:
    """Training rows of a network."""

    onehot: OneHot  # (n, 4, length)
    value: FloatArray  # (n, n_task) NaN missing
    group: IntArray  # (n,) rows of a group are never parted
    offset: FloatArray | None = None  # (n, n_task) standard deviations

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Rows:
        """Return some of the rows."""
        offset = None if self.offset is None else self.offset[rows]
        return Rows(self.onehot[rows], self.value[rows], self.group[rows], offset)


@dataclass(frozen=True)
class Course:
    """Losses of one training by epoch."""

    train: FloatArray  # (n_epoch,)
    held_out: FloatArray  # (n_epoch,)
    best: int  # epoch whose weights were kept


def train_network(
    network: nn.Module,
    rows: Rows,
    loss: Loss,
    options: TrainOptions,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> Course:
    """Train a network in place and leave it with its best weights, ready to predict.

    Parameters
    ----------
    network
        Reads (n, 4, length), gives (n, loss.n_output).
    rows
        Training rows; a share of their groups stops the training.
    loss
        What the outputs mean.
    options
        How to train.
    rng
        Draws the groups kept aside, the batches and what is done to sequences.
    progress
        Called with epochs done and in all.

    Raises
    ------
    ConfigError
        If the weights run away, or there are too few groups.
    """
    fit, stop = _keep_aside(rows, options.held_out, rng)
    optimiser = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad],
        lr=options.learning_rate,
        weight_decay=options.weight_decay,
    )
    steps = max(1, len(fit.onehot) // options.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.learning_rate, total_steps=steps * options.epochs
    )
    best, kept, course = np.inf, copy.deepcopy(network.state_dict()), _Course()
    for epoch in range(options.epochs):
        cost = _epoch(network, fit, loss, options, (optimiser, schedule, steps), rng)
        held = _cost(network, stop, loss)
        if not np.isfinite(cost):
            raise ConfigError(
                "the training ran away: the loss is no finite number",
                where="train.learning_rate",
                remedy=f"lower it (now {options.learning_rate:g})",
            )
        course.train.append(cost)
        course.held_out.append(held)
        if held < best:
            best, course.best = held, epoch
            kept = copy.deepcopy(network.state_dict())
        if progress is not None:
            progress(epoch + 1, options.epochs)
        if epoch - course.best >= options.patience:
            break
    network.load_state_dict(kept)
    network.eval()
    return Course(np.array(course.train), np.array(course.held_out), course.best)


class _Course:
    def __init__(self) -> None:
        self.train: list[float] = []
        self.held_out: list[float] = []
        self.best = 0


def _keep_aside(
    rows: Rows, share: float, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    names = np.unique(rows.group)
    if names.size < 2:
        raise ConfigError(
            "all training rows are one group, and none can be kept aside to stop the "
            "training",
            where="data.group",
            remedy="give more sequences that are no copies of one another, or leave "
            "out the networks",
        )
    number = min(max(1, round(share * names.size)), names.size - 1)
    aside = np.isin(rows.group, rng.choice(names, number, replace=False))
    return rows.take(~aside), rows.take(aside)


def _epoch(
    network: nn.Module,
    rows: Rows,
    loss: Loss,
    options: TrainOptions,
    moves: tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler, int],
    rng: np.random.Generator,
) -> float:
    optimiser, schedule, steps = moves
    network.train()
    order = rng.permutation(len(rows.onehot))
    total = 0.0
    for step in range(steps):
        picked = order[step * options.batch : (step + 1) * options.batch]
        batch = rows.take(picked)
        x = _float(disturb(batch.onehot, options, rng))
        offset = None if batch.offset is None else _float(batch.offset)
        optimiser.zero_grad(set_to_none=True)
        cost = loss.cost(network(x), _float(batch.value), offset)
        cost.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        total += float(cost.detach())
    return total / steps


def disturb(
    onehot: OneHot,  # (n, 4, length)
    options: TrainOptions,
    rng: np.random.Generator,
) -> OneHot:
    """Return sequences as training shows them: moved, flipped, some bases swapped."""
    x = onehot
    if options.shift:
        step = int(rng.integers(-options.shift, options.shift + 1))
        x = np.roll(x, step, axis=2)
        if step > 0:
            x[:, :, :step] = 0
        elif step < 0:
            x[:, :, step:] = 0
    if options.flip:
        turned = rng.random(len(x)) < options.flip
        x = np.where(turned[:, None, None], x[:, ::-1, ::-1], x)
    if options.swap:
        changed = (rng.random((len(x), 1, x.shape[2])) < options.swap) & (
            x.sum(axis=1, keepdims=True) > 0
        )
        drawn = np.eye(4, dtype=np.float32)[rng.integers(4, size=(len(x), x.shape[2]))]
        x = np.where(changed, drawn.transpose(0, 2, 1), x)
    return np.ascontiguousarray(x, dtype=np.float32)


def _float(array: FloatArray | OneHot) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


@torch.no_grad()
def _cost(network: nn.Module, rows: Rows, loss: Loss) -> float:
    network.eval()
    raw = run_network(network, rows.onehot)
    offset = None if rows.offset is None else _float(rows.offset)
    return float(loss.cost(raw, _float(rows.value), offset))


@torch.no_grad()
def run_network(network: nn.Module, onehot: OneHot) -> Tensor:  # (n, n_output)
    """Return raw outputs of a network that is ready to predict."""
    parts = [
        network(_float(onehot[start : start + _EVALUATE]))
        for start in range(0, len(onehot), _EVALUATE)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, 0)
