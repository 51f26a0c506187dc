"""Schemes: TOML round trip, and a clear refusal of what cannot be solved."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import ConfigError, DataError
from meristem.kinetics.scheme.catalog import cas9, cas9_absorbing, two_substrate_enzyme
from meristem.kinetics.scheme.scheme import (
    Reaction,
    Scheme,
    parse_scheme,
    read_scheme,
    scheme_to_dict,
)

GOOD = """
name = "loop"
states = ["a", "b"]
[[reactions]]
name = "forth"
source = "a"
target = "b"
log_rate = 1
[[reactions]]
name = "back"
source = "b"
target = "a"
observed = true
"""


@pytest.mark.parametrize(
    "scheme", [cas9(5), cas9_absorbing(4), two_substrate_enzyme()], ids=lambda s: s.name
)
def test_dict_round_trip(scheme: Scheme) -> None:
    assert parse_scheme(scheme_to_dict(scheme)) == scheme


def test_read_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "scheme.toml"
    path.write_text(GOOD)
    scheme = read_scheme(path)
    assert scheme.links == ((0, 1), (1, 0))
    assert scheme.observed == (1,)
    assert scheme.log_rates == (1, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "loop"', "name = ", "TOML"),
        ("log_rate = 1", 'log_rate = "fast"', "reaction 1.*wrong type"),
        ("log_rate = 1", "speed = 1", "unknown key 'speed'"),
        ('target = "b"', 'target = "c"', "unknown state 'c'"),
        ('name = "forth"', 'name = "back"', "two reactions"),
        ('["a", "b"]', '["a", "b", "c"]', "'c' cannot be reached"),
        ("observed = true", "observed = false", "no reaction is observed"),
        ('source = "a"\n', "", "'source' is missing"),
        ('states = ["a", "b"]', 'states = "a"', "list of names"),
        ('target = "b"', 'target = "a"', "starts and ends"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "scheme.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        read_scheme(path)


def steps(*links: str, observed: str) -> tuple[Reaction, ...]:
    return tuple(Reaction(i, i[0], i[1], observed=i == observed) for i in links)


def test_impossible_observables() -> None:
    with pytest.raises(ConfigError, match="needs a cycle"):
        Scheme("s", ("a", "b", "c"), steps("ab", "ba", "bc", observed="bc"), "flux")
    with pytest.raises(ConfigError, match="dead end"):
        Scheme("s", ("a", "b", "c"), steps("ab", "ba", "bc", observed="ba"), "passage")
    with pytest.raises(ConfigError, match="no path leads from state 'b'"):
        Scheme(
            "s",
            ("a", "b", "c", "d"),
            steps("ab", "bc", "cb", "ad", observed="ad"),
            "decay",
        )
    with pytest.raises(ConfigError, match="observable 'speed'"):
        Scheme("s", ("a", "b"), steps("ab", "ba", observed="ba"), "speed")


def test_closing_returns_to_the_start() -> None:
    closed = cas9_absorbing(4).closed()
    assert closed.links == cas9(4).links
    assert closed.states == cas9(4).states


def test_missing_file() -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_scheme("absent.toml")


@given(st.text(max_size=200))
def test_any_text_is_refused_with_what_and_a_remedy(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    with pytest.raises(ConfigError) as caught:
        parse_scheme(content, where="scheme.toml")
    assert caught.value.where == "scheme.toml"
    assert "states" in caught.value.message or "unknown key" in caught.value.message
    assert caught.value.remedy


KEYS = ["name", "states", "observable", "source", "target", "observed", "log_rate"]
VALUES = ["1", "true", '"x"', "[]", "[1]", "{}", "inf", "nan", '""', "1e400"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", VALUES)
def test_a_damaged_field_is_named_or_harmless(key: str, value: str) -> None:
    lines = f'observable = "flux"{GOOD}'.splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith(f"{key} ="))
    lines[number] = f"{key} = {value}"
    content = tomllib.loads("\n".join(lines))
    caught = None
    try:
        scheme = parse_scheme(content, where="scheme.toml")
    except ConfigError as error:
        caught = error
    if caught is not None:
        assert caught.where
        assert caught.remedy
        words = {"observed": "observe", "log_rate": "rate"}.get(key, key)
        said = caught.what + str(caught.where)
        assert words in said or repr(value.strip('"')) in said
    else:
        assert all(np.isfinite(rate) for rate in scheme.log_rates)
        assert all(isinstance(state, str) for state in scheme.states)
