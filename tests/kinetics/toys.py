"""Small networks, targets and files of the kinetics tests."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, HiddenUnits, Kinn
from meristem.kinetics.scheme.catalog import cas9

EXAMPLES = Path(__file__).parents[2] / "examples" / "kinetics"


SMALL = """
title = "Small"
seed = 3
[data]
kind = "simulated"
rows = 240
[train]
learning_rate = 0.05
epochs = 6
[search]
generations = 2
size = 4
folds = 2
epochs = 4
shortlist = 3
[ensemble]
architectures = 2
copies = 1
"""

GUIDE_1 = tuple(
    Window(*x)
    for x in (
        (0, 3, 3, 2, "valid"),
        (0, 3, 3, 2, "valid"),
        (3, 15, 7, 1),
        (3, 8, 1, 2),
        (14, 19, 5, 3),
        (12, 24, 7, 3),
        (16, 20, 5, 1),
    )
)


GUIDE_2 = tuple(
    Window(*x)
    for x in (
        (0, 3, 3, 3, "valid"),
        (0, 3, 3, 2, "valid"),
        (3, 18, 3, 3),
        (5, 20, 3, 3),
        (16, 25, 5, 1),
        (17, 32, 5, 1),
        (16, 23, 1, 3),
    )
)

GUIDE = "GACGCATAAAGATGAGACGCNGG"


def draw_kinn(seed: int, channels: str = "chemistry", *, hidden: bool = False) -> Kinn:
    rng = np.random.default_rng(seed)
    width = {"edits": 9, "chemistry": 15}[channels]
    units = ()
    if hidden:
        units = (
            HiddenUnits(
                2,
                rng.normal(0, 0.2, (3, 25, width)),
                rng.normal(0, 0.2, 3),
                rng.normal(0, 0.2, 3),
            ),
        )
    return Kinn(
        cas9(4),
        Architecture((None,) * 7),
        rng.normal(0, 0.5, (7, 25, width)),
        rng.normal(0, 1, 7),
        math.log(0.5),
        (-5.0, math.inf),
        units,
        channels,
    )


def draw_targets(n: int) -> list[str]:
    rng = np.random.default_rng(7)
    out = []
    for _ in range(n):
        letters = list(GUIDE.replace("N", "A"))
        for place in rng.choice(23, 3, replace=False):
            letters[place] = str(rng.choice(list("ACGT")))
        out.append("".join(letters))
    return out


def write_rates(path: Path, n: int = 60, limit: float = -5.0) -> None:
    targets = draw_targets(n)
    rng = np.random.default_rng(0)
    rows = [
        f"{GUIDE},{target},{max(limit, value):.4f}"
        for target, value in zip(targets, rng.normal(-3, 1.5, n), strict=True)
    ]
    path.write_text("guide,target,log10_rate\n" + "\n".join(rows) + "\n")
