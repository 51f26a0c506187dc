"""Train the correction: first its linear part to the optimum, then the trunk on it.

What is learned must hold for other guides and assays, of which there are few: what they
differ by goes into `heads` of their own, so that promiscuity that the energies of the
hybrid explain is learned, and the rest is not. Negatives are drawn where the kinetics
find activity likely, and the draw is taken into account exactly.
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
from meristem.kinetics.transfer.heads import Heads
from meristem.kinetics.transfer.monotone import one_more_mismatch
from meristem.kinetics.transfer.net import (
    FIRST_OFFSET,
    FIRST_SLOPE,
    TransferNet,
    bulged,
)
from meristem.kinetics.transfer.rows import LabelledSites
from meristem.records import FloatArray

_LEAST_DRAWN = 0.01
_LINK_L2 = 1e-4
_BLOCK = 20_000
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
        and on the intercepts of the guides within their assay.
    epochs
        Most epochs of the trunk; 0 leaves it out.
    learning_rate, decay, batch, weight_decay
        Of the trunk: Adam's step, its factor per epoch, rows per step, decay.
    negatives
        Negatives drawn per positive.
    learn_weights, weight_l2
        Whether the kinetic networks get weights of their own, equal otherwise, and
        ridge on the logarithms of these.
    slopes, slope_l2
        Whether every assay has a slope of its own while training, and ridge on the
        logarithms of these.
    graded
        Weight of the read counts of active sites beside their being active.
    monotone
        Weight of the penalty on pairs that score lower than with one mismatch more.
    """

    steps: int = 80
    rate_l2: float = 1e-3
    shared_l2: float = 1e-5
    guide_l2: float = 1e-2
    learn_weights: bool = False
    weight_l2: float = 0.1
    slopes: bool = False
    slope_l2: float = 0.1
    graded: float = 0.0
    monotone: float = 0.0
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
        raise DataError(
            "training rows of one class only are left beside the guides or the assay "
            "that are left out",
            where="tables",
            remedy="give active and inactive sites of more guides, and assays that do "
            "not share all of theirs",
        )
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
    data: LabelledSites,
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
    data
        All rows; only the drawn ones are looked at.
    drawn
        Rows to train on (see `draw_rows`).
    """
    rows = drawn.rows
    target = torch.from_numpy(data.label[rows]).float()
    added = torch.from_numpy(drawn.log_odds).float()
    heads = Heads.of(data, rows)
    given = _inputs(net, data.x[rows])
    more = one_more_mismatch(data.x[rows], rng) if options.monotone else None
    twins = None if more is None else _inputs(net, more)
    if options.steps:
        _fit_linear(net, (given, twins), target, added, heads, options)
    net.eval()
    yield 0
    free = heads.free(graded=options.graded, slopes=options.slopes)
    linear = [net.linear.weight, net.slope, net.offset, *free]
    deep = [*net.trunk.parameters(), net.head.weight]
    slow = _SLOWER * options.learning_rate
    adam = torch.optim.AdamW(
        [
            {"params": deep, "weight_decay": options.weight_decay},
            {"params": linear, "lr": slow, "weight_decay": 0.0},
        ],
        lr=options.learning_rate,
    )
    clipped = [*net.parameters(), *free]
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, options.decay)
    for epoch in range(1, options.epochs + 1):
        net.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            order = torch.from_numpy(rng.permutation(len(rows)))
            for chunk in order.split(options.batch):
                logit = _seen(net, data.x[rows[chunk.numpy()]], given, chunk)
                loss = heads.loss(
                    logit, target[chunk], added[chunk], chunk, graded=options.graded
                )
                if more is not None and twins is not None:
                    twin = _seen(net, more[chunk.numpy()], twins, chunk)
                    loss = loss + options.monotone * torch.relu(twin - logit).sum()
                loss = loss / len(chunk)
                adam.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(clipped, 1.0)
                adam.step()
                net.project()
        schedule.step()
        net.eval()
        yield epoch


def _seen(
    net: TransferNet, x: Encoding, given: _Inputs, chunk: Tensor
) -> Tensor:  # (n_chunk,)
    """Return the logits of some rows whose inputs are known already."""
    frozen = given.frozen[chunk] if len(given.frozen) else None
    return net(torch.from_numpy(x).float(), frozen, given.sums[chunk])


def relink(net: TransferNet, data: LabelledSites, drawn: Drawn) -> None:
    """Fit slope and offset of the link anew, the correction as it is scaled now.

    Where no table states bulges, bulged sites get a line of their own: that of the rate
    in vitro, fitted to the same rows. A correction of mismatches says nothing of them,
    nor do bulges that ungapped pairs hide: they were found because the site is active.

    Parameters
    ----------
    net
        With kinetics, trained.
    data
        All rows; only the drawn ones are looked at.
    drawn
        Rows it was trained on.
    """
    assert net.kinetic is not None
    rates, frozen = [], []
    net.unlearned.fill_(torch.nan)
    with torch.no_grad():
        for i in range(0, len(drawn.rows), _BLOCK):
            x = torch.from_numpy(data.x[drawn.rows[i : i + _BLOCK]]).float()
            edits = edit_tensor(x)
            known = net.kinetic.log_rates(edits)
            parts = net.scale * net.parts(x, edits)
            rates.append(net.rates(known, parts, bulged(x)) @ net.kinetic.shares())
            nothing = torch.zeros_like(known[:, 0])
            frozen.append(net.kinetic(known, nothing) @ net.kinetic.shares())
        target = torch.from_numpy(data.label[drawn.rows]).float()
        added = torch.from_numpy(drawn.log_odds).float()
        slope, offset = _line(torch.cat(rates), target, added)
        net.slope.copy_(slope)
        net.offset.copy_(offset)
        if not data.gapped[drawn.rows].any():
            net.unlearned.copy_(_line(torch.cat(frozen), target, added))


def _line(
    rate: Tensor,  # (n,)
    target: Tensor,  # (n,)
    added: Tensor,  # (n,)
) -> Tensor:  # (2,)
    """Return slope, not below zero, and offset of the log odds over the rate."""
    found = torch.tensor([1.0, 0.0], requires_grad=True)
    solver = torch.optim.LBFGS([found], max_iter=50, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(
            found[0] ** 2 * rate + found[1] + added, target
        )
        # where the rate parts active from inactive, the slope would have no end
        loss = loss + _LINK_L2 * found[0] ** 2
        loss.backward()
        return loss

    with torch.enable_grad():
        solver.step(closure)
    # flat, but never so flat that the rate could not be read back
    slope = (found[0].detach() ** 2).clamp(min=1e-3)
    return torch.stack([slope, found[1].detach()])


def _fit_linear(
    net: TransferNet,
    given: tuple[_Inputs, _Inputs | None],
    target: Tensor,  # (n,)
    added: Tensor,  # (n,)
    heads: Heads,
    options: TransferOptions,
) -> None:
    """Fit linear weights, link and heads, the trunk left out.

    `given` are the inputs of the rows, and of the same with one mismatch more.
    """
    weight = torch.zeros_like(net.linear.weight).requires_grad_(True)
    # squares stay at least zero, as slope, offset and bulge must
    start = [net.slope.item(), net.offset.item(), net.bulge.item()]
    if net.kinetic is not None:
        start = [value**0.5 for value in start]
    link = torch.tensor(start, requires_grad=True)
    free = [weight, link, *heads.free(graded=options.graded, slopes=options.slopes)]
    if net.kinetic is not None and options.learn_weights:
        free.append(net.kinetic.mix)
    solver = torch.optim.LBFGS(
        free,
        max_iter=options.steps,
        history_size=20,
        line_search_fn="strong_wolfe",
    )
    n_positive = target.sum()
    every = torch.arange(len(target))

    def logit(inputs: _Inputs) -> Tensor:
        parts = inputs.sums @ weight.T
        if net.kinetic is None:
            return parts[:, 0] + link[1]
        rates = net.rates(inputs.frozen, parts, inputs.bulged, link[2] ** 2)
        return link[0] ** 2 * (rates @ net.kinetic.shares()) + link[1] ** 2

    def closure() -> Tensor:
        solver.zero_grad()
        here = logit(given[0])
        loss = heads.loss(here, target, added, every, graded=options.graded)
        if given[1] is not None:
            twin = logit(given[1])
            loss = loss + options.monotone * torch.relu(twin - here).sum()
        loss = loss / n_positive + heads.penalty(
            guide_l2=options.guide_l2, slope_l2=options.slope_l2
        )
        loss = loss + options.rate_l2 * (weight[:-1] ** 2).sum()
        loss = loss + options.shared_l2 * (weight[-1] ** 2).sum()
        if options.learn_weights and net.kinetic is not None:
            loss = loss + options.weight_l2 * (net.kinetic.mix**2).sum()
        loss.backward()
        return loss

    solver.step(closure)
    with torch.no_grad():
        net.linear.weight.copy_(weight)
        if net.kinetic is None:
            net.offset.copy_(link[1])
        else:
            for place, value in zip(
                (net.slope, net.offset, net.bulge), link**2, strict=True
            ):
                place.copy_(value)


@dataclass(frozen=True)
class _Inputs:
    """What does not change while a network is trained."""

    sums: Tensor  # (n, n_sum)
    frozen: Tensor  # (n, n_kinn, n_reaction); empty without kinetics
    bulged: Tensor  # (n,)


def _inputs(net: TransferNet, x: Encoding, *, block: int = _BLOCK) -> _Inputs:
    """Return edit sums, frozen log rates and bulges, computed once."""
    sums, frozen, gaps = [], [], []
    with torch.no_grad():
        for i in range(0, len(x), block):
            pairs = torch.from_numpy(x[i : i + block]).float()
            edits = edit_tensor(pairs)
            sums.append(net.sums(pairs, edits))
            gaps.append(bulged(pairs))
            if net.kinetic is not None:
                frozen.append(net.kinetic.log_rates(edits))
    known = torch.cat(frozen) if frozen else torch.zeros(0)
    return _Inputs(torch.cat(sums), known, torch.cat(gaps))
