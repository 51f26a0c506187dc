"""Place fitted kinetic networks inside a deep one: learn what cells change.

The kinetic log rates stay frozen. A correction that is zero at first is added to them,
the scheme is solved for every network, and a monotone link of their mean makes a
probability: at the start the model is the in-vitro ensemble itself. The correction has
two parts: one linear in few sums of edits and energies (see `edit_sums`, `hybrid`), and
a trunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import pair_weights
from meristem.kinetics.cas9.edit_sums import edit_sum_map, edit_tensor
from meristem.kinetics.cas9.encode import DELETED, INSERTED, Encoding
from meristem.kinetics.cas9.hybrid import NAMES as HYBRID_NAMES
from meristem.kinetics.cas9.hybrid import hybrid_sums
from meristem.kinetics.network.fit import Solver
from meristem.kinetics.network.kinn import LN10, Kinn
from meristem.kinetics.transfer.trunk import Trunk, TrunkNet
from meristem.records import FloatArray

FIRST_SLOPE = 1.75
FIRST_OFFSET = 3.75
PLAIN_OFFSET = -4.0
"""First logit of a network without kinetics."""


def refuse_other_schemes(kinns: Sequence[Kinn]) -> None:
    """Refuse networks that are not solved alike: other reactions or observables."""
    said = {(kinn.scheme.reactions, kinn.scheme.observable) for kinn in kinns}
    if len(said) > 1:
        raise DataError(
            "the kinetic networks are of different schemes or observables",
            where="model",
            remedy="correct networks of one scheme and observable together",
        )


class KineticLayer(nn.Module):
    """Frozen log rates of several networks plus one correction, solved and averaged.

    The networks share the scheme; log10 of the observable is their weighted mean.
    """

    def __init__(self, kinns: Sequence[Kinn]) -> None:
        super().__init__()
        if any(kinn.hidden for kinn in kinns):
            raise DataError(
                "a network with hidden units cannot be placed in a deep network",
                remedy="fit one with hidden = 0",
            )
        self.scheme = kinns[0].scheme
        refuse_other_schemes(kinns)
        weights = [pair_weights(kinn.weights, kinn.channels) for kinn in kinns]
        flat = np.concatenate([w.reshape(len(w), -1) for w in weights])
        bias = np.concatenate([kinn.bias for kinn in kinns])
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", torch.from_numpy(flat.T.copy()).float())
        self.register_buffer("bias", torch.from_numpy(bias).float())
        self.mix = nn.Parameter(torch.zeros(len(kinns)))
        self.solver = Solver(self.scheme)

    def log_rates(
        self,
        edits: Tensor,  # (n, 25, 21)
    ) -> Tensor:  # (n, n_kinn, n_reaction)
        """Return the frozen in-vitro log rates."""
        flat = edits.flatten(1) @ self.weight + self.bias
        return flat.reshape(len(edits), len(self.mix), -1)

    def shares(self) -> Tensor:  # (n_kinn,)
        """Return the weight of every network; they sum to one."""
        return torch.softmax(self.mix, dim=0)

    def forward(
        self,
        log_rates: Tensor,  # (n, n_kinn, n_reaction) frozen
        correction: Tensor,  # (n, n_reaction)
    ) -> Tensor:  # (n, n_kinn)
        """Return log10 of the observable of every network under the correction."""
        solved: Tensor = self.solver(log_rates + correction[:, None])
        return solved


class TransferNet(nn.Module):
    """Edit and hybrid sums and trunk, zero correction, kinetic layer, monotone link.

    The correction has one entry per reaction and one that all reactions share, a
    change of the time scale. At bulged sites the networks' word has a weight of its
    own (`bulge`): two guides' rates say less about bulges. Where the labelled sites
    have none, bulged sites keep the rate in vitro, linked as that of all sites is
    (`unlearned`, see `train.relink`). Without kinetic networks
    the same parts make one plain logit.
    """

    def __init__(self, trunk: Trunk, kinns: Sequence[Kinn], *, seed: int) -> None:
        super().__init__()
        self.kinns = tuple(kinns)
        n_out = len(kinns[0].scheme.reactions) + 1 if kinns else 1
        sums = torch.from_numpy(edit_sum_map()).float()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.trunk = TrunkNet(trunk)
            self.head = nn.Linear(self.trunk.width, n_out, bias=False)
        n_sum = sums.shape[1] + len(HYBRID_NAMES)
        self.linear = nn.Linear(n_sum, n_out, bias=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.linear.weight)
        self.kinetic = KineticLayer(kinns) if kinns else None
        self.sum_map: Tensor
        self.scale: Tensor
        self.register_buffer("sum_map", sums, persistent=False)
        self.register_buffer("scale", torch.tensor(1.0))
        self.unlearned: Tensor
        # slope and offset of bulged sites where no bulge was there to learn from
        self.register_buffer("unlearned", torch.full((2,), torch.nan))
        self.slope = nn.Parameter(torch.tensor(FIRST_SLOPE))
        self.bulge = nn.Parameter(torch.tensor(1.0))
        first = FIRST_OFFSET if kinns else PLAIN_OFFSET
        self.offset = nn.Parameter(torch.tensor(first))

    def sums(
        self,
        x: Tensor,  # (n, 25, 13)
        edits: Tensor,  # (n, 25, 21)
    ) -> Tensor:  # (n, n_sum)
        """Return what the linear part reads: edit sums, then energies of the hybrid."""
        return torch.cat([edits.flatten(1) @ self.sum_map, hybrid_sums(x)], dim=1)

    def parts(
        self,
        x: Tensor,  # (n, 25, 13)
        edits: Tensor,  # (n, 25, 21)
        sums: Tensor | None = None,  # (n, n_sum) where known already
    ) -> Tensor:  # (n, n_out)
        """Return the output of both parts: per reaction, and the shared one last."""
        seen = x if self.trunk.trunk.reads == "all" else edits
        read = self.sums(x, edits) if sums is None else sums
        out: Tensor = self.linear(read) + self.head(self.trunk(seen))
        return out

    def correction(
        self,
        x: Tensor,  # (n, 25, 13)
    ) -> Tensor:  # (n, n_reaction)
        """Return what is added to the frozen log rates."""
        return self.scale * spread(self.parts(x, edit_tensor(x)))

    def rates(
        self,
        frozen: Tensor,  # (n, n_kinn, n_reaction)
        parts: Tensor,  # (n, n_reaction + 1) of the correction, scaled
        gaps: Tensor,  # (n,) 1 where the pair has a bulge
        bulge: Tensor | None = None,  # () weight of the networks there
    ) -> Tensor:  # (n, n_kinn)
        """Return log10 of the corrected observable by every network."""
        assert self.kinetic is not None
        if not bool(self.unlearned.isnan().any()):
            parts = (1.0 - gaps)[:, None] * parts
            slope, offset = self.unlearned
            solved = self.kinetic(frozen, parts[:, :-1]) + parts[:, -1:] / LN10
            alone = (slope * solved + offset - self.offset) / self.slope
            return torch.where(gaps[:, None] > 0, alone, solved)
        solved = self.kinetic(frozen, parts[:, :-1])
        kept = 1.0 + gaps * ((self.bulge if bulge is None else bulge) - 1.0)
        # a change that all rates share is one of the observable (degree one)
        return kept[:, None] * solved + parts[:, -1:] / LN10

    def link(
        self,
        log10_rate: Tensor,  # (n,)
    ) -> Tensor:  # (n,)
        """Return the logit: rising in the rate."""
        return self.slope * log10_rate + self.offset

    def forward(
        self,
        x: Tensor,  # (n, 25, 13)
        frozen: Tensor | None = None,  # (n, n_kinn, n_reaction) where known already
        sums: Tensor | None = None,  # (n, n_sum) likewise
    ) -> Tensor:  # (n,)
        """Return logits."""
        edits = edit_tensor(x)
        parts = self.parts(x, edits, sums)
        if self.kinetic is None:
            return parts[:, 0] + self.offset
        known = self.kinetic.log_rates(edits) if frozen is None else frozen
        rates = self.rates(known, self.scale * parts, bulged(x))
        return self.link(rates @ self.kinetic.shares())

    def project(self) -> None:
        """Keep the link monotone: slope, offset and weight of bulges at least zero."""
        if self.kinetic is not None:
            with torch.no_grad():
                self.slope.clamp_(min=0.0)
                self.offset.clamp_(min=0.0)
                self.bulge.clamp_(min=0.0)


def bulged(
    x: Tensor,  # (n, 25, 13)
) -> Tensor:  # (n,)
    """Return 1 where the pair has an insertion or a deletion, less for part of one."""
    gaps = x[:, :, INSERTED].sum(dim=(1, 2)) + x[:, :, DELETED].sum(dim=1)
    return gaps.clamp(max=1.0)


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
        return np.asarray(expit(self.slope * logit + self.offset))


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
        total += expit(logits(fit.net, x))
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
