"""`meristem sequence effects` on a million SNPs: seconds and memory of the command.

A genome of 12 Mb with a SNP every 12 bp, 193 motifs of JASPAR widths, windows of 110
bp, nine around every SNP: through a fitted motif model, and through the occupancy of
motifs alone. The goal is five minutes on two cores, below 1.5 GB.

    python benchmarks/speed/sequence/million.py --json million.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from variants import WINDOW, motif_bank

from meristem.sequence.motifs.motif import write_meme

GAP, CONTIGS = 12, 16
COMMAND = [sys.executable, "-m", "meristem", "sequence"]
CONFIG = """
motifs = "motifs.meme"
[[data]]
path = "assay.csv"
tasks = { y = "y" }
[split]
folds = 2
tested = 1
[[models]]
kind = "motif"
"""


def write_inputs(folder: Path, n: int, rng: np.random.Generator) -> None:
    """Write a genome, the VCF of its SNPs, motifs, and what a model is trained on."""
    write_meme(motif_bank(193, rng).motifs, folder / "motifs.meme")
    text = ["".join(row) for row in rng.choice(list("ACGT"), (400, WINDOW))]
    assay = [f"{t},{v:.4f}" for t, v in zip(text, rng.normal(size=400), strict=True)]
    (folder / "assay.csv").write_text("\n".join(["sequence,y", *assay]) + "\n")
    (folder / "train.toml").write_text(CONFIG)
    each = n // CONTIGS
    head, rows = ["##fileformat=VCFv4.2"], []
    with (folder / "genome.fa").open("w") as genome:
        for number in range(1, CONTIGS + 1):
            code = rng.integers(0, 4, each * GAP + 1)
            bases = np.frombuffer(b"ACGT", np.uint8)[code].tobytes().decode()
            genome.write(f">chr{number}\n{bases}\n")
            head.append(f"##contig=<ID=chr{number},length={len(bases)}>")
            place = np.sort(rng.choice(len(bases), each, replace=False))
            other = (code[place] + rng.integers(1, 4, each)) % 4
            rows += [
                f"chr{number}\t{p + 1}\t.\t{bases[p]}\t{'ACGT'[o]}\t.\t.\t."
                for p, o in zip(place.tolist(), other.tolist(), strict=True)
            ]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    (folder / "snps.vcf").write_text("\n".join([*head, columns, *rows]) + "\n")


def timed(folder: Path, words: list[str], threads: int) -> dict[str, float]:
    """Run the command; return wall and CPU seconds and the peak of its memory."""
    command = [*COMMAND, "effects", *words]
    command += ["--genome", "genome.fa", "--variants", "snps.vcf", "--out", "out.tsv"]
    command += ["--window", str(WINDOW), "--threads", str(threads)]
    begin = time.perf_counter()
    child = subprocess.Popen([*command, "--force", "--quiet"], cwd=folder)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"the command ended with {status}")
    return {
        "wall_seconds": time.perf_counter() - begin,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }


def main() -> None:
    """Print seconds and memory of both ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--snps", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--way", choices=("model", "occupancy"), action="append")
    words = parser.parse_args()
    found: dict[str, object] = {"snps": words.snps, "threads": words.threads}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, words.snps, np.random.default_rng(1))
        train = [*COMMAND, "train", "train.toml", "--out", "run", "--quiet"]
        subprocess.run(train, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        ways = {
            "model": ["run", "--model", "motif"],
            "occupancy": ["--motifs", "motifs.meme"],
        }
        for way, own in ways.items():
            if words.way and way not in words.way:
                continue
            found[way] = timed(folder, own, words.threads)
    print(json.dumps(found, indent=1))
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
