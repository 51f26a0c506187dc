"""What contributions must keep to: shares of groups, bounds, caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray

TINY = 1e-12


@dataclass(frozen=True)
class Programme:
    """Linear limits of contributions, equalities with slack variables for the caps.

    Variables are the contributions, then one slack per cap.
    """

    low: FloatArray  # (n_variable,)
    high: FloatArray  # (n_variable,)
    rows: FloatArray  # (n_row, n_variable) M of M x = level
    level: FloatArray  # (n_row,)
    n: int  # candidates

    @property
    def n_variable(self) -> int:
        """Candidates and slacks."""
        return int(self.low.size)


def make_programme(
    n: int,
    *,
    share: Sequence[tuple[IntArray, float]] = (),
    low: FloatArray | None = None,  # (n,)
    high: FloatArray | None = None,  # (n,)
    caps: Sequence[tuple[IntArray, float]] = (),
) -> Programme:
    """Return the limits of contributions of n candidates.

    Parameters
    ----------
    n
        Candidates.
    share
        Groups that each give a fixed share of all gametes and together hold all
        candidates: two sexes or two pools at 1/2 each. Default: one group of all, the
        hermaphrodites of crops.
    low, high
        Least and greatest contribution of each candidate; both equal: fixed. Default
        0 and 1.
    caps
        Candidates (a family, an origin) and the most they may give together.

    Raises
    ------
    ConfigError
        If the groups do not hold every candidate once, their shares do not add up to
        1, or no contributions keep to all limits.

    Examples
    --------
    >>> made = make_programme(3, caps=[(np.array([0, 1]), 0.6)])
    >>> made.rows.tolist()
    [[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]]
    """
    groups = list(share) or [(np.arange(n), 1.0)]
    held = np.bincount(np.concatenate([rows for rows, _ in groups]), minlength=n)
    total = sum(size for _, size in groups)
    if (held != 1).any() or abs(total - 1) > 1e-9:
        raise ConfigError(
            f"shares add up to {total:g}, and {int((held != 1).sum())} candidates are "
            "not in exactly one group",
            where="diversity.shares",
            remedy="give every candidate one group, or filter the others out "
            "([[filters.label]]), and shares that add up to 1",
        )
    n_row = len(groups) + len(caps)
    rows = np.zeros((n_row, n + len(caps)))
    for row, (members, _) in enumerate([*groups, *caps]):
        rows[row, members] = 1.0
    rows[len(groups) :, n:] = np.eye(len(caps))
    level = np.array([size for _, size in [*groups, *caps]], dtype=np.float64)
    floor = np.zeros(n) if low is None else low
    ceiling = np.ones(n) if high is None else high
    made = Programme(
        np.concatenate([floor, np.zeros(len(caps))]),
        np.concatenate([ceiling, np.full(len(caps), np.inf)]),
        rows,
        level,
        n,
    )
    if (floor > ceiling).any():
        raise ConfigError(
            "the least contribution of a line is above its greatest one",
            where="diversity",
            remedy="lower it",
        )
    return made


def greatest_gain(
    programme: Programme,
    gain: FloatArray,  # (n,)
) -> FloatArray:  # (n_variable,)
    """Return contributions of the greatest gain, whatever their coancestry.

    Raises
    ------
    ConfigError
        If no contributions keep to all limits.
    """
    worth = np.zeros(programme.n_variable)
    worth[: programme.n] = gain
    found = scipy.optimize.linprog(
        -worth,
        A_eq=programme.rows,
        b_eq=programme.level,
        bounds=np.column_stack([programme.low, programme.high]),
        method="highs-ds",
    )
    if found.status != 0:
        raise ConfigError(
            f"no contributions keep to all limits: {_tightest(programme)}",
            where="diversity",
            remedy="raise max_contribution or a cap, or lower a fixed contribution",
        )
    return np.clip(found.x, programme.low, programme.high)


def with_slacks(
    c: FloatArray,  # (n,)
    programme: Programme,
) -> FloatArray:  # (n_variable,)
    """Return contributions with the slack of every cap."""
    x = np.zeros(programme.n_variable)
    x[: c.size] = c
    caps = programme.rows[:, c.size :].sum(axis=1) > 0
    left = programme.level - programme.rows[:, : c.size] @ c
    x[c.size :] = np.maximum(left[caps], 0)
    return x


def _tightest(programme: Programme) -> str:
    """Say which group cannot give its share."""
    for row, level in zip(programme.rows, programme.level, strict=True):
        members = row[: programme.n] > 0
        most = programme.high[: programme.n][members].sum()
        least = programme.low[: programme.n][members].sum()
        lines = f"{int(members.sum())} lines"
        if most < level - TINY and not row[programme.n :].any():
            return f"{lines} may give {most:.3g} of {level:.3g}"
        if least > level + TINY:
            return f"{lines} must give {least:.3g} where {level:.3g} is the most"
    found = scipy.optimize.linprog(
        -np.repeat([1.0, 0.0], [programme.n, programme.n_variable - programme.n]),
        A_ub=programme.rows,
        b_ub=programme.level,
        bounds=np.column_stack([programme.low, programme.high]),
        method="highs-ds",
    )
    if found.status != 0:
        return "fixed contributions ask for more than a cap or a share allows"
    return (
        f"under the caps {programme.n} lines may give {-found.fun:.3g} of "
        f"{programme.level[: len(programme.level)].max():.3g} together"
    )
