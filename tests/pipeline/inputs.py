"""A small analysis as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery
from meristem.simulate.recovery_files import write_recovery
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


GBLUP_AND_AUTO = """
[[models]]
kind = "gblup"

[[models]]
kind = "auto"
name = "binn"
omics = "soft"
"""
QUICK_EXPLAIN = """
[explain]
null_fits = 3
folds = 2
permutations = 20
"""
EXPRESSION_AND_SETS = """
[[omics]]
name = "expression"
path = "expression.csv"

[knowledge]
genes = "genes.csv"
gene_sets = ["sets.gmt"]
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
    text = config.read_text(encoding="utf-8").replace("jobs = 2", "jobs = 1")
    config.write_text(text[: text.index("[[models]]")] + MODELS, encoding="utf-8")
    rows = (folder / "phenotypes.csv").read_text(encoding="utf-8").splitlines()
    (folder / "phenotypes.csv").write_text("\n".join(rows[:-7]) + "\n")
    return config


def run_recovery(
    folder: Path, panel: RecoveryConfig, models: str, *, folds: str
) -> Analysis:
    """Write a simulated panel, run all stages with some models, return the run."""
    simulated = simulate_recovery(panel, rng=np.random.default_rng(2))
    path = write_recovery(simulated, folder / "inputs", seed=3)
    text = path.read_text(encoding="utf-8")
    text = text[: text.index("[[models]]")] + models
    text = text.replace("jobs = 2", "jobs = 1").replace("folds = 5", folds, 1)
    path.write_text(text, encoding="utf-8")
    analysis = Analysis(read_config(path), RunFolder(folder / "run"))
    run_stages(analysis)
    return analysis
