"""Search over trunks, by the same interface as the search over windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meristem.kinetics.network.kinn import Kinn
from meristem.kinetics.transfer.net import TransferNet, logits
from meristem.kinetics.transfer.rows import LabelledSites, ranking_by_guide
from meristem.kinetics.transfer.train import TransferOptions, draw_rows, train_epochs
from meristem.kinetics.transfer.trunk import Block, Trunk
from meristem.records import FloatArray
from meristem.stats.folds import grouped_folds
from meristem.tune.optimisers import Trial
from meristem.tune.space import Choice, Point

_FIRST: tuple[Block, ...] = ("k1", "k3", "k3d4", "k5", "inception")
_SECOND: tuple[Block, ...] = ("none", "k1", "k3", "k5", "inception")

TRUNK_SPACE: dict[str, Choice] = {
    "first": Choice(tuple(range(len(_FIRST)))),
    "dropout": Choice((0, 10, 30, 50)),
    "second": Choice(tuple(range(len(_SECOND)))),
    "lstm": Choice((0, 16, 32)),
    "attention": Choice((0, 1)),
    "dense": Choice((0, 64)),
}


def build_trunk(point: Point, *, width: int = 16) -> Trunk:
    """Return the trunk of a point."""
    return Trunk(
        first=_FIRST[point["first"]],
        first_width=width,
        dropout=point["dropout"] / 100,
        second=_SECOND[point["second"]],
        second_width=2 * width,
        lstm=point["lstm"],
        attention=bool(point["attention"]),
        dense=point["dense"],
    )


def search_trunks(
    kinns: Sequence[Kinn],
    data: LabelledSites,
    log10_rate: FloatArray,  # (n,)
    *,
    n_trial: int,
    rng: np.random.Generator,
    options: TransferOptions,
    size: int = 4,
    folds: int = 4,
) -> tuple[Trunk, pd.DataFrame]:
    """Return the trunk that ranks guides left out best, and every trial.

    The distribution search of `search.DistributionSearch`, on the trunk's variables:
    each generation's points are drawn from the counts of those at or above its mean.
    One fold of the guides judges all.
    """
    held_rows = grouped_folds(data.guide, folds, rng, noun="guides") == 0
    drawn = draw_rows(
        data.label,
        log10_rate,
        np.flatnonzero(~held_rows),
        negatives=options.negatives,
        rng=rng,
    )
    held = data.take(held_rows)
    trials: list[Trial] = []
    for generation in range(-(-n_trial // size)):
        survivors = _survivors(trials)
        for _ in range(min(size, n_trial - len(trials))):
            point = {
                name: variable.sample([t.point[name] for t in survivors], rng)
                for name, variable in TRUNK_SPACE.items()
            }
            net = TransferNet(build_trunk(point), kinns, seed=int(rng.integers(2**31)))
            reward = 0.0
            for _ in train_epochs(net, data, drawn, rng=rng, options=options):
                precision = ranking_by_guide(
                    held.label, logits(net, held.x), held.guide
                )
                reward = max(reward, float(precision.mean()))
            trials.append(Trial(generation, point, reward))
    best = max(trials, key=lambda t: t.reward)
    rows = [{"generation": t.generation, "reward": t.reward} | t.point for t in trials]
    return build_trunk(best.point), pd.DataFrame(rows)


def _survivors(trials: list[Trial]) -> list[Trial]:
    if not trials:
        return []
    last = trials[-1].generation
    floor = np.mean([t.reward for t in trials if t.generation == last])
    return [t for t in trials if t.reward >= floor]
