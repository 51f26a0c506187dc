"""Samplers of the Bayesian alphabet beside the published figures of BGLR.

Per iteration and chain at 599 lines x 1,279 markers; BGLR 1.1.5 needs 1.50 ms (BRR) to
1.81 ms (BayesC) there (12,000 iterations in 18.0 to 22.4 s on one core). And ten folds
of four chains swept together, beside the four chains alone.

    python benchmarks/speed/mixed/gibbs.py --json gibbs.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.mixed.gibbs.defaults import Expected, column_variance, marker_prior
from meristem.mixed.gibbs.markers import MarkerSampler, chain_rows
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.mixed.reml import decompose

N, P, CHAINS, SWEEPS, GOAL = 599, 1279, 4, 300, 4.0
PUBLISHED = {  # ms per iteration: CPU seconds of 12,000
    "brr": 18.0 / 12,
    "a": 17.7 / 12,
    "b": 21.7 / 12,
    "c": 21.8 / 12,
    "lasso": 22.4 / 12,
    "rkhs": 18.8 / 12,
}


def problem(seed=3):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((P, N)).astype(np.float32)
    z -= z.mean(axis=1, keepdims=True)
    y = rng.standard_normal(P) @ z / np.sqrt(P) + rng.standard_normal(N)
    return z, y


def sampler(kind, z, y, folds=None):
    rows = chain_rows(y, np.ones(N), CHAINS, folds)
    variance, expected = column_variance(rows), Expected()
    size, noise = float(z.var(axis=1).sum()), expected.noise_scale(variance)
    if kind in ("brr", "rkhs"):
        split = decompose(z.T.astype(np.float64) @ z)
        scale = expected.genetic_scale(variance, size)
        return KernelSampler(split, rows, scale, noise)
    return MarkerSampler(z, rows, marker_prior(kind, variance, size, expected), noise)


def milliseconds(one, sweeps=SWEEPS):
    """Return the CPU time of a sweep of all columns; the median of five parts."""
    rng = np.random.default_rng(1)
    state = one.init(rng)
    one.sweep(state, rng)
    spent = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(sweeps // 5):
            one.sweep(state, rng)
        spent.append((time.process_time() - start) / (sweeps // 5))
    return 1e3 * float(np.median(spent))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    target = parser.parse_args().json
    z, y = problem()
    rows = []
    with threadpool_limits(limits=1):
        for kind, published in PUBLISHED.items():
            each = milliseconds(sampler(kind, z, y)) / CHAINS
            ratio = published / each
            verdict = "met" if ratio >= GOAL else "MISSED"
            print(
                f"{kind}: {each:.3f} ms per iteration and chain, {ratio:.1f}x BGLR"
                f" (goal {GOAL:g}x) {verdict}"
            )
            rows.append(
                {
                    "prior": kind,
                    "ms": each,
                    "bglr_ms": published,
                    "ratio": ratio,
                    "met": ratio >= GOAL,
                }
            )
        for kind in ("a", "c"):
            folds = np.arange(N) % 10 != np.arange(10)[:, None]
            ten = milliseconds(sampler(kind, z, y, folds), 60)
            alone = milliseconds(sampler(kind, z, y))
            print(
                f"{kind}: ten folds of four chains cost {ten / alone:.2f} times the "
                f"four chains alone (goal 3) "
                f"{'met' if ten <= 3 * alone else 'MISSED'}"
            )
            rows.append(
                {
                    "prior": kind,
                    "folds": 10,
                    "ratio": ten / alone,
                    "met": ten <= 3 * alone,
                }
            )
    if target is not None:
        target.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
