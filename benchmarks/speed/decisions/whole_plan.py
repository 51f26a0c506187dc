"""A whole plan at the size of a large programme, in one command.

10,000 candidates and 1,000 phenotyped lines of 50,000 markers are simulated and written
as real files; GBLUP is trained; then every section of a plan is asked for in one
command (`meristem select`), whose time and memory are told. The files are kept, so that
a second call starts at the plan.

    python benchmarks/speed/decisions/whole_plan.py --json whole_plan.json
    python benchmarks/speed/decisions/whole_plan.py --lines 1000 --variants 5000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.io.genotypes.plink import write_bed
from meristem.records import Genotypes, VariantTable

SEEN = 1_000
CHROMOSOMES = 10
CONFIG = """
[genotypes]
path = "lines.bed"

[phenotypes]
path = "phenotypes.csv"

[groups]
path = "groups.csv"

[[models]]
kind = "gblup"
"""
PLAN = """
[candidates]
lines = "new"

[index]
weights = { yield = 1.0, height = -0.2 }

[filters]
min_reliability = 0.01

[ranking]
n = 100

[diversity]
min_ne = 20
points = 15
max_contribution = 0.1

[crosses]
n = 50
map = "map.csv"
accuracy = 0.6
max_uses = 6
max_kinship = 0.9
bound = true
total_progeny = 2000
"""
BESIDE = """
[edits]
genes = "genes.csv"
top = 30

[design]
n = 200

[cycles]
founders = 100
replicates = 3
"""


def lines_of(n, n_variant, rng):
    """Return inbred lines of crosses among 200 parents, family by family."""
    share = rng.beta(0.6, 0.6, n_variant)
    parents = (rng.random((200, n_variant)) < share).astype(np.int8)
    calls = np.empty((n, n_variant), dtype=np.int8)
    pair = rng.integers(0, 200, (n, 2))
    stretch = np.arange(n_variant) // max(n_variant // (3 * CHROMOSOMES), 1)
    for row, (one, two) in enumerate(pair):
        pick = rng.random(stretch[-1] + 1) < 0.5
        calls[row] = 2 * np.where(pick[stretch], parents[one], parents[two])
    return calls, pair[:, 0]


def make_files(folder, n, n_variant):
    """Write genotypes, phenotypes, pools, genes, a map and the configuration."""
    rng = np.random.default_rng(11)
    calls, family = lines_of(SEEN + n, n_variant, rng)
    each = -(-n_variant // CHROMOSOMES)
    chromosome, place = np.divmod(np.arange(n_variant), each)
    variants = VariantTable(
        np.array([f"m{j}" for j in range(n_variant)]),
        np.array([str(1 + c) for c in chromosome]),
        1 + place * (150_000_000 // each),
        np.full(n_variant, "A"),
        np.full(n_variant, "G"),
    )
    names = np.array([f"L{k:05d}" for k in range(SEEN + n)])
    write_bed(Genotypes(names, variants, calls), folder / "lines.bed")
    causal = rng.choice(n_variant, 300, replace=False)
    value = calls[:, causal] @ rng.normal(size=(300, 2))
    value /= value.std(axis=0)
    y = (value + rng.normal(size=value.shape))[:SEEN]
    frame = pd.DataFrame(y.round(4), columns=["yield", "height"])
    frame.insert(0, "line", names[:SEEN])
    frame.to_csv(folder / "phenotypes.csv", index=False)
    pool = np.where(family % 2, "east", "west")
    pd.DataFrame({"line": names, "pool": pool}).to_csv(
        folder / "groups.csv", index=False
    )
    centimorgan = (place * 150 / each).round(6)
    pd.DataFrame({"variant": variants.variant_id, "cM": centimorgan}).to_csv(
        folder / "map.csv", index=False
    )
    start = np.arange(0, 150_000_000 - 5_000, 75_000)
    genes = pd.DataFrame(
        {
            "gene": [
                f"G{c}_{k}" for c in range(CHROMOSOMES) for k in range(start.size)
            ],
            "contig": np.repeat(np.arange(1, CHROMOSOMES + 1), start.size),
            "start": np.tile(start + 1, CHROMOSOMES),
            "end": np.tile(start + 5_000, CHROMOSOMES),
            "strand": "+",
        }
    )
    genes.to_csv(folder / "genes.csv", index=False)
    (folder / "meristem.toml").write_text(CONFIG)


def call(words, folder):
    """Run a command of Meristem; return wall and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "meristem", *words], cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, spent


def measure(folder, words):
    """Return time and peak memory of a plan, measured in a process of its own."""
    code = (
        "import json, resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "from whole_plan import call\n"
        "wall, cpu = call(sys.argv[3:], sys.argv[2])\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6\n"
        "print(json.dumps({'wall_s': wall, 'cpu_s': cpu, 'peak_gb': peak}))"
    )
    called = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder)]
    told = subprocess.run(
        [*called, *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()
    print("\n".join(told[:-1]), flush=True)
    return json.loads(told[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="kept between calls")
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--variants", type=int, default=50_000)
    parser.add_argument("--sections", choices=["all", "lines"], default="all")
    given = parser.parse_args()
    size = f"{given.lines}_{given.variants}"
    folder = given.folder or Path("benchmarks/results") / f"whole_plan_{size}"
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "meristem.toml").is_file():
        make_files(folder, given.lines, given.variants)
    if not (folder / "run" / "run.json").is_file():
        call(["train", "meristem.toml"], folder)
    plan = PLAN if given.sections == "lines" else PLAN + BESIDE
    (folder / "plan.toml").write_text(plan)
    found = measure(folder, ["select", "run", "--plan", "plan.toml", "--force"])
    for name, goal in (("wall_s", 300), ("cpu_s", 600), ("peak_gb", 8)):
        verdict = "met" if found[name] <= goal else "MISSED"
        print(f"{name}: {found[name]:.3g} (goal <= {goal}) {verdict}", flush=True)
    if given.json is not None:
        content = {
            "machine": platform.processor() or platform.machine(),
            "threads": os.environ.get("OMP_NUM_THREADS", ""),
            "lines": given.lines,
            "variants": given.variants,
            **found,
        }
        given.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
