"""Run every speed and memory benchmark, side by side in one run: `make bench`.

Each script measures ours beside named alternatives in one process, in process CPU
time with one thread, and prints ratios; `--json` keeps them under benchmarks/results/.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run(wanted: list[str]) -> int:
    """Run the scripts one after the other; return the number that failed."""
    found = {*HERE.glob("*.py"), *HERE.glob("*/*.py")}
    scripts = sorted(found - {HERE / "__init__.py", HERE / "run.py"})
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    results = HERE.parent / "results"
    results.mkdir(exist_ok=True)
    failed = 0
    for script in scripts:
        if wanted and script.stem not in wanted:
            continue
        print(f"== {script.stem}", flush=True)
        target = results / f"{script.stem}.json"
        called = [sys.executable, str(script), "--json", str(target)]
        failed += subprocess.run(called, env=environment, cwd=ROOT).returncode > 0
    return failed
