"""Values of lines as sums over loci: additive, and of heterozygotes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.genetics.frequency import BLOCK, heterozygosity
from meristem.records import FloatArray, VariantTable


@dataclass(frozen=True)
class LocusEffects:
    """A trait, or an index of traits, as a sum over loci.

    Examples
    --------
    >>> blank = np.array(["", ""])
    >>> name, place = np.array(["a", "b"]), np.zeros(2, int)
    >>> table = VariantTable(name, blank, place, blank, blank)
    >>> effects = LocusEffects(table, np.array([1.0, 0.5]), 10.0, np.array([1.0, 1.0]))
    >>> effects.value(np.array([[2, 0], [0, -1]], dtype=np.int8))
    array([12. , 10.5])
    """

    variants: VariantTable
    additive: FloatArray  # (n_variant,) of one copy of the alternate allele
    intercept: float  # value of a line without any copy
    mean: FloatArray  # (n_variant,) dosage that a missing call takes
    dominance: FloatArray | None = None  # (n_variant,) of carrying both alleles
    carrying: FloatArray | None = None  # (n_variant,) share of heterozygotes, taken
    # where a call is missing; None: 0
    r2: float = 1.0  # share of the model's predictions that the sum explains; 1: exact

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return self.variants.n_variant

    @property
    def centre(self) -> float:
        """Value at the mean dosage of every variant."""
        return self.intercept + float(self.mean @ self.additive)

    def value(
        self,
        call_dosage: NDArray,  # (n_sample, n_variant) -1 missing
        ploidy: int = 2,
    ) -> FloatArray:  # (n_sample,)
        """Return the value of every line."""
        total = np.full(call_dosage.shape[0], self.intercept)
        for start in range(0, self.n_variant, BLOCK):
            part = slice(start, start + BLOCK)
            calls = call_dosage[:, part]
            known = np.where(calls < 0, self.mean[part], calls)
            total += known @ self.additive[part]
            if self.dominance is not None:
                both = heterozygosity(calls, ploidy).astype(np.float64)
                missing = 0.0 if self.carrying is None else self.carrying[part]
                both = np.where(both < 0, missing, both)
                total += both @ self.dominance[part]
        return total

    def take(self, index: NDArray) -> LocusEffects:
        """Return the variants at `index`; the others are held at their mean."""
        left = np.ones(self.n_variant, dtype=bool)
        left[index] = False
        held = float(self.mean[left] @ self.additive[left])
        dominance = None if self.dominance is None else self.dominance[index]
        return replace(
            self,
            variants=self.variants.take(index),
            additive=self.additive[index],
            intercept=self.intercept + held,
            mean=self.mean[index],
            dominance=dominance,
            carrying=None if self.carrying is None else self.carrying[index],
        )


def weighted_sum(
    parts: list[tuple[float, LocusEffects]],  # weight, effects; of the same variants
) -> LocusEffects:
    """Return the effects on an index of traits, sum of weight times trait."""
    first = parts[0][1]
    dominance = [
        weight * (np.zeros(first.n_variant) if e.dominance is None else e.dominance)
        for weight, e in parts
    ]
    none = all(effects.dominance is None for _, effects in parts)
    return replace(
        first,
        additive=np.sum([weight * e.additive for weight, e in parts], axis=0),
        intercept=float(sum(weight * e.intercept for weight, e in parts)),
        dominance=None if none else np.sum(dominance, axis=0),
        r2=min(effects.r2 for _, effects in parts),
    )
