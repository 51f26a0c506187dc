"""Losses of several tasks in which any value may be missing.

A loss says how raw outputs become predictions, and what they cost. Missing values have
weight zero, so that they pull at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from meristem.errors import DataError
from meristem.records import FloatArray

LossName = Literal["regression", "binary", "counts", "bins"]


@dataclass(frozen=True)
class Loss:
    """What the outputs of a network mean.

    Attributes
    ----------
    name
        ``regression``: squared error of standardised values; ``binary``: cross-entropy
        of 0 and 1; ``counts``: Poisson with a logarithmic link; ``bins``: soft
        classification over bins, predicted by their mean.
    centre, scale
        Mean and standard deviation of the training rows (regression).
    bins
        Centres of the bins, in units of the task (bins).
    """

    name: LossName
    centre: FloatArray  # (n_task,)
    scale: FloatArray  # (n_task,)
    bins: FloatArray  # (n_task, n_bin); n_bin = 0 without bins

    @property
    def n_output(self) -> int:
        """Raw outputs of a network."""
        return self.bins.size if self.name == "bins" else self.centre.size

    def value(self, raw: Tensor) -> Tensor:  # (..., n_output) -> (..., n_task)
        """Return predictions in units of the tasks."""
        if self.name == "binary":
            return raw.sigmoid()
        if self.name == "counts":
            return raw.exp()
        if self.name == "bins":
            share = raw.unflatten(-1, self.bins.shape).softmax(-1)
            return (share * torch.as_tensor(self.bins, dtype=raw.dtype)).sum(-1)
        scale = torch.as_tensor(self.scale, dtype=raw.dtype)
        return raw * scale + torch.as_tensor(self.centre, dtype=raw.dtype)

    def cost(
        self,
        raw: Tensor,  # (n, n_output)
        target: Tensor,  # (n, n_task) NaN missing
        offset: Tensor | None = None,  # (n, n_task) in standard deviations
    ) -> Tensor:
        """Return the mean cost of what was measured; 0 where nothing was."""
        there = ~target.isnan()
        filled = target.nan_to_num(0.0)
        if self.name == "binary":
            cost = functional.binary_cross_entropy_with_logits(
                raw, filled, reduction="none"
            )
        elif self.name == "counts":
            cost = functional.poisson_nll_loss(raw, filled, reduction="none")
        elif self.name == "bins":
            logits = raw.unflatten(-1, self.bins.shape).log_softmax(-1)
            cost = -(self._soft(filled) * logits).sum(-1)
        else:
            scale = torch.as_tensor(self.scale, dtype=raw.dtype)
            centre = torch.as_tensor(self.centre, dtype=raw.dtype)
            wanted = (filled - centre) / scale
            cost = (raw + (0.0 if offset is None else offset) - wanted) ** 2
        return (cost * there).sum() / there.sum().clamp(min=1)

    def _soft(self, target: Tensor) -> Tensor:  # (n, n_task) -> (n, n_task, n_bin)
        """Return the share of every bin: a normal curve around the value."""
        bins = torch.as_tensor(self.bins, dtype=target.dtype)
        step = bins[:, 1:2] - bins[:, :1]
        away = (bins - target[..., None]) / step
        return (-0.5 * away**2).softmax(-1)


def make_loss(
    name: LossName,
    value: FloatArray,  # (n, n_task) training rows
    tasks: tuple[str, ...],
    n_bin: int = 18,
) -> Loss:
    """Return the loss of training values.

    Raises
    ------
    DataError
        If a task holds values that the loss has no place for, or one value alone.
    """
    for task, column in zip(tasks, value.T, strict=True):
        held = np.unique(column[~np.isnan(column)])
        _check(name, task, held)
    centre, spread = np.nanmean(value, axis=0), np.nanstd(value, axis=0)
    low, high = np.nanmin(value, axis=0), np.nanmax(value, axis=0)
    bins = np.linspace(low, high, n_bin).T if name == "bins" else np.zeros((0, 0))
    return Loss(name, centre, np.where(spread > 0, spread, 1.0), bins)


def _check(name: LossName, task: str, held: FloatArray) -> None:
    if held.size < 2:
        raise DataError(
            f"task {task!r} holds {held.size} different value(s) in the training rows",
            remedy="leave the task out: there is nothing to learn",
        )
    if name == "binary" and not np.isin(held, (0.0, 1.0)).all():
        raise DataError(
            f"task {task!r} holds {held[~np.isin(held, (0, 1))][0]:g}, which is "
            "neither 0 nor 1",
            remedy="use loss = 'regression', or write 0 and 1",
        )
    if name == "counts" and held[0] < 0:
        raise DataError(
            f"task {task!r} holds {held[0]:g}, which is no count",
            remedy="use loss = 'regression', or give counts of 0 and more",
        )
