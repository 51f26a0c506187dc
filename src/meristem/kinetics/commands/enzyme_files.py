"""A simulated enzyme assay as files: table, configuration and truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from meristem.kinetics.scheme.assay import simulate_assay
from meristem.kinetics.scheme.catalog import two_substrate_enzyme
from meristem.simulate.folder import CONFIG, simulation_folder

GRID = {
    "A": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    "B": (0.1, 0.5, 2.0, 8.0, 30.0),
    "I": (0.0, 0.5, 2.0),
}
"""Concentrations of both substrates and the inhibitor, mM."""

_CONFIG = """\
# A two-substrate enzyme with a competitive inhibitor: meristem kinetics fit
title = "Two substrates and an inhibitor"
seed = {seed}
scheme = "two-substrate"

[data]
kind = "assay"
path = "assay.csv"

[assay]
level = 0.9
"""


def write_enzyme(
    folder: str | Path, *, noise: float, repeats: int, seed: int, force: bool = False
) -> Path:
    """Simulate an assay of the two-substrate enzyme and write it.

    Parameters
    ----------
    folder
        Receives `assay.csv` (A, B, I in mM; rate in 1/s), `meristem.toml` and
        `truth.csv` (constant, value).
    noise
        Standard deviation of the natural log of a measured rate.
    repeats
        Measurements of every condition.
    seed
        Of the noise, and of the configuration.
    force
        Replace an earlier simulation.

    Returns
    -------
    Path
        The configuration.
    """
    scheme, rng = two_substrate_enzyme(), np.random.default_rng(seed)
    grids = {name: np.array(values) for name, values in GRID.items()}
    table = simulate_assay(scheme, grids, rng=rng, noise=noise, repeats=repeats)
    k = dict(zip(scheme.reaction_names, np.exp(scheme.log_rates), strict=True))
    truth = k | {
        "kcat": k["cat"],
        "Ka": k["cat"] / k["bind_A"],
        "Kb": (k["cat"] + k["leave_B"]) / k["bind_B"],
        "Kia": k["leave_A"] / k["bind_A"],
        "Ki": k["leave_I"] / k["bind_I"],
    }
    with simulation_folder(folder, force) as draft:
        table.to_csv(draft / "assay.csv", index=False)
        pd.Series(truth, name="value").rename_axis("constant").to_csv(
            draft / "truth.csv"
        )
        (draft / CONFIG).write_text(_CONFIG.format(seed=seed), encoding="utf-8")
    return Path(folder) / CONFIG
