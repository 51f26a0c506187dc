"""A dense network with searched options beside its defaults, on the same folds.

Yeast (expression in ethanol) and simulated shoot branching (300 plants, h2 = 0.6). The
search has `--minutes` of CPU time per panel and replicate, shared among folds; it sees
training rows alone. Intervals are over folds.

    python -m benchmarks.accuracy.trials.tuning OUT --minutes 20
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config import read_config
from meristem.config.models import DenseOptions
from meristem.config.tune import TuneOptions
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

YEAST = Path(__file__).parents[3] / "examples" / "yeast_smith2008.toml"
DEFAULT, TUNED = "dense", "tuned"


def simulated(folder: Path, seed: int) -> Path:
    """Return the configuration of a simulated panel."""
    if not (folder / "meristem.toml").exists():
        words = ["simulate", "shoot-branching", "--out", str(folder), "--n", "300"]
        command = [sys.executable, "-m", "meristem", *words, "--seed", str(seed)]
        subprocess.run(command, check=True)
    return folder / "meristem.toml"


def compare(config_path: Path, out: Path, minutes: float, seed: int) -> pd.DataFrame:
    """Return the correlation of both in every fold; goes on where it was stopped."""
    config = read_config(config_path)
    models = (DenseOptions(), DenseOptions(name=TUNED))
    config = config.model_copy(
        update={
            "models": models,
            "knowledge": None,
            "omics": (),
            "predict": config.predict.model_copy(update={"genotypes": None}),
            "tune": TuneOptions(minutes=minutes, models=(TUNED,)),
            "evaluate": config.evaluate.model_copy(update={"reference": DEFAULT}),
            "run": config.run.model_copy(update={"seed": seed, "jobs": 1}),
        }
    )
    run_stages(Analysis(config, RunFolder(out)), ("prepare", "evaluate"))
    scores = pd.read_csv(out / "scores.csv")
    kept = (scores["metric"] == "pearson") & (scores["fold"].astype(str) != "all")
    columns = ["trait", "replicate", "fold"]
    wide = scores[kept].pivot_table(index=columns, columns="model", values="value")
    return wide.reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    asked = parser.parse_args()
    parts = []
    for seed in asked.seeds:
        panels = {
            "yeast": YEAST,
            "shoot branching": simulated(asked.out / f"panel{seed}", seed),
        }
        for name, path in panels.items():
            run = asked.out / f"{name.split()[0]}{seed}"
            part = compare(path, run, asked.minutes, seed)
            parts.append(part.assign(panel=name, seed=seed))
            table = pd.concat(parts)
            table.round(4).to_csv(asked.out / "results.csv", index=False)
    rows = []
    for panel, part in table.groupby("panel"):
        gain = (part[TUNED] - part[DEFAULT]).to_numpy()
        error = gain.std(ddof=1) / np.sqrt(gain.size)
        rows.append(
            {
                "panel": panel,
                "folds": gain.size,
                **{label: part[label].mean() for label in (DEFAULT, TUNED)},
                "gain": gain.mean(),
                "low": gain.mean() - 1.96 * error,
                "high": gain.mean() + 1.96 * error,
            }
        )
    summary = pd.DataFrame(rows).round(4)
    summary.to_csv(asked.out / "summary.csv", index=False)
    print(summary.to_string())


if __name__ == "__main__":
    main()
