"""A small run of three traits, with a plan that uses everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.pipeline.selection.plans import FULL, analysis_of, plan_of
from tests.toys import variant_table

from meristem.config import read_config
from meristem.io.genotypes.vcf import write_vcf
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.run import run_stages
from meristem.pipeline.selection.select import decide, write_selection
from meristem.records import Genotypes
from meristem.runs.folder import RunFolder

N, N_SEEN, N_VARIANT = 70, 50, 90
CONFIG = """
[genotypes]
path = "g.vcf.gz"

[phenotypes]
path = "p.csv"
minimise = ["height"]

[groups]
path = "groups.csv"

[evaluate]
folds = 3

[explain]
null_fits = 0
folds = 0
permutations = 0

[[models]]
kind = "gblup"

[[models]]
kind = "ridge"
"""


def inbred_lines(rng: np.random.Generator) -> Genotypes:
    parents = rng.integers(0, 2, (8, N_VARIANT)).astype(np.int8)
    family = rng.integers(0, 8, (N, 2))
    pick = rng.random((N, N_VARIANT)) < 0.5
    calls = 2 * np.where(pick, parents[family[:, 0]], parents[family[:, 1]])
    table = variant_table(
        [f"m{i}" for i in range(N_VARIANT)],
        [str(1 + i // 30) for i in range(N_VARIANT)],
        [1_000_000 * (1 + i % 30) for i in range(N_VARIANT)],
        "A",
        "G",
    )
    names = np.array([f"L{i:02d}" for i in range(N)])
    return Genotypes(names, table, calls.astype(np.int8))


@pytest.fixture(scope="package")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("selection")
    rng = np.random.default_rng(3)
    lines = inbred_lines(rng)
    write_vcf(lines, folder / "g.vcf.gz")
    u = lines.call_dosage @ rng.normal(size=(N_VARIANT, 3))
    u = (u - u.mean(axis=0)) / u.std(axis=0)
    y = 2 * u + rng.normal(size=u.shape) + [8, 100, 12]
    y[N_SEEN:] = np.nan
    frame = pd.DataFrame(y, columns=["yield", "height", "protein"])
    frame.insert(0, "line", lines.sample_id)
    frame.to_csv(folder / "p.csv", index=False)
    pool = np.where(np.arange(N) % 2, "east", "west")
    family = [f"f{i % 3}" for i in range(N)]
    groups = pd.DataFrame({"line": lines.sample_id, "family": family, "pool": pool})
    groups.to_csv(folder / "groups.csv", index=False)
    (folder / "a.toml").write_text(CONFIG, encoding="utf-8")
    analysis = Analysis(read_config(folder / "a.toml"), RunFolder(folder / "run"))
    run_stages(analysis)
    return folder / "run"


@pytest.fixture(scope="package")
def decided(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder after the full plan."""
    plan = plan_of(tmp_path_factory.mktemp("plan"), FULL)
    analysis = analysis_of(run_folder)
    write_selection(analysis, decide(analysis, plan))
    return run_folder
