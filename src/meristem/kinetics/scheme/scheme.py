"""Reaction schemes: named states, first-order reactions, one observable."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from meristem.errors import ConfigError
from meristem.text.files import read_text, write_text

Observable = Literal["flux", "passage", "decay"]

FORMAT = 1


@dataclass(frozen=True)
class Reaction:
    """One first-order step from a state to another.

    Attributes
    ----------
    name
        Unique name of the rate constant.
    source, target
        Names of the states.
    observed
        True where the step makes the product (cleavage, catalysis).
    log_rate
        Natural logarithm of the rate constant (1/time) of the reference; where a
        ligand is named, of the second-order constant (1/(time concentration)).
    ligand
        Name of a substrate whose concentration multiplies the rate
        (pseudo-first-order); empty for a truly first-order step.
    """

    name: str
    source: str
    target: str
    observed: bool = False
    log_rate: float = 0.0
    ligand: str = ""


@dataclass(frozen=True)
class Scheme:
    """A first-order reaction scheme and what is observed of it.

    The first state is the start. Observed steps lead back to a state (turnover), or to
    a state without exit (the product, a sink).

    Attributes
    ----------
    name
        Title of the scheme.
    states
        Names of the states.
    reactions
        The steps; their order is the order of every rate array.
    observable
        ``flux``: steady-state rate of the observed steps per enzyme; ``passage``: one
        over the mean time from the start to the first observed step; ``decay``:
        slowest decay rate of the states that have not yet taken an observed step.
    """

    name: str
    states: tuple[str, ...]
    reactions: tuple[Reaction, ...]
    observable: Observable = "flux"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def reaction_names(self) -> tuple[str, ...]:
        """Names of the reactions, in order."""
        return tuple(reaction.name for reaction in self.reactions)

    @property
    def links(self) -> tuple[tuple[int, int], ...]:
        """Positions of source and target state of every reaction."""
        place = {state: index for index, state in enumerate(self.states)}
        return tuple((place[r.source], place[r.target]) for r in self.reactions)

    @property
    def observed(self) -> tuple[int, ...]:
        """Positions of the observed reactions."""
        return tuple(i for i, r in enumerate(self.reactions) if r.observed)

    @property
    def sinks(self) -> tuple[str, ...]:
        """States that no reaction leaves."""
        sources = {reaction.source for reaction in self.reactions}
        return tuple(state for state in self.states if state not in sources)

    @property
    def transient(self) -> tuple[str, ...]:
        """States that some reaction leaves."""
        sinks = set(self.sinks)
        return tuple(state for state in self.states if state not in sinks)

    @property
    def ligands(self) -> tuple[str, ...]:
        """Names of the substrates, in order of first use."""
        return tuple(dict.fromkeys(r.ligand for r in self.reactions if r.ligand))

    @property
    def log_rates(self) -> tuple[float, ...]:
        """Natural log rates of the reference, in reaction order."""
        return tuple(reaction.log_rate for reaction in self.reactions)

    def observe(self, observable: Observable) -> Scheme:
        """Return the same reactions under another observable."""
        return replace(self, observable=observable)

    def with_log_rates(self, log_rates: dict[str, float]) -> Scheme:
        """Return the same reactions with other reference log rates, by name."""
        unknown = set(log_rates) - set(self.reaction_names)
        if unknown:
            raise ConfigError(
                f"no reaction is called {sorted(unknown)[0]!r}",
                where=f"scheme {self.name}",
                remedy=f"use one of {', '.join(self.reaction_names)}",
            )
        reactions = tuple(
            replace(r, log_rate=log_rates.get(r.name, r.log_rate))
            for r in self.reactions
        )
        return replace(self, reactions=reactions)

    def closed(self) -> Scheme:
        """Return the cycle in which every observed step returns to the start.

        By renewal its steady-state flux is one over the mean first-passage time from
        the start to the first observed step.
        """
        start = self.states[0]
        reactions = tuple(
            replace(r, target=start) if r.observed else r for r in self.reactions
        )
        leave = {start} | {r.source for r in reactions}
        states = tuple(state for state in self.states if state in leave)
        return Scheme(self.name, states, reactions, "flux")


def _refuse(scheme: Scheme, what: str, remedy: str) -> None:
    raise ConfigError(what, where=f"scheme {scheme.name!r}", remedy=remedy)


def _check(scheme: Scheme) -> None:
    _check_names(scheme)
    start = scheme.states[0]
    lost = set(scheme.states) - _reached(scheme, start, backwards=False)
    if lost:
        _refuse(
            scheme,
            f"state {min(lost)!r} cannot be reached from the start {start!r}",
            "add a reaction, or remove the state",
        )
    if scheme.observable not in get_args(Observable):
        _refuse(
            scheme,
            f"the observable {scheme.observable!r} is unknown",
            f"use one of {', '.join(get_args(Observable))}",
        )
    if not scheme.observed:
        _refuse(scheme, "no reaction is observed", "set observed = true on one")
    sinks = set(scheme.sinks)
    for reaction in scheme.reactions:
        if reaction.target in sinks and not reaction.observed:
            _refuse(
                scheme,
                f"reaction {reaction.name!r} ends in the dead end {reaction.target!r}",
                "add a reaction back, or mark it as observed",
            )
    if scheme.observable == "flux" and sinks:
        _refuse(
            scheme,
            f"a steady-state flux needs a cycle, and {min(sinks)!r} has no exit",
            "let the observed reaction return, or use 'passage' or 'decay'",
        )
    _check_reach(scheme)


def _check_names(scheme: Scheme) -> None:
    for kind, names in (
        ("state", scheme.states),
        ("reaction", scheme.reaction_names),
    ):
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            _refuse(scheme, f"two {kind}s are called {double[0]!r}", "rename one")
    if len(scheme.states) < 2 or not scheme.reactions:
        _refuse(scheme, "it has less than two states or no reaction", "add some")
    for reaction in scheme.reactions:
        for state in (reaction.source, reaction.target):
            if state not in scheme.states:
                _refuse(
                    scheme,
                    f"reaction {reaction.name!r} names the unknown state {state!r}",
                    f"use one of {', '.join(scheme.states)}",
                )
        if reaction.source == reaction.target:
            _refuse(
                scheme,
                f"reaction {reaction.name!r} starts and ends in {reaction.source!r}",
                "remove it; it changes nothing",
            )


def _reached(scheme: Scheme, start: str, *, backwards: bool) -> set[str]:
    found = {start}
    edges = [
        (r.target, r.source) if backwards else (r.source, r.target)
        for r in scheme.reactions
    ]
    while True:
        more = {b for a, b in edges if a in found} - found
        if not more:
            return found
        found |= more


def _check_reach(scheme: Scheme) -> None:
    reaching: set[str] = set()
    for index in scheme.observed:
        source = scheme.reactions[index].source
        reaching |= _reached(scheme, source, backwards=True)
    stuck = set(scheme.transient) - reaching
    if stuck:
        _refuse(
            scheme,
            f"no path leads from state {min(stuck)!r} to an observed reaction",
            "add a reaction that leaves it towards the observed one",
        )
    ends = [_reached(scheme, state, backwards=False) for state in scheme.states]
    if scheme.observable == "flux" and not set.intersection(*ends):
        _refuse(
            scheme,
            "it falls apart into two cycles, so that no steady state is unique",
            "join them by a reaction, or write two schemes",
        )


def read_scheme(path: str | Path) -> Scheme:
    """Read a scheme from TOML.

    Parameters
    ----------
    path
        A file with ``name``, ``states``, ``observable`` and one ``[[reactions]]``
        table per step (``name``, ``source``, ``target``, and optionally ``observed``,
        ``log_rate``, ``ligand``).

    Returns
    -------
    Scheme

    Raises
    ------
    DataError
        If the file cannot be read.
    ConfigError
        If it is no TOML, or describes no valid scheme.
    """
    text = read_text(path)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"is not valid TOML: {error}", where=path, remedy="mend that line"
        ) from error
    return parse_scheme(content, where=str(path))


_TOP = {"format", "name", "states", "observable", "reactions"}
_STEP: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "source": str,
    "target": str,
    "observed": bool,
    "log_rate": (int, float),
    "ligand": str,
}


def parse_scheme(content: dict[str, Any], *, where: str = "") -> Scheme:
    """Return the scheme that a TOML or JSON object describes; refuse what is odd."""
    _known(content, _TOP, where)
    states = content.get("states")
    steps = content.get("reactions")
    if not isinstance(states, list) or not all(isinstance(s, str) for s in states):
        raise ConfigError(
            "'states' must be a list of names", where=where, remedy='["E", "ES"]'
        )
    if not isinstance(steps, list) or not all(isinstance(s, dict) for s in steps):
        raise ConfigError(
            "there is no list of reactions", where=where, remedy="add [[reactions]]"
        )
    reactions = []
    for number, step in enumerate(steps, 1):
        place = f"{where}, reaction {number}"
        _known(step, set(_STEP), place)
        for key in ("name", "source", "target"):
            if key not in step:
                raise ConfigError(f"{key!r} is missing", where=place, remedy="add it")
        for key, value in step.items():
            if not isinstance(value, _STEP[key]):
                raise ConfigError(
                    f"{key!r} has the wrong type: {value!r}",
                    where=place,
                    remedy="write text in quotes, numbers and true/false without",
                )
        reactions.append(Reaction(**step))
    return Scheme(
        name=str(content.get("name", "scheme")),
        states=tuple(states),
        reactions=tuple(reactions),
        observable=content.get("observable", "flux"),
    )


def _known(content: dict[str, Any], allowed: set[str], where: str) -> None:
    unknown = sorted(set(content) - allowed)
    if unknown:
        raise ConfigError(
            f"unknown key {unknown[0]!r}",
            where=where,
            remedy=f"use {', '.join(sorted(allowed))}",
        )


def scheme_to_dict(scheme: Scheme) -> dict[str, Any]:
    """Return the scheme as plain values (the inverse of `parse_scheme`)."""
    return {
        "format": FORMAT,
        "name": scheme.name,
        "states": list(scheme.states),
        "observable": scheme.observable,
        "reactions": [dict(vars(reaction)) for reaction in scheme.reactions],
    }


def _toml_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_scheme(scheme: Scheme, path: str | Path) -> None:
    """Write a scheme as TOML that `read_scheme` gives back unchanged."""
    states = ", ".join(_toml_text(state) for state in scheme.states)
    lines = [
        f"name = {_toml_text(scheme.name)}",
        f"states = [{states}]",
        f"observable = {_toml_text(scheme.observable)}",
    ]
    for reaction in scheme.reactions:
        lines += [
            "",
            "[[reactions]]",
            f"name = {_toml_text(reaction.name)}",
            f"source = {_toml_text(reaction.source)}",
            f"target = {_toml_text(reaction.target)}",
            f"observed = {str(reaction.observed).lower()}",
            f"log_rate = {float(reaction.log_rate)!r}",
            f"ligand = {_toml_text(reaction.ligand)}",
        ]
    write_text(path, "\n".join(lines) + "\n")
