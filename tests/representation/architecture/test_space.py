from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from meristem.config.represent import RepresentOptions
from meristem.representation.architecture.space import READS, ShapeSpace, lean
from meristem.tune.optimisers import RandomSearch


def options(**how: object) -> RepresentOptions:
    return RepresentOptions.model_validate({"represent": "vae", "k": (3, 90), **how})


def test_points_are_shapes_and_the_options_as_set_are_among_them() -> None:
    space = ShapeSpace(options(hidden=7), most=30)
    assert [space.build(p).k for p in space.start] == [3, 30]
    assert all(space.build(p).options == options(hidden=7) for p in space.start)
    assert 7 in space.values["hidden"]
    assert max(space.values["k"]) == 30
    for point in RandomSearch(space, np.random.default_rng(1)).ask(40):
        shape = space.build(point)
        read = shape.plain()
        assert set(read) == {"represent", *READS[shape.options.represent]}
        assert shape.options.k == (3, 90)  # confounders are removed as before


def test_what_a_kind_does_not_read_makes_no_other_shape() -> None:
    space = ShapeSpace(options(represent="pca"), most=30)
    (first, *_) = space.start
    other = first | {"hidden": 0, "strength": 0}
    assert first != other
    assert space.build(first) == space.build(other)


def test_kinds_follow_the_likelihood_and_the_sets() -> None:
    assert "pca" not in ShapeSpace(options(likelihood="nb"), 30).values["represent"]
    sets = ShapeSpace(options(represent="sets"), 30).values
    assert sets["represent"] == ("sets",)
    assert "k" not in sets
    asked = options(tune={"trials": 5, "kinds": ("pca",)})
    assert ShapeSpace(asked, 30).values["represent"] == ("vae", "pca")


def test_the_weight_of_the_adversary_is_not_searched() -> None:
    game = options(confounders=("batch",), deconfound="adversarial", strength=2.0)
    assert ShapeSpace(game, 30).values["strength"] == (2.0,)


def test_short_fits_have_one_network() -> None:
    (shape, _) = map(
        ShapeSpace(options(epochs=40), 30).build,
        ShapeSpace(options(epochs=40), 30).start,
    )
    short = lean(shape, 0.25).options
    assert (short.epochs, short.seeds) == (10, 1)


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"represent": "none", "tune": {"trials": 3}}, "needs represent"),
        ({"represent": "sets", "tune": {"trials": 3, "kinds": ["pca"]}}, "no kinds"),
        ({"likelihood": "nb", "tune": {"trials": 3, "kinds": ["pca"]}}, "likelihood"),
        ({"tune": {}}, "either minutes or trials"),
        ({"tune": {"trials": 3, "journal": "x"}}, "a journal needs"),
    ],
)
def test_impossible_searches_are_refused(how: dict, match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        options(**how)
