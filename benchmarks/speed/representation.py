"""A variational auto-encoder of three seeds as one batch: seconds and memory.

Two tables, one fit each in a process of its own: 109 lines of 4,478 genes (goal 60 s)
and 1,000 lines of 20,000 genes (goal 600 s, 4 GB). The goals are for two cores; here
one thread has to reach them, in CPU seconds, which other work does not change.

    python benchmarks/speed/representation.py --json representation.json
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.config.represent import RepresentOptions
from meristem.records import OmicsTable
from meristem.representation.represented import fit_representation

TABLES = {"small": (109, 4478, 60.0), "large": (1000, 20_000, 600.0)}
MEMORY, K = 4.0, 20


def fit_one(name):
    """Fit the table of a size; print CPU seconds, wall seconds and GB."""
    n, p, _ = TABLES[name]
    rng = np.random.default_rng(1)
    value = rng.standard_normal((n, K)) @ rng.standard_normal((K, p))
    value += 2 * rng.standard_normal((n, p))
    line, gene = np.arange(n).astype(str), np.arange(p).astype(str)
    table = OmicsTable("rna", line, gene, gene, value)
    options = RepresentOptions(represent="vae", k=(K,), seeds=3)
    cpu, wall = time.process_time(), time.perf_counter()
    with threadpool_limits(limits=1):
        found = fit_representation(table, options, rng=rng, k=K)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps([cpu, wall, memory, found.n_factor]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--table", choices=TABLES)
    parser.add_argument("--one", choices=TABLES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        fit_one(asked.one)
        return
    rows = []
    for name in [asked.table] if asked.table else TABLES:
        n, p, goal = TABLES[name]
        command = [sys.executable, __file__, "--one", name]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        cpu, wall, memory, _ = json.loads(told.stdout)
        met = cpu <= goal and memory <= MEMORY
        print(
            f"{n} x {p}: {cpu:.0f} s of CPU, {wall:.0f} s, {memory:.2f} GB "
            f"{'met' if met else 'MISSED'}"
        )
        size = {"rows": n, "features": p, "goal": goal}
        rows.append(size | {"cpu": cpu, "wall": wall, "gb": memory, "met": met})
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
