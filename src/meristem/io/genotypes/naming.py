"""Turn the ids, contigs and alleles of a genotype file into a variant table."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern

import numpy as np

from meristem.errors import DataError
from meristem.records import Genotypes, IntArray, StrArray, VariantTable
from meristem.text.files import compose

LONGEST_ALLELE = 64
"""Longer alleles (bp) are written short: numpy pads every string to the longest."""

LARGEST_POSITION = 10**15

_NO_ID = frozenset(("", "."))
_NO_CONTIG = dict.fromkeys(("0", ".", "NA"), "")
_NO_ALLELE = dict.fromkeys(("0", "."), "")


def shorten_allele(allele: str) -> str:
    """Return `allele`, or start, length and digest of one longer than 64 bp.

    The same allele gets the same short form in every file, so that variants still
    match by name.

    Parameters
    ----------
    allele
        Bases or a symbolic allele.

    Returns
    -------
    str
        At most 64 characters.

    Examples
    --------
    >>> shorten_allele("ACGT")
    'ACGT'
    >>> shorten_allele("ACGT" * 100)
    '<ACGTACGTACGT:400:4e9ce95e>'
    """
    if len(allele) <= LONGEST_ALLELE:
        return allele
    digest = hashlib.sha256(allele.encode()).hexdigest()[:8]
    return f"<{allele[:12]}:{len(allele)}:{digest}>"


def place_name(contig: str, position: int, ref: str, alt: str) -> str:
    """Return the name of a variant without id: `contig:position:ref:alt`.

    Examples
    --------
    >>> place_name("chr1", 120, "A", "G")
    'chr1:120:A:G'
    """
    return f"{contig or '.'}:{position}:{ref or '.'}:{alt or '.'}"


def make_variant_table(
    variant_id: Sequence[str],  # (n_variant,)
    contig: Sequence[str],  # (n_variant,)
    position: Sequence[int] | IntArray,  # (n_variant,) bp, 1-based
    ref: Sequence[str],  # (n_variant,)
    alt: Sequence[str],  # (n_variant,)
    source: str | Path,
) -> VariantTable:
    """Name every variant and return the table.

    An id that is missing (empty or `.`) becomes `contig:position:ref:alt`. An id
    that several different variants share is replaced by that name for all of them.
    Contigs `0`, `.` and `NA` and alleles `0` and `.` mean unknown; long alleles are
    written short.

    Parameters
    ----------
    variant_id, contig, position, ref, alt
        Columns of the source, in its order.
    source
        The file, for messages.

    Returns
    -------
    VariantTable
        One row per variant, ids unique.

    Raises
    ------
    DataError
        If two variants have the same contig, position and alleles and no ids that
        tell them apart.

    Examples
    --------
    >>> alleles = ["A", "C"], ["G", "T"]
    >>> table = make_variant_table([".", "rs1"], ["1", "1"], [5, 9], *alleles, "x.vcf")
    >>> table.variant_id.tolist()
    ['1:5:A:G', 'rs1']
    """
    names = list(map(compose, variant_id))
    contig = _recode(contig, lambda name: _NO_CONTIG.get(name, compose(name)))
    ref, alt = _recode(ref, _plain_allele), _recode(alt, _plain_allele)
    distinct = set(names)
    if len(distinct) < len(names) or distinct & _NO_ID:
        count = Counter(names)
        for index, name in enumerate(names):
            if name in _NO_ID or count[name] > 1:
                names[index] = place_name(
                    contig[index], int(position[index]), ref[index], alt[index]
                )
        _refuse_same_place(names, variant_id, source)
    return VariantTable(
        string_array(names),
        string_array(contig),
        np.asarray(position, dtype=np.int64),
        string_array(ref),
        string_array(alt),
    )


def _recode(names: Sequence[str], change: Callable[[str], str]) -> list[str]:
    written = {name: change(name) for name in set(names)}
    return [written[name] for name in names]


def _plain_allele(name: str) -> str:
    return _NO_ALLELE.get(name, shorten_allele(name))


@dataclass
class VariantColumns:
    """Ids, places and alleles of the variants read so far."""

    variant_id: list[str] = field(default_factory=list)
    contig: list[str] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    ref: list[str] = field(default_factory=list)
    alt: list[str] = field(default_factory=list)

    def append(
        self, variant_id: str, contig: str, position: int, ref: str, alts: Iterable[str]
    ) -> None:
        """Append one row per counted allele."""
        for alt in alts:
            self.variant_id.append(variant_id)
            self.contig.append(intern(contig))
            self.position.append(position)
            self.ref.append(intern(ref))
            self.alt.append(intern(alt))

    def table(self, source: str | Path) -> VariantTable:
        """Return the variants; raise DataError if there are none."""
        if not self.position:
            raise DataError(
                "has a header and no variants",
                where=source,
                remedy="check the step that wrote it, or the filter that emptied it",
            )
        columns = (self.variant_id, self.contig, self.position, self.ref, self.alt)
        return make_variant_table(*columns, source)


def read_position(text: str, where: str) -> int:
    """Return a position in bp, 0 where it is unknown (empty, `NA` or `.`).

    Examples
    --------
    >>> read_position(" 120 ", "a.csv, line 2"), read_position("NA", "a.csv, line 3")
    (120, 0)
    """
    text = text.strip()
    if text in ("", "NA", "."):
        return 0
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    if re.fullmatch(r"\d+(\.\d*)?([eE]\+?\d\d?)?", text, re.ASCII):  # pandas, R
        number = float(text)
        if number.is_integer() and number < LARGEST_POSITION:
            return int(number)
    raise DataError(
        f"position {text!r} is no whole number >= 0",
        where=where,
        remedy="write base pairs, 0 where unknown",
    )


def refuse_blanks(genotypes: Genotypes, kind: str) -> None:
    """Raise DataError if a name cannot be written to a format that blanks divide."""
    variants = genotypes.variants
    contigs = [name for name in set(variants.variant_contig.tolist()) if name]
    names = {
        "variant": variants.variant_id.tolist(),
        "contig": contigs,
        "sample": genotypes.sample_id.tolist(),
    }
    for what, values in names.items():
        for name in values:
            if name.split() != [name]:
                raise DataError(
                    f"{what} id {name!r} cannot be written to {kind}",
                    where=genotypes.source,
                    remedy="rename it without blanks",
                )


def _refuse_same_place(
    names: list[str], variant_id: Sequence[str], source: str | Path
) -> None:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        first = seen.setdefault(name, index)
        if first == index:
            continue
        given = variant_id[index]
        called = "no id" if given in _NO_ID else f"the id {given!r}"
        raise DataError(
            f"variants {first + 1} and {index + 1} have {called} and the same place "
            f"and alleles ({name})",
            where=source,
            remedy="keep one of them (bcftools norm -d exact, plink2 --rm-dup), or "
            "give them different ids",
        )


def string_array(names: Sequence[str]) -> StrArray:
    """Return `names` as a numpy string array, also when there are none.

    Examples
    --------
    >>> string_array([]).dtype.kind
    'U'
    """
    first = names[:1000]
    if 4 * len(set(first)) > len(first):
        return np.asarray(names, dtype=np.str_).reshape(-1)
    # Contigs and alleles: numpy takes long over Python strings, so make each once.
    distinct = list(dict.fromkeys(names))
    number = {name: index for index, name in enumerate(distinct)}
    index = np.fromiter(map(number.__getitem__, names), np.int64, len(names))
    return np.asarray(distinct, dtype=np.str_)[index]


def check_samples(
    sample_id: Sequence[str], source: str | Path, place: str = "samples", first: int = 1
) -> StrArray:
    """Return the sample ids as an array, Unicode composed (NFC).

    Parameters
    ----------
    sample_id
        Ids as the file has them.
    source
        The file, for messages.
    place, first
        What the file holds a sample in (`columns`, `lines`), and the number of the
        first one.

    Returns
    -------
    StrArray
        Shape (n_sample,).

    Raises
    ------
    DataError
        If there are none, one is empty, or one occurs twice.

    Examples
    --------
    >>> check_samples(["B73", "Mo17"], "lines.vcf").tolist()
    ['B73', 'Mo17']
    """
    sample_id = [compose(name) for name in sample_id]
    if len(sample_id) == 0:
        raise DataError(
            "has no samples",
            where=source,
            remedy="give a file with genotypes of at least one sample",
        )
    for index, name in enumerate(sample_id):
        if not name.strip():
            raise DataError(
                f"sample {index + 1} has no id",
                where=source,
                remedy="name every sample",
            )
    twice = [name for name, count in Counter(sample_id).items() if count > 1]
    if twice:
        one = sample_id.index(twice[0])
        two = sample_id.index(twice[0], one + 1)
        raise DataError(
            f"{len(twice)} sample ids occur more than once: {', '.join(twice[:5])} "
            f"({twice[0]} in {place} {one + first} and {two + first})",
            where=source,
            remedy="keep one of each, or rename them",
        )
    return string_array(sample_id)
