"""Values that are no measurements: codes for missing ones, slips, impossible scales."""

from __future__ import annotations

import numpy as np

from meristem.errors import DataError
from meristem.records import FloatArray, Observations

FEWEST_VALUES = 10
"""With fewer values nothing can be said to lie outside the rest."""

SMALLEST_SPREAD = 1e-30
"""Values that differ by less cannot be squared in double precision."""

SMALLEST_SHARE = 1e-4
"""Values that differ by a smaller share of their level lose the digits they differ in
when they are squared."""

_FAR = 10.0  # interquartile ranges from the median
_FAR_LOG = 5.0  # the same on the scale of logarithms
_SAME = 0.9  # share of one value
_SHOWN = 5
_OTHER_UNIT = 30.0  # times as large, as t and kg, cm and m, percent and parts are


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
        If the values of a trait differ, but by less than `SMALLEST_SPREAD`, or less
        than `SMALLEST_SHARE` of the largest.
    """
    for trait, value in _by_trait(observations):
        spread = float(np.ptp(value)) if value.size >= FEWEST_VALUES else 0.0
        if 0 < spread < SMALLEST_SPREAD:
            raise DataError(
                f"the values of trait {trait!r} differ by no more than {spread:g}",
                where=observations.source,
                remedy="write them in another unit",
            )
        level = float(np.abs(value).max(initial=0.0))
        if 0 < spread < SMALLEST_SHARE * level:
            raise DataError(
                f"the values of trait {trait!r} differ by {spread:g} at a level of "
                f"{level:g}: too few of their digits differ",
                where=observations.source,
                remedy="subtract a constant from all of them, such as their smallest "
                "value; write dates as days from a fixed one",
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
        if not n:
            end, n = _only_negative(value[~far])
        if n:
            hints.append(
                f"{trait}: {end:g} stands in {n} of {value.size} cells, "
                + (
                    "and no other value is negative"
                    if end < 0
                    else "far outside the rest"
                )
                + "; if it means missing, set `phenotypes.missing = "
                f'["{end:g}"]`'
            )
    return hints


def unit_hints(observations: Observations) -> list[str]:
    """Return a sentence on each environment in which a trait runs in another unit.

    That is where both the middle and the spread of the values are thirty times as
    large, or as small, as they are in the middle of the environments.
    """
    hints = []
    known = ~np.isnan(observations.value) & (observations.environment != "")
    for trait in dict.fromkeys(observations.trait.tolist()):
        rows = known & (observations.trait == trait)
        scale = {}
        for name in dict.fromkeys(observations.environment[rows].tolist()):
            value = observations.value[rows & (observations.environment == name)]
            low, middle, high = np.percentile(value, [25, 50, 75])
            if value.size >= FEWEST_VALUES and middle and high > low:
                scale[name] = (abs(middle), high - low)
        if len(scale) < 2:
            continue
        usual = np.median(np.log(list(scale.values())), axis=0)
        if len(scale) == 2:
            usual = np.log(min(scale.values()))
        for name, both in scale.items():
            ratio = np.log(both) - usual
            if (ratio > np.log(_OTHER_UNIT)).all() or (
                ratio < -np.log(_OTHER_UNIT)
            ).all():
                hints.append(
                    f"{trait} in {name} runs {np.exp(ratio[0]):.3g} times as high as "
                    "elsewhere: another unit? Write one unit in all trials"
                )
    return hints


def lone_codes(value: FloatArray) -> dict[float, int]:  # value: (n,) NaN missing
    """Return codes such as -9 or 999 outside the other values, however rare.

    Examples
    --------
    >>> lone_codes(np.array([-9.0, 20, 30, 41]))
    {-9.0: 1}
    """
    unique, count = np.unique(value[~np.isnan(value)], return_counts=True)
    if unique.size < 3:
        return {}
    found = {}
    for end, rest in ((0, unique[1:]), (-1, unique[:-1])):
        code = float(unique[end])
        gap = rest[0] - code if end == 0 else code - rest[-1]
        outside = gap > np.ptp(rest) / 2 or code < 0 <= rest[0]
        if _is_code(code) and outside:
            found[code] = int(count[end])
    return found


def code_hints(what: str, value: FloatArray) -> list[str]:  # value: (n,)
    """Return a sentence on each of `lone_codes` in values that have no such setting."""
    return [
        f"{what}: {code:g} stands in {n} of {value.size} cells, outside of the others; "
        "leave the cells empty if it means missing"
        for code, n in lone_codes(value).items()
    ]


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


def _only_negative(value: FloatArray) -> tuple[float, int]:
    """Return the one negative number, if whole, among ten and more that are above 0."""
    below = value[value < 0]
    if np.unique(below).size != 1 or below[0] != round(below[0]):
        return 0.0, 0
    rest = value[value >= 0]
    enough = rest.size >= FEWEST_VALUES and float(np.percentile(rest, 5)) > 0
    return (float(below[0]), below.size) if enough else (0.0, 0)


def _by_trait(observations: Observations) -> list[tuple[str, FloatArray]]:
    """Return every trait with its known values, in the order of the file."""
    known = ~np.isnan(observations.value)
    names = dict.fromkeys(observations.trait.tolist())
    return [
        (name, observations.value[known & (observations.trait == name)])
        for name in names
    ]
