"""Relationship matrix and REML against their rivals: goals 16 to 20.

Both sides in one run, one thread, median process CPU time.

    python benchmarks/speed/mixed/linear.py --json linear.json

glimix-core and torch are optional: their rows are left out where they are missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import resource
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.genetics.relationship import gram, relationship_matrix
from meristem.mixed.reml import decompose, estimate, estimate_rotated
from meristem.prepare.scale import fit_scale

SHAPES = {"small": (600, 20_000), "large": (2_000, 50_000)}


def genotypes(n, p, seed=2):
    """Return dosages of one third each and a phenotype of h2 one half."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (n, p), dtype=np.int8)
    chosen = rng.choice(p, 200, replace=False)
    g = (x[:, chosen] - 1.0) @ rng.normal(size=200)
    return x, g / g.std() + rng.normal(size=n)


def seconds(work, repeats):
    """Return the median process CPU time of `work`."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def peak_mb(work):
    """Return the largest memory NumPy held while `work` ran, its result included."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def goal(number, what, value, bound, unit, *, at_least, **more):
    met = value >= bound if at_least else value <= bound
    sign = ">=" if at_least else "<="
    verdict = "met" if met else "MISSED"
    print(f"goal {number}: {what}: {value:.3g} {unit} (goal {sign} {bound}) {verdict}")
    row = {"goal": number, "what": what, "value": value, "bound": bound, "unit": unit}
    return {**row, "at_least": at_least, "met": bool(met), **more}


def full_copy(x, dtype):
    z = x.astype(dtype)
    z -= z.mean(axis=0)
    return z @ z.T


def torch_blocks(x):
    import torch

    torch.set_num_threads(1)
    total = torch.zeros((x.shape[0], x.shape[0]))
    for start in range(0, x.shape[1], 2048):
        z = torch.from_numpy(x[:, start : start + 2048].copy()).float()
        z -= z.mean(dim=0)
        total.addmm_(z, z.T)
    return total


def goal_16(repeats):
    n, p = SHAPES["large"]
    x, _ = genotypes(n, p)
    ours = seconds(lambda: relationship_matrix(x), repeats)
    single = seconds(lambda: full_copy(x, np.float32), repeats)
    double = seconds(lambda: full_copy(x, np.float64), repeats)
    times = {"ours_s": ours, "float32_s": single, "float64_s": double}
    against32 = "G 2,000 x 50,000, ours / full float32 copy"
    against64 = "same, full float64 copy / ours"
    rows = [
        goal(16, against32, ours / single, 1.15, "x", at_least=False, **times),
        goal(16, against64, double / ours, 1.7, "x", at_least=True),
    ]
    if importlib.util.find_spec("torch"):
        torch_s = seconds(lambda: torch_blocks(x), repeats)
        ratio = torch_s / ours
        rows.append(
            goal(16, "same, torch blocks / ours", ratio, 1.7, "x", at_least=True)
        )
    extra = peak_mb(lambda: relationship_matrix(x)) - n * n * 8 / 1e6
    rows.append(goal(16, "memory beyond G", extra, 100, "MB", at_least=False))
    difference = relationship_matrix(x) - full_copy(x, np.float64) / _denominator(x)
    worst = float(np.abs(difference).max())
    rows[0]["largest_difference_to_float64"] = worst
    return rows


def _denominator(x):
    frequency = x.mean(axis=0) / 2
    return 2 * np.sum(frequency * (1 - frequency))


STREAM = """
import numpy as np, resource, time
from meristem.genetics.relationship import relationship_from_blocks
rng = np.random.default_rng(0)
def blocks(count):
    for _ in range(count):
        yield rng.integers(0, 3, (10_000, 2_048), dtype=np.int8)
start = time.process_time()
relationship_from_blocks(blocks({count}), 10_000)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(peak, time.process_time() - start)
"""


def goal_17(count):
    """Memory does not depend on the number of blocks: stream a few, read the peak."""
    done = subprocess.run(
        [sys.executable, "-c", STREAM.format(count=count)],
        capture_output=True,
        text=True,
        check=True,
    )
    peak, spent = map(float, done.stdout.split())
    minutes = spent / count * np.ceil(500_000 / 2_048) / 60
    what = "G of 10,000 lines streamed, peak of the process"
    extrapolated = {"blocks": count, "minutes_for_500000_extrapolated": minutes}
    return [goal(17, what, peak, 2.5, "GB", at_least=False, **extrapolated)]


def reml_from_genotypes(x, y):
    kernel = gram(x, fit_scale(x).mean)
    kernel *= x.shape[0] / np.trace(kernel)
    return kernel, estimate(decompose(kernel), y, np.ones((y.size, 1)))


def ridge_cv(x, y):
    from sklearn.linear_model import RidgeCV

    z = x.astype(np.float32)
    z -= z.mean(axis=0)
    scale = float(np.sum(z.var(axis=0)))
    alphas = scale * np.logspace(-2, 2, 20)
    return RidgeCV(alphas=alphas).fit(z, (y - y.mean()).astype(np.float32))


def goal_18(shape, repeats):
    x, y = genotypes(*SHAPES[shape])
    ours = seconds(lambda: reml_from_genotypes(x, y), repeats)
    theirs = seconds(lambda: ridge_cv(x, y), repeats)
    what = f"REML from genotypes, {shape}: RidgeCV of 20 alphas / ours"
    times = {"ours_s": ours, "ridgecv_s": theirs}
    return [goal(18, what, theirs / ours, 2.2, "x", at_least=True, **times)]


def goal_19(shape, repeats):
    if not importlib.util.find_spec("glimix_core"):
        print("goal 19: glimix-core is not installed, left out")
        return []
    from glimix_core.lmm import LMM
    from numpy_sugar.linalg import economic_qs

    x, y = genotypes(*SHAPES[shape])
    kernel, _ = reml_from_genotypes(x, y)
    ones = np.ones((y.size, 1))

    def theirs():
        model = LMM(y, ones, economic_qs(kernel), restricted=True)
        model.fit(verbose=False)
        return model

    def ours():
        return estimate(decompose(kernel), y, ones)

    one, other = ours(), theirs()
    h2 = float(other.v0 / (other.v0 + other.v1))
    ratio = seconds(theirs, repeats) / seconds(ours, repeats)
    what = f"REML with K given, {shape}: glimix-core / ours"
    return [
        goal(19, what, ratio, 1.3, "x", at_least=True, h2=one.h2, h2_glimix=h2),
        goal(19, "difference in h2", abs(one.h2 - h2), 1e-4, "", at_least=False),
    ]


def goal_20(shape, repeats):
    x, y = genotypes(*SHAPES[shape])
    first = seconds(lambda: reml_from_genotypes(x, y), repeats)
    kernel, _ = reml_from_genotypes(x, y)
    split = decompose(kernel)
    rng = np.random.default_rng(5)
    traits = [y + 0.3 * rng.normal(size=y.size) for _ in range(50)]
    ones = np.ones((y.size, 1))
    rotated = split.rotate(ones)

    def all_traits():
        for trait in traits:
            estimate_rotated(split.values, split.rotate(trait), rotated)

    further = seconds(all_traits, repeats) / len(traits)
    what = f"each further trait / the first, {shape}"
    times = {"further_ms": 1e3 * further, "first_s": first}
    share = 100 * further / first
    return [goal(20, what, share, 1.0, "%", at_least=False, **times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of goals")
    chosen = parser.parse_args()
    work = {
        16: lambda: goal_16(chosen.repeats),
        17: lambda: goal_17(3),
        18: lambda: goal_18("small", chosen.repeats) + goal_18("large", chosen.repeats),
        19: lambda: goal_19("small", chosen.repeats) + goal_19("large", chosen.repeats),
        20: lambda: goal_20("small", chosen.repeats) + goal_20("large", chosen.repeats),
    }
    rows = []
    with threadpool_limits(limits=1):
        for number, run in work.items():
            if not chosen.only or number in chosen.only:
                rows += run()
    machine = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "threads": 1,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }
    if chosen.json:
        content = json.dumps({"machine": machine, "goals": rows}, indent=1)
        chosen.json.write_text(content + "\n")


if __name__ == "__main__":
    main()
