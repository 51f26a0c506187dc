"""Compare the sample ids of two inputs: what matches, and what nearly does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from meristem.errors import DataError
from meristem.prepare.id_rules import (
    RULES,
    USUAL,
    best_rules,
    group_ids,
    helpful_rules,
    pair_ids,
)
from meristem.records import Observations, StrArray

N_EXAMPLE = 5
"""Ids shown in reports and messages."""

LARGE_LOSS = 0.05
"""Share of the ids of an input whose loss is worth a line of its own."""

_SEARCHED = 20_000  # ids among which rules are tried


@dataclass(frozen=True)
class PairReport:
    """How the sample ids of two inputs agree."""

    left: str
    right: str
    matched: int
    dropped_left: tuple[str, ...]  # ids of the left input without a partner
    dropped_right: tuple[str, ...]
    duplicated_left: tuple[str, ...]  # ids that the usual rules make equal to another
    duplicated_right: tuple[str, ...]
    offers: dict[str, int]  # rule -> ids it would match alone
    rules: tuple[str, ...]  # few rules that together match the most
    near: tuple[tuple[str, str], ...]  # left id, right id that these match

    def plain(self) -> dict[str, object]:
        """Return the report as plain values, ready for JSON."""
        examples = {
            name: list(getattr(self, name)[:N_EXAMPLE])
            for name in (
                "dropped_left",
                "dropped_right",
                "duplicated_left",
                "duplicated_right",
            )
        }
        return {
            "left": self.left,
            "right": self.right,
            "matched": self.matched,
            "dropped_left": len(self.dropped_left),
            "dropped_right": len(self.dropped_right),
            "duplicated_left": len(self.duplicated_left),
            "duplicated_right": len(self.duplicated_right),
            "would_match": self.offers,
            "rules": list(self.rules),
            "would_match_together": len(self.near),
            "examples": {
                **examples,
                "would_match": [list(pair) for pair in self.near[:N_EXAMPLE]],
            },
        }

    def line(self) -> str:
        """Return the report in one line of text."""
        text = (
            f"{self.left} and {self.right}: {self.matched} matched, "
            f"{len(self.dropped_left)} and {len(self.dropped_right)} without partner"
        )
        return f"{text}; {self.offer()}" if self.near else text

    def offer(self, applied: Sequence[str] = ()) -> str:
        """Return how many ids which setting of `fold_ids` would match.

        Parameters
        ----------
        applied
            Rules that the configuration applies already.
        """
        rules = [rule for rule in RULES if rule in (*applied, *self.rules)]
        text = f"{len(self.near)} would match with fold_ids = {json.dumps(rules)}"
        ours, theirs = self.near[0]
        text += f" ({ours!r} and {theirs!r})"
        if len(self.offers) > 1 or len(self.rules) > 1:
            alone = [f"{rule} {count}" for rule, count in self.offers.items()]
            text += f"; each rule alone: {', '.join(alone) or 'none'}"
        return text

    def twins(self) -> list[str]:
        """Return ids of one input that differ from another's in writing alone."""
        sides = ((self.left, self.duplicated_left), (self.right, self.duplicated_right))
        dropped = {*self.dropped_left, *self.dropped_right}
        return [
            f"ids of the {name} {' and '.join(map(repr, group[:4]))} differ in writing "
            "alone"
            + (
                f", and {lost[0]!r} has no partner: its values are left out"
                if (lost := [one for one in group if one in dropped])
                else ", and are taken as different lines"
            )
            for name, names in sides
            for group in group_ids(names, USUAL).values()
            if len(group) > 1
        ][:N_EXAMPLE]

    def losses(self) -> list[str]:
        """Return what is lost of either input, where it is more than 5 %."""
        sides = [(self.right, self.dropped_right, self.left)]
        if self.right in ("phenotypes", "groups"):  # measuring a subset is no loss
            sides.insert(0, (self.left, self.dropped_left, self.right))
        found = []
        for name, dropped, other in sides:
            total = self.matched + len(dropped)
            if len(dropped) > LARGE_LOSS * total:
                shown = ", ".join(map(repr, dropped[:N_EXAMPLE]))
                found.append(
                    f"{len(dropped)} of {total} ids of the {name} "
                    f"({len(dropped) / total:.0%}) are not in the {other}: {shown}"
                )
        return found


@dataclass(frozen=True)
class Reconciliation:
    """The reports of all pairs of inputs."""

    pairs: tuple[PairReport, ...]
    rules: tuple[str, ...] = ()  # by which ids were folded before these counts

    def to_json(self) -> list[dict[str, object]]:
        """Return one plain dictionary per pair, for `data.json`."""
        return [{**pair.plain(), "folded": bool(self.rules)} for pair in self.pairs]

    def lines(self) -> list[str]:
        """Return one line of text per pair."""
        return [pair.line() for pair in self.pairs]

    def hints(self) -> list[str]:
        """Return what could be done about ids without a partner, and what is lost."""
        found = []
        for pair in self.pairs:
            if pair.near:
                what = f"ids of {pair.left} and {pair.right}"
                found.append(f"{what}: {pair.offer(self.rules)}")
            found += pair.losses()
            found += pair.twins()
        return found


def compare_ids(
    left: StrArray,  # (n_left,) unique
    right: StrArray,  # (n_right,) unique
    names: tuple[str, str],
) -> PairReport:
    """Compare the ids of two inputs exactly, then by the rules of `id_rules`.

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
    >>> pair.matched, pair.rules, pair.near
    (1, ('trim', 'case'), (('Mo17', 'mo17 '),))
    """
    in_left, in_right = left.tolist(), right.tolist()
    both = set(in_left) & set(in_right)
    only_left = [name for name in in_left if name not in both]
    only_right = [name for name in in_right if name not in both]
    rules = best_rules(only_left[:_SEARCHED], only_right[:_SEARCHED])
    return PairReport(
        *names,
        matched=len(both),
        dropped_left=tuple(only_left),
        dropped_right=tuple(only_right),
        duplicated_left=_equal_when_folded(in_left),
        duplicated_right=_equal_when_folded(in_right),
        offers=helpful_rules(only_left, only_right),
        rules=rules,
        near=tuple(pair_ids(only_left, only_right, rules)) if rules else (),
    )


def _equal_when_folded(names: list[str]) -> tuple[str, ...]:
    groups = group_ids(names, USUAL).values()
    return tuple(name for group in groups if len(group) > 1 for name in group)


def fold_onto(
    names: StrArray,  # (n_name,)
    known: StrArray,  # (n_known,) unique
    what: str,
    rules: Sequence[str] = USUAL,
) -> StrArray:  # (n_name,)
    """Return `names` with every id that folds onto a known one replaced by it.

    Ids that match exactly, or fold onto nothing, stay as they are.

    Parameters
    ----------
    names
        Ids to replace; may repeat.
    known
        Ids to keep.
    what
        What `names` are called in an error.
    rules
        Names of rules of `id_rules`, applied together.

    Raises
    ------
    DataError
        If an id folds onto several known ones, or ids that differ by more than
        blanks at the ends, case and `-`/`_` fold onto one.
    """
    exact = set(known.tolist())
    targets = group_ids(known.tolist(), rules)
    distinct = group_ids(names.tolist(), rules)
    renamed: dict[str, str] = {}
    for key, spellings in distinct.items():
        found = targets.get(key, [])
        for name in spellings:
            if name in exact or not found:
                renamed[name] = name
                continue
            if len(found) > 1:
                raise DataError(
                    f"{name!r} of the {what} folds onto several samples: "
                    f"{', '.join(found)}",
                    remedy="rename it to the one it is, or take a rule out of fold_ids",
                )
            renamed[name] = found[0]
        _refuse_merged([name for name in spellings if found], found, what)
    return np.array([renamed[name] for name in names.tolist()], dtype=np.str_)


def _refuse_merged(spellings: list[str], found: list[str], what: str) -> None:
    """Raise if ids become one that may be those of several lines."""
    if len(found) == 1 and len(group_ids(spellings, USUAL)) > 1:
        listed = ", ".join(map(repr, spellings))
        raise DataError(
            f"{listed} of the {what} all fold onto {found[0]!r}",
            remedy="rename those that are other lines, join the rows of one line "
            "under one id, or take a rule out of fold_ids",
        )


def fold_observations(
    observations: Observations, known: StrArray, rules: Sequence[str] = USUAL
) -> Observations:
    """Return the observations with ids folded onto the known ones.

    To be done before adjusted means, so that the records of a line that is written
    in two ways are averaged and not refused.
    """
    renamed = fold_onto(observations.sample_id, known, "phenotypes", rules)
    return replace(observations, sample_id=renamed)
