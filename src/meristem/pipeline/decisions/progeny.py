"""Crosses that the linear formula cannot decide, by simulated progeny."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import Material, line_haplotypes
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.progeny import Progeny
from meristem.select.crosses.simulated import (
    SimulatedCrosses,
    Simulation,
    pilot_rows,
    simulate_crosses,
    undecided,
)

N_PILOT = 20
"""Crosses simulated to learn what the linear formula misses."""


@dataclass(frozen=True)
class Ask:
    """Which crosses are open, and how their progeny are simulated."""

    progeny: Progeny
    how: Simulation
    top: int  # crosses that are wanted
    most: int  # that are simulated


@dataclass(frozen=True)
class Undecided:
    """The crosses that were simulated, and what is said of them."""

    rows: IntArray  # (n_simulated,) positions among the crosses given
    found: SimulatedCrosses
    said: str


def simulate_undecided(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    pairs: tuple[IntArray, IntArray],  # each (n_cross,) rows of the lines
    linear: FloatArray,  # (n_cross,) usefulness by the linear formula, best first
    ask: Ask,
) -> Undecided:
    """Simulate the crosses that the formula cannot place in or out of the best.

    Parameters
    ----------
    analysis
        The run, for its seed.
    material, placed
        Inbred lines with the model and its best line; where the variants lie.
    pairs, linear
        The crosses, and what the formula says of them.
    ask
        How many are wanted, and how progeny are simulated.
    """
    order, back = placed.order, np.argsort(placed.order)
    haplotypes = line_haplotypes(material.lines)[:, order]
    rng = analysis.rng("progeny", material.label)
    seed = int(rng.integers(2**31))

    def simulate(rows: IntArray) -> SimulatedCrosses:
        return simulate_crosses(
            lambda calls: material.predict(calls[:, back]),
            haplotypes,
            (pairs[0][rows], pairs[1][rows]),
            material.effects.additive[order],
            placed.genetic_map,
            ask.progeny,
            ask.how,
            rng=np.random.default_rng(seed),  # the same crossovers for every cross
        )

    pilot = pilot_rows(linear.size, N_PILOT, rng)
    tried = simulate(pilot)
    misfit = float(np.std(tried.usefulness - linear[pilot]))
    open_ = undecided(linear, misfit, ask.top)
    rows = open_[: ask.most]
    found = simulate(rows)
    said = (
        f"the linear formula misses the simulated usefulness by {misfit:.3g} (sd over "
        f"{pilot.size} crosses); {rows.size} of {open_.size} crosses that it cannot "
        f"decide are simulated, {found.n_progeny} progeny each, Monte-Carlo error "
        f"{float(np.median(found.error)):.2g}"
    )
    return Undecided(rows, found, said)
