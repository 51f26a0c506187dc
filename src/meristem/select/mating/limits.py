"""What a mating plan must keep to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.select.records import Crosses

Mask = NDArray[np.bool_]
Pair = tuple[int, int]


@dataclass(frozen=True)
class MatingLimits:
    """Limits of a plan of `n_cross` crosses; None: no such limit."""

    n_cross: int
    max_uses: int | None = None  # crosses of one parent
    min_uses: int = 0  # of a parent that is used at all
    max_parents: int | None = None
    max_kinship: float | None = None  # coancestry of the parents of a cross
    max_coancestry: float | None = None  # c'fc of all parents, c = uses / (2 n_cross)
    pool: IntArray | None = None  # (n_sample,) 0 or 1: crosses go from 0 to 1 alone;
    # pool 0 gives the seed parent
    seeds: IntArray | None = None  # (n_sample,) crosses a line can bear as seed parent
    forced: tuple[Pair, ...] = ()
    forbidden: tuple[Pair, ...] = field(default=())


def allowed_crosses(
    crosses: Crosses,
    limits: MatingLimits,
    coancestry: FloatArray | None = None,  # (n_sample, n_sample)
) -> Crosses:
    """Return the crosses that a plan may hold, forced ones whatever their kinship.

    Raises
    ------
    ConfigError
        If a forced cross is not among the crosses, or too few are left.

    Examples
    --------
    >>> pair = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> value = np.array([3.0, 2.0, 1.0])
    >>> crosses = Crosses(*pair, value, value, value, "DH")
    >>> allowed_crosses(crosses, MatingLimits(1, forbidden=((1, 0),))).first.tolist()
    [0, 1]
    """
    forced = is_one_of(crosses, limits.forced)
    missing = len({frozenset(pair) for pair in limits.forced}) - int(forced.sum())
    if missing:
        raise ConfigError(
            f"{missing} forced crosses are not between two candidates",
            where="crosses.forced",
            remedy="name two lines that passed the filters, each pair once",
        )
    _refuse_forced_beyond(crosses.take(forced), limits)
    keep = ~is_one_of(crosses, limits.forbidden)
    if limits.max_kinship is not None and coancestry is not None:
        keep &= coancestry[crosses.first, crosses.second] <= limits.max_kinship
    if limits.pool is not None:
        keep &= limits.pool[crosses.first] != limits.pool[crosses.second]
    left = crosses.take(keep | forced)
    if left.n_cross < limits.n_cross:
        raise ConfigError(
            f"{limits.n_cross} crosses are asked for, and {left.n_cross} of "
            f"{crosses.n_cross} are allowed",
            where="crosses",
            remedy="ask for fewer, or raise crosses.max_kinship",
        )
    return left


def _refuse_forced_beyond(forced: Crosses, limits: MatingLimits) -> None:
    """Refuse forced crosses that use a parent, or make crosses, more than allowed.

    Raises
    ------
    ConfigError
        If they do.
    """
    if forced.n_cross > limits.n_cross:
        raise ConfigError(
            f"{forced.n_cross} crosses are forced, and {limits.n_cross} are to be made",
            where="crosses.forced",
            remedy="force fewer, or make more crosses (crosses.n)",
        )
    uses = np.bincount(np.concatenate([forced.first, forced.second]), minlength=1)
    if limits.max_uses is not None and uses.max() > limits.max_uses:
        raise ConfigError(
            f"a parent is used {uses.max()} times by forced crosses, and "
            f"{limits.max_uses} at most is allowed",
            where="crosses.forced",
            remedy="force fewer crosses of one parent, or raise crosses.max_uses",
        )


def is_one_of(crosses: Crosses, pairs: Sequence[Pair]) -> Mask:  # (n_cross,)
    """Tell which crosses are among the pairs, in either order."""
    n = 1 + int(max(crosses.first.max(initial=0), crosses.second.max(initial=0)))
    low = np.minimum(crosses.first, crosses.second)
    high = np.maximum(crosses.first, crosses.second)
    asked = [min(pair) * n + max(pair) for pair in pairs if max(pair) < n]
    return np.isin(low * n + high, asked)
