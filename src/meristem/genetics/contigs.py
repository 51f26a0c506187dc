"""Contig names of two files brought together, one rule for genes and variants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

_PREFIX = re.compile(r"^(chromosome|chrom|chr)[_\-. ]?", re.IGNORECASE)
_ROMAN = re.compile(r"^(?=[IVXL])(XL|L?X{0,3})(IX|IV|V?I{0,3})$")
_LETTERED = re.compile(r"^(.*[A-Za-z_.\-])0*([1-9][0-9]*)$")
_DRAFT = re.compile(r"scaf|contig|ctg|tig|unplaced|^un|super|^[A-Z]{2}_", re.I)
"""Pieces of a draft and accessions: their numbers are not those of chromosomes."""
_VALUE = {"I": 1, "V": 5, "X": 10, "L": 50}


@dataclass(frozen=True)
class ContigMatch:
    """Which contig of one file a contig of the variants is."""

    partner: Mapping[str, str]  # contig of variants -> contig of the other file
    rule: str  # "exact", "prefix", "roman", "letters"; "none" when nothing matched
    unmatched: tuple[str, ...]  # contigs of variants without a partner


def strip_prefix(name: str) -> str:
    """Return a contig name without `chr` and leading zeros, in upper case.

    Examples
    --------
    >>> strip_prefix("chr01"), strip_prefix("Chromosome_2L"), strip_prefix("I")
    ('1', '2L', 'I')
    """
    bare = _PREFIX.sub("", name.strip()).upper() or name.strip().upper()
    return bare.lstrip("0") or "0" if bare.isdigit() else bare


def roman_value(name: str) -> str:
    """Return a Roman numeral up to 89 in Arabic digits, other names as they are.

    Examples
    --------
    >>> roman_value("XIV"), roman_value("MITO")
    ('14', 'MITO')
    """
    if not _ROMAN.match(name):
        return name
    values = [_VALUE[letter] for letter in name]
    total = 0
    for value, after in zip(values, [*values[1:], 0], strict=True):
        total += -value if value < after else value
    return str(total)


def _match(
    variant_contigs: Iterable[str],
    other_contigs: Iterable[str],
    fold: Callable[[str], str],
) -> dict[str, str]:
    """Match by folded name; a folded name that stands for two contigs fails."""
    partner: dict[str, list[str]] = {}
    for name in other_contigs:
        partner.setdefault(fold(name), []).append(name)
    found = {}
    for name in variant_contigs:
        candidates = partner.get(fold(name), [])
        if name in candidates:
            found[name] = name
        elif len(candidates) == 1:
            found[name] = candidates[0]
    return found


def _fold_roman(name: str) -> str:
    return roman_value(strip_prefix(name))


def chromosome_numbers(names: Iterable[str]) -> dict[str, str]:
    """Return the numbers of names that are one word of letters and a number each.

    The word most names share counts, such as that of a species; there must be two.

    Examples
    --------
    >>> chromosome_numbers(["Gm01", "Gm02", "Gm10", "scaffold_21", "Mt"])
    {'Gm01': '1', 'Gm02': '2', 'Gm10': '10'}
    """
    words: dict[str, dict[str, str]] = {}
    for name in names:
        parts = _LETTERED.match(name)
        if parts and not _DRAFT.search(parts[1]):
            words.setdefault(parts[1].casefold(), {})[name] = parts[2]
    found = max(words.values(), key=len, default={})
    return found if len(found) > 1 else {}


def _match_numbers(ours: list[str], theirs: list[str]) -> dict[str, str]:
    """Match names with letters before the number to bare numbers of the other side."""
    both = {*ours, *theirs}
    for lettered, bare in ((ours, theirs), (theirs, ours)):
        number = chromosome_numbers(lettered)
        if number and _is_numbered(bare, str.isdigit):
            folded = {name: number.get(name, strip_prefix(name)) for name in both}
            return _match(ours, theirs, folded.__getitem__)
    return {}


def _is_numbered(names: Iterable[str], pattern: Callable[[str], bool]) -> bool:
    """At least two names of the kind, I alone could be anything."""
    return sum(pattern(strip_prefix(name)) for name in names) >= 2


def _is_roman(name: str) -> bool:
    return bool(_ROMAN.match(name))


def match_contigs(
    variant_contigs: Iterable[str],
    other_contigs: Iterable[str],
) -> ContigMatch:
    """Match contig names: as they are, without `chr`, as numerals, by their numbers.

    Numerals are only translated when no name matches otherwise and one side is
    numbered in Roman, the other in Arabic numerals: X may be a sex chromosome. Then
    Gm01 is 1 where the other side has bare numbers.

    Parameters
    ----------
    variant_contigs, other_contigs
        The names on both sides; the other side are genes, or variants to be found.

    Returns
    -------
    ContigMatch
        The partners, the rule that found them, and what found none.

    Examples
    --------
    >>> match_contigs(["1", "2"], ["Chr1", "Chr2", "ChrM"]).rule
    'prefix'
    >>> match_contigs(["1", "10"], ["I", "X", "Mito"]).partner
    {'1': 'I', '10': 'X'}
    """
    ours, theirs = sorted(set(variant_contigs)), sorted(set(other_contigs))
    rule, found = "exact", {name: name for name in ours if name in theirs}
    stripped = _match(ours, theirs, strip_prefix)
    if len(stripped) > len(found):
        rule, found = "prefix", stripped
    one_roman = _is_numbered(ours, _is_roman) and _is_numbered(theirs, str.isdigit)
    other_roman = _is_numbered(theirs, _is_roman) and _is_numbered(ours, str.isdigit)
    if not found and (one_roman or other_roman):
        rule, found = "roman", _match(ours, theirs, _fold_roman)
    if not found:
        rule, found = "letters", _match_numbers(ours, theirs)
    unmatched = tuple(name for name in ours if name not in found)
    return ContigMatch(found, rule if found else "none", unmatched)
