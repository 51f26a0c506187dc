"""Read phased haplotypes from a VCF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.htslib import open_variants
from meristem.io.genotypes.naming import VariantColumns
from meristem.records import StrArray, VariantTable


@dataclass(frozen=True)
class PhasedGenotypes:
    """Two haplotypes of every sample."""

    sample_id: StrArray  # (n_sample,)
    variants: VariantTable
    haplotype: NDArray[np.int8]  # (n_sample, 2, n_variant) 0 or 1


def read_phased(path: str | Path) -> PhasedGenotypes:
    """Read a VCF of diploids whose heterozygous calls are all phased (`0|1`).

    Parameters
    ----------
    path
        A `.vcf`, `.vcf.gz` or `.bcf` file without missing calls.

    Raises
    ------
    DataError
        If a heterozygous call is not phased, a call is missing, a sample is no
        diploid, or a variant has several alternate alleles.
    """
    columns, rows = VariantColumns(), []
    with open_variants(path) as file:
        for number, record in enumerate(file.records(), start=1):
            calls = record.genotype.array()  # allele, allele, phase
            place = file.place(number)
            _refuse_unusable(calls, len(record.ALT), place, file.sample_id)
            rows.append(calls[:, :2].astype(np.int8))
            columns.append(
                record.ID or "", record.CHROM, record.POS, record.REF, record.ALT
            )
        sample_id = file.sample_id
    haplotype = np.stack(rows, axis=2)  # (n_sample, 2, n_variant)
    return PhasedGenotypes(sample_id, columns.table(Path(path)), haplotype)


def _refuse_unusable(
    calls: NDArray[np.int16], n_alt: int, place: str, sample_id: StrArray
) -> None:
    if calls.shape[1] != 3:
        raise DataError(
            "has calls that are no diploids'",
            where=place,
            remedy="keep diploid samples and chromosomes",
        )
    if n_alt > 1:
        raise DataError(
            f"has {n_alt} alternate alleles",
            where=place,
            remedy="split the file (bcftools norm -m-)",
        )
    missing = (calls[:, :2] < 0).any(axis=1)
    if missing.any():
        name = sample_id[np.flatnonzero(missing)[0]]
        raise DataError(
            f"the call of sample {name!s} is missing",
            where=place,
            remedy="phase and impute the file (for example with Beagle)",
        )
    open_ = (calls[:, 0] != calls[:, 1]) & (calls[:, 2] == 0)
    if open_.any():
        name = sample_id[np.flatnonzero(open_)[0]]
        raise DataError(
            f"the heterozygous call of sample {name!s} is not phased (0/1)",
            where=place,
            remedy="phase the file (for example with Beagle or SHAPEIT), or give "
            "inbred lines",
        )
