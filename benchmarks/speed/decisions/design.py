"""Training sets: greedy and exchange against naive exchange in equal time.

The rival swaps one line at random, inverts anew, and keeps what is better: the usual
way. Both sides in one run, one thread, process CPU time; the criterion (CDmean) of
both is told.

    python benchmarks/speed/decisions/design.py --json design.json
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.genetics.relationship import relationship_matrix
from meristem.select.design.choose import choose_training_set, criterion_of
from meristem.select.design.problem import line_problem


def panel(n, n_variant=1_000, n_parent=40, seed=1):
    """Return the relationship of inbred lines of crosses among some parents."""
    rng = np.random.default_rng(seed)
    parents = rng.integers(0, 2, (n_parent, n_variant))
    pair = rng.integers(0, n_parent, (n, 2))
    pick = rng.random((n, n_variant)) < 0.5
    calls = 2 * np.where(pick, parents[pair[:, 0]], parents[pair[:, 1]])
    kernel = relationship_matrix(calls.astype(np.int8))
    return kernel / np.diag(kernel).mean()


def naive_exchange(problem, n, seconds, seed=2):
    """Return the criterion that random swaps reach."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(problem.n, n, replace=False)
    start, best = time.process_time(), criterion_of(problem, chosen)
    while time.process_time() - start < seconds:
        tried = chosen.copy()
        rest = np.setdiff1d(np.arange(problem.n), chosen)
        tried[rng.integers(n)] = rng.choice(rest)
        value = criterion_of(problem, tried)
        if value > best:
            chosen, best = tried, value
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0, help="for exchanges")
    given = parser.parse_args()
    with threadpool_limits(1):
        kernel = panel(given.lines)
        every = np.arange(given.lines)
        start = time.process_time()
        problem = line_problem(kernel, 1.0, candidates=every, targets=every)
        found = choose_training_set(problem, given.n, seconds=given.seconds)
        spent = time.process_time() - start
        naive = naive_exchange(problem, given.n, spent)
    rows = {
        "seconds": spent,
        "ours": found.value,
        "greedy": found.greedy_value,
        "naive": naive,
    }
    print(
        f"{given.n} of {given.lines:,}: {spent:.1f} s (goal <= 20), CDmean "
        f"{found.value:.4f} (greedy {found.greedy_value:.4f}), naive exchange in equal "
        f"time {naive:.4f} (goal: not above ours)"
    )
    if given.json is not None:
        content = {"machine": platform.processor() or platform.machine(), **rows}
        given.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
