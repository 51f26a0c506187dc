"""Ridge regression on marker dosages (RR-BLUP)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meristem.config.models import RidgeOptions
from meristem.mixed.blup import fit_kernel_ridge
from meristem.mixed.targets import training_targets
from meristem.models.effects import DualEffect, FittedLinear
from meristem.models.genomic_error import exact_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import make_panel
from meristem.records import Dataset, FloatArray, Splits


@dataclass(frozen=True)
class Ridge:
    """Ridge on centred dosages; equals GBLUP at penalty s_e / s_marker.

    The penalty is chosen per target among candidates: on the inner splits where
    they are given, else by exact leave-one-out from the one eigendecomposition.
    """

    options: RidgeOptions = RidgeOptions()
    in_blocks: ClassVar[bool] = True  # it reads dosages block by block

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`."""
        del rng  # nothing here is random
        targets = training_targets(dataset.phenotypes)
        panel = make_panel(dataset.genotypes)
        factor = panel.factor
        ratio = factor * candidate_penalties(self.options.penalties, factor)
        solved = fit_kernel_ridge(panel.kernel, targets, 1 / (1 + ratio), inner=inner)
        chosen = (1 - solved.h2) / np.maximum(solved.h2, 1e-300) / factor
        return FittedLinear(
            *training_fields("ridge", dataset, panel.scale),
            DualEffect(panel.dosage, panel.scale, panel.factor * solved.dual),
            solved.intercept,
            {"penalty": [float(value) for value in chosen]},
            exact_error(panel, solved),
        )


def candidate_penalties(
    penalties: tuple[float, ...],
    factor: float,
) -> FloatArray:  # (n_candidate,)
    """Return the penalties asked for, or 20 from 1e-2 to 1e4 over the kernel factor.

    A penalty of 1 / factor is that of a heritability of one half.
    """
    if penalties:
        return np.array(sorted(penalties), dtype=np.float64)
    return np.logspace(-2, 4, 20) / factor
