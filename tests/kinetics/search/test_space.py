"""Spaces: what points become, and the published ranges."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.network.features import Window
from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.search.space import (
    Space,
    find_space,
    finkelstein_space,
    general_space,
    simulated_space,
    uniform_space,
)
from meristem.tune.optimisers import RandomSearch


def test_points_of_the_published_space() -> None:
    space = finkelstein_space()
    points = RandomSearch(space, np.random.default_rng(0)).ask(200)
    for point in points:
        windows = space.build(point).windows
        assert windows[0].kernel == windows[1].kernel == 3
        assert (windows[0].start, windows[0].stop) == (0, 3)
        for window in windows[2:4]:
            assert 3 <= window.start <= 15
            assert window.length <= 15
        for window in windows[4:6]:
            assert 10 <= window.start <= 20
        assert windows[6].start <= 17
        assert all(window.stop <= 24 for window in windows)
        assert {window.filters for window in windows} <= {1, 2, 3}


@pytest.mark.parametrize(("n", "width"), [(4, 10), (5, 7), (6, 5)])
def test_uniform_starts_surround_their_step(n: int, width: int) -> None:
    space = uniform_space(n)
    assert space.scheme == cas9(n)
    starts = [v.options for k, v in space.variables.items() if k.endswith(".start")]
    assert len(starts) == 2 * (n - 2) + 1
    for index, options in enumerate(starts[:-1]):
        middle = 3 + (index // 2 + 1) * width - -(-width // 2)
        assert middle in options
        assert max(options) <= 23
    assert len(starts[-1]) == 20


def test_names() -> None:
    assert find_space("uniform-5").scheme.name == "cas9-5"
    with pytest.raises(ConfigError, match="finkelstein"):
        find_space("narrow")


def test_smooth_members_read_all_that_is_not_fixed() -> None:
    on, off, *others = finkelstein_space().smooth(4).windows
    assert (on.start, on.stop, off.stop) == (0, 3, 3)
    assert set(others) == {Window(3, 24, kernel=4, form="smooth")}
    planted = simulated_space(cas9(3), (0, 5, 9, 14, 20), n_position=30).smooth(2)
    assert {(w.start, w.stop) for w in planted.windows} == {(0, 30)}


def test_every_reaction_needs_a_window() -> None:
    with pytest.raises(ConfigError, match="'off'"):
        Space(cas9(4), {"on": Window(0, 3)}, {})


def test_optional_reactions_can_be_left_out() -> None:
    space = simulated_space(
        cas9(4), (5, 10, 15, 20, 25, 30, 35), optional=("off", "IO", "CI")
    )
    points = RandomSearch(space, np.random.default_rng(1)).ask(40)
    built = [space.build(point) for point in points]
    missing = {i for a in built for i, w in enumerate(a.windows) if w is None}
    assert missing == {1, 3, 5}


def test_the_general_space_takes_any_scheme() -> None:
    chain = cas9(3)
    space = general_space(chain, 12)
    for point in RandomSearch(space, np.random.default_rng(2)).ask(50):
        windows = space.build(point).windows
        assert len(windows) == len(chain.reactions)
        assert all(0 <= w.start < w.stop <= 12 for w in windows if w is not None)
