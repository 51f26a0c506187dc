"""Relationship by markers where a line has any, by pedigree elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from meristem.genetics.pedigree import named_block
from meristem.records import FloatArray, StrArray

BLEND = 0.05
"""Share of the pedigree in the relationship of genotyped lines."""


@dataclass(frozen=True)
class Relatives:
    """Lines whose relationship is asked."""

    name: StrArray  # (n,)
    genotyped: NDArray[np.bool_]  # (n,)
    markers: FloatArray  # (n, n_reference) G with the reference; unread without calls


@dataclass(frozen=True)
class SingleStep:
    """H: markers where there are any, passed on to relatives by the pedigree.

    The reference are the training lines with genotypes. G is brought
    to the scale of the pedigree among them (equal mean diagonal and mean off-diagonal),
    then blended with `BLEND` of the pedigree. A line without genotypes follows from the
    reference; one with genotypes, whether in the reference or new, from its markers.

    References
    ----------
    Legarra, Aguilar & Misztal 2009, J Dairy Sci 92:4656; Christensen & Lund 2010, GSE
    42:2; Christensen et al. 2012, Animal 6:1565 (scale).
    """

    line: StrArray  # (n_line,) of the pedigree
    relationship: FloatArray  # (n_line, n_line) A
    reference: StrArray  # (n_reference,)
    markers: FloatArray  # (n_reference, n_reference) G
    blend: float = BLEND

    def between(
        self,
        one: Relatives,
        two: Relatives,
        markers: FloatArray,  # (n_one, n_two) G
    ) -> FloatArray:  # (n_one, n_two)
        """Return H between lines."""
        pedigree = named_block(self.line, self.relationship, one.name, two.name)
        if self.reference.size == 0:
            return pedigree
        found = pedigree + self._regression(one) @ self._gain(two).T
        other = pedigree + self._gain(one) @ self._regression(two).T
        found[one.genotyped] = other[one.genotyped]
        both = np.ix_(one.genotyped, two.genotyped)
        found[both] = self._blended(markers, pedigree)[both]
        return found

    @cached_property
    def _own(self) -> FloatArray:  # (n_reference, n_reference) A
        return named_block(self.line, self.relationship, self.reference, self.reference)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """Return a and b of a + b G, which has the level and the width of A."""
        n = self.reference.size
        if n < 2:
            return 0.0, 1.0
        off = ~np.eye(n, dtype=bool)
        ends = [(np.diag(m).mean(), m[off].mean()) for m in (self.markers, self._own)]
        width = ends[0][0] - ends[0][1]
        slope = (ends[1][0] - ends[1][1]) / width if width > 1e-9 else 1.0
        return float(ends[1][1] - slope * ends[0][1]), float(slope)

    def _blended(self, markers: FloatArray, pedigree: FloatArray) -> FloatArray:
        level, slope = self._scale
        return (1 - self.blend) * (level + slope * markers) + self.blend * pedigree

    def _side(self, lines: Relatives) -> FloatArray:  # (n, n_reference) A
        return named_block(self.line, self.relationship, lines.name, self.reference)

    @cached_property
    def _factor(self) -> tuple[FloatArray, bool]:
        ridge = 1e-10 * np.eye(self.reference.size)  # twins have one row
        return cho_factor(self._own + ridge)

    def _regression(self, lines: Relatives) -> FloatArray:  # (n, n_reference)
        return np.asarray(cho_solve(self._factor, self._side(lines).T)).T

    def _gain(self, lines: Relatives) -> FloatArray:  # (n, n_reference)
        """Return what markers say of relationships beyond the pedigree."""
        side = self._side(lines)
        known = self._blended(self.markers, self._own) - self._own
        return np.where(
            lines.genotyped[:, None],
            self._blended(lines.markers, side) - side,
            self._regression(lines) @ known,
        )
