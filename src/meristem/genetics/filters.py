"""Marker filters: variation, missing calls, heterozygosity, linkage disequilibrium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.config.stages import FilterConfig
from meristem.genetics.frequency import BLOCK, dosage_moments
from meristem.records import FloatArray, Genotypes, IntArray

_LD_BLOCK = 256  # variants whose correlations are computed in one product


@dataclass(frozen=True)
class MarkerFilter:
    """Which variants stay, and how many each filter removed.

    A variant is counted once, under the first filter of the order below that removes
    it.
    """

    keep: NDArray[np.bool_]  # (n_variant,)
    n_missing: int  # more missing calls than max_missing
    n_monomorphic: int  # all calls alike; removed only when min_maf > 0
    n_maf: int  # minor allele rarer than min_maf
    n_heterozygosity: int  # more heterozygous calls than max_heterozygosity
    n_ld: int  # r2 with a variant that stays above max_ld_r2

    @property
    def n_kept(self) -> int:
        """Number of variants that stay."""
        return int(self.keep.sum())

    def to_json(self) -> dict[str, int]:
        """Return the counts under names for a report."""
        return {
            "variants before filters": int(self.keep.size),
            "removed: missing calls": self.n_missing,
            "removed: monomorphic": self.n_monomorphic,
            "removed: minor allele frequency": self.n_maf,
            "removed: heterozygosity": self.n_heterozygosity,
            "removed: linkage disequilibrium": self.n_ld,
            "variants kept": self.n_kept,
        }


def filter_markers(genotypes: Genotypes, config: FilterConfig) -> MarkerFilter:
    """Return which variants pass the filters in these samples.

    Give the training rows alone: every figure is computed from the rows handed over.

    Parameters
    ----------
    genotypes
        Any ploidy.
    config
        Limits. A variant exactly at a limit stays. The defaults remove nothing.

    Returns
    -------
    MarkerFilter
        Mask in the order of the variants, and counts.

    Notes
    -----
    LD pruning goes through each contig by position (file order where it is unknown).
    A variant that is still there removes those of the next `ld_window - 1` variants
    whose r2 with it is above `max_ld_r2`. Missing calls count as the mean.

    References
    ----------
    Hill and Robertson 1968, Theoretical and Applied Genetics 38:226: r2. The composite
    (genotypic) r2, the squared correlation of dosages, is that of Weir 1979,
    Biometrics 35:235.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import VariantTable
    >>> name, blank = np.array(["m1", "m2", "m3"]), np.array(["", "", ""])
    >>> variants = VariantTable(name, blank, np.zeros(3, dtype=int), blank, blank)
    >>> dosage = np.array([[0, 0, 2], [2, 0, 1], [2, 0, -1]], dtype=np.int8)
    >>> genotypes = Genotypes(np.array(["a", "b", "c"]), variants, dosage)
    >>> filter_markers(genotypes, FilterConfig(min_maf=0.1, max_missing=0.2)).keep
    array([ True, False, False])
    """
    dosage, ploidy = genotypes.call_dosage, genotypes.ploidy
    n_sample = max(genotypes.n_sample, 1)
    moments = dosage_moments(dosage)
    frequency = moments.mean / ploidy
    maf = np.minimum(frequency, 1 - frequency)
    missing = 1 - moments.n_called / n_sample
    # 1e-12: a share that is exact in the file stays exact at the limit.
    failing = {
        "missing": missing > config.max_missing + 1e-12,
        "monomorphic": (config.min_maf > 0) & (moments.variance == 0),
        "maf": maf < config.min_maf - 1e-12,
    }
    if config.max_heterozygosity < 1:
        share = _heterozygosity(dosage, ploidy, moments.n_called)
        failing["heterozygosity"] = share > config.max_heterozygosity + 1e-12
    keep = np.ones(genotypes.n_variant, dtype=bool)
    removed = {}
    for name, fails in failing.items():
        removed[name] = int((keep & fails).sum())
        keep &= ~fails
    n_before = int(keep.sum())
    if config.max_ld_r2 < 1:
        keep = _prune_contigs(genotypes, keep, config)
    return MarkerFilter(
        keep,
        removed["missing"],
        removed["monomorphic"],
        removed["maf"],
        removed.get("heterozygosity", 0),
        n_before - int(keep.sum()),
    )


def _heterozygosity(
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
    ploidy: int,
    n_called: IntArray,  # (n_variant,)
) -> FloatArray:  # (n_variant,)
    count = np.empty(dosage.shape[1])
    for start in range(0, dosage.shape[1], BLOCK):
        block = dosage[:, start : start + BLOCK]
        count[start : start + BLOCK] = ((block > 0) & (block < ploidy)).sum(axis=0)
    return count / np.maximum(n_called, 1)


def _prune_contigs(
    genotypes: Genotypes, keep: NDArray[np.bool_], config: FilterConfig
) -> NDArray[np.bool_]:
    variants = genotypes.variants
    keep = keep.copy()
    for contig in np.unique(variants.variant_contig[keep]):
        index = np.flatnonzero(keep & (variants.variant_contig == contig))
        order = np.argsort(variants.variant_position[index], kind="stable")
        index = index[order]
        dosage = genotypes.call_dosage
        keep[index] = prune_ld(dosage, index, config.max_ld_r2, config.ld_window)
    return keep


def prune_ld(
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
    index: IntArray,  # (n_considered,) columns, in the order of the chromosome
    max_r2: float,
    window: int,  # variants
) -> NDArray[np.bool_]:  # (n_considered,)
    """Return which of the variants stay after greedy pruning within a window.

    Parameters
    ----------
    dosage
        Dosage 0..ploidy, negative is missing and counts as the mean.
    index
        The variants to prune, ordered by position.
    max_r2
        Largest squared correlation of two variants that both stay.
    window
        A variant is compared with the `window - 1` variants after it.

    Returns
    -------
    numpy.ndarray
        Mask over `index`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0, 0, 0], [1, 1, 2], [2, 2, 1], [0, 0, 1]], dtype=np.int8)
    >>> prune_ld(x, np.arange(3), max_r2=0.9, window=3)
    array([ True, False,  True])
    """
    keep = np.ones(index.size, dtype=bool)
    for start in range(0, index.size, _LD_BLOCK):
        stop = min(start + _LD_BLOCK, index.size)
        reach = min(stop + window - 1, index.size)
        z = _standardised(dosage[:, index[start:reach]])
        r2 = (z[:, : stop - start].T @ z) ** 2  # (stop - start, reach - start)
        for first in range(start, stop):
            if keep[first]:
                end = min(first + window, index.size)
                near = r2[first - start, first + 1 - start : end - start]
                keep[first + 1 : end] &= near <= max_r2
    return keep


def _standardised(
    calls: NDArray[np.int8],  # (n_sample, n_variant)
) -> FloatArray:  # (n_sample, n_variant) columns of mean 0 and length 1
    values = calls.astype(np.float64)
    known = calls >= 0
    values[~known] = 0
    mean = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    values = np.where(known, values - mean, 0)
    length = np.sqrt((values**2).sum(axis=0))
    return values / np.where(length > 0, length, 1)
