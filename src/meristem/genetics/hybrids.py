"""Genotypes and omics of single crosses from those of their inbred parents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.comparable import heterozygosity
from meristem.records import (
    MISSING,
    Dataset,
    Genotypes,
    IntArray,
    OmicsTable,
    StrArray,
)

GREATEST_HETEROZYGOSITY = 0.2
"""A parent with a larger share of heterozygous calls is no inbred line."""

_UNKNOWN = -64  # far enough below 0 that no sum of two gametes reaches 0 again


def cross_parents(
    parents: Genotypes,
    sample_id: StrArray,  # (n_hybrid,)
    parent_1: StrArray,  # (n_hybrid,)
    parent_2: StrArray,  # (n_hybrid,)
) -> Genotypes:
    """Return the genotypes of single crosses between inbred lines.

    An inbred line has one kind of gamete, so a hybrid carries half of each parent's
    dosage. Where a parent's call is missing or heterozygous, the hybrid's is missing.

    Parameters
    ----------
    parents
        Inbred lines of even ploidy, or coded as haploids (ploidy 1: the hybrids
        become diploid).
    sample_id
        Names of the hybrids, unique.
    parent_1, parent_2
        Ids of their parents; the order does not matter.

    Returns
    -------
    Genotypes
        One row per hybrid, in the order of `sample_id`.

    Raises
    ------
    DataError
        If a parent is not genotyped, more than 20 % of its calls are heterozygous,
        or the ploidy is odd and not 1.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import VariantTable
    >>> name, blank = np.array(["m1", "m2"]), np.array(["", ""])
    >>> variants = VariantTable(name, blank, np.zeros(2, dtype=int), blank, blank)
    >>> dosage = np.array([[0, 2], [2, 2]], dtype=np.int8)
    >>> parents = Genotypes(np.array(["A", "B"]), variants, dosage)
    >>> hybrids = cross_parents(parents, np.array(["AxB"]), *np.array([["A"], ["B"]]))
    >>> hybrids.call_dosage.tolist()
    [[1, 2]]
    """
    if parents.ploidy > 1 and parents.ploidy % 2:
        raise DataError(
            f"parents of ploidy {parents.ploidy} cannot be crossed",
            where=parents.source,
            remedy="give parents of even ploidy, or haploid codes of inbred lines",
        )
    row_1 = _rows(parents, sample_id, parent_1)
    row_2 = _rows(parents, sample_id, parent_2)
    used = np.union1d(row_1, row_2)
    gametes = _gametes(parents, used)
    first = gametes[np.searchsorted(used, row_1)]
    dosage = first + gametes[np.searchsorted(used, row_2)]
    dosage[dosage < 0] = MISSING
    first[first < 0] = MISSING
    return replace(
        parents,
        sample_id=sample_id,
        call_dosage=dosage,
        products=None,
        first_gamete=first,
        ploidy=max(parents.ploidy, 2),
    )


def cross_omics(
    table: OmicsTable,
    sample_id: StrArray,  # (n_hybrid,)
    parent_1: StrArray,  # (n_hybrid,)
    parent_2: StrArray,  # (n_hybrid,)
) -> OmicsTable:
    """Return omics of hybrids, those of their parents where they have none themselves.

    What a cross receives from its parents is the mean of both, as its dosage is; a
    feature that one parent lacks is missing. A hybrid that was measured keeps what
    was measured on it; the others are marked as derived.

    Parameters
    ----------
    table
        Measurements of hybrids, of parents, or of some of both.
    sample_id
        Names of the hybrids, unique.
    parent_1, parent_2
        Ids of their parents; the order does not matter.

    Returns
    -------
    OmicsTable
        The rows that are named after a hybrid, then those of hybrids whose parents
        both are there. The table itself if it holds no parent.

    Raises
    ------
    DataError
        If some parents are there, and no hybrid of which both are.

    Examples
    --------
    >>> import numpy as np
    >>> level = np.array([[1.0, 4.0], [3.0, np.nan]])
    >>> gene = np.array(["g1", "g2"])
    >>> parents = OmicsTable("expression", np.array(["A", "B"]), gene, gene, level)
    >>> cross_omics(parents, np.array(["AxB"]), *np.array([["A"], ["B"]])).value
    array([[ 2., nan]])
    """
    row = {name: index for index, name in enumerate(table.sample_id.tolist())}
    if not row.keys() & {*parent_1.tolist(), *parent_2.tolist()}:
        return table
    known = set(sample_id.tolist())
    own = np.array([name in known for name in row], dtype=bool)
    names = zip(sample_id.tolist(), parent_1.tolist(), parent_2.tolist(), strict=True)
    crossed = [
        (name, row[one], row[two])
        for name, one, two in names
        if name not in row and one in row and two in row
    ]
    if not crossed and not own.any():
        raise DataError(
            f"{table.name} is measured on parents, but on both of no hybrid",
            where=table.source,
            remedy="measure more parents, or write them as in the table of hybrids",
        )
    names_kept = [*table.sample_id[own].tolist(), *(name for name, *_ in crossed)]
    first = np.array([one for _, one, _ in crossed], dtype=np.int64)
    second = np.array([two for *_, two in crossed], dtype=np.int64)
    mean = (table.value[first] + table.value[second]) / 2
    return replace(
        table,
        sample_id=np.array(names_kept, dtype=np.str_),
        value=np.concatenate([table.value[own], mean]),
        derived=np.arange(len(names_kept)) >= int(own.sum()),
    )


def own_parents(dataset: Dataset) -> NDArray[np.bool_]:  # (n_sample,)
    """Tell which rows are parents of hybrids, written as crosses with themselves."""
    groups = dataset.groups
    if groups is None or not {"parent_1", "parent_2"} <= set(groups.group_name):
        return np.zeros(dataset.n_sample, dtype=bool)
    one, two = groups.column("parent_1"), groups.column("parent_2")
    return np.asarray((one == dataset.sample_id) & (two == dataset.sample_id))


def _rows(parents: Genotypes, sample_id: StrArray, parent: StrArray) -> IntArray:
    row = {name: index for index, name in enumerate(parents.sample_id.tolist())}
    unknown = sorted({name for name in parent.tolist() if name not in row})
    if unknown:
        child = sample_id[parent == unknown[0]][0]
        raise DataError(
            f"{len(unknown)} parents are not genotyped: {', '.join(unknown[:5])} "
            f"(of hybrid {child})",
            where=parents.source,
            remedy="write the parents as in the genotype file, or drop their hybrids",
        )
    return np.array([row[name] for name in parent.tolist()], dtype=np.int64)


def _gametes(
    parents: Genotypes,
    used: IntArray,  # (n_used,) rows of the lines that are crossed
) -> NDArray[np.int8]:  # (n_used, n_variant)
    crossed = parents.take_samples(used)
    share = heterozygosity(crossed)
    worst = int(np.argmax(share))
    if share[worst] > GREATEST_HETEROZYGOSITY:
        raise DataError(
            f"{share[worst]:.0%} of the calls of parent "
            f"{crossed.sample_id[worst]} are heterozygous: it is no inbred line",
            where=parents.source,
            remedy="give genotypes of the hybrids themselves",
        )
    codes = np.full(parents.ploidy + 2, _UNKNOWN, dtype=np.int8)
    codes[-MISSING] = 0
    codes[parents.ploidy - MISSING] = max(parents.ploidy // 2, 1)
    return codes[crossed.call_dosage - MISSING]
