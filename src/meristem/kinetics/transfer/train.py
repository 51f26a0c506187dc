"""Train the correction: first its linear part to the optimum, then the trunk on it.

What is learned must hold for other guides, of which there are few. So every guide has
an intercept of its own while training, and the correction learns the order of sites
within guides rather than which guides are promiscuous. Negatives are drawn where the
kinetics find activity likely, and the draw is taken into account exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.errors import DataError
from meristem.kinetics.cas9.edit_sums import edit_tensor
from meristem.kinetics.cas9.encode import Encoding
from meristem.kinetics.transfer.net import (
    FIRST_OFFSET,
    FIRST_SLOPE,
    TransferNet,
    spread,
)
from meristem.records import FloatArray

_LEAST_DRAWN = 0.01
_SLOWER = 0.1
"""Step of the linear part beside the trunk's: it is at its optimum already."""


@dataclass(frozen=True)
class TransferOptions:
    """How the correction is trained.

    Attributes
    ----------
    steps
        Most steps of the linear part's solver (L-BFGS); 0 leaves it at zero.
    rate_l2, shared_l2, guide_l2
        Ridge on the linear weights of single rates, on those that all rates share,
        and on the intercepts of the guides.
    epochs
        Most epochs of the trunk; 0 leaves it out.
    learning_rate, decay, batch, weight_decay
        Of the trunk: Adam's step, its factor per epoch, rows per step, decay.
    negatives
        Negatives drawn per positive.
    """

    steps: int = 80
    rate_l2: float = 1e-3
    shared_l2: float = 1e-5
    guide_l2: float = 1e-4
    epochs: int = 3
    learning_rate: float = 0.002
    decay: float = 0.7
    batch: int = 512
    weight_decay: float = 0.01
    negatives: int = 8


@dataclass(frozen=True)
class Drawn:
    """Rows to train on.

    Attributes
    ----------
    rows
        All positives, and the negatives drawn.
    log_odds
        What the draw adds to the log odds of each row.
    weight
        How many rows each one stands for.
    """

    rows: NDArray[np.int64]  # (n_drawn,)
    log_odds: FloatArray  # (n_drawn,)
    weight: FloatArray  # (n_drawn,)


def draw_rows(
    label: NDArray[np.int64],  # (n,)
    log10_rate: FloatArray,  # (n,)
    rows: NDArray[np.int64],  # (n_row,)
    *,
    negatives: int,
    rng: np.random.Generator,
) -> Drawn:
    """Draw negatives, those that look active more often.

    Parameters
    ----------
    label, log10_rate
        Of all rows; the rate is that of the kinetic network as it is.
    rows
        Rows to draw from.
    negatives
        Negatives per positive, about.

    Raises
    ------
    DataError
        If the rows are of one class only.

    References
    ----------
    Fithian & Hastie 2014, Ann Stat 42:1693 (local case-control sampling: a draw that
    depends on the features adds a known amount to the log odds).
    """
    positive, negative = rows[label[rows] == 1], rows[label[rows] == 0]
    if not len(positive) or not len(negative):
        raise DataError("training rows of one class only", remedy="give both classes")
    odds = FIRST_SLOPE * log10_rate + FIRST_OFFSET
    likely = 1.0 / np.sqrt(1.0 + np.exp(-odds))
    share = negatives * len(positive) / likely[negative].sum()
    chance = np.clip(share * likely, _LEAST_DRAWN, 1.0)
    kept = rng.random(len(negative)) < chance[negative]
    drawn = np.concatenate([positive, negative[kept]])
    weight = np.where(label[drawn] == 1, 1.0, 1.0 / chance[drawn])
    return Drawn(drawn, -np.log(chance[drawn]), weight)


def train_epochs(
    net: TransferNet,
    x: Encoding,  # (n, 25, 13)
    label: NDArray[np.int64],  # (n,)
    guide: NDArray[np.generic],  # (n,)
    drawn: Drawn,
    *,
    rng: np.random.Generator,
    options: TransferOptions = TransferOptions(),
) -> Iterator[int]:
    """Train in place, and yield after the linear part (0) and after every epoch.

    Parameters
    ----------
    net
        In evaluation mode at every yield.
    x, label, guide
        Of all rows; only the drawn ones are looked at.
    drawn
        Rows to train on (see `draw_rows`).
    """
    rows = drawn.rows
    place = torch.from_numpy(np.unique(guide[rows], return_inverse=True)[1])
    target = torch.from_numpy(label[rows]).float()
    added = torch.from_numpy(drawn.log_odds).float()
    intercepts = torch.zeros(int(place.max()) + 1, requires_grad=True)
    if options.steps:
        _fit_linear(net, x[rows], target, added, place, intercepts, options)
    net.eval()
    yield 0
    linear = [net.linear.weight, net.slope, net.offset, intercepts]
    deep = [*net.trunk.parameters(), net.head.weight]
    slow = _SLOWER * options.learning_rate
    adam = torch.optim.AdamW(
        [
            {"params": deep, "weight_decay": options.weight_decay},
            {"params": linear, "lr": slow, "weight_decay": 0.0},
        ],
        lr=options.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, options.decay)
    for epoch in range(1, options.epochs + 1):
        net.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            order = rng.permutation(len(rows))
            for i in range(0, len(rows), options.batch):
                chunk = torch.from_numpy(order[i : i + options.batch])
                logit = net(torch.from_numpy(x[rows[chunk.numpy()]]).float())
                logit = logit + added[chunk] + _centred(intercepts)[place[chunk]]
                loss = nn.functional.binary_cross_entropy_with_logits(
                    logit, target[chunk]
                )
                adam.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([*net.parameters(), intercepts], 1.0)
                adam.step()
                net.project()
        schedule.step()
        net.eval()
        yield epoch


def _centred(intercepts: Tensor) -> Tensor:
    """Return intercepts that sum to zero: a new guide has the mean one."""
    return intercepts - intercepts.mean()


def _fit_linear(
    net: TransferNet,
    x: Encoding,  # (n, 25, 13)
    target: Tensor,  # (n,)
    added: Tensor,  # (n,)
    place: Tensor,  # (n,)
    intercepts: Tensor,  # (n_guide,)
    options: TransferOptions,
) -> None:
    """Fit linear weights, link and intercepts of the guides, the trunk left out."""
    sums, frozen = _inputs(net, x)
    weight = torch.zeros_like(net.linear.weight).requires_grad_(True)
    # squares stay at least zero, as slope and offset of the link must
    start = [net.slope.item(), net.offset.item()]
    if net.kinetic is not None:
        start = [value**0.5 for value in start]
    link = torch.tensor(start, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, link, intercepts],
        max_iter=options.steps,
        history_size=20,
        line_search_fn="strong_wolfe",
    )
    n_positive = target.sum()

    def logit() -> Tensor:
        parts = sums @ weight.T
        if net.kinetic is None:
            return parts[:, 0] + link[1]
        solved: Tensor = net.kinetic(frozen, spread(parts))
        return link[0] ** 2 * solved + link[1] ** 2

    def closure() -> Tensor:
        solver.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(
            logit() + added + _centred(intercepts)[place], target, reduction="sum"
        )
        loss = loss / n_positive + options.guide_l2 * (intercepts**2).sum()
        loss = loss + options.rate_l2 * (weight[:-1] ** 2).sum()
        loss = loss + options.shared_l2 * (weight[-1] ** 2).sum()
        loss.backward()
        return loss

    solver.step(closure)
    with torch.no_grad():
        net.linear.weight.copy_(weight)
        if net.kinetic is None:
            net.offset.copy_(link[1])
        else:
            net.slope.copy_(link[0] ** 2)
            net.offset.copy_(link[1] ** 2)


def _inputs(
    net: TransferNet, x: Encoding, *, block: int = 20_000
) -> tuple[Tensor, Tensor]:
    """Return edit sums and frozen log rates, computed once."""
    sums, frozen = [], []
    with torch.no_grad():
        for i in range(0, len(x), block):
            edits = edit_tensor(torch.from_numpy(x[i : i + block]).float())
            sums.append(net.sums(edits))
            if net.kinetic is not None:
                frozen.append(net.kinetic.log_rates(edits))
    return torch.cat(sums), torch.cat(frozen) if frozen else torch.zeros(0)
