"""Which rates the data can tell, and which they cannot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.records import FloatArray


@dataclass(frozen=True)
class Identifiability:
    """Reading of a Fisher information matrix.

    Attributes
    ----------
    names
        Parameters.
    eigenvalues
        Of the information, descending.
    rank
        Number of combinations the data fix.
    identified
        Parameters outside every free direction.
    free
        Unit vectors that can be changed without changing the predictions.
    statement
        The same in a sentence.
    """

    names: tuple[str, ...]
    eigenvalues: FloatArray  # (n,)
    rank: int
    identified: tuple[str, ...]
    free: FloatArray  # (n - rank, n)
    statement: str

    def table(self) -> pd.DataFrame:
        """Return per parameter how much of it lies in free directions (0 to 1)."""
        share = (
            (self.free**2).sum(axis=0) if len(self.free) else np.zeros(len(self.names))
        )
        return pd.DataFrame(
            {
                "parameter": self.names,
                "free_share": share,
                "identified": [name in self.identified for name in self.names],
            }
        )


def identify(
    names: Sequence[str],
    information: FloatArray,  # (n, n)
    *,
    tolerance: float = 1e-7,
    unbounded: Collection[str] = (),
) -> Identifiability:
    """Split parameters into those the data fix and those they leave free.

    Parameters
    ----------
    names
        One per row of the information.
    information
        Fisher information of log parameters.
    tolerance
        Eigenvalues below this share of the largest count as zero.
    unbounded
        Parameters that have no interval, whatever the information, which is that of
        one place, says.

    References
    ----------
    Rothenberg 1971, Econometrica 39:577 (local identification); Raue et al. 2009,
    Bioinformatics 25:1923 (structural and practical identifiability).
    """
    values, vectors = np.linalg.eigh((information + information.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    rank = int((values > tolerance * max(values[0], 1e-300)).sum())
    free = vectors[:, rank:].T
    share = (free**2).sum(axis=0) if len(free) else np.zeros(len(names))
    identified = tuple(
        name
        for name, s in zip(names, share, strict=True)
        if s < 1e-3 and name not in unbounded
    )
    loose = [n for n in names if n not in identified]
    if loose:
        statement = (
            f"The data fix {rank} combinations of {len(names)} log rates. "
            f"Not identifiable one by one: {', '.join(loose)}; "
            f"read the observable, occupancies and control coefficients instead."
        )
    else:
        statement = f"All {len(names)} log rates are identifiable."
    return Identifiability(tuple(names), values, rank, identified, free, statement)
