"""Stability of the RNA-DNA hybrid that a pair can form, from nearest neighbours.

Kinetic networks see edits alone, and a matched guide is all zero to them, whatever its
bases. How many edits a guide puts up with depends on them: hybrids of strong steps hold
where weak ones come apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.kinetics.cas9.encode import EDITS, N_POSITION, REFERENCE
from meristem.kinetics.cas9.sites import PAM_LENGTH

STEPS = (
    (-1.0, -2.1, -1.8, -0.9),
    (-0.9, -2.1, -1.7, -0.9),
    (-1.3, -2.7, -2.9, -1.1),
    (-0.6, -1.5, -1.6, -0.2),
)
"""Free energy at 37 °C (kcal/mol) of a step: guide base, then the next one 3' of it."""

SEED = 10
"""Positions next to the PAM that are seed."""

NAMES = ("hybrid", "hybrid_seed", "hybrid_distal", "hybrid_from_pam")
_TYPICAL = (-16.0, -8.0, -8.0, -6.0)
_UNIT = 10.0


def hybrid_sums(
    x: Tensor,  # (n, 25, 13)
) -> Tensor:  # (n, 4)
    """Return free energies of the unedited steps of the hybrid, in 10 kcal/mol.

    All steps, those of the seed, those beyond it, and those before the first edit
    counted from the PAM; each less a typical value of off-target sites. Differentiable
    in the encoding. A step counts if both of its positions are free of edits.

    References
    ----------
    Sugimoto et al. 1995, Biochemistry 34:11211 (nearest neighbours of RNA-DNA
    hybrids); Alkan et al. 2018, Genome Biol 19:177 (their energies in off-target
    binding of Cas9).

    Examples
    --------
    >>> from meristem.kinetics.cas9.encode import encode_pairs
    >>> pair = encode_pairs(["GGGGTGG"], ["GGGGTGG"])
    >>> energy = hybrid_sums(torch.from_numpy(pair).float())
    >>> round(10 * float(energy[0, 0]) - 16.0, 2)  # three steps GG
    -8.7
    """
    guide = x[:, PAM_LENGTH:N_POSITION, REFERENCE]
    whole = 1.0 - x[:, PAM_LENGTH:N_POSITION, EDITS].sum(dim=2).clamp(max=1.0)
    step = torch.tensor(STEPS, dtype=x.dtype)
    # towards the PAM is 3' of the guide, and position 0 is the last base of the PAM
    energy = ((guide[:, 1:] @ step) * guide[:, :-1]).sum(dim=2)
    both = whole[:, 1:] * whole[:, :-1]
    reached = torch.cumprod(whole, dim=1)
    parts = (
        energy * both,
        (energy * both)[:, : SEED - 1],
        (energy * both)[:, SEED - 1 :],
        energy * reached[:, 1:],
    )
    total = torch.stack([part.sum(dim=1) for part in parts], dim=1)
    return (total - torch.tensor(_TYPICAL, dtype=x.dtype)) / _UNIT
