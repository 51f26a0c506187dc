"""Tell the traits of a wide table from its labels, and say why a column is no trait."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import numpy as np

from meristem.errors import DataError
from meristem.text.column_names import is_label
from meristem.text.columns import ANSWERS, DATE, MISSING_WORDS, Table

MOST_TRAITS = 2_000
"""More columns of numbers than this are markers or omics, not traits."""

FEWEST_ROWS = 10
"""In shorter tables a constant or counting column proves nothing."""

_COMMA = re.compile(
    r"[+-]?(\d+,\d+([eE][+-]?\d+)?|\d{1,3}([.'\u2019 \u00a0\u2009\u202f]\d{3})+(,\d+)?"
    r"|\d{1,3}(,\d{3})+(\.\d+)?)"
)
_CENSORED = re.compile(r"[<>\u2264\u2265~]=?\s*[+-]?\d+([.,]\d+)?")
_THREE = re.compile(r"\d{1,3}\.\d{3}")
_WHOLE = re.compile(r"[1-9]\d\d")
_ERROR_OF = re.compile(r"(?P<stem>.+)[_. -]+(se|sem|sd|stderr|std\.?err|std|cv)")
_CLOCK = re.compile(r"\d{1,3}:\d{2}(:\d{2})?")
_ANSWER = re.compile("|".join(ANSWERS), re.IGNORECASE)
_FEW = 3  # cells of either kind that are no accident

_WITH_UNIT = re.compile(r"([+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)\s*([^\d\s.,;:+_-].*)")


def choose_traits(
    table: Table, used: Collection[str], missing: Collection[str]
) -> tuple[list[str], dict[str, str]]:
    """Return the columns that are traits, and why each other column is none.

    Parameters
    ----------
    table
        A wide phenotype table.
    used
        Columns that name lines, environments, replicates or weights.
    missing
        Codes of a missing value.

    Returns
    -------
    list of str
        Columns of numbers, in the order of the file.
    dict of str to str
        Column and reason.

    Raises
    ------
    DataError
        If a column holds numbers that cannot be read as such (decimal commas, units
        in the cells), or there are more than `MOST_TRAITS` columns.
    """
    others = [name for name in table.column_name if name not in used]
    if len(others) > MOST_TRAITS:
        raise DataError(
            f"has {len(others):,} columns that could be traits",
            where=table.path,
            remedy=f"name up to {MOST_TRAITS:,} of them in `phenotypes.traits`; "
            "markers belong in [genotypes], measured features in [[omics]]",
        )
    traits, left_out = [], {}
    errors = errors_of_others(others)
    for name in others:
        if name in errors:
            left_out[name] = f"its name is that of an error of {errors[name]}"
            continue
        reason = _why_no_trait(table, name, missing)
        if reason:
            left_out[name] = reason
        else:
            traits.append(name)
    return traits, left_out


def _why_no_trait(table: Table, name: str, missing: Collection[str]) -> str:
    if name == "":
        return "it has no name: row names"
    if is_label(name):
        return "its name is that of a label"
    if table.is_label_column(name, missing):
        refuse_numbers_in_words(table, name)
        return _what_words(table.words(name))
    if _counts_rows(table, name):
        return "it counts the rows"
    _refuse_thousands(table, name)
    return ""


def _what_words(words: list[str]) -> str:
    """Return what a column of words holds, and what would make a trait of it."""
    known = [word for word in words if word.lower() not in MISSING_WORDS]
    for pattern, what in (
        (DATE, "dates; days from a fixed one would be a trait"),
        (_CLOCK, "times; minutes would be a trait"),
        (_ANSWER, "yes and no; 1 and 0 would be a trait"),
    ):
        if 2 * sum(pattern.fullmatch(word) is not None for word in known) > len(known):
            return f"it holds {what}"
    return "it holds words"


def _refuse_thousands(table: Table, name: str) -> None:
    """Refuse a column of 987 and 1.234, where points divide thousands.

    A column of decimals would hold other numbers of digits behind the point, or whole
    numbers below a hundred.
    """
    if table.column(name).dtype.kind != "U":
        return
    known = [word for word in table.words(name) if word.lower() not in MISSING_WORDS]
    pointed = [word for word in known if _THREE.fullmatch(word)]
    whole = sum(_WHOLE.fullmatch(word) is not None for word in known)
    if min(len(pointed), whole) < _FEW or len(pointed) + whole < len(known):
        return
    raise DataError(
        f"{pointed[0]!r} beside whole numbers of three digits seems to have a point "
        "between thousands",
        where=table.place(table.words(name).index(pointed[0]), name),
        remedy="write thousands without a point; or name the columns that are traits "
        "in `phenotypes.traits`, if these are decimals",
    )


def errors_of_others(names: Collection[str]) -> dict[str, str]:
    """Return columns called as the error or deviation of another, and which that is.

    Examples
    --------
    >>> errors_of_others(["yield", "yield_se", "SD"])
    {'yield_se': 'yield'}
    """
    low = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in names}
    found = {}
    for name in names:
        match = _ERROR_OF.fullmatch(name.strip().lower())
        stem = "" if match is None else re.sub(r"[^a-z0-9]", "", match["stem"])
        if stem and low.get(stem, name) != name:
            found[name] = low[stem]
    return found


def _counts_rows(table: Table, name: str) -> bool:
    """Return whether whole numbers rise by one step from row to row."""
    if table.n_row < FEWEST_ROWS:
        return False
    values = table.column(name)
    if values.dtype.kind == "U":
        # A glance at the ends first: most traits fail it.
        few = [str(values[row]).strip() for row in (0, 1, 2, -1)]
        if not all(re.fullmatch(r"\d{1,15}", word) for word in few):
            return False
        if not all(re.fullmatch(r"\s*\d{1,15}\s*", word) for word in values.tolist()):
            return False
    step = np.diff(values.astype(np.float64))
    return bool(step[0] > 0 and np.all(step == step[0]))


def refuse_numbers_in_words(table: Table, name: str) -> None:
    """Refuse a column of words that are numbers with commas, or with their unit.

    Raises
    ------
    DataError
        If half of the words are.
    """
    words = table.words(name)
    known = [word for word in words if word.lower() not in MISSING_WORDS]
    with_comma = {word for word in known if _COMMA.fullmatch(word)}
    matches = {word: _WITH_UNIT.fullmatch(word) for word in set(known)}
    units = Counter(
        match[2] for word in known if (match := matches[word]) is not None
    ).most_common(1)
    unit, n_unit = units[0] if units else ("", 0)
    if 2 * sum(word in with_comma for word in known) >= len(known):
        wrong = with_comma
        what = "{!r} is not a number as tables write it"
        remedy = "write decimals with a point and thousands without a comma"
    elif 2 * sum(_CENSORED.fullmatch(word) is not None for word in known) >= len(known):
        wrong = {word for word in known if _CENSORED.fullmatch(word)}
        what = "{!r} is a limit, not a number"
        remedy = "write a number (the limit, or half of it), or leave the cell empty"
    elif 2 * n_unit >= len(known):
        wrong = {w for w, m in matches.items() if m is not None and m[2] == unit}
        if len(wrong) < 3:
            return
        what = "{!r} is a number with a unit"
        remedy = "write the number alone, and the unit in `phenotypes.units`"
    else:
        return
    row = next(row for row, word in enumerate(words) if word in wrong)
    raise DataError(
        what.format(words[row]),
        where=table.place(row, name),
        remedy=f"{remedy}; or name the columns that are traits in `phenotypes.traits`",
    )
