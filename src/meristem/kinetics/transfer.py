"""Place a fitted kinetic network inside a deep one: learn what cells change.

The kinetic log rates stay frozen. A trunk adds a correction that is zero at first, the
scheme is solved, and a monotone link makes a probability: at the start the model is the
in-vitro network itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.errors import DataError
from meristem.kinetics.channels import pair_weights
from meristem.kinetics.encode import REFERENCE, SUBSTITUTED, Encoding
from meristem.kinetics.fit import Solver
from meristem.kinetics.kinn import Kinn
from meristem.kinetics.metrics import Ranking, average_precision
from meristem.kinetics.trunk import Trunk, TrunkNet
from meristem.records import FloatArray

FIRST_SLOPE = 1.75
FIRST_OFFSET = 3.75


@dataclass(frozen=True)
class TransferOptions:
    """How the correction is trained.

    Attributes
    ----------
    learning_rate, decay
        Adam's step and its factor per epoch.
    batch, epochs, patience
        Rows per step; most epochs; epochs without a better validation AUPR.
    negatives
        Negatives drawn per positive in each epoch; they are weighted up again, so that
        probabilities stay those of the whole table.
    kernel_l2, kernel_l1
        Penalties on the correction's weights.
    correction_l2
        Penalty on the correction itself, which keeps it near the kinetics.
    train_link
        Whether slope and offset of the link are learned (never below zero).
    """

    learning_rate: float = 0.002
    decay: float = 0.8
    batch: int = 1024
    epochs: int = 12
    patience: int = 4
    negatives: int = 20
    kernel_l1: float = 1e-6
    kernel_l2: float = 1e-3
    correction_l2: float = 1e-3
    train_link: bool = True


class KineticLayer(nn.Module):
    """Frozen log rates plus a correction, solved for log10 of the observable."""

    def __init__(self, kinn: Kinn) -> None:
        super().__init__()
        if kinn.hidden:
            raise DataError(
                "a network with hidden units cannot be placed in a deep network",
                remedy="fit one with hidden = 0",
            )
        weights = pair_weights(kinn.weights, kinn.channels)
        flat = weights.reshape(len(weights), -1)
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", torch.from_numpy(flat.T.copy()).float())
        self.register_buffer("bias", torch.from_numpy(kinn.bias.copy()).float())
        self.solver = Solver(kinn.scheme)

    def log_rates(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> Tensor:  # (n, n_reaction)
        """Return the frozen in-vitro log rates."""
        changed = x[:, :, REFERENCE, None] * x[:, :, None, SUBSTITUTED]
        pairs = torch.cat([changed.flatten(2), x[:, :, 8:]], dim=2)
        return pairs.flatten(1) @ self.weight + self.bias

    def forward(
        self,
        x: Tensor,  # (n, 25, 13)
        correction: Tensor,  # (n, n_reaction)
    ) -> Tensor:  # (n,)
        """Return log10 of the observable under corrected log rates."""
        solved: Tensor = self.solver(self.log_rates(x) + correction)
        return solved


class TransferNet(nn.Module):
    """Trunk, zero correction, kinetic layer, monotone link.

    Without a kinetic network it is the same trunk with a plain logistic head.
    """

    def __init__(self, trunk: Trunk, kinn: Kinn | None, *, seed: int) -> None:
        super().__init__()
        self.kinn = kinn
        n_out = 1 if kinn is None else len(kinn.scheme.reactions)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.trunk = TrunkNet(trunk)
            self.head = nn.Linear(self.trunk.width, n_out)
        self.kinetic = None if kinn is None else KineticLayer(kinn)
        if kinn is not None:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
        self.slope = nn.Parameter(torch.tensor(FIRST_SLOPE))
        self.offset = nn.Parameter(torch.tensor(FIRST_OFFSET))

    def correction(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> Tensor:  # (n, n_reaction)
        """Return what is added to the frozen log rates."""
        out: Tensor = self.head(self.trunk(x))
        return out

    def link(
        self,
        log10_rate: Tensor,  # (n,)
    ) -> Tensor:  # (n,)
        """Return the logit: rising in the rate."""
        return self.slope * log10_rate + self.offset

    def forward(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> tuple[Tensor, Tensor]:  # logit (n,), correction (n, n_reaction)
        """Return logits and the correction of the log rates."""
        correction = self.correction(x)
        if self.kinetic is None:
            return correction[:, 0], correction[:, :0]
        return self.link(self.kinetic(x, correction)), correction

    def project(self) -> None:
        """Keep the link monotone: slope and offset at least zero."""
        with torch.no_grad():
            self.slope.clamp_(min=0.0)
            self.offset.clamp_(min=0.0)


@dataclass(frozen=True)
class TransferFit:
    """One trained network.

    Attributes
    ----------
    net
        In evaluation mode.
    validation
        AUPR on the inner validation rows, by epoch (epoch 0: before training).
    """

    net: TransferNet
    validation: FloatArray  # (n_epoch + 1,)

    @property
    def best(self) -> float:
        """Best validation AUPR."""
        return float(self.validation.max())

    def corrections(
        self,
        x: Encoding,  # (n, 25, 13)
        *,
        block: int = 20_000,
    ) -> FloatArray:  # (n, n_reaction)
        """Return what is added to the natural log rates of many pairs."""
        out = []
        with torch.no_grad():
            for i in range(0, len(x), block):
                part = torch.from_numpy(x[i : i + block]).float()
                out.append(self.net.correction(part).double().numpy())
        return np.concatenate(out)


def logits(
    net: TransferNet,
    x: Encoding,  # (n, 25, 13)
    *,
    block: int = 20_000,
) -> FloatArray:  # (n,)
    """Return the logits of many rows."""
    was_training = net.training
    net.eval()
    out = []
    with torch.no_grad():
        for i in range(0, len(x), block):
            part = torch.from_numpy(x[i : i + block]).float()
            out.append(net(part)[0].double().numpy())
    net.train(was_training)
    return np.concatenate(out) if out else np.zeros(0)


def train_transfer(
    net: TransferNet,
    x: Encoding,  # (n, 25, 13)
    label: NDArray[np.int64],  # (n,)
    valid: NDArray[np.bool_],  # (n,) rows that stop the training
    *,
    rng: np.random.Generator,
    options: TransferOptions = TransferOptions(),
    progress: Callable[[int, float], None] | None = None,
) -> TransferFit:
    """Train the correction (and the link) on labelled pairs.

    Parameters
    ----------
    net
        Trained in place; the best epoch is put back.
    x, label
        Encoded pairs and 0/1.
    valid
        Inner validation rows: whole guides, never those of the test.
    rng
        Rows of each epoch; dropout is seeded from it.
    options
        How to train.
    progress
        Called with epoch and validation AUPR.

    Raises
    ------
    DataError
        If training or validation lacks a class.
    """
    positive = np.flatnonzero((label == 1) & ~valid)
    negative = np.flatnonzero((label == 0) & ~valid)
    held = np.flatnonzero(valid)
    if not len(positive) or not len(negative):
        raise DataError("training rows of one class only", remedy="give both classes")
    adam = torch.optim.Adam(net.parameters(), lr=options.learning_rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, options.decay)
    if not options.train_link:
        net.slope.requires_grad_(False)
        net.offset.requires_grad_(False)
    n_drawn = min(len(negative), options.negatives * len(positive))
    up = len(negative) / n_drawn
    history = [_aupr(net, x, label, held)]
    best = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        for epoch in range(1, options.epochs + 1):
            drawn = rng.choice(negative, n_drawn, replace=False)
            rows = rng.permutation(np.concatenate([positive, drawn]))
            _epoch(net, adam, x, label, rows, up, options)
            schedule.step()
            history.append(_aupr(net, x, label, held))
            if progress is not None:
                progress(epoch, history[-1])
            if history[-1] >= max(history):
                best = {name: value.clone() for name, value in net.state_dict().items()}
            elif epoch - int(np.argmax(history)) >= options.patience:
                break
    net.load_state_dict(best)
    net.eval()
    return TransferFit(net, np.array(history))


def _aupr(
    net: TransferNet, x: Encoding, label: NDArray[np.int64], rows: NDArray[np.int64]
) -> float:
    if not len(rows):
        return 0.0
    return average_precision(Ranking.of(label[rows], logits(net, x[rows])))


def _epoch(
    net: TransferNet,
    adam: torch.optim.Optimizer,
    x: Encoding,
    label: NDArray[np.int64],
    rows: NDArray[np.int64],
    up: float,
    options: TransferOptions,
) -> None:
    net.train()
    for i in range(0, len(rows), options.batch):
        part = rows[i : i + options.batch]
        target = torch.from_numpy(label[part]).float()
        logit, correction = net(torch.from_numpy(x[part]).float())
        weight = torch.where(target > 0, 1.0, up)
        loss = (
            nn.functional.binary_cross_entropy_with_logits(
                logit, target, weight=weight, reduction="sum"
            )
            / weight.sum()
        )
        if net.kinetic is not None:
            kernel = net.head.weight
            loss = loss + options.kernel_l1 * kernel.abs().sum()
            loss = loss + options.kernel_l2 * (kernel**2).sum()
            # per unit of class balance, as the loss itself is dominated by negatives
            loss = loss + options.correction_l2 / up * (correction**2).mean()
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        net.project()


@dataclass(frozen=True)
class Calibration:
    """A monotone map from logits to probabilities: positive slope, and offset."""

    slope: float
    offset: float

    def apply(
        self,
        logit: FloatArray,  # (n,)
    ) -> FloatArray:  # (n,)
        """Return calibrated probabilities."""
        return 1.0 / (1.0 + np.exp(-(self.slope * logit + self.offset)))


def calibrate(
    logit: FloatArray,  # (n,)
    label: NDArray[np.int64],  # (n,)
) -> Calibration:
    """Fit the map on rows that were not trained on.

    References
    ----------
    Platt 1999, Advances in Large Margin Classifiers, 61 (with his smoothed targets).
    """
    n_positive = int((label == 1).sum())
    n_negative = len(label) - n_positive
    high, low = (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2)
    z = torch.from_numpy(np.asarray(logit, dtype=np.float64))
    target = torch.from_numpy(np.where(label == 1, high, low))
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    scale = max(float(np.std(logit)), 1e-12)
    solver = torch.optim.LBFGS([theta], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        mapped = theta[0].exp() * z / scale + theta[1]
        loss = nn.functional.binary_cross_entropy_with_logits(mapped, target)
        loss.backward()
        return loss

    solver.step(closure)
    slope = float(theta[0].detach().exp()) / scale
    return Calibration(slope, float(theta[1].detach()))


def mean_logits(
    fits: Sequence[TransferFit],
    x: Encoding,  # (n, 25, 13)
) -> FloatArray:  # (n,)
    """Return the logit of the mean probability of an ensemble."""
    total = np.zeros(len(x))
    for fit in fits:
        total += 1.0 / (1.0 + np.exp(-logits(fit.net, x)))
    mean = np.clip(total / len(fits), 1e-300, 1 - 1e-16)
    return np.log(mean) - np.log1p(-mean)


def reliability(
    probability: FloatArray,  # (n,)
    label: NDArray[np.int64],  # (n,)
    *,
    n_bin: int = 10,
) -> NDArray[np.float64]:  # (n_bin, 3) mean probability, share of positives, rows
    """Return the calibration curve over bins that hold equally many rows."""
    edges = np.quantile(
        np.log(np.maximum(probability, 1e-12)), np.linspace(0, 1, n_bin + 1)
    )
    place = np.clip(
        np.searchsorted(edges, np.log(np.maximum(probability, 1e-12)), "right") - 1,
        0,
        n_bin - 1,
    )
    rows = np.bincount(place, minlength=n_bin).astype(float)
    safe = np.maximum(rows, 1)
    mean = np.bincount(place, probability, n_bin) / safe
    share = np.bincount(place, label, n_bin) / safe
    return np.stack([mean, share, rows], axis=1)
