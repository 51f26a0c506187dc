"""A panel that does not fit into memory: GBLUP, REML and new lines, from bed.

Both PLINK sets are simulated block by block (lines are mosaics of 60 founder
haplotypes), then `meristem train` runs in a process of its own, whose CPU time and peak
memory are measured. Beside it the matrix products that any such analysis needs, timed
on some blocks on the same machine: of the lines with themselves, and with new lines.

    python -m benchmarks.speed.mixed.streaming OUT --lines 10000 --new 2000 \
        --variants 500000 --memory "4 GB" --json streaming.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits

BLOCK, SEGMENT, FOUNDERS, N_QTL = 2048, 512, 60, 1000
CODES = np.array([3, 2, 0], dtype=np.uint8)  # 0, 1, 2 copies of A1

CONFIG = """[genotypes]
path = "lines.bed"

[phenotypes]
path = "phenotypes.csv"

[predict]
genotypes = "new.bed"

[run]
max_memory = "{memory}"

[[models]]
kind = "gblup"
"""


def packed(dosage: np.ndarray) -> bytes:
    """Return the bytes of a bed file, variant by variant; dosage (n, width)."""
    code = CODES[dosage.T]
    short = -code.shape[1] % 4
    code = np.pad(code, ((0, 0), (0, short)))
    four = code.reshape(code.shape[0], -1, 4)
    shift = np.array([0, 2, 4, 6], dtype=np.uint8)
    return np.bitwise_or.reduce(four << shift, axis=2).tobytes()


def simulate(out: Path, n_line: int, n_new: int, p: int, seed: int = 17) -> None:
    """Write both sets and a phenotype of h2 one half."""
    rng = np.random.default_rng(seed)
    n = n_line + n_new
    genetic = np.zeros(n)
    qtl = np.zeros(p, dtype=bool)
    qtl[rng.choice(p, min(N_QTL, p), replace=False)] = True
    names = {"lines": (0, n_line), "new": (n_line, n)}
    for name, (first, last) in names.items():
        rows = [f"0 l{k} 0 0 0 -9\n" for k in range(first, last)]
        (out / f"{name}.fam").write_text("".join(rows))
        bim = (f"1\tv{j}\t0\t{j + 1}\tA\tC\n" for j in range(p))
        with (out / f"{name}.bim").open("w") as handle:
            handle.writelines(bim)
    files = {name: (out / f"{name}.bed").open("wb") for name in names}
    for handle in files.values():
        handle.write(bytes([0x6C, 0x1B, 0x01]))
    for start in range(0, p, SEGMENT):
        width = min(SEGMENT, p - start)
        frequency = rng.uniform(0.05, 0.95, width)
        founder = (rng.random((FOUNDERS, width)) < frequency).astype(np.uint8)
        pair = rng.integers(FOUNDERS, size=(2, n))
        dosage = founder[pair[0]] + founder[pair[1]]
        here = np.flatnonzero(qtl[start : start + width])
        genetic += dosage[:, here] @ rng.standard_normal(here.size)
        for name, (first, last) in names.items():
            files[name].write(packed(dosage[first:last]))
    for handle in files.values():
        handle.close()
    value = genetic / genetic.std() + rng.standard_normal(n)
    rows = [f"l{k},{value[k]:.5f}\n" for k in range(n_line)]
    (out / "phenotypes.csv").write_text("line,trait\n" + "".join(rows))
    np.save(out / "genetic.npy", genetic[n_line:])


def product_seconds(n_line: int, n_new: int, p: int, blocks: int = 3) -> float:
    """Return the CPU time of the products, extrapolated from some blocks."""
    rng = np.random.default_rng(1)
    whole = rng.standard_normal((n_line, BLOCK), dtype=np.float32)
    new = rng.standard_normal((n_new, BLOCK), dtype=np.float32)
    spent = []
    with threadpool_limits(limits=1):
        for _ in range(blocks):
            start = time.process_time()
            whole @ whole.T
            new @ whole.T
            spent.append(time.process_time() - start)
    return float(np.median(spent)) * p / BLOCK


def measure(out: Path, asked: argparse.Namespace) -> dict[str, float]:
    """Return CPU time and peak memory of the run, beside those of its products."""
    if not (out / "genetic.npy").exists():
        simulate(out, asked.lines, asked.new, asked.variants)
    (out / "analysis.toml").write_text(CONFIG.format(memory=asked.memory))
    shutil.rmtree(out / "run", ignore_errors=True)
    products = product_seconds(asked.lines, asked.new, asked.variants)
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    command = ["-m", "meristem", "train", "analysis.toml", "--out", "run", "--force"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *command], cwd=out, env={**os.environ, **one}, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "lines": asked.lines,
        "new": asked.new,
        "variants": asked.variants,
        "cpu_seconds": round(cpu, 1),
        "wall_seconds": round(wall, 1),
        "product_seconds": round(products, 1),
        "ratio": round(cpu / products, 2),
        "peak_gb": round(after.ru_maxrss / 1e6, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", help="default: a passing folder")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--lines", type=int, default=2_500)
    parser.add_argument("--new", type=int, default=500)
    parser.add_argument("--variants", type=int, default=40_000)
    parser.add_argument("--memory", default="0.7 GB")
    asked = parser.parse_args()
    if asked.out is None:
        with TemporaryDirectory() as folder:
            found = measure(Path(folder), asked)
    else:
        asked.out.mkdir(parents=True, exist_ok=True)
        found = measure(asked.out, asked)
    print(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
