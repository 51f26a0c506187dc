"""Values that are no measurements: codes for missing ones, slips, impossible scales."""

from __future__ import annotations

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, Observations

FEWEST_VALUES = 10
"""With fewer values nothing can be said to lie outside the rest."""

SMALLEST_SPREAD = 1e-30
"""Values that differ by less cannot be squared in double precision."""

_FAR = 10.0  # interquartile ranges from the median
_FAR_LOG = 5.0  # the same on the scale of logarithms
_SAME = 0.9  # share of one value
_SHOWN = 5


def refuse_codes(observations: Observations) -> None:
    """Refuse traits in which repeated -9, -99, 999, ... stand far outside the rest.

    Raises
    ------
    DataError
        With the trait, the codes and how often they stand there.
    """
    for trait, value in _by_trait(observations):
        found = suspect_codes(value)
        if not found:
            continue
        shown = ", ".join(f"{code:g} ({count} times)" for code, count in found.items())
        codes = ", ".join(f'"{code:g}"' for code in found)
        raise DataError(
            f"{shown} in trait {trait!r} looks like a code for a missing value: the "
            f"rest runs from {_rest(value, found).min():g} to "
            f"{_rest(value, found).max():g}",
            where=observations.source,
            remedy=f"set `phenotypes.missing = [{codes}]`, or `phenotypes.missing = "
            "[]` if these are measurements",
        )


def suspect_codes(value: FloatArray) -> dict[float, int]:  # value: (n,) no NaN
    """Return repeated codes that lie far outside the other values, and their counts.

    A code is a number of equal digits 7, 8 or 9, negative or of three and more.

    Examples
    --------
    >>> suspect_codes(np.array([-9.0, -9.0, *range(20, 40)]))
    {-9.0: 2}
    """
    unique, count = np.unique(value, return_counts=True)
    repeated = dict(zip(unique.tolist(), count.tolist(), strict=True))
    codes = {v: n for v, n in repeated.items() if n > 1 and _is_code(v)}
    rest = _rest(value, codes)
    if not codes or rest.size < FEWEST_VALUES:
        return {}
    low, high = float(rest.min()), float(rest.max())
    return {
        code: n
        for code, n in codes.items()
        if max(low - code, code - high) > (high - low) / 2 or code < 0 <= low
    }


def _is_code(value: float) -> bool:
    digits = f"{abs(value):.10g}".replace(".", "")
    same = len(set(digits)) == 1 and digits[0] in "789"
    return same and (value < 0 or len(digits) > 2)


def _rest(value: FloatArray, codes: dict[float, int]) -> FloatArray:
    return value[~np.isin(value, list(codes))]


def refuse_scale(observations: Observations) -> None:
    """Refuse traits whose values differ too little to be computed with.

    Raises
    ------
    DataError
        If the values of a trait differ, but by less than `SMALLEST_SPREAD`.
    """
    for trait, value in _by_trait(observations):
        spread = float(np.ptp(value)) if value.size >= FEWEST_VALUES else 0.0
        if 0 < spread < SMALLEST_SPREAD:
            raise DataError(
                f"the values of trait {trait!r} differ by no more than {spread:g}",
                where=observations.source,
                remedy="write them in another unit",
            )


def outlier_hints(observations: Observations) -> list[str]:
    """Return a sentence for every trait with values far outside the rest.

    A value is far outside when it lies ten interquartile ranges from the median, and
    five of them on the scale of logarithms where all values are positive.
    """
    hints = []
    known = ~np.isnan(observations.value)
    for trait, value in _by_trait(observations):
        line = observations.sample_id[known & (observations.trait == trait)]
        far = _far_outside(value)
        if far.any():
            some = [
                f"{v:g} of {name}"
                for v, name in zip(value[far], line[far], strict=True)
            ]
            more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
            hints.append(
                f"{trait}: {', '.join(some[:_SHOWN])}{more} far outside the rest "
                f"({value[~far].min():g} to {value[~far].max():g}); a slip of the "
                "decimal point or another unit?"
            )
        _, count = np.unique(value, return_counts=True)
        if value.size >= FEWEST_VALUES and count.max() > _SAME * value.size:
            hints.append(
                f"{trait}: {count.max()} of {value.size} values are the same; there is "
                "little to learn from"
            )
        end, n = _repeated_end(value[~far])
        if n:
            hints.append(
                f"{trait}: {end:g} stands in {n} of {value.size} cells, far outside "
                "the rest; if it means missing, set `phenotypes.missing = "
                f'["{end:g}"]`'
            )
    return hints


def repeat_hints(observations: Observations) -> list[str]:
    """Return a sentence where a line stands twice in one replicate of a trial."""
    known = ~np.isnan(observations.value) & (observations.replicate != "")
    labels = (
        observations.trait,
        observations.sample_id,
        observations.environment,
        observations.replicate,
    )
    rows, count = np.unique(
        np.stack([label[known] for label in labels]), axis=1, return_counts=True
    )
    again = rows[:, count > 1]
    if not again.size:
        return []
    trait, line, _, replicate = again[:, 0]
    return [
        f"{again.shape[1]} times a line has several values of a trait in one replicate "
        f"({trait} of {line} in replicate {replicate}): each counts as a plot of its "
        "own; delete copies"
    ]


def _far_outside(value: FloatArray) -> np.ndarray:  # (n,) of bool
    far = _distance(value) > _FAR
    if value.size and value.min() > 0:
        far &= _distance(np.log(value)) > _FAR_LOG
    return far if value.size >= FEWEST_VALUES else np.zeros(value.size, dtype=bool)


def _distance(value: FloatArray) -> FloatArray:
    """Return distances from the median in interquartile ranges; 0 where that is 0."""
    if value.size == 0:
        return value
    low, middle, high = np.percentile(value, [25, 50, 75])
    return np.abs(value - middle) / (high - low if high > low else np.inf)


def _repeated_end(value: FloatArray) -> tuple[float, int]:
    """Return the smallest or largest value if it is repeated and far from the rest."""
    for end in (value.min(initial=np.inf), value.max(initial=-np.inf)):
        rest = value[value != end]
        n = value.size - rest.size
        if n > 1 and rest.size >= FEWEST_VALUES and np.unique(rest).size > 2:
            gap = float(np.abs(rest - end).min())
            if gap > np.ptp(rest):
                return float(end), n
    return 0.0, 0


def _by_trait(observations: Observations) -> list[tuple[str, FloatArray]]:
    """Return every trait with its known values, in the order of the file."""
    known = ~np.isnan(observations.value)
    names = dict.fromkeys(observations.trait.tolist())
    return [
        (name, observations.value[known & (observations.trait == name)])
        for name in names
    ]
