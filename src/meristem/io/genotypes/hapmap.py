"""Read HapMap genotypes (`.hmp.txt`), as TASSEL and GAPIT use them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.blocks import GrowingDosage
from meristem.io.genotypes.naming import (
    VariantColumns,
    check_samples,
    read_position,
)
from meristem.records import MISSING, Genotypes
from meristem.text.files import read_text
from meristem.text.lines import fixed_cells, numbered_lines

N_LEADING = 11
"""Columns before the first sample: rs, alleles, chrom, pos, strand, ..., QCcode."""

_ALLELES = frozenset("ACGT+-")
_MISSING_WORDS = frozenset(("", "N", "NN", "NA", ".", "..", "?", "??", "00"))
_UNKNOWN = -16  # of one allele; any sum with it is below 0

_ONE_LETTER = {
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
}
"""IUPAC codes of heterozygotes (NC-IUB 1984)."""
_INDEL = ord("0")
"""TASSEL's heterozygote of an indel; elsewhere a call that failed."""


def _letter_tables() -> NDArray[np.uint8]:  # (256, 2)
    """Return the two alleles of every one-letter code."""
    both = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 2, axis=1)
    for code, alleles in _ONE_LETTER.items():
        both[ord(code)] = [ord(allele) for allele in alleles]
    return both


_ALLELES_OF_CODE = _letter_tables()


def read_hapmap(
    path: str | Path, *, multiallelic: Literal["refuse", "split"] = "refuse"
) -> Genotypes:
    r"""Read a HapMap file with one- or two-letter calls, plain or gzipped.

    Parameters
    ----------
    path
        Tab-separated, 11 leading columns, then one column per sample. Calls: two
        bases (`AC`, `A/C`), one base or its IUPAC code (`M`), `+` and `-` for
        insertion and deletion, `0` for `+-`, `N`, `NN`, `??` or `00` for missing;
        upper or lower case. `-` and `0` are missing unless the column `alleles` lists
        `-` or an insertion, or a call holds `+`: genotyping arrays write `--` where a
        call failed.
    multiallelic
        What to do with more than two alleles among the calls: refuse the file, or
        make one variant of each but the first, which counts it against all others.

    Returns
    -------
    Genotypes
        Dosage of the second allele of the column `alleles` (`A/C` counts C). Alleles
        that only the calls know come last, in alphabetical order. A call with one
        allele missing is missing.

    Raises
    ------
    DataError
        With the line, if a line is ragged, a call is unknown, or a variant has more
        than two alleles and `multiallelic` is `refuse`.

    References
    ----------
    Bradbury et al. 2007, Bioinformatics 23:2633, doi:10.1093/bioinformatics/btm308
    (TASSEL); codes: Cornish-Bowden 1985, Nucleic Acids Research 13:3021.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> titles = "rs# alleles chrom pos strand assembly# center protLSID assayLSID"
    >>> header = f"{titles} panelLSID QCcode B73 Mo17 W22".replace(" ", "\t")
    >>> row = "m1 A/C 1 157104 + . . . . . . AA M NN".replace(" ", "\t")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "three.hmp.txt"
    ...     _ = path.write_text(f"{header}\n{row}\n")
    ...     read_hapmap(path).call_dosage.tolist()
    [[0], [1], [-1]]
    """
    lines = numbered_lines(read_text(path))
    _, header = next(lines)
    titles = header.split("\t")
    if len(titles) < N_LEADING or titles[0].lower().lstrip("#")[:2] != "rs":
        raise DataError(
            "does not start with the 11 columns of a HapMap file",
            where=f"{path}, line 1",
            remedy="write rs#, alleles, chrom, pos, strand, assembly#, center, "
            "protLSID, assayLSID, panelLSID, QCcode and then the samples, "
            "separated by tabs",
        )
    sample_id = check_samples(titles[N_LEADING:], path, "columns", N_LEADING + 1)
    growing = GrowingDosage(sample_id.size)
    columns = VariantColumns()
    for number, line in lines:
        where = f"{path}, line {number}"
        *fields, calls = line.split("\t", N_LEADING)
        if len(fields) != N_LEADING:
            raise _ragged(len(fields) + 1, len(titles), where)
        named = _named_alleles(fields[1])
        pairs = _allele_pairs(calls, sample_id.size, where)
        pairs = _settle_indels(pairs, bool({"-", "+"} & set(named)))
        alleles = _alleles(named, pairs, where)
        if multiallelic == "refuse":
            _refuse_multiallelic(alleles, pairs, where)
        symbols = [*alleles, "", ""][: max(len(alleles), 2)]
        ref, *alts = [alleles.get(symbol, "") for symbol in symbols]
        position = read_position(fields[3], where)
        columns.append(fields[0], fields[2], position, ref, alts)
        for symbol in symbols[1:]:
            growing.append(_count(pairs, symbol))
    variants = columns.table(path)
    return Genotypes(sample_id, variants, growing.finish(), 2, str(path))


def _ragged(found: int, expected: int, where: str) -> DataError:
    return DataError(
        f"has {found} columns, the header has {expected}",
        where=where,
        remedy="give every line 11 columns and one call per sample, separated by tabs",
    )


def _allele_pairs(
    calls: str, n_sample: int, where: str
) -> NDArray[np.uint8]:  # (n_sample, 2)
    """Return the two alleles of every call as characters."""
    calls = calls.upper()
    for width in (2, 1):
        cells = fixed_cells(calls, n_sample, width, "\t")
        if cells is not None:
            return _without_marks(cells) if width == 2 else _of_code(cells[:, 0])
    words = calls.split("\t")
    if len(words) != n_sample:
        raise _ragged(N_LEADING + len(words), N_LEADING + n_sample, where)
    pairs = np.empty((n_sample, 2), dtype=np.uint8)
    for index, word in enumerate(words):
        code = word.strip().replace("/", "").replace("|", "")
        code = "NN" if code in _MISSING_WORDS else code
        if len(code) not in (1, 2) or not code.isascii():
            raise _unknown_call(word, index, where)
        if len(code) == 1:
            pairs[index] = _ALLELES_OF_CODE[ord(code)]
        else:
            pairs[index] = [ord(code[0]), ord(code[1])]
    return pairs


def _of_code(
    cells: NDArray[np.uint8],  # (n_sample,)
) -> NDArray[np.uint8]:  # (n_sample, 2)
    missing = (cells == ord("?")) | (cells == ord("."))
    return _ALLELES_OF_CODE[np.where(missing, np.uint8(ord("N")), cells)]


def _without_marks(
    cells: NDArray[np.uint8],  # (n_sample, 2)
) -> NDArray[np.uint8]:  # (n_sample, 2)
    """Return two-letter calls with `??`, `..` and `00` as missing."""
    same = cells[:, 0] == cells[:, 1]
    marked = same & np.isin(cells[:, 0], [ord(mark) for mark in "?.0"])
    return np.where(marked[:, None], np.uint8(ord("N")), cells)


def _settle_indels(
    pairs: NDArray[np.uint8],  # (n_sample, 2)
    named: bool,  # whether the column of alleles lists + or -
) -> NDArray[np.uint8]:  # (n_sample, 2)
    """Return the alleles with `0` as `+-` and `-` kept in indels, missing elsewhere."""
    unknown = np.uint8(ord("N"))
    zero = (pairs == _INDEL).all(axis=1)
    if named or (pairs == ord("+")).any():
        pairs = pairs.copy()
        pairs[zero] = [ord("+"), ord("-")]
        return pairs
    return np.where((pairs == ord("-")) | zero[:, None], unknown, pairs)


def _named_alleles(column: str) -> dict[str, str]:  # character in the calls -> name
    # An indel may be spelled out in the column, but is + in the calls.
    words = [name for name in column.strip().upper().split("/") if name]
    return {
        name if len(name) == 1 else "+": name
        for name in words
        if name not in _MISSING_WORDS
    }


def _alleles(
    named: dict[str, str],
    pairs: NDArray[np.uint8],  # (n_sample, 2)
    where: str,
) -> dict[str, str]:  # character in the calls -> name
    """Return the reference allele and then the alternate ones, at least two if known.

    The calls decide which alleles there are, for the column is often that of another
    panel; the column decides their order.
    """
    count = np.bincount(pairs.ravel(), minlength=256)
    used = {chr(code) for code in np.flatnonzero(count)} - {"N"}
    unknown = sorted(used - _ALLELES)
    if unknown:
        sample = int(np.flatnonzero((pairs == ord(unknown[0])).any(axis=1))[0])
        raise _unknown_call(bytes(pairs[sample]).decode("latin1"), sample, where)
    n_free = 2 - len(used)
    kept = {}
    for symbol, name in named.items():
        if symbol in used:
            kept[symbol] = name
        elif n_free > 0:
            kept[symbol] = name
            n_free -= 1
    return kept | {symbol: symbol for symbol in sorted(used - set(named))}


def _unknown_call(call: str, sample: int, where: str) -> DataError:
    return DataError(
        f"call {call!r} of sample {sample + 1} is unknown",
        where=where,
        remedy="write one or two of A, C, G, T, + and -, an IUPAC code, or N for "
        "missing",
    )


def _refuse_multiallelic(
    alleles: dict[str, str],
    pairs: NDArray[np.uint8],  # (n_sample, 2)
    where: str,
) -> None:
    if len(alleles) > 2:
        count = {symbol: int((pairs == ord(symbol)).sum()) for symbol in alleles}
        rarest = min(count, key=lambda symbol: count[symbol])
        raise DataError(
            f"has {len(alleles)} alleles ({', '.join(alleles)}); {rarest} is "
            f"{count[rarest]} of {sum(count.values())} allele calls",
            where=where,
            remedy='set multiallelic = "split" for one variant per allele, write N for '
            "calls that are errors, or leave the line out",
        )


def _count(
    pairs: NDArray[np.uint8],  # (n_sample, 2)
    symbol: str,
) -> NDArray[np.int8]:  # (n_sample,)
    """Return how often every sample carries `symbol`; -1 where one allele is N."""
    value = np.zeros(256, dtype=np.int8)
    value[ord("N")] = _UNKNOWN
    if symbol:
        value[ord(symbol)] = 1
    return np.maximum(value[pairs[:, 0]] + value[pairs[:, 1]], np.int8(MISSING))
