"""A small analysis as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching

MODELS = """
[[models]]
kind = "gblup"

[[models]]
kind = "auto"
name = "net"
omics = "soft"
epochs = 15
seeds = 1
inner_folds = 2

[explain]
null_fits = 3
folds = 2
"""


def write_inputs(folder: Path) -> Path:
    """Write 36 lines, 7 of them without phenotype, and their configuration."""
    population = simulate_shoot_branching(
        n_train=36,
        n_test=5,
        h2=0.8,
        labels=0.7,
        n_null=3,
        rng=np.random.default_rng(8),
    )
    config = write_shoot_branching(population, folder, seed=3)
    text = config.read_text(encoding="utf-8")
    config.write_text(text[: text.index("[[models]]")] + MODELS, encoding="utf-8")
    rows = (folder / "phenotypes.csv").read_text(encoding="utf-8").splitlines()
    (folder / "phenotypes.csv").write_text("\n".join(rows[:-7]) + "\n")
    return config
