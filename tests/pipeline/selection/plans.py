"""A plan that uses everything, and how tests read what it leaves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from meristem.config.read import read_plan
from meristem.config.selection import SelectionConfig
from meristem.pipeline.analysis import Analysis, open_run

FULL = """
seed = 4
[candidates]
lines = "all"
checks = ["L00", "L01"]
keep = ["L60"]
exclude = ["L02"]
[index]
method = "smith_hazel"
weights = {yield = 1.0, height = -0.3, protein = 0.5}
bend = true
[filters]
max_missing = 0.5
min_reliability = 0.01
[[filters.genotype]]
variant = "m3"
dosage = [0, 2]
[[filters.label]]
group = "family"
any_of = ["f0", "f1"]
[filters.culling]
above = {protein = 10.0}
probability = 0.4
[ranking]
n = 8
draws = 400
compare = ["ridge"]
[diversity]
min_ne = 6
points = 6
max_contribution = 0.4
kappa = 0.2
group = "pool"
shares = {east = 0.5, west = 0.5}
[[diversity.caps]]
group = "family"
most = 0.7
[crosses]
n = 6
cm_per_mb = 1.0
accuracy = 0.6
max_uses = 3
pool = "pool"
seed_pool = "west"
max_as_seed = 3
total_progeny = 60
wanted = {m3 = "G", m40 = "A"}
combine = 4
max_gap = 0.01
seconds = 3
[edits]
top = 8
budget = 2
genes = "genes.csv"
scores = "scores.csv"
[design]
n = 4
[cycles]
cycles = 1
crosses = 3
lines = 4
parents = 4
founders = 12
replicates = 2
strategies = ["truncation", "ocs+usefulness"]
"""
GENES = "gene,contig,start,end\ng1,1,1,15000000\ng2,2,1,9000000\n"


def analysis_of(run_folder: Path) -> Analysis:
    analysis = open_run(run_folder)
    analysis.keep_to_stored()
    return analysis


def plan_of(tmp_path: Path, text: str) -> SelectionConfig:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "genes.csv").write_text(GENES)
    (tmp_path / "scores.csv").write_text("variant,score\nm3,-2.5\nm40,0.5\n")
    return read_plan(path)


def table(run_folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(run_folder / "selection" / f"{name}.csv")
