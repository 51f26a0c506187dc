"""Optimal contributions and mating plans against a cone solver and their limits.

Ours and cvxpy with Clarabel in one process, one thread, medians of process CPU time.
The 599 wheat lines of BGLR are used where the shared data are beside the checkout, else
599 simulated ones; cvxpy's rows are left out where it is missing.

    python benchmarks/speed/decisions/selection.py --json selection.json
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.config.stages import GenotypeConfig
from meristem.io.genotypes.read import read_genotypes
from meristem.select.contribution.coancestry import identity_by_state
from meristem.select.contribution.frontier import trace_frontier
from meristem.select.contribution.programme import make_programme
from meristem.select.mating.allocation import plan_matings
from meristem.select.mating.limits import MatingLimits
from meristem.select.records import Crosses

WHEAT = Path(__file__).parents[3] / ".." / "shared" / "data" / "gp" / "wheat_bglr"
LIMITS = (1.00, 1.05, 1.15)


def seconds(work, repeats=5):
    """Return the median process CPU time of `work`, and its last result."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        spent.append(time.process_time() - start)
    return float(np.median(spent)), result


def goal(what, value, bound, unit, *, at_least=False):
    met = value >= bound if at_least else value <= bound
    sign = ">=" if at_least else "<="
    verdict = "met" if met else "MISSED"
    print(f"{what}: {value:.3g} {unit} (goal {sign} {bound}) {verdict}", flush=True)
    return {
        "what": what,
        "value": value,
        "bound": bound,
        "unit": unit,
        "met": bool(met),
    }


def families(n, n_variant, n_parent, seed):
    """Return inbred lines of crosses among some parents."""
    rng = np.random.default_rng(seed)
    share = rng.beta(0.6, 0.6, n_variant)
    parents = (rng.random((n_parent, n_variant)) < share).astype(np.int8)
    pair = rng.integers(0, n_parent, (n, 2))
    pick = rng.random((n, n_variant)) < 0.5
    calls = 2 * np.where(pick, parents[pair[:, 0]], parents[pair[:, 1]])
    return calls.astype(np.int8), rng.normal(size=n_variant) / np.sqrt(n_variant)


def wheat():
    """Return coancestry and values of 599 lines; values are the phenotypes."""
    if (WHEAT / "genotypes.bed").is_file():
        lines = read_genotypes(GenotypeConfig(path=WHEAT / "genotypes.bed"))
        table = pd.read_csv(WHEAT / "phenotypes.csv.gz", dtype={"line": str})
        mean = table.groupby("line")["grain_yield_std"].mean()
        u = mean.reindex(lines.sample_id).to_numpy()
        known = np.isfinite(u)
        f = identity_by_state(lines.call_dosage[known]).value
        return f, u[known]
    calls, effect = families(599, 1279, 60, 1)
    return identity_by_state(calls).value, calls @ effect


def by_clarabel(u, f, theta):
    """Return the gain by the cone program, the matrix root not counted."""
    import cvxpy

    root = np.linalg.cholesky(f + 1e-12 * np.eye(u.size))

    def work():
        c = cvxpy.Variable(u.size)
        asked = [c >= 0, cvxpy.sum(c) == 1, cvxpy.norm(root.T @ c) <= np.sqrt(theta)]
        problem = cvxpy.Problem(cvxpy.Maximize(u @ c), asked)
        problem.solve(solver=cvxpy.CLARABEL)
        return float(problem.value)

    return seconds(work, 3)


def contributions():
    f, u = wheat()
    free = make_programme(u.size)
    rows = []
    for times in LIMITS:
        theta = times * float(f.mean())
        ours, point = seconds(lambda t=theta: trace_frontier(u, f, free, until=t).at(t))
        name = f"599 lines, {times:.2f} x mean coancestry"
        rows.append(goal(f"{name}: residual", point.residual, 1e-8, ""))
        if importlib.util.find_spec("cvxpy") is None:
            continue
        theirs, gain = by_clarabel(u, f, theta)
        apart = abs(point.gain - gain) / max(abs(gain - u.mean()), 1e-12)
        rows.append(goal(f"{name}: gain apart from Clarabel", apart, 1e-6, "relative"))
        ratio = theirs / ours
        rows.append(goal(f"{name}: CPU ratio", ratio, 20, "x", at_least=True))
    spent, _ = seconds(lambda: trace_frontier(u, f, free).points(15))
    rows.append(goal("599 lines: frontier of 15 points", spent, 0.5, "s"))
    return rows


def large(n=10_000):
    calls, effect = families(n, 500, 200, 2)
    f, u = identity_by_state(calls).value, calls @ effect
    theta = 1.02 * float(f.mean())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent, point = seconds(
        lambda: trace_frontier(u, f, make_programme(n), until=theta).at(theta), 1
    )
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    return [
        goal(f"{n:,} lines: contributions", spent, 5, "s"),
        goal(f"{n:,} lines: beyond the coancestry", max(more, 0) / 1e3, 0.2, "GB"),
        goal(f"{n:,} lines: residual", point.residual, 1e-8, ""),
    ]


def matings():
    rows = []
    for seed in (1, 2, 3):
        calls, effect = families(500, 800, 20, seed)
        f, u = identity_by_state(calls).value, calls @ effect
        one, two = np.triu_indices(500, 1)
        mean, sd = (u[one] + u[two]) / 2, np.sqrt(0.75 * (1 - f[one, two]))
        crosses = Crosses(one, two, mean, sd, mean + 1.7 * sd, "DH")
        frontier = trace_frontier(u, f, make_programme(500))
        theta = frontier.least + 0.12 * (frontier.greatest - frontier.least)
        limits = MatingLimits(50, max_uses=6, max_kinship=0.85, max_coancestry=theta)
        spent, plan = seconds(
            lambda c=crosses, k=limits, m=f: plan_matings(c, k, 500, m), 1
        )
        rows.append(goal(f"50 of 124,750 crosses, case {seed}", spent, 10, "s"))
        rows.append(goal(f"case {seed}: proven gap", plan.gap, 1e-3, ""))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with threadpool_limits(limits=1):
        rows = [*contributions(), *matings(), *large()]
    if given.json:
        content = {"machine": platform.processor(), "goals": rows}
        given.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
