"""Ready-made schemes: Cas9 with four to six states, and a two-substrate enzyme."""

from __future__ import annotations

import math
from collections.abc import Callable

from meristem.errors import ConfigError
from meristem.kinetics.scheme.scheme import Reaction, Scheme


def cas9(n_states: int = 4) -> Scheme:
    """Return the R-loop chain of Cas9 with a cut that returns to solution.

    States: unbound, PAM bound (open), `n_states` - 2 steps of R-loop formation.
    With four states the reactions are on, off, OI, IO, IC, CI, cat.

    Parameters
    ----------
    n_states
        Number of states, at least 3.

    Returns
    -------
    Scheme
        A steady-state cycle.

    References
    ----------
    Zhang, Lamson, Shelley & Troyanskaya 2023, Nat Comput Sci 3:1056 (scheme with
    four states, and uniform chains of four to six).

    Examples
    --------
    >>> cas9(4).reaction_names
    ('on', 'off', 'OI', 'IO', 'IC', 'CI', 'cat')
    """
    if n_states < 3:
        raise ConfigError(
            f"a Cas9 chain of {n_states} states is too short", remedy="use 3 or more"
        )
    states: tuple[str, ...]
    if n_states == 4:
        states = ("unbound", "open", "intermediate", "closed")
        pairs = [("on", "off"), ("OI", "IO"), ("IC", "CI")]
    else:
        states = ("unbound", "open", *(f"loop{i}" for i in range(1, n_states - 1)))
        pairs = [("on", "off")]
        pairs += [(f"forward{i}", f"back{i}") for i in range(1, n_states - 1)]
    reactions: list[Reaction] = []
    for (forward, back), left, right in zip(
        pairs, states[:-1], states[1:], strict=True
    ):
        reactions.append(Reaction(forward, left, right))
        reactions.append(Reaction(back, right, left))
    reactions.append(Reaction("cat", states[-1], states[0], observed=True))
    return Scheme(f"cas9-{n_states}", states, tuple(reactions))


def cas9_absorbing(n_states: int = 4) -> Scheme:
    """Return the Cas9 chain whose cut ends in a sink, observed by its slowest mode."""
    cycle = cas9(n_states)
    *others, cut = cycle.reactions
    sink = Reaction(cut.name, cut.source, "cut", observed=True)
    return Scheme(
        f"{cycle.name}-absorbing", (*cycle.states, "cut"), (*others, sink), "decay"
    )


def two_substrate_enzyme() -> Scheme:
    r"""Return an ordered two-substrate enzyme with a competitive inhibitor.

    .. code-block:: text

        E + A <-> EA;  EA + B <-> EAB;  EAB -> E + P;  E + I <-> EI

    Reference constants (1/s, 1/(mM s)) are those of the simulated benchmark.

    References
    ----------
    King & Altman 1956, J Phys Chem 60:1375; the steady state is
    :math:`v = k_{cat} A B / (K_{ia} K_b (1 + I/K_i) + K_b A + K_a B (1 + I/K_i)
    + A B)`.
    """
    values = {
        "bind_A": 4.0,
        "leave_A": 8.0,
        "bind_B": 3.0,
        "leave_B": 5.0,
        "cat": 10.0,
        "bind_I": 6.0,
        "leave_I": 3.0,
    }
    steps = (
        ("bind_A", "E", "EA", "A"),
        ("leave_A", "EA", "E", ""),
        ("bind_B", "EA", "EAB", "B"),
        ("leave_B", "EAB", "EA", ""),
        ("cat", "EAB", "E", ""),
        ("bind_I", "E", "EI", "I"),
        ("leave_I", "EI", "E", ""),
    )
    reactions = tuple(
        Reaction(name, source, target, name == "cat", math.log(values[name]), ligand)
        for name, source, target, ligand in steps
    )
    return Scheme("two-substrate", ("E", "EA", "EAB", "EI"), reactions)


SCHEMES: dict[str, Callable[[], Scheme]] = {
    "cas9-4": lambda: cas9(4),
    "cas9-5": lambda: cas9(5),
    "cas9-6": lambda: cas9(6),
    "cas9-4-absorbing": lambda: cas9_absorbing(4),
    "two-substrate": two_substrate_enzyme,
}


def find_scheme(name: str) -> Scheme:
    """Return a ready-made scheme by name; say which there are otherwise."""
    if name not in SCHEMES:
        raise ConfigError(
            f"there is no ready-made scheme {name!r}",
            where="scheme",
            remedy=f"use one of {', '.join(SCHEMES)}, or a TOML file",
        )
    return SCHEMES[name]()
