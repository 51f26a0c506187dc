"""One small analysis on real files, shared by the tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from meristem.config import AnalysisConfig, read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder
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


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("pipeline") / "inputs")


@pytest.fixture(scope="session")
def config(inputs: Path) -> AnalysisConfig:
    return read_config(inputs)


@pytest.fixture(scope="session")
def finished(config: AnalysisConfig, inputs: Path) -> Analysis:
    """The whole run; tests read it and leave it as it is."""
    analysis = Analysis(config, RunFolder(inputs.parent / "run"), command="test")
    run_stages(analysis)
    return analysis
