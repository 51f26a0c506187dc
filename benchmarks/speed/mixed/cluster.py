"""A thousand fits on a local Dask cluster of two workers, beside one process.

python benchmarks/speed/mixed/cluster.py --json cluster.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from meristem.runs.cluster import on_cluster
from meristem.runs.tasks import Arrays, Task, run_tasks


def fit(seed: int, n: int) -> Arrays:
    """Return the ridge of one simulated panel: about a twentieth of a second."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 2 * n))
    return {"b": np.linalg.solve(x @ x.T + n * np.eye(n), x[:, 0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--fits", type=int, default=1000)
    parser.add_argument("--size", type=int, default=400)
    asked = parser.parse_args()
    tasks = [Task(f"f{k}", str(k), fit, (k, asked.size)) for k in range(asked.fits)]
    start = time.perf_counter()
    alone = dict(run_tasks(tasks))
    one = time.perf_counter() - start
    with on_cluster("local", 2) as jobs:
        list(run_tasks(tasks[:8], jobs=jobs or 1))  # the workers import what they need
        start = time.perf_counter()
        spread = dict(run_tasks(tasks, jobs=jobs or 1))
        two = time.perf_counter() - start
    same = all(np.array_equal(alone[k]["b"], spread[k]["b"]) for k in alone)
    found = {"fits": asked.fits, "one_s": one, "two_s": two, "ratio": one / two}
    print(f"{found}, equal numbers: {same}")
    if asked.json:
        asked.json.write_text(json.dumps({**found, "equal": same}, indent=1) + "\n")


if __name__ == "__main__":
    main()
