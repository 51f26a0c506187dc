"""Which progeny: the weights of the powers of R = 1 - 2 c in their variance.

With x in {-1, 1} for inbred parents and w the half difference of their values by
locus, the variance of the progeny of a cross is w' S w, S = sum_k weight_k R^k.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal, get_args

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray

Kind = Literal["dh", "selfed", "ril"]

RIL_TERMS = 30
"""Terms of the geometric series of lines selfed for ever: 3e-11 from its limit."""

MOST_GENERATIONS = 50


@dataclass(frozen=True)
class Progeny:
    """Progeny of a cross of inbred lines.

    Parameters
    ----------
    kind
        `dh`: doubled haploids of plants of generation F_t (t = 1: of the F1);
        `selfed`: plants after t selfings of the F1 (t = 1: F2), additive part;
        `ril`: lines selfed for ever.
    generation
        t, at least 1.
    intermating
        Rounds of random mating before; in large populations.

    References
    ----------
    Lehermeier et al. 2017, Genetics 207:1651, table 1.

    Examples
    --------
    >>> Progeny("dh", 2).weights.tolist(), Progeny("selfed", 2).weights.tolist()
    ([0.5, 0.5], [0.5, 0.25])
    >>> Progeny("selfed", 1).name
    'F2'
    """

    kind: Kind = "dh"
    generation: int = 1
    intermating: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ConfigError(
                f"there is no progeny called {self.kind!r}",
                remedy=f"use one of: {', '.join(get_args(Kind))}",
            )
        counts = self.generation, self.intermating
        if counts[0] < 1 or counts[1] < 0 or max(counts) > MOST_GENERATIONS:
            raise ConfigError(
                f"{self.generation} generations and {self.intermating} rounds of "
                "random mating are not possible",
                remedy=f"use 1 to {MOST_GENERATIONS}, and 0 to {MOST_GENERATIONS}",
            )

    @property
    def weights(self) -> FloatArray:  # (n_power,)
        """Weights of R, R^2, ... in the covariance of two loci."""
        t = RIL_TERMS if self.kind == "ril" else self.generation
        weight = 0.5 ** np.arange(1, t + 1)
        if self.kind != "selfed":
            weight[-1] *= 2
        if not self.intermating:
            return weight
        # (1 - c)^n = ((1 + R) / 2)^n
        n = self.intermating
        mixed = np.array([comb(n, m) for m in range(n + 1)]) / 2.0**n
        return np.convolve(weight, mixed)

    @property
    def inbred(self) -> bool:
        """Whether every plant breeds true."""
        return self.kind != "selfed"

    @property
    def name(self) -> str:
        """What breeders call it."""
        if self.kind == "ril":
            name = "RIL"
        elif self.kind == "selfed":
            name = f"F{self.generation + 1}"
        else:
            name = "DH" if self.generation == 1 else f"DH of F{self.generation}"
        return name + (f" after {self.intermating} x IM" if self.intermating else "")


DH_OF_F1 = Progeny()
"""Doubled haploids of the F1."""
