"""Constants of the simulated enzyme by the commands: how often intervals hold them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import number
from meristem.kinetics.commands.enzyme_files import write_enzyme
from meristem.kinetics.commands.fit import fit_run
from meristem.kinetics.commands.settings import KineticsSettings, read_settings
from meristem.runs.destination import Destination

COLUMNS = ("seed", "constant", "truth", "value", "low", "high", "held")
KEY = ("seed",)
NOISE = 0.05


def run_enzyme(
    out: Path, *, seeds: Sequence[int], progress: Progress | None = None
) -> str:
    """Simulate and fit an assay per seed, from files to files; write a table.

    Parameters
    ----------
    out
        Folder of `results.csv`; cells already there are not run again.
    seeds
        One assay of 90 conditions per seed.

    Returns
    -------
    str
        Share of the seeds whose 90 % interval holds the constant, a line for each:
        those of the textbook, then the rate constants (ends that the data do not set
        are open, and an open end holds).
    """
    table = open_table(out, {"job": "enzyme", "noise": NOISE}, COLUMNS, KEY)
    table.fill([(seed,) for seed in seeds], _cell, progress)
    rows = pd.DataFrame(table.rows)
    shares = (rows["held"] == "1").groupby(rows["constant"], sort=False).mean()
    return "\n".join(f"{name}  {share:.2f}" for name, share in shares.items())


def _cell(seed: int) -> list[Row]:
    with TemporaryDirectory() as place:
        folder = Path(place)
        config = write_enzyme(folder / "enzyme", noise=NOISE, repeats=1, seed=seed)
        run = folder / "run"
        fit_run(read_settings(config, KineticsSettings), Destination(run))
        truth = pd.read_csv(config.parent / "truth.csv", index_col=0)["value"]
        found = pd.concat(
            pd.read_csv(run / f"{file}.csv", index_col=0)[["value", "low", "high"]]
            for file in ("michaelis", "constants")
        )
    found["truth"] = truth
    return [
        {name: number(row[name]) for name in ("truth", "value", "low", "high")}
        | {
            "constant": str(row["constant"]),
            "held": str(int(row["low"] <= row["truth"] <= row["high"])),
        }
        for row in found.rename_axis("constant").reset_index().to_dict("records")
    ]
