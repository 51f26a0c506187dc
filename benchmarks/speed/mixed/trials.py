"""Covariances among environments: complete tables after one decomposition.

Wheat-shaped: 599 lines in 4 environments. Beside it the same likelihood by dense
algebra over the 2,396 records.

    python benchmarks/speed/mixed/trials.py --json trials.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.mixed.reml import decompose
from meristem.mixed.trials.covariance import Unstructured, Weighted
from meristem.mixed.trials.fit import fit_trials
from meristem.mixed.trials.likelihood import AnyRecords, CompleteTable, Records

N, T, P, GOAL = 599, 4, 1279, 0.1


def problem(seed=5):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((N, P)) / np.sqrt(P)
    kernel = z @ z.T
    effect = rng.standard_normal((P, T)) + rng.standard_normal((P, 1))
    y = z @ effect + rng.standard_normal((N, T))
    line, place = np.divmod(np.arange(N * T), T)
    return kernel, y, Records(line, place, y.ravel(), np.ones(N * T), T)


def seconds(work, repeats=5):
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    target = parser.parse_args().json
    kernel, y, records = problem()
    compound = Weighted((np.ones((T, T)), np.eye(T)))
    common, free = Weighted((np.eye(T),)), Unstructured(T)
    rows = []
    with threadpool_limits(limits=1):
        split = seconds(lambda: decompose(kernel))
        for name, pair in (("main + GxE", (compound, common)), ("free", (free, free))):
            whole = seconds(lambda p=pair: fit_trials(records, kernel, *p))
            rest = whole - split
            met = rest <= (GOAL if name != "free" else 0.3)
            print(
                f"{name}: {rest:.3f} s after a decomposition of {split:.3f} s "
                f"{'met' if met else 'MISSED'}"
            )
            rows.append({"structure": name, "seconds": rest, "met": bool(met)})
        genetic, residual = 0.5 * np.ones((T, T)) + np.eye(T), np.eye(T)
        dense = AnyRecords(records, kernel)
        slow = seconds(lambda: dense.at(genetic, residual), 1)
        fast = CompleteTable(decompose(kernel), y)
        quick = seconds(lambda: fast.at(genetic, residual), 20)
        print(f"one likelihood with gradients: dense {slow:.2f} s, {slow / quick:.0f}x")
        rows.append({"structure": "dense likelihood", "ratio": slow / quick})
    if target is not None:
        target.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
