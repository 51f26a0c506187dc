"""The architecture of a representation, searched on the rows it is fitted on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError
from meristem.models.protocol import Tried
from meristem.representation.architecture.space import Shape, ShapeSpace, lean
from meristem.text.files import read_text, write_text
from meristem.tune.budget import search_within
from meristem.tune.halving import halve

Score = Callable[[Shape], float]
"""The reward of a shape: larger is better."""
FINALISTS = 3
"""Best points that are compared at the end, beside the options as set."""
_WORST = -10.0
"""Reward of a shape that could not be learned."""


@dataclass(frozen=True)
class Place:
    """Where a search is kept, what it rests on, and what it may spend."""

    about: str  # digest of options, rows and seed
    seed: int
    seconds: float = 0.0  # CPU time, where minutes are the budget
    folder: Path | None = None  # None keeps nothing


def search_shape(
    options: RepresentOptions,
    most: int,
    first: Score,
    final: Score,
    place: Place,
    *,
    compared_on: int = 1,
) -> tuple[Shape, tuple[Tried, ...]]:
    """Return the shape that does best, and everything that was tried.

    Every generation of six is halved: all are trained for a quarter of the length with
    one network, the better half in full. The best three and the options as set, for
    every number of factors they name, are then compared by `final`.

    Parameters
    ----------
    options
        As they are set, with their budget in `tune`.
    most
        Factors that the rows allow.
    first, final
        Rewards while searching and in the comparison at the end, on other values.
    place
        Where it is kept: a search that was stopped goes on, one that is done is read.
    compared_on
        Splits that `final` rests on, as it is told.
    """
    tune = options.tune
    assert tune is not None
    space = ShapeSpace(options, most)
    kept = None if place.folder is None else place.folder / f"{place.about}.done"
    if kept is not None and kept.exists():
        return _read(space, kept)
    rewards = _Rewards(first)
    trials = search_within(
        tune,
        space,
        lambda shapes: halve(shapes, rewards, _WORST),
        start=space.start,
        rng=np.random.default_rng(place.seed),
        about=place.about,
        seconds=place.seconds,
        folder=place.folder,
    )
    shapes = [space.build(point) for point in space.start]
    best = sorted(trials, key=lambda trial: -trial.reward)
    others = dict.fromkeys(space.build(t.point) for t in best if t.reward > _WORST)
    shapes += [one for one in others if one not in shapes][:FINALISTS]
    compare = _Rewards(final)
    value = {shape: compare(shape, 1.0) for shape in shapes}
    winner = max(value, key=lambda shape: value[shape])
    tried = tuple(
        Tried(t.generation, space.build(t.point).plain(), t.reward, None, chosen=False)
        for t in trials
    ) + tuple(
        Tried(-1, shape.plain(), reward, compared_on, chosen=shape == winner)
        for shape, reward in value.items()
    )
    if kept is not None:
        _write(kept, winner, tried)
    return winner, tried


class _Rewards:
    """Rewards of shapes; each is learned once, whatever points stand for it."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._known: dict[Shape, float] = {}

    def __call__(self, shape: Shape, share: float) -> float:
        if shape.options.represent in ("pca", "linear"):
            share = 1.0  # nothing is trained
        short = lean(shape, share)
        if short not in self._known:
            value = self._score(short)
            self._known[short] = value if np.isfinite(value) else _WORST
        return self._known[short]


def _write(path: Path, winner: Shape, tried: Sequence[Tried]) -> None:
    content = {
        "options": winner.options.model_dump(mode="json"),
        "k": winner.k,
        "tried": [asdict(one) for one in tried],
    }
    write_text(path, json.dumps(content))


def _read(space: ShapeSpace, path: Path) -> tuple[Shape, tuple[Tried, ...]]:
    """Return the result of a search that is done."""
    try:
        content = json.loads(read_text(path))
        options = type(space.base).model_validate(content["options"])
        tried = tuple(Tried(**one) for one in content["tried"])
        return Shape(options, int(content["k"])), tried
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"is no finished search: {error}", where=path, remedy="remove the file"
        ) from error
