"""DNA with planted motifs, their spacing, and single-base variants of known effect.

A motif m binds at i with occupancy o_m(i) = 1 / (1 + exp(t - s_m(i))), s being its
log-odds on either strand. The activity of a task is sum_m w_m sum_i o_m(i), plus a
bonus where the first two motifs lie near one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray, StrArray

TASKS = ("activity", "stress")
THRESHOLD = 6.0  # nats, t above
NEAR = 20  # bp between two motifs that work together
BASES = "ACGT"

_CONSENSUS = ("TGACTCAT", "CACGTGGC", "TATAAATA", "GGGACTTTCC")
_DECOYS = ("AACCGGTTAG", "GATTACAG", "CCAATCAG", "TTGCGCAA", "ACATTCCA", "GCGGAAGT")
_WEIGHT = ((1.5, 1.0, 0.8, -1.0), (0.0, 1.4, -0.6, 1.0))  # (n_task, n_planted)
_BONUS = (1.2, 0.0)  # by task, of the first two motifs together
_SHARP = 0.91  # probability of the consensus base


@dataclass(frozen=True)
class PlantedSequences:
    """Simulated sequences and what decides their values."""

    sequence_id: StrArray  # (n,)
    sequence: tuple[str, ...]  # (n,)
    family: StrArray  # (n,) sequence that a row is a variant of
    value: FloatArray  # (n, n_task) NaN missing
    truth: FloatArray  # (n, n_task) without noise
    motif_name: tuple[str, ...]  # (n_motif,) planted ones first
    motif: tuple[FloatArray, ...]  # each (4, width)
    n_planted: int
    site: tuple[tuple[int, int, int], ...]  # (row of the original, motif, start)
    variant: tuple[tuple[str, int, str, str, float], ...]
    # (id, position from 0, reference, alternative, true change of the first task)


def simulate_sequences(
    *,
    families: int,
    mutants: int,
    length: int,
    noise: float,
    missing: float,
    rng: np.random.Generator,
) -> PlantedSequences:
    """Draw sequences with planted motifs and measure them with noise.

    Parameters
    ----------
    families
        Original sequences.
    mutants
        Variants of each, one base changed, half of them within a planted site.
    length
        Length in bp.
    noise
        Standard deviation of the noise over that of the truth.
    missing
        Share of the values of the second task that are missing.
    rng
        Source of randomness.

    Raises
    ------
    ConfigError
        If the sequences are too short for the motifs.

    Examples
    --------
    >>> drawn = simulate_sequences(families=5, mutants=2, length=60, noise=0.3,
    ...                            missing=0.2, rng=np.random.default_rng(1))
    >>> len(drawn.sequence), drawn.value.shape
    (15, (15, 2))
    """
    if mutants > length:
        raise ConfigError(
            f"{mutants} variants of {length} bp are too many",
            where="--mutants",
            remedy="use no more than the length",
        )
    if length < 40:
        raise ConfigError(
            f"{length} bp are too few for the motifs",
            where="--length",
            remedy="use 40 or more",
        )
    motifs = tuple(_matrix(word) for word in (*_CONSENSUS, *_DECOYS))
    planted = motifs[: len(_CONSENSUS)]
    code = rng.choice(4, size=(families, length), p=(0.3, 0.2, 0.2, 0.3))
    sites = [
        site for row in range(families) for site in _plant(code, row, planted, rng)
    ]
    rows, origin, changes = _mutate(code, sites, mutants, planted, rng)
    truth = activity(rows, planted)
    spread = truth.std(axis=0)
    value = truth + noise * spread * rng.normal(size=truth.shape)
    value[rng.random(len(value)) < missing, 1] = np.nan
    names = [f"f{row}" for row in range(families)]
    ids = [
        names[row] if not change else f"{names[row]}.{change[0]}{BASES[change[1]]}"
        for row, change in zip(origin, changes, strict=True)
    ]
    variants = [
        (
            ids[place],
            change[0],
            BASES[code[row, change[0]]],
            BASES[change[1]],
            float(truth[place, 0] - truth[row, 0]),
        )
        for place, (row, change) in enumerate(zip(origin, changes, strict=True))
        if change
    ]
    letters = np.array(list(BASES))
    return PlantedSequences(
        np.array(ids),
        tuple("".join(letters[row]) for row in rows),
        np.array([names[row] for row in origin]),
        value,
        truth,
        tuple(f"M{number + 1}" for number in range(len(motifs))),
        motifs,
        len(planted),
        tuple(sites),
        tuple(variants),
    )


def _matrix(consensus: str) -> FloatArray:  # (4, width)
    p = np.full((4, len(consensus)), (1 - _SHARP) / 3)
    p[[BASES.index(base) for base in consensus], np.arange(len(consensus))] = _SHARP
    return p


def _plant(
    code: NDArray[np.int64],  # (n, length) changed in place
    row: int,
    motifs: tuple[FloatArray, ...],
    rng: np.random.Generator,
) -> list[tuple[int, int, int]]:
    """Write none to four sites into a row, apart from one another."""
    taken = np.zeros(code.shape[1], dtype=bool)
    sites = []
    for number in rng.integers(len(motifs), size=int(rng.integers(0, 5))):
        p = motifs[number]
        width = p.shape[1]
        start = int(rng.integers(0, code.shape[1] - width + 1))
        if taken[start : start + width].any():
            continue
        taken[start : start + width] = True
        drawn = [int(rng.choice(4, p=column)) for column in p.T]
        if rng.random() < 0.5:
            drawn = [3 - base for base in drawn[::-1]]
        code[row, start : start + width] = drawn
        sites.append((row, int(number), start))
    return sites


def _mutate(
    code: NDArray[np.int64],  # (n_family, length)
    sites: list[tuple[int, int, int]],
    mutants: int,
    motifs: tuple[FloatArray, ...],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], IntArray, list[tuple[int, int] | None]]:
    """Return originals then variants, their originals, and the changes made."""
    rows, origin = [*code], list(range(len(code)))
    changes: list[tuple[int, int] | None] = [None] * len(code)
    for row in range(len(code)):
        own = [site for site in sites if site[0] == row]
        made: set[tuple[int, int]] = set()
        while len(made) < mutants:
            place = int(rng.integers(code.shape[1]))
            if own and rng.random() < 0.5:
                _, number, start = own[int(rng.integers(len(own)))]
                place = start + int(rng.integers(motifs[number].shape[1]))
            base = int((code[row, place] + rng.integers(1, 4)) % 4)
            if (place, base) in made:
                continue
            made.add((place, base))
            changed = code[row].copy()
            changed[place] = base
            rows.append(changed)
            origin.append(row)
            changes.append((place, base))
    return np.array(rows), np.array(origin), changes


def activity(
    code: NDArray[np.int64],  # (n, length) 0..3
    motifs: tuple[FloatArray, ...],  # planted, each (4, width)
) -> FloatArray:  # (n, n_task)
    """Return the true values of sequences."""
    bound = [_occupied(code, p) for p in motifs]
    total = np.stack([part.sum(axis=1) for part in bound], axis=1)
    near = _together(bound[0], bound[1])
    return total @ np.array(_WEIGHT).T + near[:, None] * np.array(_BONUS)


def _occupied(
    code: NDArray[np.int64],
    p: FloatArray,  # (4, width)
) -> FloatArray:  # (n, n_start)
    """Return the occupancy of a motif at every start, the better strand."""
    odds = np.log(p / 0.25)
    n_start = code.shape[1] - p.shape[1] + 1
    best = np.full((len(code), n_start), -np.inf)
    for strand in (odds, odds[::-1, ::-1]):
        score = sum(
            strand[code[:, offset : offset + n_start], offset]
            for offset in range(p.shape[1])
        )
        best = np.maximum(best, score)
    return 1 / (1 + np.exp(THRESHOLD - best))


def _together(one: FloatArray, other: FloatArray) -> FloatArray:  # (n,)
    """Return the summed products of two motifs no farther apart than `NEAR`."""
    width = min(one.shape[1], other.shape[1])
    total = np.zeros(len(one))
    for shift in range(-NEAR, NEAR + 1):
        a = one[:, max(0, -shift) : width - max(0, shift)]
        b = other[:, max(0, shift) : width - max(0, -shift)]
        total += (a * b).sum(axis=1)
    return total
