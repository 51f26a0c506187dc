"""Spaces of architectures: independent variables, and how a point becomes windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from meristem.errors import ConfigError
from meristem.kinetics.cas9.encode import N_POSITION
from meristem.kinetics.cas9.pam import PAM_LENGTH
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture
from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.scheme.scheme import Scheme
from meristem.tune.space import Choice, Count, Point, Variable


@dataclass(frozen=True)
class Space:
    """Which architectures are allowed.

    Attributes
    ----------
    scheme
        Its reactions get one window each.
    fixed
        Windows that are not searched.
    variables
        Named ``<reaction>.<field>`` with the fields start, length, kernel, filters,
        form (0 conv, 1 pwm, 2 smooth), rank, hidden, and edge (0 leaves the reaction
        out).
    n_position
        Windows are cut off there.
    """

    scheme: Scheme
    fixed: Mapping[str, Window]
    variables: Mapping[str, Variable]
    n_position: int = N_POSITION

    def __post_init__(self) -> None:
        for name in self.scheme.reaction_names:
            start, length = f"{name}.start", f"{name}.length"
            known = start in self.variables and length in self.variables
            if name not in self.fixed and not known:
                raise ConfigError(
                    f"the space gives reaction {name!r} neither a window nor a search",
                    where="architecture space",
                    remedy=f"add a fixed window, or variables {start} and {length}",
                )

    def build(self, point: Point) -> Architecture:
        """Return the architecture of a point."""
        return Architecture(
            tuple(self._window(name, point) for name in self.scheme.reaction_names)
        )

    def smooth(self, order: int) -> Architecture:
        """Return an architecture without edges: rates that vary smoothly all along.

        Every searched reaction reads all positions outside the fixed windows, with a
        cosine series of `order` terms per channel. No window had to be chosen.
        """
        taken = {p for w in self.fixed.values() for p in range(w.start, w.stop)}
        free = [p for p in range(self.n_position) if p not in taken]
        window = Window(free[0], free[-1] + 1, kernel=order, form="smooth")
        return Architecture(
            tuple(self.fixed.get(n, window) for n in self.scheme.reaction_names)
        )

    def _window(self, name: str, point: Point) -> Window | None:
        if point.get(f"{name}.edge", 1) == 0:
            return None
        filters = point.get(f"{name}.filters", 1)
        if name in self.fixed:
            values = dict(vars(self.fixed[name]))
            return Window(**(values | {"filters": filters}))
        start = point[f"{name}.start"]
        stop = min(start + point[f"{name}.length"], self.n_position)
        form = ("conv", "pwm", "smooth")[point.get(f"{name}.form", 0)]
        return Window(
            start=start,
            stop=stop,
            kernel=point.get(f"{name}.kernel", 1),
            filters=filters,
            form=form,  # type: ignore[arg-type]
            rank=point.get(f"{name}.rank", 0),
            hidden=point.get(f"{name}.hidden", 0),
        )


def _pam_windows(pam: int) -> dict[str, Window]:
    """Return the windows of both binding rates: the bases of the PAM as one."""
    window = Window(0, pam, kernel=pam, padding="valid")
    return {"on": window, "off": window}


def finkelstein_space(
    *, filters: tuple[int, ...] = (1, 2, 3), pam: int = PAM_LENGTH
) -> Space:
    """Return the published space of the four-state Cas9 scheme.

    With a PAM of other than three bases the windows start as far further or nearer.

    References
    ----------
    Zhang et al. 2023, Nat Comput Sci 3:1056, with filters and without hidden layers.
    """
    scheme = cas9(4)
    kernels = Choice((1, 3, 5, 7))
    variables: dict[str, Variable] = {}
    for names, first, last in ((("OI", "IO"), 0, 12), (("IC", "CI"), 7, 17)):
        for name in names:
            variables[f"{name}.start"] = Choice(
                tuple(range(first + pam, last + pam + 1))
            )
            variables[f"{name}.length"] = Choice(tuple(range(5, 16)))
            variables[f"{name}.kernel"] = kernels
    variables["cat.start"] = Choice(tuple(range(15 + pam)))
    variables["cat.length"] = Count()
    variables["cat.kernel"] = kernels
    for name in scheme.reaction_names:
        variables[f"{name}.filters"] = Choice(filters)
    return Space(scheme, _pam_windows(pam), variables, N_POSITION - 1)


def uniform_space(n_states: int, pam: int = PAM_LENGTH) -> Space:
    """Return the published space of uniform chains of four, five or six states.

    References
    ----------
    Zhang et al. 2023, Nat Comput Sci 3:1056.
    """
    scheme = cas9(n_states)
    width = math.ceil(20 / (n_states - 2))
    kernels = Choice((1, 3, 7))
    variables: dict[str, Variable] = {}
    names = scheme.reaction_names
    for step in range(1, n_states - 1):
        middle = pam + step * width - math.ceil(width / 2)
        offsets = range(-(width // 2), width - (width // 2))
        starts = sorted({min(max(middle + offset, 0), 23) for offset in offsets})
        for name in names[2 * step : 2 * step + 2]:
            variables[f"{name}.start"] = Choice(tuple(starts))
            variables[f"{name}.length"] = Choice(tuple(range(5, max(10, width))))
            variables[f"{name}.kernel"] = kernels
    variables["cat.start"] = Choice(tuple(range(20)))
    variables["cat.length"] = Count()
    variables["cat.kernel"] = kernels
    for name in names:
        variables[f"{name}.filters"] = Choice((1, 2, 3))
    return Space(scheme, _pam_windows(pam), variables, N_POSITION - 1)


def simulated_space(
    scheme: Scheme,
    starts: tuple[int, ...],
    *,
    reach: int = 4,
    n_position: int = 50,
    optional: tuple[str, ...] = (),
) -> Space:
    """Return the space of the simulated benchmark: starts near a guess, kernel 1.

    Parameters
    ----------
    scheme
        One start per reaction.
    starts
        Middle of the starts that are tried.
    reach
        How far from it.
    n_position
        Length of the sequences.
    optional
        Reactions that may be left out (a search over the graph).
    """
    variables: dict[str, Variable] = {}
    for name, middle in zip(scheme.reaction_names, starts, strict=True):
        low, high = max(0, middle - reach), min(n_position - 1, middle + reach)
        variables[f"{name}.start"] = Choice(tuple(range(low, high + 1)))
        variables[f"{name}.length"] = Count(most=20)
    for name in optional:
        variables[f"{name}.edge"] = Choice((0, 1))
    return Space(scheme, {}, variables, n_position)


def general_space(scheme: Scheme, n_position: int = N_POSITION - 1) -> Space:
    """Return a space for any scheme: every reaction reads one stretch anywhere."""
    variables: dict[str, Variable] = {}
    for name in scheme.reaction_names:
        variables[f"{name}.start"] = Choice(tuple(range(n_position - 2)))
        variables[f"{name}.length"] = Choice(tuple(range(3, 16)))
        variables[f"{name}.kernel"] = Choice((1, 3, 5, 7))
        variables[f"{name}.filters"] = Choice((1, 2, 3))
    return Space(scheme, {}, variables, n_position)


GENERAL = "general"
"""Name of the space that takes the scheme of the configuration."""

SPACES = ("finkelstein", "uniform-4", "uniform-5", "uniform-6")


def find_space(name: str, pam: int = PAM_LENGTH) -> Space:
    """Return a published space by name, for a PAM of so many bases.

    Raises
    ------
    ConfigError
        If there is no such space; it says which there are.
    """
    if name == "finkelstein":
        return finkelstein_space(pam=pam)
    if name in SPACES:
        return uniform_space(int(name.removeprefix("uniform-")), pam)
    raise ConfigError(
        f"there is no architecture space {name!r}", remedy=f"use {', '.join(SPACES)}"
    )
