"""Rules that fold ids written in different ways onto one spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

_BLANK = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
_SEPARATOR = re.compile(r"[_\u2010-\u2015\u2212]")
_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")
_DECIMAL = re.compile(r"^(\d+)\.0+$")
_TWICE = re.compile(r"^(.+)[-_:.|/ ]\1$")
_ENDING = re.compile(
    r"\.(bam|cram|sam|g?vcf|g|fastq|fq|fasta|fa|txt|gz|bz2|sort(ed)?|(re)?aligned|"
    r"dedup|md|(mark|rm)dup|bqsr|recal|filtered|merged|unique)$",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r":.*$|[-_.](lib(rary)?|lane|run|pool|flowcell)[-_]?\w*$"
    r"|(?<=.)(_S\d+)(_L\d{3})?(_R?[12])?(_001)?$|(?<=.)(_L\d{3})(_R?[12])?(_001)?$",
    re.IGNORECASE,
)
_ODD = re.compile(r"[^0-9A-Za-z]+")


def _trim(name: str) -> str:
    start = _BLANK.match(name)
    name = name[start.end() :] if start else name
    while name and _BLANK.fullmatch(name[-1]):
        name = name[:-1]
    return name


def _without_path(name: str) -> str:
    name = re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    while (shorter := _ENDING.sub("", name)) not in (name, ""):
        name = shorter
    return name


def _plain_characters(name: str) -> str:
    """Undo a wrong code page, accents, and what R's `make.names` does."""
    try:
        name = name.encode("cp1252").decode("utf-8")
    except UnicodeError:
        pass  # was read with the right code page
    decomposed = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"^X(?=[0-9])", "", _ODD.sub(".", bare).strip("."))


RULES: dict[str, Callable[[str], str]] = {
    "trim": _trim,
    "path": _without_path,
    "doubled": lambda name: _TWICE.sub(r"\1", name),
    "library": lambda name: _LIBRARY.sub("", name),
    "zeros": lambda name: _ZEROS.sub("", _DECIMAL.sub(r"\1", name)),
    "characters": _plain_characters,
    "separators": lambda name: _SEPARATOR.sub("-", name),
    "case": str.casefold,
    "blanks": lambda name: _BLANK.sub("", name),
}
"""What each value of `fold_ids` does, in the order of application."""

USUAL = ("trim", "separators", "case")
"""Rules that no two lines of a study are likely to differ by."""

_GENTLE = (*USUAL, "blanks", "zeros")


def fold(name: str, rules: Iterable[str]) -> str:
    """Return an id as the rules fold it.

    Examples
    --------
    >>> fold("/data/L001.sorted.bam", ["path"]), fold("L001_L001", ["doubled"])
    ('L001', 'L001')
    >>> fold("Oh-043 ", ["trim", "case", "separators", "zeros"])
    'oh-43'
    >>> fold("L001:C0ABC:5:25010", ["library"]), fold("X101.B", ["characters"])
    ('L001', '101.B')
    """
    chosen = set(rules)
    for rule, change in RULES.items():
        if rule in chosen:
            name = change(name)
    return name


def pair_ids(
    left: Iterable[str], right: Iterable[str], rules: Iterable[str]
) -> list[tuple[str, str]]:
    """Return the ids that the rules make equal, each to one of the other side alone."""
    ours, theirs = group_ids(left, rules), group_ids(right, rules)
    return [
        (names[0], theirs[key][0])
        for key, names in ours.items()
        if len(names) == 1 and len(theirs.get(key, ())) == 1
    ]


def group_ids(names: Iterable[str], rules: Iterable[str]) -> dict[str, list[str]]:
    """Return the distinct ids by what the rules make of them."""
    rules = tuple(rules)
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(fold(name, rules), []).append(name)
    return groups


def helpful_rules(left: list[str], right: list[str]) -> dict[str, int]:
    """Return how many ids each rule alone would match, where it matches any."""
    counts = {rule: len(pair_ids(left, right, [rule])) for rule in RULES}
    return {rule: count for rule, count in counts.items() if count}


def best_rules(left: list[str], right: list[str]) -> tuple[str, ...]:
    """Return few rules that together match the most ids; gentle ones come first.

    Parameters
    ----------
    left, right
        Ids without a partner.

    Returns
    -------
    tuple of str
        Names of rules, in the order of application; empty where none helps.

    Examples
    --------
    >>> best_rules(["/bam/l001.bam", "/bam/l002.bam"], ["L001", "L002"])
    ('path', 'case')
    """
    active = [
        rule
        for rule, change in RULES.items()
        if any(change(name) != name for side in (left, right) for name in side)
    ]
    chosen: tuple[str, ...] = ()
    matched = 0

    def count(rules: Iterable[str]) -> int:
        return len(pair_ids(left, right, rules))

    for allowed in ([rule for rule in active if rule in _GENTLE], active):
        while matched < min(len(left), len(right)):
            others = [rule for rule in allowed if rule not in chosen]
            tries = [(*chosen, rule) for rule in others]
            if not any(count(rules) > matched for rules in tries):
                tries = [(*one, rule) for one in tries for rule in others]
            found = max(tries, key=count, default=chosen)
            if count(found) <= matched:
                break
            chosen, matched = found, count(found)
    for rule in reversed(list(RULES)):
        fewer = tuple(name for name in chosen if name != rule)
        if count(fewer) >= matched:
            chosen = fewer
    return tuple(rule for rule in RULES if rule in chosen)
