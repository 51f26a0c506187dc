import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from meristem.pages.plan_layout import layered, spread_out


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(1, 20)), min_size=1, max_size=9)
)
def test_items_keep_order_and_distance(pairs):
    wish = np.array([pair[0] for pair in pairs])
    size = np.array([pair[1] for pair in pairs])
    place = spread_out(wish, size)
    assert (np.diff(place) >= (size[1:] + size[:-1]) / 2 - 1e-9).all()


def test_places_are_the_nearest_possible():
    rng = np.random.default_rng(8)
    wish, size = rng.normal(0, 6, 6), rng.uniform(1, 4, 6)
    gap = (size[1:] + size[:-1]) / 2
    found = spread_out(wish, size)
    best = minimize(
        lambda y: ((y - wish) ** 2).sum(),
        np.arange(6) * 5.0,
        constraints={"type": "ineq", "fun": lambda y: np.diff(y) - gap},
    )
    assert found == pytest.approx(best.x, abs=1e-3)


def crossings(column, y, edges):
    return sum(
        (y[a] - y[c]) * (y[b] - y[d]) < 0
        for number, (a, b) in enumerate(edges)
        for c, d in edges[:number]
        if column[a] == column[c] and column[b] == column[d]
    )


def test_crossings_that_can_be_avoided_are():
    column = [0] * 6 + [1] * 6
    edges = [(number, 6 + (5 * number) % 6) for number in range(6)]
    edges += [(number, 6 + (5 * number + 5) % 6) for number in range(5)]
    layout = layered(column, [10.0] * 12, edges, 4.0)
    assert crossings(column, list(range(12)), edges) > 0
    assert crossings(column, layout.y.tolist(), edges) == 0


def test_edges_over_columns_get_a_lane_of_their_own():
    column = [0, 0, 1, 1, 2]
    edges = [(0, 2), (1, 3), (2, 4), (3, 4), (0, 4), (1, 4)]
    layout = layered(column, [20.0] * 5, edges, 6.0)
    routes = dict(zip(edges, layout.route, strict=True))
    assert routes[0, 2] == ()
    # both skip edges to item 4 share one lane, clear of the items beside it
    assert routes[0, 4] == routes[1, 4]
    ((place, lane),) = routes[0, 4]
    assert place == 1
    assert min(abs(lane - layout.y[2]), abs(lane - layout.y[3])) >= 13 - 1e-9


@settings(max_examples=40)
@given(st.integers(0, 2**31))
def test_no_two_items_overlap(seed):
    rng = np.random.default_rng(seed)
    column = sorted(rng.integers(0, 4, 14).tolist())
    edges = sorted(
        {
            (int(a), int(b))
            for a, b in rng.integers(0, 14, (20, 2))
            if column[a] < column[b]
        }
    )
    layout = layered(column, [12.0] * 14, edges, 5.0)
    for place in set(column):
        own = np.sort(
            layout.y[[number for number in range(14) if column[number] == place]]
        )
        assert (np.diff(own) >= 12 - 1e-9).all()
