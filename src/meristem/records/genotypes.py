"""Variants and the dosages of samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records.arrays import IntArray, StrArray, refuse_duplicates
from meristem.records.products import Products

MISSING: int = -1
"""Code of a missing dosage."""


@dataclass(frozen=True)
class VariantTable:
    """What is known of each variant besides its calls.

    An id that is missing or `.` in the source is written
    `contig:position:ref:alt`, so that every id is a unique, stable name.
    """

    variant_id: StrArray  # (n_variant,) unique
    variant_contig: StrArray  # (n_variant,) "" when unknown
    variant_position: IntArray  # (n_variant,) bp, 1-based; 0 when unknown
    variant_ref: StrArray  # (n_variant,) reference allele, "" when unknown
    variant_alt: StrArray  # (n_variant,) counted allele, "" when unknown

    def __post_init__(self) -> None:
        size = self.variant_id.size
        for name in ("contig", "position", "ref", "alt"):
            if getattr(self, f"variant_{name}").shape != (size,):
                raise DataError(f"variant_{name} does not have {size} entries")
        refuse_duplicates(self.variant_id, "variant ids")

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return int(self.variant_id.size)

    def take(self, index: NDArray) -> VariantTable:
        """Return the variants at `index` (integers or a mask), in that order."""
        return VariantTable(
            self.variant_id[index],
            self.variant_contig[index],
            self.variant_position[index],
            self.variant_ref[index],
            self.variant_alt[index],
        )


@dataclass(frozen=True)
class Genotypes:
    """Dosage of the alternate allele for every sample and variant."""

    sample_id: StrArray  # (n_sample,) unique
    variants: VariantTable
    call_dosage: NDArray[np.int8]  # (n_sample, n_variant) 0..ploidy, -1 missing
    ploidy: int = 2
    source: str = field(default="", compare=False)  # where from; no content
    first_gamete: NDArray[np.int8] | None = None  # (n_sample, n_variant) the copies
    # that came from `parent_1`, -1 missing; None where samples are no known crosses
    products: Products | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.variants.n_variant)
        kept = self.products
        if kept is not None and kept.row.shape != self.sample_id.shape:
            raise DataError("products of dosages are of other samples")
        if self.first_gamete is not None and self.first_gamete.shape != expected:
            raise DataError(
                f"gametes have shape {self.first_gamete.shape}, expected {expected}",
                where=self.source,
            )
        if self.products is not None and self.products.row.shape != expected[:1]:
            raise DataError("products are those of other samples", where=self.source)
        if self.call_dosage.shape != expected:
            raise DataError(
                f"dosage has shape {self.call_dosage.shape}, expected {expected}",
                where=self.source,
            )
        if self.call_dosage.dtype != np.int8:
            raise DataError(f"dosage is {self.call_dosage.dtype}, expected int8")
        refuse_duplicates(self.sample_id, "sample ids")

    @property
    def n_sample(self) -> int:
        """Number of samples."""
        return int(self.sample_id.size)

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return self.variants.n_variant

    def take_samples(self, index: NDArray) -> Genotypes:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(
            self,
            sample_id=self.sample_id[index],
            call_dosage=self.call_dosage[index],
            first_gamete=None
            if self.first_gamete is None
            else self.first_gamete[index],
            products=self.products and self.products.take(index),
        )

    def with_samples(self, others: Genotypes) -> Genotypes:
        """Return these samples, then others with the same variants."""
        halves = self.first_gamete, others.first_gamete
        both = None
        if halves[0] is not None and halves[1] is not None:
            both = np.concatenate([halves[0], halves[1]])
        return Genotypes(
            np.concatenate([self.sample_id, others.sample_id]),
            self.variants,
            np.concatenate([self.call_dosage, others.call_dosage]),
            self.ploidy,
            others.source,
            both,
        )

    def loaded(self) -> Genotypes:
        """Return the same with the dosages in memory."""
        if isinstance(self.call_dosage, np.ndarray):
            return self
        return replace(self, call_dosage=np.asarray(self.call_dosage))

    def take_variants(self, index: NDArray) -> Genotypes:
        """Return the variants at `index` (integers or a mask), in that order."""
        return replace(
            self,
            variants=self.variants.take(index),
            call_dosage=self.call_dosage[:, index],
            first_gamete=None
            if self.first_gamete is None
            else self.first_gamete[:, index],
            products=None,
        )
