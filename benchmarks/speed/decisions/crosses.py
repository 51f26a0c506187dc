"""Variances of all crosses against PyBrOpS, and one quadratic form per cross.

The second rival is the usual way (a dense matrix over the loci of each chromosome, one
cross after the other), vectorised over a block of crosses; it is timed on a part of
the crosses and scaled up. PyBrOpS runs in an environment of its own (it asks for older
packages: `python -m venv peers; peers/bin/pip install pybrops`). All sides in one run,
one thread, process CPU time, medians of ours.

    python benchmarks/speed/decisions/crosses.py --pybrops peers/bin/python
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from meristem.genetics.inheritance.maps import even_map
from meristem.select.crosses.criteria import all_usefulness
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import Progeny

SIZES = {"80 x 4,000": (80, 4_000), "500 x 10,000": (500, 10_000)}


def naive(code, effect, genetic_map, first, second):
    """Return w'Rw of crosses, one chromosome after the other."""
    total = np.zeros(first.size)
    for loci in genetic_map.chromosomes:
        place = genetic_map.morgan[loci]
        matrix = np.exp(-2 * np.abs(place[:, None] - place))
        z = code[:, loci] * effect[loci]
        w = (z[first] - z[second]) / 2
        total += np.einsum("ij,ij->i", w @ matrix, w)
    return total


def seconds(work, repeats=3):
    """Return the median process CPU time, and what the last call returned."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        spent.append(time.process_time() - start)
    return float(np.median(spent)), result


def compare(n, p, seed=3):
    """Return seconds of both sides for all crosses, and their largest difference."""
    rng = np.random.default_rng(seed)
    code = (2 * rng.integers(0, 2, (n, p))).astype(np.int8)
    effect, genetic_map = rng.normal(size=p), even_map(10, p, 1.5)
    ours, variance = seconds(lambda: pair_variances(code, effect, genetic_map))
    first, second = np.triu_indices(n, 1)
    some = np.sort(rng.choice(first.size, min(400, first.size), replace=False))
    rival, exact = seconds(
        lambda: naive(
            code.astype(float), effect, genetic_map, first[some], second[some]
        ),
        1,
    )
    found = variance[first[some], second[some]]
    return {
        "crosses": int(first.size),
        "ours_s": ours,
        "rival_s": rival * first.size / some.size,
        "ratio": rival * first.size / some.size / ours,
        "largest_relative_difference": float(np.abs(found / exact - 1).max()),
    }


def against_pybrops(python, n=80, p=4_000, seed=3):
    """Return seconds of both sides for all crosses; None if PyBrOpS is not there."""
    asked = [str(python), "-c", "import importlib.util as u, sys; "]
    asked[2] += "sys.exit(u.find_spec('pybrops') is None)"
    if python is None or subprocess.run(asked, check=False).returncode:
        print("PyBrOpS is not compared: --pybrops names no Python that has it")
        return None
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 2, (n, p)).astype(np.int8)
    effect, genetic_map = rng.normal(size=p), even_map(10, p, 1.5)
    ours, variance = seconds(
        lambda: pair_variances(2 * code, effect, genetic_map), repeats=9
    )
    rival = Path(__file__).parent / "rivals" / "dh_variances.py"
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "in.npz", Path(folder) / "out.npz"]
        place = {"chromosome": genetic_map.chromosome, "morgan": genetic_map.morgan}
        np.savez(files[0], code=code, effect=effect, **place)
        subprocess.run([str(python), str(rival), *map(str, files)], check=True)
        theirs = np.load(files[1])
        spent, exact = float(theirs["seconds"]), theirs["variance"]
    pairs = np.triu_indices(n, 1)
    apart = np.abs(variance[pairs] / exact[pairs] - 1).max()
    return {
        "crosses": pairs[0].size,
        "ours_s": ours,
        "rival_s": spent,
        "ratio": spent / ours,
        "largest_relative_difference": float(apart),
    }


def usefulness_of_all(n=1_590, p=2_187):
    """Return seconds and MB beyond the result, at the size of the barley CAP panel."""
    rng = np.random.default_rng(5)
    code = (2 * rng.integers(0, 2, (n, p))).astype(np.int8)
    effect, genetic_map = rng.normal(size=p), even_map(7, p, 1.5)
    value = code @ effect

    def work():
        return all_usefulness(
            value, pair_variances(code, effect, genetic_map, Progeny()), 1.2
        )

    spent, result = seconds(work)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"seconds": spent, "mb_beyond_result": (peak - result.nbytes) / 1e6}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pybrops", type=Path, help="a Python that has PyBrOpS")
    arguments = parser.parse_args()
    with threadpool_limits(1):
        found = {name: compare(*size) for name, size in SIZES.items()}
        found["usefulness 1,590 x 2,187"] = usefulness_of_all()
        rival = against_pybrops(arguments.pybrops)
        if rival is not None:
            found["80 x 4,000 against PyBrOpS"] = rival
    for name, row in found.items():
        print(name, {key: f"{value:.4g}" for key, value in row.items()})
    if arguments.json is not None:
        content = {"machine": platform.processor() or platform.machine(), **found}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
