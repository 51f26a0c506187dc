"""Search over trunks, by the same interface as the search over windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.kinetics.encode import Encoding
from meristem.kinetics.kinn import Kinn
from meristem.kinetics.search import Trial
from meristem.kinetics.space import Choice, Point
from meristem.kinetics.transfer import TransferNet, TransferOptions, train_transfer
from meristem.kinetics.trunk import Block, Trunk

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


def build_trunk(point: Point, *, width: int = 32) -> Trunk:
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
    kinn: Kinn,
    x: Encoding,  # (n, 25, 13)
    label: NDArray[np.int64],  # (n,)
    valid: NDArray[np.bool_],  # (n,)
    *,
    n_trial: int,
    rng: np.random.Generator,
    options: TransferOptions,
    size: int = 4,
) -> tuple[Trunk, pd.DataFrame]:
    """Return the trunk with the best validation AUPR, and every trial.

    The distribution search of `search.DistributionSearch`, on the trunk's variables:
    each generation's points are drawn from the counts of those at or above its mean.
    """
    trials: list[Trial] = []
    for generation in range(-(-n_trial // size)):
        survivors = _survivors(trials)
        for _ in range(min(size, n_trial - len(trials))):
            point = {
                name: variable.sample([t.point[name] for t in survivors], rng)
                for name, variable in TRUNK_SPACE.items()
            }
            net = TransferNet(build_trunk(point), kinn, seed=int(rng.integers(2**31)))
            fit = train_transfer(net, x, label, valid, rng=rng, options=options)
            trials.append(Trial(generation, point, fit.best))
    best = max(trials, key=lambda t: t.reward)
    rows = [{"generation": t.generation, "reward": t.reward} | t.point for t in trials]
    return build_trunk(best.point), pd.DataFrame(rows)


def _survivors(trials: list[Trial]) -> list[Trial]:
    if not trials:
        return []
    last = trials[-1].generation
    floor = np.mean([t.reward for t in trials if t.generation == last])
    return [t for t in trials if t.reward >= floor]
