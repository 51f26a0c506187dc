"""One head per assay over the shared score: what assays differ by stays out of it.

Every assay has an intercept of its own (its detection limit), every guide one that is
drawn to that of its assay, and where asked for every assay a slope (how steeply its
calls follow activity). Read counts of active sites are graded targets: each next cut of
an assay's counts is one more detection limit, passed or not by the sites that passed
the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.kinetics.transfer.rows import LabelledSites

CUTS = (0.25, 0.5, 0.75)
"""Quantiles of the read counts of an assay's active sites that are told apart."""

_ASSAY_L2 = 1e-4


@dataclass(frozen=True)
class Heads:
    """Intercepts, slopes and cuts while training, all zero at first.

    Attributes
    ----------
    guide, assay
        Intercepts of every guide within its assay, and of every assay.
    slope
        Natural logs of the slopes of the assays.
    cut
        Intercept of every cut of the read counts, by assay.
    guide_place, assay_place
        Of the drawn rows.
    level
        Cuts that the read count of a row is above; -1 where it is inactive or no
        count is known.
    """

    guide: Tensor  # (n_guide,)
    assay: Tensor  # (n_assay,)
    slope: Tensor  # (n_assay,)
    cut: Tensor  # (n_assay, n_cut)
    guide_place: Tensor  # (n_drawn,)
    assay_place: Tensor  # (n_drawn,)
    level: Tensor  # (n_drawn,)

    @classmethod
    def of(cls, data: LabelledSites, rows: NDArray[np.int64]) -> Heads:
        """Start at zero for every guide of an assay, and every assay."""
        assay = np.unique(data.assay[rows], return_inverse=True)[1]
        name = np.unique(data.guide[rows], return_inverse=True)[1]
        each = np.unique(assay * (int(name.max()) + 1) + name, return_inverse=True)[1]
        n_assay = int(assay.max()) + 1

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(shape, requires_grad=True)

        return cls(
            zeros(int(each.max()) + 1),
            zeros(n_assay),
            zeros(n_assay),
            zeros(n_assay, len(CUTS)),
            torch.from_numpy(each),
            torch.from_numpy(assay),
            torch.from_numpy(read_levels(data, rows)),
        )

    def at(self, chunk: Tensor) -> Tensor:
        """Return the intercept of drawn rows: of the mean assay and guide it is 0."""
        guide = (self.guide - self.guide.mean())[self.guide_place[chunk]]
        return guide + (self.assay - self.assay.mean())[self.assay_place[chunk]]

    def loss(
        self,
        logit: Tensor,  # (n_chunk,) the shared score
        target: Tensor,  # (n_chunk,)
        added: Tensor,  # (n_chunk,) log odds of the draw
        chunk: Tensor,  # (n_chunk,) places among the drawn rows
        *,
        graded: float,
    ) -> Tensor:  # ()
        """Return the cross entropy, summed over the rows.

        Active sites alone say how many reads they have (continuation ratios), so that
        the draw of the inactive ones adds nothing to the odds of that part.
        """
        assay = self.assay_place[chunk]
        scaled = self.slope.exp()[assay] * logit
        total = nn.functional.binary_cross_entropy_with_logits(
            scaled + added + self.at(chunk), target, reduction="sum"
        )
        if not graded:
            return total
        level = self.level[chunk]
        for cut in range(len(CUTS)):
            rows = level >= cut
            passed = (level[rows] > cut).to(logit.dtype)
            total = total + graded / len(
                CUTS
            ) * nn.functional.binary_cross_entropy_with_logits(
                scaled[rows] + self.cut[assay[rows], cut], passed, reduction="sum"
            )
        return total

    def penalty(self, *, guide_l2: float, slope_l2: float) -> Tensor:  # ()
        """Return the ridge on intercepts and slopes."""
        ridge = guide_l2 * (self.guide**2).sum() + _ASSAY_L2 * (self.assay**2).sum()
        return ridge + slope_l2 * (self.slope**2).sum()

    def free(self, *, graded: float, slopes: bool) -> list[Tensor]:
        """Return what is learned."""
        out = [self.guide, self.assay]
        return out + [self.slope] * slopes + [self.cut] * (graded > 0)


def read_levels(
    data: LabelledSites, rows: NDArray[np.int64]
) -> NDArray[np.int64]:  # (n_row,)
    """Return how many cuts of its assay's read counts each active row is above.

    Rows that are inactive or have no count get -1. Equal counts pass no cut between
    them: a cut lies at a quantile, and only counts above it pass.
    """
    reads, label = data.reads[rows], data.label[rows]
    known = (label == 1) & np.isfinite(reads)
    level = np.full(len(rows), -1, dtype=np.int64)
    for assay in np.unique(data.assay[rows]):
        here = known & (data.assay[rows] == assay)
        if here.any():
            cuts = np.quantile(reads[here], CUTS)
            level[here] = (reads[here, None] > cuts).sum(axis=1)
    return level
