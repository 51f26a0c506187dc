"""The PAM of an enzyme: its bases, and on which side of the spacer it lies.

The encoding begins at the outer end of the PAM. Cas9 has three bases 3' of the spacer
(NGG), Cas12a four 5' of it (TTTV): such pairs are turned round, so that position 0 is
the outermost base of the PAM whatever the enzyme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.kinetics.cas9.align import BASES

Side = Literal["3", "5"]

PAM_LENGTH = 3
"""Of Cas9, which the sums and energies of corrections are laid out for."""

LONGEST = 8
"""Bases of the longest PAM that leaves room for a spacer of 17."""

_BASES_OF = {
    **{base: base for base in BASES},
    **{"U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}


@dataclass(frozen=True)
class Pam:
    """A PAM.

    Attributes
    ----------
    pattern
        Bases 5' to 3' as IUPAC letters. The default fits NGG, and NAG where it was
        meant.
    side
        ``3`` or ``5``: the end of the guide that it is written at.
    """

    pattern: str = "NRG"
    side: Side = "3"

    @property
    def length(self) -> int:
        """Return the number of bases."""
        return len(self.pattern)

    @property
    def place(self) -> tuple[int, Side]:
        """Return length and side: what a network was laid out for."""
        return self.length, self.side

    @property
    def fixed(self) -> int:
        """Return the number of bases from the outer end up to a free one (`N`)."""
        outwards = self.pattern[::-1] if self.side == "3" else self.pattern
        return (outwards + "N").index("N")

    def fits(self, guide: str) -> bool:
        """Tell whether a guide has it; a free base (`N`) of either fits all.

        Examples
        --------
        >>> [Pam().fits("GACTT" + end) for end in ("TGG", "NAG", "NGT")]
        [True, True, False]
        >>> Pam("TTTV", "5").fits("TTTAGACTT"), Pam("NGN").fits("GACTTNGT")
        (True, True)
        """
        place = slice(-self.length, None) if self.side == "3" else slice(self.length)
        bases = guide[place].upper()
        return len(bases) == self.length and all(
            set(_BASES_OF.get(a, "")) & set(_BASES_OF[b])
            for a, b in zip(bases, self.pattern, strict=True)
        )

    def last(
        self,
        strings: Sequence[str] | NDArray[np.str_],  # (n,)
    ) -> NDArray[np.str_]:  # (n,)
        """Return strings with the PAM at their end: those of a 5' PAM turned round.

        Examples
        --------
        >>> Pam("TTTV", "5").last(["TTTAGAC"]).tolist()
        ['CAGATTT']
        """
        given = np.asarray(strings, dtype=np.str_)
        if self.side == "3":
            return given
        return np.array([str(text)[::-1] for text in given], dtype=np.str_)


CAS9 = Pam()
"""NGG, or NAG where it was meant."""


def read_pam(text: str, side: Side = "3") -> Pam:
    """Return a PAM in capitals.

    Raises
    ------
    ConfigError
        If it is none.

    Examples
    --------
    >>> read_pam("tttv", "5")
    Pam(pattern='TTTV', side='5')
    """
    pattern = text.strip().upper()
    if not 1 <= len(pattern) <= LONGEST or not set(pattern) <= set(_BASES_OF):
        raise ConfigError(
            f"{text!r} is no PAM",
            where="pam",
            remedy=f"write 1 to {LONGEST} IUPAC letters, such as NGG, NNGRRT or TTTV",
        )
    return Pam(pattern, side)
