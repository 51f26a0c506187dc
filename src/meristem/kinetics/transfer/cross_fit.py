"""Members that each leave out other guides, and what those guides decide together.

For an assay that is none of those learned from, how much of the correction is kept is
chosen by assays left out instead: a part of what is learned holds for one assay alone.

The guides are dealt into as many folds as there are members; member k never sees fold
k. The logits of all rows, each from the member that did not see its guide, choose how
many epochs of the trunk are kept and how much of the correction: none where it does not
rank the guides left out better than the kinetic network as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from meristem.kinetics.cas9.encode import Encoding
from meristem.kinetics.transfer.net import TransferFit, TransferNet, logits
from meristem.kinetics.transfer.rows import (
    LabelledSites,
    judged_together,
    ranking_by_guide,
)
from meristem.kinetics.transfer.train import (
    TransferOptions,
    draw_rows,
    relink,
    train_epochs,
)
from meristem.records import FloatArray, IntArray
from meristem.stats.folds import grouped_folds
from meristem.stats.ranking import Ranking, average_precision

SCALES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the correction that are tried."""

_JUDGES = 2
"""Negatives that judge, for one that trains."""


@dataclass(frozen=True)
class CrossFit:
    """An ensemble and what was said of rows by members that had not seen their guide.

    Attributes
    ----------
    fits
        The members, at the epoch and scale that were chosen.
    rows, weight
        Rows that judged, drawn as those trained on, and how many each stands for.
    logit
        Of these rows, from the member that left their guide out.
    choices
        Mean AUPR over guides of every epoch and scale that was tried; gain with
        standard error on epoch 0, and on scale 0.
    epoch, scale
        What was chosen.
    """

    fits: list[TransferFit]
    rows: NDArray[np.int64]  # (n_judge,)
    weight: FloatArray  # (n_judge,)
    logit: FloatArray  # (n_judge,)
    choices: pd.DataFrame
    epoch: int
    scale: float


def cross_fit(
    nets: Sequence[TransferNet],
    data: LabelledSites,
    log10_rate: FloatArray,  # (n,)
    *,
    rng: np.random.Generator,
    options: TransferOptions = TransferOptions(),  # noqa: B008 (frozen)
    jackknife: Sequence[TransferNet] = (),
    progress: Callable[[int], None] | None = None,
) -> CrossFit:
    """Train every network on the guides outside its own fold, then choose.

    Parameters
    ----------
    nets
        Untrained, at least two; trained in place.
    data
        Rows to learn from: none of the test.
    log10_rate
        What the kinetic network says as it is, by which negatives are drawn.
    options
        How to train.
    jackknife
        Untrained networks, one per assay: each leaves its assay out, and together
        they choose the scale. Without them the guides left out choose it.
    progress
        Called with the number of networks done.

    Raises
    ------
    DataError
        If there are fewer guides than members, or a class is missing.
    """
    fold = _guide_folds(data, len(nets), rng)
    judges, weight, judged = _judges(data, log10_rate, options, rng)
    place, together = fold[judges], judged_together(judged)

    def rank(score: FloatArray) -> FloatArray:
        return ranking_by_guide(judged.label, score, together, weight)

    held_logit = np.zeros((options.epochs + 1, len(judges)))
    states, samples = [], []
    for member, net in enumerate(nets):
        drawn = draw_rows(
            data.label,
            log10_rate,
            np.flatnonzero(fold != member),
            negatives=options.negatives,
            rng=rng,
        )
        kept = []
        for epoch in train_epochs(net, data, drawn, rng=rng, options=options):
            held_logit[epoch, place == member] = logits(net, judged.x[place == member])
            kept.append(_state(net))
        states.append(kept)
        samples.append(drawn)
        if progress is not None:
            progress(member + 1)
    by_epoch = [rank(score) for score in held_logit]
    validation = np.array([values.mean() for values in by_epoch])
    epoch = int(validation.argmax())
    for net, kept in zip(nets, states, strict=True):
        net.load_state_dict(kept[epoch])
    table = [_row("epoch", e, 1.0, v, by_epoch[0]) for e, v in enumerate(by_epoch)]
    logit, scale = held_logit[epoch], 1.0
    if nets[0].kinetic is not None:
        if jackknife:
            stopped = replace(options, epochs=epoch)
            by_scale = [
                _by_assay(net, number, data, log10_rate, judged, weight, rng, stopped)
                for number, net in enumerate(jackknife)
            ]
            ranking = np.stack(by_scale, axis=1)
            best = scale_for_assays(ranking, _left_to_others(data, len(jackknife)))
        else:
            scaled = [_held_logits(nets, judged.x, place, share) for share in SCALES]
            ranking = np.stack([rank(score) for score in scaled])
            best = choose_scale(ranking)
        table += [
            _row("scale", epoch, share, values, ranking[0])
            for share, values in zip(SCALES, ranking, strict=True)
        ]
        scale = SCALES[best]
        for net, drawn in zip(nets, samples, strict=True):
            net.scale.fill_(scale)
            relink(net, data, drawn)
        logit = _held_logits(nets, judged.x, place, scale)
    fits = [TransferFit(net.eval(), validation) for net in nets]
    choices = pd.DataFrame(table)
    return CrossFit(fits, judges, weight, logit, choices, epoch, scale)


def _by_assay(
    net: TransferNet,
    number: int,
    data: LabelledSites,
    log10_rate: FloatArray,
    judged: LabelledSites,
    weight: FloatArray,
    rng: np.random.Generator,
    options: TransferOptions,
) -> FloatArray:  # (n_scale,)
    """Return the AUPR of one assay by a network of the others, scale by scale.

    Guides of the assay are left out of the others too.
    """
    left = data.assay == number
    drawn = draw_rows(
        data.label,
        log10_rate,
        np.flatnonzero(~np.isin(data.guide, data.guide[left])),
        negatives=options.negatives,
        rng=rng,
    )
    for _ in train_epochs(net, data, drawn, rng=rng, options=options):
        pass
    rows = judged.assay == number
    out = []
    for share in SCALES:
        net.scale.fill_(share)
        relink(net, data, drawn)
        ranking = Ranking.of(judged.label[rows], logits(net, judged.x[rows]))
        out.append(average_precision(ranking, weight[rows]))
    return np.array(out)


def _guide_folds(
    data: LabelledSites, n_fold: int, rng: np.random.Generator
) -> IntArray:  # (n,)
    """Deal whole guides to folds: those judged alone first, then the others."""
    many = np.char.find(judged_together(data), " ") > 0
    alone = np.isin(data.guide, data.guide[many])
    if len(np.unique(data.guide[alone])) < n_fold:
        alone = np.ones(len(alone), dtype=bool)  # too few: all are dealt as one
    fold = np.zeros(len(alone), dtype=np.int64)
    fold[alone] = grouped_folds(
        data.guide[alone],
        n_fold,
        rng,
        noun="guides",
        remedy="give tables with more guides, or ask for fewer members",
    )
    place = np.unique(data.guide[~alone], return_inverse=True)[1]
    if place.size:
        fold[~alone] = (rng.permutation(place.max() + 1) % n_fold)[place]
    return fold


def _judges(
    data: LabelledSites,
    log10_rate: FloatArray,
    options: TransferOptions,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], FloatArray, LabelledSites]:
    """Draw the rows that judge: the likely negatives of every guide, weighted."""
    drawn = draw_rows(
        data.label,
        log10_rate,
        np.arange(len(data.label)),
        negatives=_JUDGES * options.negatives,
        rng=rng,
    )
    return drawn.rows, drawn.weight, data.take(drawn.rows)


def choose_scale(
    ranking: FloatArray,  # (n_scale, n_guide) AUPR; the first scale is zero
) -> int:
    """Return the best scale, or the first where the gain is within one error.

    Examples
    --------
    >>> choose_scale(np.array([[0.2, 0.3, 0.1], [0.3, 0.3, 0.2]]))
    1
    >>> choose_scale(np.array([[0.2, 0.3, 0.1], [0.4, 0.2, 0.1]]))
    0
    """
    best = int(ranking.mean(axis=1).argmax())
    gain = ranking[best] - ranking[0]
    return best if gain.mean() > _error(gain) else 0


def _left_to_others(data: LabelledSites, n_assay: int) -> FloatArray:  # (n_assay,)
    """Return the share of the active sites that the other assays have."""
    active = np.bincount(data.assay, data.label, minlength=n_assay)
    return np.asarray(1.0 - active / active.sum())


def scale_for_assays(
    ranking: FloatArray,  # (n_scale, n_assay) AUPR; the first scale is zero
    weight: FloatArray,  # (n_assay,)
) -> int:
    """Return the scale with the best mean ratio of AUPR to that of scale zero.

    Assays differ manifold in their AUPR, so that ratios count. An assay without which
    little is left to learn from says little of a correction learned with it: `weight`.

    Examples
    --------
    >>> scale_for_assays(np.array([[0.2, 0.4], [0.3, 0.3]]), np.array([0.9, 0.1]))
    1
    >>> scale_for_assays(np.array([[0.2, 0.4], [0.3, 0.3]]), np.array([0.5, 0.5]))
    1
    >>> scale_for_assays(np.array([[0.2, 0.4], [0.3, 0.2]]), np.array([0.5, 0.5]))
    0
    """
    return int((np.log(ranking / ranking[0]) @ weight).argmax())


def _error(values: FloatArray) -> float:
    """Return the standard error of a mean; infinite for a single value."""
    if len(values) < 2:
        return float("inf")
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _row(
    chosen: str, epoch: int, scale: float, values: FloatArray, reference: FloatArray
) -> dict[str, str | float]:
    gain = values - reference
    return {
        "chosen": chosen,
        "epoch": epoch,
        "scale": scale,
        "aupr": float(values.mean()),
        "gain": float(gain.mean()),
        "gain_error": _error(gain),
        "guides": len(values),
    }


def _state(net: TransferNet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def _held_logits(
    nets: Sequence[TransferNet],
    x: Encoding,  # (n, 25, 13)
    place: NDArray[np.int64],  # (n,) the member that left the row out
    scale: float,
) -> FloatArray:  # (n,)
    """Return the logits of every row at one scale of the correction."""
    out = np.zeros(len(x))
    for member, net in enumerate(nets):
        net.scale.fill_(scale)
        out[place == member] = logits(net, x[place == member])
    return out
