"""Readers of genotypes against their rivals: goals 13 to 15.

Both sides in one run, one thread, rounds interleaved, median process CPU time. The
rows `matrix` read the calls alone; the rows `set` read the tables beside them too, on
both sides.

    python benchmarks/speed/readers.py --json readers.json

pandas-plink and scikit-allel are optional: their rows are left out where they are
missing.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bed_reader
import cyvcf2
import numpy as np
import pgenlib

from meristem.io.genotypes.plink import read_bed, read_calls, write_bed
from meristem.io.genotypes.vcf import read_vcf, write_vcf
from meristem.records import Genotypes, VariantTable

SHAPES = {  # samples, variants of the bed file, variants of the VCF
    "small": (500, 20_000, 2_000),
    "large": (2_000, 200_000, 20_000),
}


def genotypes(n_sample, n_variant):
    """Return dosages with 0.2 % missing."""
    rng = np.random.default_rng(1)
    frequency = rng.beta(1, 3, n_variant)
    dosage = np.empty((n_sample, n_variant), dtype=np.int8)
    for start in range(0, n_variant, 4096):
        part = frequency[start : start + 4096]
        block = rng.binomial(2, part, (n_sample, part.size)).astype(np.int8)
        block[rng.random(block.shape) < 0.002] = -1
        dosage[:, start : start + 4096] = block
    table = VariantTable(
        np.array([f"rs{i}" for i in range(n_variant)]),
        np.full(n_variant, "1"),
        np.arange(1, n_variant + 1),
        np.full(n_variant, "A"),
        np.full(n_variant, "C"),
    )
    return Genotypes(np.array([f"s{i}" for i in range(n_sample)]), table, dosage)


def bare_pgenlib(path, shape):
    """Read a bed file with pgenlib and nothing else: (n_variant, n_sample), -9."""
    out = np.empty(shape[::-1], dtype=np.int8)
    with pgenlib.PgenReader(str(path).encode(), shape[0]) as reader:
        reader.read_range(0, shape[1], out)
    return out


def bare_cyvcf2(path, shape):
    """Read a VCF with cyvcf2 into one array and nothing else."""
    out = np.empty(shape[::-1], dtype=np.int8)
    for index, record in enumerate(cyvcf2.VCF(str(path), gts012=True)):
        out[index] = record.gt_types
    return out


def bed_reader_matrix(path, _):
    with bed_reader.open_bed(path, num_threads=1) as bed:
        return bed.read(dtype="int8", order="C")


def bed_reader_set(path, _):
    with bed_reader.open_bed(path, num_threads=1) as bed:
        names = (bed.iid, bed.sid, bed.chromosome, bed.bp_position)
        alleles = (bed.allele_1, bed.allele_2)
        return bed.read(dtype="int8", order="C"), names, alleles


def pandas_plink_set(path, _):
    plink = importlib.import_module("pandas_plink")
    variants, samples, calls = plink.read_plink(
        str(path.with_suffix("")), verbose=False
    )
    return calls.compute(), variants, samples


def allel_set(path, _):
    allel = importlib.import_module("allel")
    fields = [f"variants/{name}" for name in ("CHROM", "POS", "ID", "REF", "ALT")]
    found = allel.read_vcf(str(path), fields=["samples", "calldata/GT", *fields])
    return allel.GenotypeArray(found["calldata/GT"]).to_n_alt(fill=-1)


# Name of a measurement: reader, file, code of missing, True if variants are in rows;
# no code: the values are not compared with those written.
MEASURED = {
    "matrix": (lambda path, shape: read_calls(path, *shape), "bed", -1, False),
    "set": (lambda path, _: read_bed(path).call_dosage, "bed", -1, False),
    "pgenlib": (bare_pgenlib, "bed", -9, True),
    "bed-reader": (bed_reader_matrix, "bed", -127, False),
    "bed-reader set": (bed_reader_set, "bed", None, False),
    "pandas-plink": (pandas_plink_set, "bed", None, False),
    "VCF": (lambda path, _: read_vcf(path).call_dosage, "vcf", -1, False),
    "cyvcf2": (bare_cyvcf2, "vcf", 3, True),
    "scikit-allel": (allel_set, "vcf", -1, True),
}
OPTIONAL = {"pandas-plink": "pandas_plink", "scikit-allel": "allel"}
SLOW = {"pandas-plink": 1}  # rounds, where fewer must do

GOALS = [  # number, ours, rival, times slower at most / times faster at least
    (13, "matrix", "pgenlib", "<=", 4.5),
    (14, "matrix", "bed-reader", ">=", 1.6),
    (14, "set", "bed-reader set", ">=", None),  # no goal: both read the tables too
    (14, "set", "pandas-plink", ">=", 55.0),
    (15, "VCF", "cyvcf2", "<=", 1.25),
    (15, "VCF", "scikit-allel", ">=", 1.6),
]


def present(name):
    module = OPTIONAL.get(name)
    return module is None or importlib.util.find_spec(module) is not None


def check(name, out, truth, code, is_variant_major):
    """Stop if a reader does not give the dosages that were written."""
    dosage = out.T if is_variant_major else out
    expected = np.where(truth[:50] < 0, code, truth[:50])
    if not np.array_equal(dosage[:50], expected):
        sys.exit(f"{name} does not give the dosages that were written")


def measure(paths, truths, rounds):
    """Return the CPU seconds of every round of every reader.

    Rounds are interleaved, each starts with another reader, and a first one warms up
    (page cache, memory taken from the system) and compares the values.
    """
    names = [name for name in MEASURED if present(name)]
    seconds = {name: [] for name in names}
    for number in range(rounds + 1):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            if number > SLOW.get(name, rounds):
                continue
            reader, kind, code, is_variant_major = MEASURED[name]
            start = time.process_time()
            out = reader(paths[kind], truths[kind].shape)
            taken = time.process_time() - start
            if number > 0:
                seconds[name].append(taken)
            elif code is not None:
                check(name, out, truths[kind], code, is_variant_major)
            del out
    return seconds


def extra_memory(path, shape):
    """Return how much memory (MB) reading takes beyond the matrix it returns."""
    # VmHWM where there is one: ru_maxrss of Linux still knows the parent's peak.
    code = (
        "import pathlib, resource\n"
        "from meristem.io.genotypes.plink import read_bed\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "def peak():\n"
        "    if status.exists():\n"
        "        words = status.read_text().split()\n"
        "        return int(words[words.index('VmHWM:') + 1]) * 1024\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        f"read_bed({str(path)!r})\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return (int(done.stdout) - shape[0] * shape[1]) / 2**20


def judge(seconds, memory):
    """Return one record per goal."""
    records = [
        {
            "goal": 13,
            "what": "set, MB",
            "against": "its matrix",
            "ratio": memory,
            "wanted": "<= 64 MB more",
            "met": memory <= 64,
        }
    ]
    for number, ours, rival, sign, goal in GOALS:
        record = {"goal": number, "what": ours, "against": rival}
        if rival not in seconds:
            records.append(record | {"note": f"{rival} is not installed"})
            continue
        own = float(np.median(seconds[ours]))
        other = float(np.median(seconds[rival]))
        ratio = own / other if sign == "<=" else other / own
        record |= {"seconds": own, "rival_seconds": other, "ratio": ratio}
        if goal is None:
            records.append(record | {"wanted": "no goal", "met": None})
            continue
        met = ratio <= goal if sign == "<=" else ratio >= goal
        words = "its time" if sign == "<=" else "faster"
        records.append(record | {"wanted": f"{sign} {goal}x {words}", "met": met})
    return records


def show(records):
    print("goal what     against           ours s  rival s   ratio  wanted")
    for row in records:
        head = f"{row['goal']:<5}{row['what']:<9}{row['against']:<16}"
        if "note" in row:
            print(f"{head}{row['note']}")
            continue
        times = " " * 17
        if "seconds" in row:
            times = f"{row['seconds']:8.2f}{row['rival_seconds']:9.2f}"
        verdict = {True: ": met", False: ": MISSED", None: ""}[row["met"]]
        print(f"{head}{times}{row['ratio']:8.2f}  {row['wanted']}{verdict}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SHAPES, default="large")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    n_sample, n_bed, n_vcf = SHAPES[arguments.size]
    with tempfile.TemporaryDirectory() as folder:
        bed, vcf = Path(folder) / "a.bed", Path(folder) / "a.vcf.gz"
        made = genotypes(n_sample, n_bed)
        write_bed(made, bed)
        few = made.take_variants(np.arange(n_vcf))
        write_vcf(few, vcf)
        memory = extra_memory(bed, made.call_dosage.shape)
        paths = {"bed": bed, "vcf": vcf}
        truths = {"bed": made.call_dosage, "vcf": few.call_dosage}
        seconds = measure(paths, truths, arguments.rounds)
    records = judge(seconds, memory)
    print(f"{n_sample} samples; bed {n_bed}, VCF {n_vcf} variants; one thread")
    show(records)
    if arguments.json is not None:
        content = {
            "benchmark": "readers",
            "size": arguments.size,
            "machine": platform.platform(),
            "seconds": seconds,
            "goals": records,
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
