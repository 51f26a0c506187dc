"""One pass over the variants for every fold: products, and their other centres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.frequency import BLOCK
from meristem.genetics.relationship import (
    ProductSum,
    centre_on_itself,
    cross_gram,
    vanraden_scale,
)
from meristem.records import FloatArray, Genotypes, IntArray, Products


@dataclass(frozen=True)
class Survey:
    """What one pass over the dosages tells."""

    products: FloatArray  # (n_sample, n_sample) of dosages centred on their mean
    mean: FloatArray  # (n_variant,)
    varies: NDArray[np.bool_]  # (n_variant,)
    complete: bool  # no call is missing

    def scale(self, ploidy: int = 2) -> float:
        """Return what VanRaden's first matrix divides the products by."""
        return vanraden_scale(self.mean, ploidy)


def survey(genotypes: Genotypes) -> Survey:
    """Return the products of all rows, in one pass of blocks.

    Examples
    --------
    >>> from meristem.records import VariantTable
    >>> name, blank = np.array(["m1", "m2"]), np.array(["", ""])
    >>> table = VariantTable(name, blank, np.zeros(2, dtype=int), blank, blank)
    >>> calls = np.array([[0, 2], [2, 1], [1, 0]], dtype=np.int8)
    >>> found = survey(Genotypes(np.array(["A", "B", "C"]), table, calls))
    >>> found.products.tolist(), found.complete
    ([[2.0, -1.0, -1.0], [-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]], True)
    """
    calls = genotypes.call_dosage
    n, p = calls.shape
    total = ProductSum(n)
    work = np.empty((n, min(BLOCK, p)), dtype=np.float32)
    mean, varying, complete = np.zeros(p), np.zeros(p, dtype=bool), True
    for start in range(0, p, BLOCK):
        columns = slice(start, min(start + BLOCK, p))
        block = calls[:, columns]
        complete &= block.size == 0 or int(block.min()) >= 0
        values = work[:, : block.shape[1]]
        mean[columns] = centre_on_itself(block, values)
        varying[columns] = np.einsum("ij,ij->j", values, values) > 1e-6
        total.add(values)
    return Survey(total.whole(), mean, varying, complete)


def with_products(genotypes: Genotypes, found: Survey | None = None) -> Genotypes:
    """Return genotypes that carry their products; as they are where calls are missing.

    Parameters
    ----------
    genotypes
        All rows of a data set.
    found
        Of the same rows, where it is known.
    """
    if genotypes.products is not None:
        return genotypes
    found = survey(genotypes) if found is None else found
    if not found.complete:
        return genotypes
    rows = np.arange(genotypes.n_sample)
    products = Products(found.products, found.varies, rows)
    return replace(genotypes, products=products)


def centred_products(
    products: Products,
) -> tuple[FloatArray, FloatArray]:  # (n_sample, n_sample), (n_sample,)
    """Return products of samples centred on their mean, and row means before that."""
    raw = products.reference[np.ix_(products.row, products.row)]
    level = raw.mean(axis=0)
    raw -= level
    raw -= (level - level.mean())[:, None]
    return raw, level


@dataclass(frozen=True)
class TrainingProducts:
    """Products of training rows, and what other rows of the reference have with them.

    Variants that do not vary among the training rows count for nobody.
    """

    products: Products  # of the training rows
    mean: FloatArray  # (n_variant,) among the training rows
    fixed: IntArray  # (n_fixed,) variants that vary in the reference alone
    level: FloatArray  # (n_train,) mean product with the training rows

    def cross(self, other: Products) -> FloatArray:  # (n_other, n_train)
        """Return the products of other rows with the training rows."""
        block = other.reference[np.ix_(other.row, self.products.row)]
        level = block.mean(axis=1)
        block -= (level - self.level.mean())[:, None]
        block -= self.level
        return block

    def among(
        self, genotypes: Genotypes, rows: IntArray
    ) -> FloatArray:  # (n_other, n_rows)
        """Return the products of other samples with some of them."""
        other = _known(genotypes)
        level = self._shift(other)
        block = other.reference[np.ix_(other.row, other.row[rows])]
        block -= level[:, None]
        block -= level[rows]
        if self.fixed.size:
            calls = np.asarray(genotypes.call_dosage[:, self.fixed])
            block -= cross_gram(calls, calls[rows], self.mean[self.fixed])
        return block

    def diagonal(self, genotypes: Genotypes) -> FloatArray:  # (n_other,)
        """Return the products of other samples with themselves."""
        other = _known(genotypes)
        own = other.reference[other.row, other.row] - 2 * self._shift(other)
        if self.fixed.size:
            calls = np.asarray(genotypes.call_dosage[:, self.fixed])
            own -= ((calls - self.mean[self.fixed]) ** 2).sum(axis=1)
        return np.maximum(own, 0)

    def _shift(self, other: Products) -> FloatArray:  # (n_other,)
        """Return what a product of two rows a, b loses by the new centre: s_a + s_b."""
        block = other.reference[np.ix_(other.row, self.products.row)]
        return block.mean(axis=1) - self.level.mean() / 2


def _known(genotypes: Genotypes) -> Products:
    if genotypes.products is None:
        raise ValueError("the samples carry no products")
    return genotypes.products
