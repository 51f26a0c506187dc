"""Place a fitted kinetic network inside a deep one: learn what cells change.

The kinetic log rates stay frozen. A correction that is zero at first is added to them,
the scheme is solved, and a monotone link makes a probability: at the start the model is
the in-vitro network itself. The correction has two parts: one linear in few sums of
edits (see `edit_sums`), and a trunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import pair_weights
from meristem.kinetics.cas9.edit_sums import edit_sum_map, edit_tensor
from meristem.kinetics.cas9.encode import Encoding
from meristem.kinetics.network.fit import Solver
from meristem.kinetics.network.kinn import Kinn
from meristem.kinetics.transfer.trunk import Trunk, TrunkNet
from meristem.records import FloatArray

FIRST_SLOPE = 1.75
FIRST_OFFSET = 3.75
PLAIN_OFFSET = -4.0
"""First logit of a network without kinetics."""


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
        edits: Tensor,  # (n, 25, 21)
    ) -> Tensor:  # (n, n_reaction)
        """Return the frozen in-vitro log rates."""
        return edits.flatten(1) @ self.weight + self.bias

    def forward(
        self,
        log_rates: Tensor,  # (n, n_reaction) frozen
        correction: Tensor,  # (n, n_reaction)
    ) -> Tensor:  # (n,)
        """Return log10 of the observable under corrected log rates."""
        solved: Tensor = self.solver(log_rates + correction)
        return solved


class TransferNet(nn.Module):
    """Edit sums and trunk, zero correction, kinetic layer, monotone link.

    The correction has one entry per reaction and one that all reactions share, a
    change of the time scale. Without a kinetic network the same parts make one plain
    logit.
    """

    def __init__(self, trunk: Trunk, kinn: Kinn | None, *, seed: int) -> None:
        super().__init__()
        self.kinn = kinn
        n_out = 1 if kinn is None else len(kinn.scheme.reactions) + 1
        sums = torch.from_numpy(edit_sum_map()).float()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.trunk = TrunkNet(trunk)
            self.head = nn.Linear(self.trunk.width, n_out, bias=False)
        self.linear = nn.Linear(sums.shape[1], n_out, bias=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.linear.weight)
        self.kinetic = None if kinn is None else KineticLayer(kinn)
        self.sum_map: Tensor
        self.scale: Tensor
        self.register_buffer("sum_map", sums, persistent=False)
        self.register_buffer("scale", torch.tensor(1.0))
        self.slope = nn.Parameter(torch.tensor(FIRST_SLOPE))
        first = PLAIN_OFFSET if kinn is None else FIRST_OFFSET
        self.offset = nn.Parameter(torch.tensor(first))

    def sums(
        self,
        edits: Tensor,  # (n, 25, 21)
    ) -> Tensor:  # (n, n_sum)
        """Return the edit sums that the linear part reads."""
        return edits.flatten(1) @ self.sum_map

    def parts(
        self,
        x: Tensor,  # (n, 25, 13)
        edits: Tensor,  # (n, 25, 21)
    ) -> Tensor:  # (n, n_out)
        """Return the output of both parts: per reaction, and the shared one last."""
        seen = x if self.trunk.trunk.reads == "all" else edits
        out: Tensor = self.linear(self.sums(edits)) + self.head(self.trunk(seen))
        return out

    def correction(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> Tensor:  # (n, n_reaction)
        """Return what is added to the frozen log rates."""
        return self.scale * spread(self.parts(x, edit_tensor(x)))

    def link(
        self,
        log10_rate: Tensor,  # (n,)
    ) -> Tensor:  # (n,)
        """Return the logit: rising in the rate."""
        return self.slope * log10_rate + self.offset

    def forward(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> Tensor:  # (n,)
        """Return logits."""
        edits = edit_tensor(x)
        parts = self.parts(x, edits)
        if self.kinetic is None:
            return parts[:, 0] + self.offset
        correction = self.scale * spread(parts)
        return self.link(self.kinetic(self.kinetic.log_rates(edits), correction))

    def project(self) -> None:
        """Keep the link monotone: slope and offset at least zero."""
        if self.kinetic is not None:
            with torch.no_grad():
                self.slope.clamp_(min=0.0)
                self.offset.clamp_(min=0.0)


def spread(
    parts: Tensor,  # (n, n_reaction + 1)
) -> Tensor:  # (n, n_reaction)
    """Add the shared entry, the last one, to that of every reaction."""
    return parts[:, :-1] + parts[:, -1:]


@dataclass(frozen=True)
class TransferFit:
    """One trained network.

    Attributes
    ----------
    net
        In evaluation mode.
    validation
        Mean AUPR of guides that no network at hand was trained on, by epoch of the
        trunk (epoch 0: the linear part alone).
    """

    net: TransferNet
    validation: FloatArray  # (n_epoch + 1,)

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
                chunk = torch.from_numpy(x[i : i + block]).float()
                out.append(self.net.correction(chunk).double().numpy())
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
            chunk = torch.from_numpy(x[i : i + block]).float()
            out.append(net(chunk).double().numpy())
    net.train(was_training)
    return np.concatenate(out) if out else np.zeros(0)


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
    weight: FloatArray | None = None,  # (n,) rows that each row stands for
) -> Calibration:
    """Fit the map on rows that were not trained on.

    References
    ----------
    Platt 1999, Advances in Large Margin Classifiers, 61 (with his smoothed targets).
    """
    weight = np.ones(len(label)) if weight is None else weight
    n_positive = float(weight[label == 1].sum())
    n_negative = float(weight.sum()) - n_positive
    high, low = (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2)
    z = torch.from_numpy(np.asarray(logit, dtype=np.float64))
    target = torch.from_numpy(np.where(label == 1, high, low))
    share = torch.from_numpy(weight / weight.mean())
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    scale = max(float(np.std(logit)), 1e-12)
    solver = torch.optim.LBFGS([theta], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        mapped = theta[0].exp() * z / scale + theta[1]
        loss = nn.functional.binary_cross_entropy_with_logits(
            mapped, target, weight=share
        )
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
