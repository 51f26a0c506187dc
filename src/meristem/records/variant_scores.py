"""What is thought of variants before a trait is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from meristem.errors import DataError
from meristem.records.arrays import FloatArray, StrArray


@dataclass(frozen=True)
class VariantScores:
    """A score of variants for genes: predicted effects, damage, conservation.

    A variant may stand there once for every gene and kind.

    Raises
    ------
    DataError
        If the columns differ in length, or a score is not finite.

    Examples
    --------
    >>> names = np.array(["snp_1", "snp_2"])
    >>> one = np.array(["", "gene_1"])
    >>> scores = VariantScores(names, one, np.array([0.1, -2.0]), one, "effects.tsv")
    >>> scores.n_score, scores.largest(np.array(["snp_2", "snp_9"])).tolist()
    (2, [2.0, nan])
    """

    variant_id: StrArray  # (n_score,)
    gene_id: StrArray  # (n_score,) "" where no gene is meant
    score: FloatArray  # (n_score,)
    kind: StrArray  # (n_score,) what the score means: a task, `occupancy`, ...
    source: str = field(default="", compare=False)  # model or file

    def __post_init__(self) -> None:
        for name in ("gene_id", "score", "kind"):
            if getattr(self, name).shape != self.variant_id.shape:
                raise DataError(
                    f"{name} does not have {self.variant_id.size} entries",
                    where=self.source,
                )
        wrong = np.flatnonzero(~np.isfinite(self.score))
        if wrong.size:
            raise DataError(
                f"the score of {self.variant_id[wrong[0]]} is not finite",
                where=self.source,
                remedy="leave out variants without a score",
            )

    @property
    def n_score(self) -> int:
        """Number of scores."""
        return int(self.variant_id.size)

    def largest(self, variant_id: StrArray) -> FloatArray:  # (n_variant,)
        """Return the largest absolute score of variants, NaN without one."""
        best: dict[str, float] = {}
        for name, score in zip(
            self.variant_id.tolist(), np.abs(self.score).tolist(), strict=True
        ):
            if score > best.get(name, -1.0):
                best[name] = score
        return np.array([best.get(name, np.nan) for name in variant_id.tolist()])
