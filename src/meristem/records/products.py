"""Products of dosages that all folds of a data set share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Products:
    """Inner products of the centred dosages of a data set, and which rows are meant.

    Any other centre is a matter of means of rows and columns, so that one pass over
    the variants serves every set of training rows. Only of data without missing calls:
    what these are taken for depends on the training rows.
    """

    reference: NDArray[np.float64]  # (n_reference, n_reference)
    varies: NDArray[np.bool_]  # (n_variant,) among the reference rows
    row: NDArray[np.int64]  # (n_sample,) places within the reference

    def take(self, index: NDArray) -> Products:
        """Return those of the samples at `index` (integers or a mask)."""
        return replace(self, row=self.row[index])

    def shares(self, other: Products | None) -> bool:
        """Tell whether other samples are of the same reference."""
        return other is not None and other.reference is self.reference
