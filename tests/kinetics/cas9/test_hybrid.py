"""Energies of the hybrid, against a slow sum over the steps of the strings."""

import numpy as np
import torch
from tests.kinetics.toys import GUIDE, draw_targets

from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.cas9.hybrid import SEED, STEPS, hybrid_sums


def slow(guide: str, target: str) -> list[float]:
    """Sum step by step along the strings, 5' to 3' of the guide."""
    letters, n = "ACGT", len(guide) - 3
    same = [a == b for a, b in zip(guide, target, strict=True)]
    total = seed = distal = reached = 0.0
    for i in range(n - 1):
        energy = STEPS[letters.index(guide[i])][letters.index(guide[i + 1])]
        if not (same[i] and same[i + 1]):
            continue
        total += energy
        near = n - 1 - i  # place of the base further from the PAM, counted from 0
        seed, distal = (
            (seed + energy, distal) if near < SEED else (seed, distal + energy)
        )
        reached += energy * all(same[i:n])
    return [total, seed, distal, reached]


def test_energies_are_those_of_the_unedited_steps() -> None:
    guide = GUIDE.replace("N", "T")
    targets = [*draw_targets(13), guide]
    targets = [t[:20] + guide[20:] for t in targets]
    x = encode_pairs([guide] * 14, targets)
    found = hybrid_sums(torch.from_numpy(x).double()).numpy() * 10
    typical = found[-1] - slow(guide, guide)
    expected = np.array([slow(guide, target) for target in targets]) + typical
    assert np.allclose(found, expected)
    assert np.allclose(typical, [16.0, 8.0, 8.0, 6.0])


def test_published_steps() -> None:
    """Sugimoto et al. 1995, Table 3: dH - 310.15 K dS of rAA, rGG, rUU, rCG."""
    published = {"AA": (7.8, 21.9), "GG": (12.8, 31.9), "TT": (11.5, 36.4)}
    published["CG"] = (16.3, 47.1)
    for (first, second), (heat, entropy) in published.items():
        energy = STEPS["ACGT".index(first)]["ACGT".index(second)]
        assert abs(energy + heat - 0.31015 * entropy) < 0.06
