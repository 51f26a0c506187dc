"""Kinetic networks: rates that read windows of a sequence, many fitted at once.

All members of a batch share the rows. Each has its own windows, its own weights of the
rows (training and validation), its own parameters. The log rates of every member are
one matrix product of the edit array with weights spread over the positions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.kinetics.cas9.pam import CAS9, Pam
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.likelihood import expected_measurement
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.solve import log_observable
from meristem.records import FloatArray

LN10 = math.log(10.0)

Loss = Literal["reading", "censored", "squared", "absolute"]


@dataclass(frozen=True)
class Architecture:
    """One window per reaction of the scheme, in its order; None leaves one out."""

    windows: tuple[Window | None, ...]


@dataclass(frozen=True)
class FitOptions:
    """How a batch of kinetic networks is trained.

    Attributes
    ----------
    loss
        ``reading``: squared error of what an instrument with a soft detection limit
        would read (robust to rows predicted far too low); ``censored``: Gaussian
        likelihood with a detection limit; ``squared``: squared error, one-sided for
        rows at a limit; ``absolute`` likewise.
    width, first_width
        Softness of the limit of ``reading`` in log10 units: at the end, and at first.
    learning_rate, decay, decay_steps
        Adam's step, multiplied by `decay` every `decay_steps` steps.
    clip_norm
        Largest norm of the gradient of one rate's weights.
    batch, epochs, patience
        Rows per step, most epochs, epochs without improvement before a member stops.
    limits
        Range of log10 values that can be measured.
    l2, smooth
        Penalties on squared weights and on their steps between neighbouring taps.
    start_scale
        Standard deviation of the first weights; 0 starts from the matched reaction.
    binding
        Weight of the squared error of measured binding, where there is some; it
        trains, and never decides when to stop.
    """

    loss: Loss = "reading"
    width: float = 0.3
    first_width: float = 2.0
    learning_rate: float = 0.01
    decay: float = 0.9
    decay_steps: int = 130
    clip_norm: float = 1.0
    batch: int = 512
    epochs: int = 300
    patience: int = 15
    limits: tuple[float, float] = (-5.0, math.inf)
    l2: float = 0.0
    smooth: float = 0.0
    start_scale: float = 0.0
    binding: float = 1.0


@dataclass(frozen=True)
class Measurements:
    """Rows to learn from: an edit array and log10 rates.

    Attributes
    ----------
    x
        Edits or other features by position.
    y
        log10 of the measured rate; the detection limit where censored.
    censored
        True where the truth is at or below `y`.
    group
        Rows of one sequence share a number and never part in a split.
    channels
        Name of the set of channels (see `channels`); empty for other features.
    binding
        Normalised loss of binding (see `binding.binding_loss`), NaN where unknown.
    pam
        PAM of the guides, where rows are guide-target pairs.
    """

    x: NDArray[np.uint8]  # (n, n_position, n_channel)
    y: FloatArray  # (n,)
    censored: NDArray[np.bool_]  # (n,)
    group: NDArray[np.int64]  # (n,)
    channels: str = ""
    binding: FloatArray | None = None  # (n,)
    pam: Pam = CAS9

    def take(self, rows: NDArray[np.int64]) -> Measurements:
        """Return some of the rows."""
        return Measurements(
            self.x[rows],
            self.y[rows],
            self.censored[rows],
            self.group[rows],
            self.channels,
            None if self.binding is None else self.binding[rows],
            self.pam,
        )


@dataclass(frozen=True)
class Kinn:
    """A fitted kinetic network: log rates are linear in the edit array.

    Attributes
    ----------
    scheme, architecture
        What was fitted.
    weights
        Effect of every edit at every position on every log rate, in kT.
    bias
        Log rates of the matched reference.
    log_sigma
        Natural log of the standard deviation of log10 measurements.
    limits
        Measurable range of log10 values.
    hidden
        Rectified units, where the architecture has some.
    channels
        Set of channels that it reads.
    pam
        PAM of the guides that it was fitted to.
    """

    scheme: Scheme
    architecture: Architecture
    weights: FloatArray  # (n_reaction, n_position, n_channel)
    bias: FloatArray  # (n_reaction,)
    log_sigma: float
    limits: tuple[float, float]
    hidden: tuple[HiddenUnits, ...] = ()
    channels: str = ""
    pam: Pam = CAS9

    def log_rates(
        self,
        x: NDArray[np.generic],  # (n, n_position, n_channel)
    ) -> FloatArray:  # (n, n_reaction)
        """Return natural log rates of every reaction."""
        flat = x.reshape(len(x), -1).astype(np.float64)
        rates = flat @ self.weights.reshape(len(self.weights), -1).T + self.bias
        for unit in self.hidden:
            inner = flat @ unit.inner.reshape(len(unit.inner), -1).T + unit.offset
            rates[:, unit.reaction] += np.maximum(inner, 0.0) @ unit.outer
        return rates

    def log10_rate(
        self,
        x: NDArray[np.generic],  # (n, n_position, n_channel)
    ) -> FloatArray:  # (n,)
        """Return log10 of the observable, without the limits of the instrument."""
        log_rates = torch.as_tensor(self.log_rates(x))
        return np.asarray(log_observable(self.scheme, log_rates)) / LN10

    def predict(
        self,
        x: NDArray[np.generic],  # (n, n_position, n_channel)
    ) -> FloatArray:  # (n,)
        """Return the expected log10 reading of the instrument."""
        mean = torch.as_tensor(self.log10_rate(x))
        low, high = self.limits
        sigma = torch.tensor(self.log_sigma, dtype=mean.dtype)
        reading = mean
        if math.isfinite(low):
            reading = expected_measurement(mean, sigma, low)
        return np.asarray(reading.clamp(max=high))


@dataclass(frozen=True)
class HiddenUnits:
    """Rectified units added to one log rate."""

    reaction: int
    inner: FloatArray  # (n_unit, n_position, n_channel)
    offset: FloatArray  # (n_unit,)
    outer: FloatArray  # (n_unit,)


@dataclass(frozen=True)
class BatchFit:
    """The members of one batch, and how they fared on their validation rows."""

    kinns: tuple[Kinn, ...]
    validation: FloatArray  # (n_member, n) held-out prediction, NaN where not held out
    loss: FloatArray  # (n_member,) best validation loss
    epochs: int
