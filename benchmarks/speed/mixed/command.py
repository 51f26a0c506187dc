"""The whole command: `meristem run` with GBLUP beside `gsbench run`, from files.

599 lines of 1,279 markers and one trait, five folds; each side reads a CSV of dosages
and leaves its own results (ours a report and the model too). Process CPU time, one
thread, the sides by turns; the median of the ratios of pairs is told.

    python benchmarks/speed/mixed/command.py --gsbench PEERS/bin/gsbench --json out.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

N, P = 599, 1_279
CONFIG = """
[genotypes]
path = "genotypes.csv"
[phenotypes]
path = "phenotypes.csv"
[evaluate]
folds = 5
[[models]]
kind = "gblup"
"""


def make_files(folder):
    rng = np.random.default_rng(5)
    calls = rng.binomial(2, rng.uniform(0.1, 0.9, P), (N, P)).astype(np.int8)
    value = (calls[:, :100] - 1.0) @ rng.normal(size=100)
    names = [f"line{k}" for k in range(N)]
    table = pd.DataFrame(calls, columns=[f"m{j}" for j in range(P)])
    table.insert(0, "line", names)
    table.to_csv(folder / "genotypes.csv", index=False)
    y = value / value.std() + rng.normal(size=N)
    pd.DataFrame({"line": names, "y": y}).to_csv(folder / "phenotypes.csv", index=False)
    (folder / "meristem.toml").write_text(CONFIG)


def spent(words, folder):
    """Return the CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run(
        words, cwd=folder, check=True, env=os.environ | one, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gsbench", required=True, help="the peer's command")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    ours = [sys.executable, "-m", "meristem", "run", "meristem.toml"]
    theirs = [asked.gsbench, "run", "genotypes.csv", "phenotypes.csv", "--trait", "y"]
    theirs += ["--models", "GBLUP", "--folds", "5"]
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder)
        for turn in range(asked.repeats + 1):  # the first compiles both
            shutil.rmtree(folder / "run", ignore_errors=True)
            pair = spent(ours, folder), spent(theirs, folder)
            if turn:
                pairs.append(pair)
                print(f"ours {pair[0]:.2f} s, gsbench {pair[1]:.2f} s", flush=True)
    ratio = float(np.median([one / two for one, two in pairs]))
    print(f"whole command: ours / gsbench = {ratio:.2f} (goal <= 1)")
    if asked.json:
        asked.json.write_text(json.dumps({"ratio": ratio, "pairs": pairs}) + "\n")


if __name__ == "__main__":
    main()
