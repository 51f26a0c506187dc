from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError
from meristem.representation.architecture.search import Place, search_shape
from meristem.representation.architecture.space import Shape
from meristem.representation.choose import choose_shape
from meristem.stats.folds import random_splits

OPTIONS = RepresentOptions.model_validate(
    {"represent": "pca", "k": (1,), "epochs": 4, "tune": {"trials": 13}}
)


def closeness(shape: Shape) -> float:
    """Return the reward of a toy: 20 factors of a vae with 128 units are best."""
    away = abs(np.log(shape.k / 20)) + abs(np.log(shape.options.hidden / 128))
    return -away - (shape.options.represent != "vae")


def test_the_best_of_the_comparison_is_taken() -> None:
    shape, tried = search_shape(OPTIONS, 50, closeness, closeness, Place("x", 1))
    final = [one for one in tried if one.generation == -1]
    assert final[0].options == {"represent": "pca", "k": 1}  # as set
    assert max(final, key=lambda one: one.reward).chosen
    assert sum(one.chosen for one in tried) == 1
    assert closeness(shape) > closeness(Shape(OPTIONS, 1))
    assert len(tried) - len(final) == 13


def test_each_shape_is_learned_once() -> None:
    asked: list[Shape] = []

    def score(shape: Shape) -> float:
        asked.append(shape)
        return closeness(shape)

    search_shape(OPTIONS, 50, score, lambda shape: 0.0, Place("x", 2))
    assert len(asked) == len(set(asked))


def test_a_finished_search_is_read_and_a_broken_one_refused(tmp_path: Path) -> None:
    place = Place("x", 1, folder=tmp_path)
    first = search_shape(OPTIONS, 50, closeness, closeness, place)

    def never(shape: Shape) -> float:
        raise AssertionError

    assert search_shape(OPTIONS, 50, never, never, place) == first
    (tmp_path / "x.done").write_text("{}")
    with pytest.raises(ConfigError, match="no finished search"):
        search_shape(OPTIONS, 50, never, never, place)


def test_a_stopped_search_goes_on(tmp_path: Path) -> None:
    whole = search_shape(OPTIONS, 50, closeness, closeness, Place("x", 1))
    left = iter(range(9))

    def stopped(shape: Shape) -> float:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return closeness(shape)

    place = Place("x", 1, folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        search_shape(OPTIONS, 50, stopped, closeness, place)
    assert (tmp_path / "x.json").exists()
    assert search_shape(OPTIONS, 50, closeness, closeness, place) == whole


def test_hidden_values_find_the_rank() -> None:
    value, _ = low_rank(90, 50, k=5, noise=0.5)
    shape, tried = choose_shape(table_of(value), OPTIONS, Place("x", 1))
    assert shape.k >= 5
    assert all(one.reward < 0 for one in tried)


def test_traits_decide_where_there_are_some() -> None:
    value, z = low_rank(90, 50, k=5, noise=0.5)
    rng = np.random.default_rng(1)
    trait = z[:, 4:] + 0.1 * rng.normal(size=(90, 1))
    inner = random_splits(90, 3, rng)
    kinds = OPTIONS.tune.model_copy(update={"kinds": ("linear",)})  # type: ignore[union-attr]
    options = OPTIONS.model_copy(update={"tune": kinds})
    how = {"trait": trait, "inner": inner}
    shape, tried = choose_shape(table_of(value), options, Place("x", 1), **how)  # type: ignore[arg-type]
    assert shape.k >= 5
    final = [one for one in tried if one.generation == -1]
    assert final[0].splits == 3
    assert max(one.reward for one in final) > 0.7
    # a row of no inner split changes nothing
    kept = [
        replace(s, train=s.train[s.train < 80], test=s.test[s.test < 80]) for s in inner
    ]
    found = []
    for shift in (0.0, 9.0):
        other = trait.copy()
        other[80:] += shift
        how = {"trait": other, "inner": kept}
        found.append(choose_shape(table_of(value), options, Place("x", 1), **how))  # type: ignore[arg-type]
    assert found[0] == found[1]
