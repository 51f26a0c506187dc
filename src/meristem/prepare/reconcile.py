"""Compare the sample ids of two inputs: what matches, and what nearly does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from meristem.errors import DataError
from meristem.records import Observations, StrArray

N_EXAMPLE = 5
"""Ids shown in reports and messages."""


def _trim(name: str) -> str:
    return name.strip()


def _fold_case(name: str) -> str:
    return name.strip().casefold()


def _fold_separators(name: str) -> str:
    return _fold_case(name).replace("_", "-")


FOLDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("trimming", _trim),
    ("case folding", _fold_case),
    ("-/_ folding", _fold_separators),
)
"""Ways to fold an id, each including the ones before."""


@dataclass(frozen=True)
class PairReport:
    """How the sample ids of two inputs agree."""

    left: str
    right: str
    matched: int
    dropped_left: tuple[str, ...]  # ids of the left input without a partner
    dropped_right: tuple[str, ...]
    duplicated_left: tuple[str, ...]  # ids that folding makes equal to another
    duplicated_right: tuple[str, ...]
    near: tuple[tuple[str, str, str], ...]  # left id, right id, name of the fold

    def plain(self) -> dict[str, object]:
        """Return the report as plain values, ready for JSON."""
        return {
            "left": self.left,
            "right": self.right,
            "matched": self.matched,
            "dropped_left": len(self.dropped_left),
            "dropped_right": len(self.dropped_right),
            "duplicated_left": len(self.duplicated_left),
            "duplicated_right": len(self.duplicated_right),
            "would_match": {
                name: sum(found == name for *_, found in self.near) for name, _ in FOLDS
            },
            "examples": {
                "dropped_left": list(self.dropped_left[:N_EXAMPLE]),
                "dropped_right": list(self.dropped_right[:N_EXAMPLE]),
                "duplicated_left": list(self.duplicated_left[:N_EXAMPLE]),
                "duplicated_right": list(self.duplicated_right[:N_EXAMPLE]),
                "would_match": [list(triple) for triple in self.near[:N_EXAMPLE]],
            },
        }

    def line(self) -> str:
        """Return the report in one line of text."""
        text = (
            f"{self.left} and {self.right}: {self.matched} matched, "
            f"{len(self.dropped_left)} and {len(self.dropped_right)} without partner"
        )
        if not self.near:
            return text
        left, right, fold = self.near[0]
        more = f"; {len(self.near)} would match after folding"
        return f"{text}{more} ({left!r} and {right!r} by {fold})"


@dataclass(frozen=True)
class Reconciliation:
    """The reports of all pairs of inputs."""

    pairs: tuple[PairReport, ...]
    folded: bool  # whether ids were folded before these counts

    def to_json(self) -> list[dict[str, object]]:
        """Return one plain dictionary per pair, for `data.json`."""
        return [{**pair.plain(), "folded": self.folded} for pair in self.pairs]

    def lines(self) -> list[str]:
        """Return one line of text per pair."""
        return [pair.line() for pair in self.pairs]

    def hints(self) -> list[str]:
        """Return what could be done about ids that nearly match, one line per pair."""
        return [
            f"{len(pair.near)} ids of {pair.left} and {pair.right} differ only in "
            f"spaces, case or -/_ ({pair.near[0][0]!r}, {pair.near[0][1]!r}): "
            "match them with `fold_ids = true` in the configuration"
            for pair in self.pairs
            if pair.near and not self.folded
        ]


def compare_ids(
    left: StrArray,  # (n_left,) unique
    right: StrArray,  # (n_right,) unique
    names: tuple[str, str],
) -> PairReport:
    """Compare the ids of two inputs exactly, then by each fold in turn.

    Parameters
    ----------
    left, right
        Sample ids.
    names
        What the two inputs are called in the report.

    Examples
    --------
    >>> import numpy as np
    >>> pair = compare_ids(
    ...     np.array(["B73", "Mo17", "W22"]),
    ...     np.array(["B73", "mo17 ", "Oh43"]),
    ...     ("genotypes", "phenotypes"),
    ... )
    >>> pair.matched, pair.near
    (1, (('Mo17', 'mo17 ', 'case folding'),))
    """
    in_left, in_right = left.tolist(), right.tolist()
    both = set(in_left) & set(in_right)
    only_left = [name for name in in_left if name not in both]
    only_right = [name for name in in_right if name not in both]
    near: list[tuple[str, str, str]] = []
    open_left, open_right = only_left, only_right
    for fold_name, fold in FOLDS:
        partner = {fold(name): name for name in reversed(open_right)}
        found = [
            (a, partner[fold(a)], fold_name) for a in open_left if fold(a) in partner
        ]
        near += found
        done = {a for a, _, _ in found} | {b for _, b, _ in found}
        open_left = [name for name in open_left if name not in done]
        open_right = [name for name in open_right if name not in done]
    return PairReport(
        *names,
        matched=len(both),
        dropped_left=tuple(only_left),
        dropped_right=tuple(only_right),
        duplicated_left=_equal_when_folded(in_left),
        duplicated_right=_equal_when_folded(in_right),
        near=tuple(near),
    )


def _equal_when_folded(names: list[str]) -> tuple[str, ...]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_fold_separators(name), []).append(name)
    return tuple(name for group in groups.values() if len(group) > 1 for name in group)


def fold_onto(
    names: StrArray,  # (n_name,)
    known: StrArray,  # (n_known,) unique
    what: str,
) -> StrArray:  # (n_name,)
    """Return `names` with every id that folds onto a known one replaced by it.

    Ids that match exactly, or fold onto nothing, stay as they are. The folds are
    trimming, case folding and `-`/`_` folding, together.

    Parameters
    ----------
    names
        Ids to replace; may repeat.
    known
        Ids to keep.
    what
        What `names` are called in an error.

    Raises
    ------
    DataError
        If an id folds onto several known ones.
    """
    exact = set(known.tolist())
    targets: dict[str, list[str]] = {}
    for name in known.tolist():
        targets.setdefault(_fold_separators(name), []).append(name)
    renamed: list[str] = []
    for name in names.tolist():
        found = [name] if name in exact else targets.get(_fold_separators(name), [name])
        if len(found) > 1:
            raise DataError(
                f"{name!r} of the {what} folds onto several samples: "
                f"{', '.join(found)}",
                remedy="rename it to the one it is, or do not fold ids",
            )
        renamed.append(found[0])
    return np.array(renamed, dtype=np.str_)


def fold_observations(observations: Observations, known: StrArray) -> Observations:
    """Return the observations with ids folded onto the known ones.

    To be done before adjusted means, so that the records of a line that is written
    in two ways are averaged and not refused.
    """
    renamed = fold_onto(observations.sample_id, known, "phenotypes")
    return replace(observations, sample_id=renamed)
