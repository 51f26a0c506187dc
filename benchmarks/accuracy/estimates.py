"""What `meristem check` says a run takes, beside what the run took.

CPU seconds of a run with all its processes, not wall time: other work on the machine
lengthens the one and hardly the other. Memory is the peak of the largest process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.accuracy.cells import Progress, open_table, untold, write_rows
from meristem.config.read import read_config
from meristem.models.costs.speed import slowness
from meristem.pipeline.checking.check import check_analysis

_KEY = ("case",)
_MEASURED = ("case", "slowness", "seconds", "bytes")
COLUMNS = (
    *("case", "seconds", "estimated_seconds", "time_ratio"),
    *("mib", "estimated_mib", "memory_ratio"),
)
_MIB = 2**20
_GBLUP = '[[models]]\nkind = "gblup"\n'


@dataclass(frozen=True)
class Case:
    """A simulated data set, and what the analysis asks of it."""

    data: tuple[str, ...]  # words of `meristem simulate`
    models: str  # sections of the models beside the reference
    evaluate: str = "folds = 5\n"  # empty: the analysis as it is simulated
    explain: str = ""
    knowledge: bool = False

    def write(self, folder: Path) -> Path:
        """Simulate the data; return the configuration of the analysis."""
        _meristem("simulate", *self.data, "--out", str(folder))
        path = folder / "meristem.toml"
        if self.evaluate:
            text = path.read_text(encoding="utf-8").replace("jobs = 2", "jobs = 1")
            text = text[: text.index("[evaluate]" if self.knowledge else "[knowledge]")]
            text += f"[evaluate]\n{self.evaluate}\n{self.explain}\n{_GBLUP}"
            path.write_text(text + self.models, encoding="utf-8")
        return path


def _kind(name: str, more: str = "") -> str:
    return f'[[models]]\nkind = "{name}"\n{more}\n'


def _additive(n: int, variants: int) -> tuple[str, ...]:
    return ("additive", "--n", str(n), "--variants", str(variants))


_DEMO = ("shoot-branching", "--n", "120", "--candidates", "20", "--seed", "1")
_PANEL = (
    *("recovery", "--n", "200", "--candidates", "20", "--genes", "300"),
    *("--variants", "300", "--pathways", "20"),
)

CASES: dict[str, Case] = {
    "demo, as simulated": Case(_DEMO, "", ""),
    "gblup, 1200 x 3000, 5 x 3": Case(_additive(1200, 3000), "", "replicates = 3"),
    "rkhs, 900 x 1000": Case(_additive(900, 1000), _kind("rkhs")),
    "ridge, 700 x 3000, 4 x 2": Case(
        _additive(700, 3000), _kind("ridge"), "folds = 4\nreplicates = 2"
    ),
    "elastic net, 200 x 1000": Case(_additive(200, 1000), _kind("elastic_net")),
    "forest, 300 x 1000": Case(_additive(300, 1000), _kind("random_forest")),
    "boosting, 200 x 600": Case(_additive(200, 600), _kind("boosting")),
    "gwablup, 500 x 1500": Case(_additive(500, 1500), _kind("gwablup")),
    "dense, 150 x 600, 3 folds": Case(_additive(150, 600), _kind("dense"), "folds = 3"),
    "binn and controls, demo of 80": Case(
        ("shoot-branching", "--n", "80", "--candidates", "20"),
        _kind("binn"),
        "folds = 2\ncontrols = true",
        "[explain]\nnull_fits = 3\nfolds = 2",
        knowledge=True,
    ),
    "core, 200 x 3000, 300 genes": Case(
        _PANEL, _kind("core"), "folds = 4", knowledge=True
    ),
    "auto as core, 300 x 2000, 100 genes": Case(
        ("recovery", "--n", "300", "--candidates", "20", "--genes", "100")
        + ("--variants", "200", "--pathways", "10"),
        _kind("auto", 'omics = "soft"'),
        "folds = 5\ntrain_sizes = [100]",
        "[explain]\nnull_fits = 4",
        knowledge=True,
    ),
}


def run_estimates(
    out: Path, *, cases: tuple[str, ...] = tuple(CASES), progress: Progress = untold
) -> str:
    """Run the cases, estimate them, and write both.

    What a run took is kept case by case (`measured.csv`) and not measured again; the
    estimates (`results.csv`) are made anew by every call, at the speed that the
    probe found just before the run.

    Parameters
    ----------
    cases
        Names among `CASES`.
    """
    measured = open_table(
        out, {"benchmark": "estimates"}, _MEASURED, _KEY, "measured.csv"
    )
    rows = []
    for done, name in enumerate(cases):
        with tempfile.TemporaryDirectory() as temporary:
            config = CASES[name].write(Path(temporary) / "data")
            if not measured.holds({"case": name}):
                speed = slowness()
                seconds, memory = _meristem("run", str(config), "--quiet")
                measured.add(
                    [
                        {
                            "case": name,
                            "slowness": f"{speed:.3f}",
                            "seconds": f"{seconds:.1f}",
                            "bytes": f"{memory:.0f}",
                        }
                    ]
                )
            rows.append(estimated(config, measured.of({"case": name})[0]))
        progress(done + 1, len(cases))
    write_rows(out / "results.csv", COLUMNS, rows)
    return pd.DataFrame(rows, columns=list(COLUMNS)).to_string(index=False)


def estimated(config: Path, found: dict[str, str]) -> dict[str, str]:
    """Return the row of a case: what its run took, and what is estimated of it."""
    asked = read_config(config)
    one = asked.run.model_copy(update={"jobs": 1})  # CPU seconds of all processes
    asked = asked.model_copy(update={"run": one})
    estimate = check_analysis(asked, slowness=float(found["slowness"])).estimate
    if estimate is None:
        raise RuntimeError(f"{config}: nothing was estimated")
    seconds, memory = float(found["seconds"]), float(found["bytes"])
    return {
        "case": found["case"],
        "seconds": f"{seconds:.1f}",
        "estimated_seconds": f"{estimate.seconds:.1f}",
        "time_ratio": f"{estimate.seconds / seconds:.2f}",
        "mib": f"{memory / _MIB:.0f}",
        "estimated_mib": f"{estimate.memory_bytes / _MIB:.0f}",
        "memory_ratio": f"{estimate.memory_bytes / memory:.2f}",
    }


def _meristem(*words: str) -> tuple[float, float]:
    """Return the CPU seconds and peak bytes of a command, its children included."""
    line = [sys.executable, "-m", "meristem", *words]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(line, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        said = log.read().decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(line)}:\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit
