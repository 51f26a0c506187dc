"""What the parts of a selection hand each other."""

from __future__ import annotations

from dataclasses import dataclass, fields

from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class Crosses:
    """Crosses between candidates, with what their progeny are expected to be.

    Examples
    --------
    >>> import numpy as np
    >>> crosses = Crosses(
    ...     np.array([0, 0]), np.array([1, 2]), mean=np.array([2.0, 1.5]),
    ...     sd=np.array([0.5, 1.0]), usefulness=np.array([3.0, 3.5]), kind="DH",
    ... )
    >>> crosses.n_cross, crosses.take(crosses.usefulness > 3.2).second
    (2, array([2]))
    """

    first: IntArray  # (n_cross,) row of a parent among the candidates
    second: IntArray  # (n_cross,) row of the other one
    mean: FloatArray  # (n_cross,) of the progeny, units of the index
    sd: FloatArray  # (n_cross,) of the progeny, >= 0
    usefulness: FloatArray  # (n_cross,) mean + intensity * accuracy * sd
    kind: str  # the progeny: "DH", "F2", "RIL", ...

    def __post_init__(self) -> None:
        for item in fields(self)[:-1]:
            if getattr(self, item.name).shape != self.first.shape:
                raise DataError(
                    f"{item.name} does not have {self.first.size} entries, one per "
                    "cross"
                )

    @property
    def n_cross(self) -> int:
        """Number of crosses."""
        return int(self.first.size)

    def take(self, index: NDArray) -> Crosses:
        """Return the crosses at `index` (integers or a mask), in that order."""
        return Crosses(
            self.first[index],
            self.second[index],
            self.mean[index],
            self.sd[index],
            self.usefulness[index],
            self.kind,
        )
