"""Ready-made schemes are what their names say."""

import pytest

from meristem.errors import ConfigError
from meristem.kinetics.scheme.catalog import SCHEMES, cas9, find_scheme
from meristem.kinetics.scheme.trees import count_trees


@pytest.mark.parametrize(("n", "trees"), [(3, 6), (4, 10), (5, 15), (6, 21)])
def test_chains_have_triangular_numbers_of_trees(n: int, trees: int) -> None:
    scheme = cas9(n)
    assert len(scheme.states) == n
    assert len(scheme.reactions) == 2 * (n - 1) + 1
    assert count_trees(scheme) == trees


def test_every_scheme_is_found_by_name() -> None:
    for name in SCHEMES:
        assert find_scheme(name).observed
    with pytest.raises(ConfigError, match="cas9-4"):
        find_scheme("cas12")


def test_too_short_a_chain() -> None:
    with pytest.raises(ConfigError, match="too short"):
        cas9(2)
