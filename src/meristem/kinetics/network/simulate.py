"""Simulated kinetic data: planted windows and rates, and a two-substrate enzyme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from meristem.kinetics.cas9.align import BASES
from meristem.kinetics.network.kinn import LN10, Measurements
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.kinetics.scheme.solve import log_observable
from meristem.records import FloatArray

N_SIMULATED = 50
"""Length of the sequences of the benchmark."""


@dataclass(frozen=True)
class PlantedRate:
    """How one rate truly depends on the sequence.

    Attributes
    ----------
    start, stop
        Window of the sequence.
    log_base
        Natural log of the rate when all energies are zero.
    energy
        Cost in kT of each base at each position of the window, A, C, G, T.
    """

    start: int
    stop: int
    log_base: float
    energy: FloatArray  # (stop - start, 4)


@dataclass(frozen=True)
class Simulation:
    """A scheme with planted rates, and the sequence that is mutated."""

    scheme: Scheme
    template: str
    rates: tuple[PlantedRate, ...]


def one_hot(sequences: Sequence[str]) -> NDArray[np.uint8]:  # (n, n_position, 4)
    """Return sequences of one length as 0/1, bases in the order A, C, G, T."""
    letters = np.array([list(sequence) for sequence in sequences])
    return (letters[:, :, None] == np.array(list(BASES))).astype(np.uint8)


def true_log_rates(
    simulation: Simulation,
    sequences: Sequence[str],
) -> FloatArray:  # (n, n_reaction)
    """Return the planted natural log rates: base minus the energies of the window."""
    x = one_hot(sequences)
    columns = []
    for rate in simulation.rates:
        energy = np.einsum("npc,pc->n", x[:, rate.start : rate.stop], rate.energy)
        columns.append(rate.log_base - energy)
    return np.stack(columns, axis=1)


def mutate(
    template: str, n: int, n_change: Sequence[int], rng: np.random.Generator
) -> list[str]:
    """Return the template and `n` - 1 copies with a few random changes."""
    out = [template]
    for _ in range(n - 1):
        letters = list(template)
        count = int(rng.choice(list(n_change)))
        for place in rng.choice(len(template), size=count, replace=False):
            others = [base for base in BASES if base != template[place]]
            letters[place] = str(rng.choice(others))
        out.append("".join(letters))
    return out


def simulate(
    simulation: Simulation,
    n: int,
    *,
    n_change: Sequence[int],
    rng: np.random.Generator,
    noise: float = 0.0,
    limit: float = -np.inf,
) -> tuple[list[str], Measurements]:
    """Draw sequences and their measurements.

    Parameters
    ----------
    simulation
        What is true.
    n
        Number of sequences; the first is the template.
    n_change
        Numbers of mutations, drawn with equal chance.
    noise
        Standard deviation of log10 measurements.
    limit
        Detection limit of log10 measurements.

    Returns
    -------
    sequences
        Text, in row order.
    data
        One-hot rows and log10 observables; equal sequences share a group.
    """
    sequences = mutate(simulation.template, n, n_change, rng)
    log_rates = torch.as_tensor(true_log_rates(simulation, sequences))
    value = np.asarray(log_observable(simulation.scheme, log_rates)) / LN10
    y = value + rng.normal(0.0, noise, n)
    _, group = np.unique(sequences, return_inverse=True)
    data = Measurements(
        one_hot(sequences), np.maximum(y, limit), y <= limit, group.astype(np.int64)
    )
    return sequences, data


def planted_benchmark(
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
    n_position: int = N_SIMULATED,
    length: int = 5,
) -> Simulation:
    """Return the simulated benchmark: seven rates, windows of five at 5, 10, .., 35.

    Parameters
    ----------
    rng
        Draws the template.
    scale
        Factor on all energies; at 1 they are those of the published files.
    n_position, length
        Length of the sequences and of the windows.

    References
    ----------
    Zhang et al. 2023, Nat Comput Sci 3:1056 (50 nt, 4 states, 7 rates).
    """
    links = ("01", "10", "12", "21", "23", "32", "30")
    reactions = tuple(
        Reaction(f"k{link}", link[0], link[1], observed=link == "30") for link in links
    )
    scheme = Scheme("planted", ("0", "1", "2", "3"), reactions)
    profiles = (
        (1.0, 0.1, -0.1, -1.0),
        (1.0, -0.1, -0.1, -1.0),
        (1.0, -1.0, -0.1, 0.1),
        (1.0, -1.0, -0.1, -0.5),
        (1.0, -0.1, -0.5, -1.0),
        (1.0, -0.1, 0.1, -2.0),
        (1.0, -1.0, -0.1, -2.0),
    )
    template = "".join(rng.choice(list(BASES), n_position))
    rates = tuple(
        PlantedRate(
            start=5 + 5 * index,
            stop=5 + 5 * index + length,
            log_base=float(np.log(0.01)),
            energy=scale * np.tile(np.array(profile), (length, 1)),
        )
        for index, profile in enumerate(profiles)
    )
    return Simulation(scheme, template, rates)
